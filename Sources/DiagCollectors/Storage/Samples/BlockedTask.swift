internal import DiagModel

/// A thread in uninterruptible sleep: what it waits in, and for which device where that is told.
struct BlockedTask: Codable, Hashable {
    /// The id of its process.
    var process: Int
    /// Its own id.
    var thread: Int
    /// Its name.
    var name: String
    /// The kernel function it sleeps in.
    var waitChannel: String?
    /// The number of the system call it is in, and its arguments, as the kernel prints them.
    var systemCall: String?
    /// The kernel functions it is in, innermost first; empty without the right to see them.
    var kernelStack: [String]
    /// The file that its system call is about.
    var path: String?
    /// The device or file system that it waits for: a node of `topology.json`.
    var place: String?
    /// Whether it stood at the same place when the run ended; none when nobody looked again.
    var isStillBlocked: Bool?
}

extension BlockedTask {
    /// Numbers of system calls whose first argument is an open file.
    ///
    /// Source: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of
    /// Linux 6.12; the second table serves arm64 and riscv64.
    private static let fileCalls: [String: Set<Int>] = [
        "x86_64": [
            0, 1, 3, 5, 8, 16, 17, 18, 19, 20, 72, 74, 75, 77, 78, 81, 91, 93, 217, 257, 262, 277,
            285, 295, 296, 306, 326, 332,
        ],
        "aarch64": [
            25, 29, 44, 46, 47, 50, 52, 55, 56, 57, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 79, 80,
            82, 83, 84, 267, 285, 291,
        ],
    ]

    /// The number of the open file that the system call of a task is about.
    ///
    /// `text` is what /proc/PID/syscall says, for example `0 0x3 0x7f… …`.
    static func fileDescriptor(ofCall text: String, architecture: String) -> Int? {
        let words = text.split(separator: " ")
        let table = architecture == "riscv64" ? "aarch64" : architecture
        guard words.count >= 2, let number = Int(words[0]),
            fileCalls[table]?.contains(number) == true, words[1].hasPrefix("0x"),
            let descriptor = UInt64(words[1].dropFirst(2), radix: 16), descriptor < 1 << 20
        else { return nil }
        return Int(descriptor)
    }

    /// The words in a kernel thread's name that may be a device: `sda1` of `jbd2/sda1-8`, `md0` of
    /// `md0_raid1`, and `8:0` of `kworker/u8:1+flush-8:0`.
    static func deviceWords(in name: String) -> [String] {
        var words = [String]()
        for part in name.split(whereSeparator: { "/+_ ".contains($0) }) {
            let part = String(part)
            words.append(part)
            if let dash = part.lastIndex(of: "-") {
                words.append(String(part[..<dash]))
                words.append(String(part[part.index(after: dash)...]))
            }
        }
        return words.filter { $0.count > 1 }
    }
}
