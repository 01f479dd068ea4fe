import DiagLiveDump
import Synchronization

/// The memory of a small kernel, which changes while it is read.
final class ChangingMemory: MemorySource {
    /// Other bytes for all of the memory, from the first read on that begins at this address.
    struct Change: Sendable {
        var address: UInt64
        var memory: [UInt8]
    }

    private struct State: Sendable {
        var memory: [UInt8]
        var changes: [Change]
    }

    let kernel: DumpedKernel
    let ranges: [MemoryRange]
    private let state: Mutex<State>

    /// Has the bytes of `memory` at first; `changes` come one after the other.
    init(_ small: SyntheticKernel, _ memory: [UInt8], _ changes: [Change]) {
        kernel = DumpedKernel(
            uts: [], machine: 62, pageByteCount: 4096, vmcoreInfo: Array(small.info.utf8),
            physicalBase: 0,
            image: MemoryRange(
                physicalAddress: SyntheticKernel.imagePhysical, byteCount: 0x1_0000, fileOffset: 0,
                virtualAddress: SyntheticKernel.image),
            processorCount: 1)
        ranges = SyntheticKernel.ranges.map { range in
            MemoryRange(
                physicalAddress: range.start, byteCount: range.count, fileOffset: 0,
                virtualAddress: SyntheticKernel.direct + range.start)
        }
        state = Mutex(State(memory: memory, changes: changes))
    }

    /// How many changes have not come.
    var changesLeft: Int { state.withLock { $0.changes.count } }

    func makeReader() -> any MemoryReader { Reader(memory: self) }

    private func bytes(at address: UInt64, count: Int) -> [UInt8] {
        state.withLock { state in
            if state.changes.first?.address == address {
                state.memory = state.changes.removeFirst().memory
            }
            let start = min(Int(clamping: address), state.memory.count)
            return Array(state.memory[start..<min(start + count, state.memory.count)])
        }
    }

    private final class Reader: MemoryReader {
        let memory: ChangingMemory
        init(memory: ChangingMemory) { self.memory = memory }

        func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
            let bytes = memory.bytes(at: address, count: destination.count)
            destination.copyBytes(from: bytes)
            return bytes.count
        }
    }
}
