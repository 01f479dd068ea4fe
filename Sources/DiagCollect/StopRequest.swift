internal import DiagSystem
internal import Synchronization

/// Whether the run wants a collector to finish what it has: a word on the worker's standard input.
///
/// May be asked from any thread, as often as one likes; it never waits.
public final class StopRequest: Sendable {
    private let input: OwnedDescriptor
    private let isHeard: Atomic<Bool>

    init(_ input: consuming OwnedDescriptor, isMade: Bool = false) {
        self.input = input
        isHeard = Atomic(isMade)
    }

    /// Whether the word has come, or whoever says it is gone.
    public var isMade: Bool {
        if isHeard.load(ordering: .relaxed) { return true }
        var poller = Poller()
        poller.watch(input, tag: 0)
        guard !poller.wait(seconds: 0).isEmpty else { return false }
        isHeard.store(true, ordering: .relaxed)
        return true
    }
}
