internal import CLinux
internal import Glibc

/// What lets one thread end the waiting of another. Source: eventfd(2).
public final class WakeUp: Sendable {
    private let descriptor: OwnedDescriptor
    var rawValue: CInt { descriptor.rawValue }

    /// Nobody is woken yet.
    public init() throws(SystemCallError) {
        descriptor = OwnedDescriptor(
            owning: try systemCall("eventfd", on: "a new event") { diag_event_descriptor() })
    }

    /// Wakes whoever waits for it, now and from then on.
    public func signal() {
        let one: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
        _ = try? descriptor.writeSome(one.span)
    }
}
