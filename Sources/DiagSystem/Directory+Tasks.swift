internal import CLinux
internal import Glibc
internal import SystemPackage

extension Directory {
    /// Reads a file of procfs into the start of `buffer` in one read, which gives the whole of it
    /// when there is room; links on the way are followed by the kernel, a last one is not.
    ///
    /// - Returns: how many bytes were read.
    public func read(
        _ name: String, into buffer: inout [UInt8]
    ) throws(SystemCallError) -> Int {
        try scope?.check(path.appending(name), isFolder: false)
        try leaveAutomount(name)
        let file = OwnedDescriptor(
            owning: try systemCall("open", on: path.appending(name).string) {
                unsafe diag_openat(
                    rawValue, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, 0)
            })
        do throws(SystemCallError) { return try file.read(into: &buffer) } catch {
            throw SystemCallError(
                operation: "read", object: path.appending(name).string, errno: error.errno)
        }
    }

    /// The numbers among the names of the directory `name`, sorted: processes, threads, files.
    public func numbers(in name: String) throws(SystemCallError) -> [Int32] {
        let directory = name.isEmpty ? self : try self.directory(name)
        return try directory.numbers()
    }

    private func numbers() throws(SystemCallError) -> [Int32] {
        let copy = try systemCall("open", on: path.string) {
            unsafe diag_openat(rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        guard let stream = unsafe fdopendir(copy) else {
            let errno = Errno.last
            _ = close(copy)
            throw SystemCallError(operation: "list", object: path.string, errno: errno)
        }
        defer { _ = unsafe closedir(stream) }
        var found = [Int32]()
        while let entry = unsafe readdir(stream) {
            let number: Int32? = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                var value: Int32 = 0
                for index in 0..<10 {
                    let byte = unsafe bytes[index]
                    if byte == 0 { return index > 0 ? value : nil }
                    guard (0x30...0x39).contains(byte), index < 9 else { return nil }
                    value = value * 10 + Int32(byte - 0x30)
                }
                return nil
            }
            if let number, found.count < 4_194_304 { found.append(number) }
        }
        return found.sorted()
    }
}
