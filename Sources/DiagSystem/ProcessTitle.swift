internal import CLinux
internal import Glibc
internal import SystemPackage

/// What lists of processes show this one as, and what they show of its environment.
///
/// The arguments and the environment that a process was started with lie in its memory, one behind
/// the other, where ps(1) reads them. Source: proc(5), /proc/PID/stat, fields 48 to 51; Linux 6.12,
/// fs/proc/base.c `get_mm_cmdline`: the arguments go on into the environment when their last byte is
/// not null.
enum ProcessTitle {
    /// Shows `title` instead of the arguments, and nothing of the environment that was given to this
    /// process, which must not be used any more. What does not fit is left out.
    static func set(_ title: String) {
        guard let area else { return }
        let bytes = unsafe UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer(bitPattern: area.lowerBound), count: area.count)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
        let text = Array(title.utf8.prefix(bytes.count - 1))
        unsafe bytes.copyBytes(from: text)
    }

    /// The addresses of the arguments and the environment.
    private static let area: Range<UInt>? = {
        guard let file = try? OwnedDescriptor.open("/proc/self/stat", .readOnly),
            let bytes = try? file.readAll(limit: 4096),
            let name = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        return addresses(in: String(decoding: bytes[(name + 1)...], as: UTF8.self))
    }()

    /// The addresses that the fields behind the name of a process give; `nil` unless they are one
    /// area of a sensible size.
    static func addresses(in fields: String) -> Range<UInt>? {
        let all = fields.split(whereSeparator: \.isWhitespace)
        // Field 3 is the first behind the name.
        let wanted = all.dropFirst(45).prefix(4).compactMap { UInt($0) }
        guard wanted.count == 4, wanted[0] > 0, wanted[0] < wanted[1], wanted[1] == wanted[2],
            wanted[2] <= wanted[3], wanted[3] - wanted[0] <= 8 << 20
        else { return nil }
        return wanted[0]..<wanted[3]
    }
}
