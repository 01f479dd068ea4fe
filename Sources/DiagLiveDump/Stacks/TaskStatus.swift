internal import DiagModel

/// The fields of /proc/PID/stat that are used here.
///
/// Source: Linux 6.1 fs/proc/array.c, `do_task_stat`; proc_pid_stat(5). The name stands between
/// the first and the last parenthesis and may hold any byte.
struct TaskStatus: Hashable, Sendable {
    /// The thread's number.
    var identifier: Int32
    /// The thread's name; for a worker of the kernel with the queue that it works for.
    var name: String
    /// The letter of its state.
    var state: String
    /// Its process's parent.
    var parent: Int32
    /// Whether it is a thread of the kernel's own: `PF_KTHREAD`.
    var isKernelThread: Bool
    /// When it was started, in seconds after the kernel.
    var startSeconds: Double
    /// The processor that it ran on last.
    var processor: Int?

    /// Reads the line; `nil` for one that is cut short.
    init?(parsing bytes: ArraySlice<UInt8>) {
        guard let open = bytes.firstIndex(of: 0x28), let close = bytes.lastIndex(of: 0x29),
            open < close,
            let identifier = Int32(
                String(decoding: bytes[..<open].filter { $0 != 0x20 }, as: UTF8.self))
        else { return nil }
        let fields = bytes[(close + 1)...].split { $0 == 0x20 || $0 == 0x0A }
        // Field 3 of the manual is the first here; 22 is the start time.
        guard fields.count >= 20, let state = fields[0].first, (0x41...0x7A).contains(state),
            let parent = Self.number(fields[1]), let flags = Self.number(fields[6]),
            let start = Self.number(fields[19])
        else { return nil }
        self.identifier = identifier
        name = UntrustedText.escapingInvalidUTF8(bytes[(open + 1)..<close])
        self.state = String(decoding: [state], as: UTF8.self)
        self.parent = Int32(clamping: parent)
        isKernelThread = flags & 0x0020_0000 != 0
        startSeconds = Double(start) / 100  // USER_HZ, which is 100 everywhere but on Alpha.
        processor = fields.count > 36 ? Self.number(fields[36]) : nil
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        Int(String(decoding: field, as: UTF8.self))
    }
}

/// The line of /proc/PID/syscall: a number, six arguments, stack pointer and instruction pointer.
///
/// Source: Linux 6.1 fs/proc/base.c, `proc_pid_syscall`: `running`, or -1 outside of a call.
enum SystemCallLine {
    /// The call; `nil` when the thread is in none, or runs.
    static func parse(_ bytes: ArraySlice<UInt8>, machine: String) -> KernelStacks.SystemCall? {
        let fields = bytes.split { $0 == 0x20 || $0 == 0x0A }
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count >= 7, let number = Int(fields[0]), number >= 0 else { return nil }
        let arguments = fields[1...6].map { UntrustedText.escapingControls(String($0.prefix(18))) }
        return .init(
            number: number, name: SystemCallNames.name(number, machine: machine),
            arguments: arguments)
    }
}

/// The text of /proc/PID/stack.
enum StackText {
    /// How many frames are kept; the kernel gives 64 at most.
    private static let frameLimit = 256

    /// The frames, innermost first, without the address or `[<0>]` before each.
    static func frames(_ bytes: some Collection<UInt8>) -> [String] {
        var frames = [String]()
        for line in bytes.split(separator: 0x0A) {
            var frame = line[...]
            if frame.starts(with: [0x5B, 0x3C]), let end = frame.firstIndex(of: 0x5D) {
                frame = frame[frame.index(after: end)...]
                while frame.first == 0x20 { frame = frame.dropFirst() }
            }
            // Kernels before 5.2 end the list so.
            if frame.isEmpty || frame.elementsEqual("0xffffffffffffffff".utf8) { continue }
            frames.append(UntrustedText.escapingForPath(frame.prefix(512)))
            if frames.count == frameLimit { break }
        }
        return frames
    }

    /// The function of a frame: `schedule` of `schedule+0x5a/0x140`.
    static func function(_ frame: String) -> Substring {
        frame.prefix { $0 != "+" && $0 != " " }
    }
}
