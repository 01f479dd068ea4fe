internal import CLinux
internal import Glibc
internal import SystemPackage

/// A request to the kernel to tell when tasks lose too much time waiting for memory.
///
/// Source: Linux 6.12, Documentation/accounting/psi.rst, "Monitoring for pressure thresholds". To
/// be opened before rights are given up: windows other than multiples of two seconds need
/// `CAP_SYS_RESOURCE` of whoever opened the file (kernel/sched/psi.c, `psi_trigger_create`).
public final class PressureTrigger: Sendable {
    /// What ended a wait.
    public enum Signal: Hashable, Sendable {
        /// The stall time that was asked for was reached.
        case stalled
        /// The time passed.
        case quiet
        /// Another thread ended the waiting.
        case woken
        /// The kernel gives no more signals: the file is gone.
        case gone
    }

    private let file: OwnedDescriptor
    /// What the kernel was asked for: `some`, microseconds of stall, microseconds of window.
    public let request: String

    private init(_ file: consuming OwnedDescriptor, request: String) {
        self.file = file
        self.request = request
    }

    /// Asks for a signal when some task waited for memory during 15 % of the window: 150 ms of a
    /// second, or where this user may not have that, 300 ms of two.
    ///
    /// - Throws: `ENOENT` where the kernel has no PSI, `EOPNOTSUPP` where it is switched off.
    public static func onMemory(in tree: RootedTree) throws(SystemCallError) -> PressureTrigger {
        var failure: SystemCallError?
        for request in ["some 150000 1000000", "some 300000 2000000"] {
            do throws(SystemCallError) {
                let file = try tree.open(
                    "/proc/pressure/memory", flags: O_RDWR | O_NONBLOCK | O_NOCTTY)
                // The kernel reads up to a NUL byte.
                try file.write((Array(request.utf8) + [0]).span)
                return PressureTrigger(file, request: request)
            } catch {
                failure = error
                guard error.errno == .invalidArgument else { break }
            }
        }
        throw SystemCallError(
            operation: "watch", object: "/proc/pressure/memory",
            errno: failure?.errno ?? .invalidArgument)
    }

    /// Waits for a stall, for `wakeUp`, or until `seconds` have passed; without a trigger for the
    /// last two.
    public static func wait(
        for trigger: PressureTrigger?, or wakeUp: WakeUp, seconds: Double
    ) -> Signal {
        var entries = [
            pollfd(fd: wakeUp.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: trigger?.file.rawValue ?? -1, events: Int16(POLLPRI), revents: 0),
        ]
        let milliseconds = Int32(max(0, min(seconds * 1000 + 0.999, 3_600_000)))
        guard unsafe poll(&entries, 2, milliseconds) > 0 else { return .quiet }
        if entries[0].revents != 0 { return .woken }
        let events = CInt(entries[1].revents)
        if events & (POLLERR | POLLNVAL | POLLHUP) != 0 { return .gone }
        return events & POLLPRI != 0 ? .stalled : .quiet
    }
}
