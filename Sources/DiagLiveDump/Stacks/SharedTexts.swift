internal import Synchronization

/// Stacks and names of functions that many threads share, each kept once while they are read.
final class SharedTexts: Sendable {
    private struct Known {
        var stacks: Set<[UInt8]> = []
        var names: Set<String> = []
        var byteCount = 0
    }

    private let known = Mutex(Known())
    /// Bytes of different stacks that are shared; no more are kept in the set.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// `stack`, in the storage of an equal one that was given before.
    func stack(_ stack: [UInt8]) -> [UInt8] {
        known.withLock { known in
            if let index = known.stacks.firstIndex(of: stack) { return known.stacks[index] }
            // A copy that is no larger than its content.
            let tight = Array(stack[...])
            guard known.byteCount + stack.count <= limit else { return tight }
            known.byteCount += stack.count
            known.stacks.insert(tight)
            return tight
        }
    }

    /// `name`, in the storage of an equal one that was given before.
    func name(_ name: String) -> String {
        known.withLock { $0.names.insert(name).memberAfterInsert }
    }
}
