internal import Glibc
internal import Synchronization
internal import SystemPackage

/// The children of this process, by a file of /proc that stays open.
///
/// They are asked for once a second, also while the kernel's memory is dumped: to open and close a
/// file each time would tear lists of free objects that are being copied.
enum OwnChildren {
    private final class Kept: Sendable {
        let process: Int32
        let file: OwnedDescriptor

        init(process: Int32, _ file: consuming OwnedDescriptor) {
            self.process = process
            self.file = file
        }
    }

    private static let kept = Mutex<Kept?>(nil)

    /// Their numbers; none where the kernel does not tell.
    static func list() -> [Int32] {
        guard let kept = current() else { return [] }
        var text = [UInt8]()
        var part = [UInt8](repeating: 0, count: 4096)
        while text.count < 1 << 20,
            let count = try? kept.file.read(into: &part, at: Int64(text.count)), count > 0
        {
            text += part[..<count]
        }
        return String(decoding: text, as: UTF8.self).split(separator: " ").compactMap {
            Int32($0)
        }
    }

    /// The open file of this process, which may have been forked since.
    private static func current() -> Kept? {
        let process = getpid()
        return kept.withLock { kept in
            if let kept, kept.process == process { return kept }
            let path = FilePath("/proc/\(process)/task/\(process)/children")
            guard let file = try? OwnedDescriptor.open(path, .readOnly) else { return nil }
            kept = Kept(process: process, file)
            return kept
        }
    }
}
