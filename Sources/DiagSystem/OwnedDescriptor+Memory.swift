internal import CLinux
internal import Glibc
internal import SystemPackage

extension OwnedDescriptor {
    /// Reads from `offset` on straight into `destination`, until it is full or no more comes.
    ///
    /// - Returns: how many bytes were read; fewer than asked for at the end of the file, and where
    ///   the kernel refuses the next.
    public func readMemory(
        into destination: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) -> Int {
        var done = 0
        while done < destination.count {
            guard let place = Int64(exactly: offset &+ UInt64(done)),
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: destination[done...])
                    .baseAddress
            else { break }
            let count = unsafe pread(rawValue, rest, destination.count - done, off_t(place))
            if count < 0, Errno.last == .interrupted { continue }
            guard count > 0 else { break }
            done += count
        }
        return done
    }

    /// The first `count` bytes from `offset` on; `nil` when they are not all there.
    public func readExactly(_ count: Int, at offset: UInt64) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe bytes.withUnsafeMutableBytes { unsafe readMemory(into: $0, at: offset) }
        return done == count ? bytes : nil
    }
}
