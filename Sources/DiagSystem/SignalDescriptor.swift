internal import CLinux
internal import Glibc
internal import SystemPackage

/// Signals as something to read, so that none interrupts anything.
public struct SignalDescriptor: ~Copyable {
    /// The signals this program answers.
    public enum Signal: Int32, Sendable, CaseIterable {
        /// Ctrl-C.
        case interrupt = 2
        /// A polite request to end.
        case terminate = 15
        /// The terminal went away.
        case hangUp = 1
        /// The terminal has another size.
        case windowChange = 28
        /// The process was stopped and goes on.
        case goOn = 18
    }

    /// Readable when a signal has come.
    public let descriptor: OwnedDescriptor

    /// Blocks `signals` for this thread and those it starts, and gives them to be read.
    ///
    /// One that this process was started to ignore, as by nohup(1), stays ignored.
    public init(_ signals: [Signal]) throws(SystemCallError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals where !Self.isIgnored(signal) {
            unsafe sigaddset(&set, signal.rawValue)
        }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        descriptor = OwnedDescriptor(
            owning: try systemCall("signalfd", on: "") {
                unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
            })
    }

    private static func isIgnored(_ signal: Signal) -> Bool {
        diag_signal_is_ignored(signal.rawValue) == 1
    }

    /// The signals that came since the last time.
    public func received() -> [Signal] {
        var signals = [Signal]()
        var buffer = [UInt8](repeating: 0, count: MemoryLayout<signalfd_siginfo>.size)
        while let count = try? descriptor.read(into: &buffer), count == buffer.count {
            let number = (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(buffer[$1]) }
            if let signal = Signal(rawValue: Int32(truncatingIfNeeded: number)) {
                signals.append(signal)
            }
        }
        return signals
    }
}

/// What this process does with signals that would end it in the wrong place.
public enum SignalDisposition {
    /// Writing to a closed pipe, and beyond the file size limit, becomes an error of the call.
    public static func ignoreWriteSignals() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }
}
