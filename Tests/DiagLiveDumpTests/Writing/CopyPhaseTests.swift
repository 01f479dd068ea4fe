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
        #expect(
            CopyPhase.phase(of: kind, pageCount: pageCount, presentCount: 262_144) == phase)
    }

    @Test("Phases follow one another as they are declared")
    func order() {
        #expect(CopyPhase.allCases == [.kernelImage, .kernel, .anchors, .slab, .pageMap, .other])
        #expect(CopyPhase.allCases.map(\.rawValue) == Array(0..<6))
    }
}
