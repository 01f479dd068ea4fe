import Testing

@testable import DiagLiveDump

/// The bits are those of Linux 6.1 include/uapi/linux/kernel-page-flags.h.
@Suite("The order in which pages are copied")
struct CopyPhaseTests {
    @Test(
        "What readers open no dump without comes before what it points to",
        arguments: [
            (1 << 26, 1, CopyPhase.anchors), (1 << 32, 1, .anchors), (1 << 32, 2047, .anchors),
            (1 << 32, 2048, .pageMap), (1 << 7, 3, .slab), (0, 3, .kernel), (1 << 5, 3, .other),
            (1 << 10, 3, .other), (1 << 12 | 1 << 5, 3, .other), (1 << 17, 512, .other),
        ] as [(UInt64, Int, CopyPhase)])
    func phases(word: UInt64, pageCount: Int, phase: CopyPhase) {
        let kind = CopyPhase.kind(of: word)
        var parts = [(CopyPhase, Range<UInt64>)]()
        CopyPhase.forEachPart(
            of: kind, frames: 1024..<UInt64(1024 + pageCount), presentCount: 262_144
        ) { parts.append(($0, $1)) }
        #expect(parts.count == 1)
        #expect(parts[0].0 == phase && parts[0].1 == 1024..<UInt64(1024 + pageCount))
    }

    @Test("What lies beside the map of pages and is no whole block of it is an anchor")
    func besideTheMap() {
        func parts(_ frames: Range<UInt64>) -> [[UInt64]] {
            var parts = [[UInt64]]()
            CopyPhase.forEachPart(of: .reserved, frames: frames, presentCount: 262_144) {
                parts.append([UInt64($0.rawValue), $1.lowerBound, $1.upperBound])
            }
            return parts
        }
        let (anchors, map) = (
            UInt64(CopyPhase.anchors.rawValue), UInt64(CopyPhase.pageMap.rawValue)
        )
        // 63 pages of a processor's area right behind 4,096 pages of the map.
        #expect(parts(1024..<5183) == [[map, 1024, 5120], [anchors, 5120, 5183]])
        #expect(
            parts(1000..<5183)
                == [[anchors, 1000, 1024], [map, 1024, 5120], [anchors, 5120, 5183]])
        #expect(parts(1000..<3047) == [[anchors, 1000, 3047]])
    }

    @Test("All is copied, what readers need first; what points is read again before its target")
    func order() {
        #expect(CopyPhase.allCases.map(\.rawValue) == Array(0..<8))
        #expect(Set(CopyPhase.copied + CopyPhase.added) == Set(CopyPhase.allCases))
        #expect(CopyPhase.added == [.late])
        #expect(
            CopyPhase.copied == [
                .kernelText, .kernelImage, .anchors, .kernel, .slab, .pageMap, .other,
            ])
        #expect(CopyPhase.readAgain == [.kernelImage, .kernel, .anchors, .slab, .pageMap])
    }

    @Test("Where the map of pages is known, nothing else that is reserved counts for it")
    func knownMap() throws {
        let memory = InventedMemory(frames: [0..<9000])
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<9000 { words[frame] = 1 << 32 }
        // A page of the map of memory that was added later is not reserved.
        words[8700] = 0
        words[8701] = 0
        let plan = try CopyPlan(
            try InventedSelection(memory, words: words), ranges: memory.ranges,
            image: 4096..<(3 * 4096), pageMap: [1024..<1536, 8700..<8701], pageByteCount: 4096,
            chunkPageCount: 16)
        plan.restart(CopyPhase.copied)
        var frames = [CopyPhase: Set<UInt64>]()
        while let piece = plan.claim() {
            for run in piece.runs.map(plan.run) {
                frames[piece.phase, default: []].formUnion(
                    run.frame..<(run.frame + UInt64(run.count)))
            }
        }
        #expect(frames[.kernelImage] == [1, 2])
        #expect(frames[.pageMap] == Set(1024..<1536).union([8700]))
        #expect(frames[.kernel] == [8701])
        #expect(frames[.anchors]?.count == 9000 - 2 - 513 - 1)
        #expect(frames.count == 4)
    }

    @Test("Of the image only whole pages that are only read are told apart")
    func readOnlyImage() throws {
        let memory = InventedMemory(frames: [0..<20])
        let words = Dictionary(uniqueKeysWithValues: (UInt64(0)..<20).map { ($0, UInt64(0)) })
        let plan = try CopyPlan(
            try InventedSelection(memory, words: words), ranges: memory.ranges,
            image: 4096..<(10 * 4096),
            // The last is no whole page, and the one before it lies outside of the image.
            readOnly: [
                4096..<(3 * 4096 + 100), (5 * 4096 - 1)..<(7 * 4096), (12 * 4096)..<(13 * 4096),
                (8 * 4096 + 1)..<(8 * 4096 + 9),
            ],
            pageByteCount: 4096, chunkPageCount: 16)
        plan.restart(CopyPhase.copied)
        var frames = [CopyPhase: Set<UInt64>]()
        while let piece = plan.claim() {
            for run in piece.runs.map(plan.run) {
                frames[piece.phase, default: []].formUnion(
                    run.frame..<(run.frame + UInt64(run.count)))
            }
        }
        #expect(frames[.kernelText] == [1, 2, 5, 6])
        #expect(frames[.kernelImage] == [3, 4, 7, 8, 9])
        #expect(frames[.kernel] == Set(10..<20).union([0]))
        #expect(frames.count == 3)
    }

    @Test("A plan gives the phases in the order that is asked for, and no others")
    func plan() throws {
        let memory = InventedMemory(frames: [0..<6])
        let words: [UInt64: UInt64] = [
            0: 1 << 7, 1: 1 << 26, 2: 1 << 5, 3: 0, 4: 1 << 32, 5: 1 << 7,
        ]
        let plan = try CopyPlan(
            try InventedSelection(memory, words: words), ranges: memory.ranges, image: nil,
            pageByteCount: 4096, chunkPageCount: 16)
        func given(_ phases: [CopyPhase]) -> [CopyPhase: [UInt64]] {
            plan.restart(phases)
            var order = [CopyPhase]()
            var frames = [CopyPhase: [UInt64]]()
            while let piece = plan.claim() {
                order.append(piece.phase)
                for run in piece.runs.map(plan.run) {
                    frames[piece.phase, default: []] += run.frame..<(run.frame + UInt64(run.count))
                }
            }
            #expect(order == phases.filter { frames[$0] != nil })
            return frames
        }
        #expect(
            given(CopyPhase.copied) == [
                .anchors: [1, 4], .kernel: [3], .slab: [0, 5], .other: [2],
            ])
        #expect(
            given(CopyPhase.readAgain) == [.anchors: [1, 4], .kernel: [3], .slab: [0, 5]])
        #expect(given([]).isEmpty)
    }
}
