internal import CLinux
internal import Glibc
internal import SystemPackage

/// Waits for any of several descriptors, for a bounded time.
public struct Poller {
    private var entries: [pollfd] = []
    private var tags: [Int] = []

    /// Waits for nothing yet.
    public init() {}

    /// Forgets all descriptors.
    public mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        tags.removeAll(keepingCapacity: true)
    }

    /// Watches a borrowed descriptor; it must stay open until the next ``removeAll()``.
    public mutating func watch(
        _ descriptor: borrowing OwnedDescriptor, writing: Bool = false, tag: Int
    ) {
        entries.append(
            pollfd(fd: descriptor.rawValue, events: Int16(writing ? POLLOUT : POLLIN), revents: 0))
        tags.append(tag)
    }

    /// The tags of the descriptors that are ready, closed by the other side, or broken.
    ///
    /// Returns after `seconds` with none, and earlier when a signal came.
    public mutating func wait(seconds: Double) -> [Int] {
        // Rounded up, so that a wait for a moment is not cut into many for nothing.
        let milliseconds = Int32(max(0, min(seconds * 1000 + 0.999, 3_600_000)))
        guard unsafe poll(&entries, nfds_t(entries.count), milliseconds) > 0 else { return [] }
        return zip(entries, tags).filter { $0.0.revents != 0 }.map(\.1)
    }
}
