import DiagModel
import DiagSystem
import Synchronization
import SystemPackage
import Testing

@testable import DiagLiveDump

/// Memory for words, as it was asked for and refused.
private final class WordMemory: Sendable {
    /// How many words were asked for, in order.
    let counts = Mutex([Int]())
    /// Which requests fail, by how many words they are for and how many there were before.
    private let isRefused: @Sendable (Int, Int) -> Bool

    init(isRefused: @escaping @Sendable (Int, Int) -> Bool = { _, _ in false }) {
        self.isRefused = isRefused
    }

    func make(_ count: Int) throws(SystemCallError) -> MappedWords {
        let before = counts.withLock { counts in
            counts.append(count)
            return counts.count - 1
        }
        guard !isRefused(count, before) else {
            throw SystemCallError(operation: "mmap", object: "words", errno: .noMemory)
        }
        return try MappedWords(count: count)
    }
}

@Suite("A pass over the page flags")
struct PageFlagScanTests {
    private static let slab: UInt64 = 1 << 7
    private static let frameCount = 3 * PageFlagScan.unit - 1000
    /// Two in the first unit, none in the second, three in the last.
    private static let kept = [5, 131_071, 262_144, 262_145, 391_000]

    private func host() throws -> SyntheticHost {
        let host = try SyntheticHost()
        var words = [UInt64](repeating: 1 << 10, count: Self.frameCount)
        for frame in Self.kept { words[frame] = Self.slab | UInt64(frame) << 40 }
        try host.write(flags: words)
        return host
    }

    private func scan(
        _ host: SyntheticHost, _ memory: WordMemory, threads: Int = 1
    ) -> Result<PageFlagScan, LiveDumpError> {
        do throws(LiveDumpError) {
            return .success(
                try PageFlagScan(
                    tree: host.tree, frames: [0..<Self.frameCount], limit: Self.frameCount,
                    threadCount: threads, rule: .init { $0 == .slab },
                    makeWords: { count throws(SystemCallError) in try memory.make(count) }))
        } catch { return .failure(error) }
    }

    @Test("Memory is taken for one unit and for what is kept, not for every page frame")
    func words() throws {
        let memory = WordMemory()
        let scan = try scan(host(), memory).get()
        #expect(memory.counts.withLock { $0 } == [PageFlagScan.unit, 2, 3, 5])
        let words = (0..<scan.flagWords.count).map { scan.flagWords[$0] }
        #expect(words == Self.kept.map { Self.slab | UInt64($0) << 40 })
        #expect((0..<Self.frameCount).filter { scan.dumped[$0] } == Self.kept)
    }

    @Test("Where fewer frames are, a thread's memory is for no more than these")
    func fewFrames() throws {
        let host = try SyntheticHost()
        try host.write(flags: [Self.slab, 0, Self.slab])
        let memory = WordMemory()
        let scan = try PageFlagScan(
            tree: host.tree, frames: [0..<1, 2..<3], limit: 3, threadCount: 4,
            rule: .init { $0 == .slab },
            makeWords: { count throws(SystemCallError) in try memory.make(count) })
        #expect(memory.counts.withLock { $0 } == [2, 2, 2])
        #expect(scan.flagWords.count == 2)
        #expect(scan.tally.present.reduce(0, +) == 2)
    }

    @Test(
        "Words that cannot be kept are an error, and no unit is missing unsaid",
        arguments: [1, 3])
    func refused(threads: Int) throws {
        let host = try host()
        for refused in [2, 3, 5] {
            let memory = WordMemory { count, _ in count == refused }
            guard case .failure(let error) = scan(host, memory, threads: threads) else {
                Issue.record("\(refused) words were not missed")
                continue
            }
            #expect(error.obstacle.cause == .memoryPressure)
            #expect(error.description == "mmap words: Cannot allocate memory")
            #expect(error.obstacle.remedy?.contains("vm.overcommit_memory") == true)
        }
    }

    @Test("A thread without memory leaves its work to the others; with none it is an error")
    func threadsWithoutMemory() throws {
        let host = try host()
        let one = WordMemory { _, before in before == 0 }
        let scanned = try scan(host, one, threads: 2).get()
        #expect((0..<Self.frameCount).filter { scanned.dumped[$0] } == Self.kept)
        #expect(scanned.flagWords.count == 5)
        let none = WordMemory { count, _ in count == PageFlagScan.unit }
        guard case .failure(let error) = scan(host, none, threads: 2) else {
            Issue.record("it went on")
            return
        }
        #expect(error.obstacle.cause == .memoryPressure)
    }
}
