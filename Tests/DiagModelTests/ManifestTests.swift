import DiagModel
import Testing

@Suite struct ManifestTests {
    static func manifest(
        outcome: CollectorReport.Outcome = .complete, missing: [Missing] = [],
        isInterrupted: Bool = false, isTruncated: Bool = false, absent: [Absent] = []
    ) -> Manifest {
        let lean = SchemaSample.leanManifest
        return Manifest(
            tool: lean.tool, host: lean.host, userIdentifier: 0, started: lean.started,
            collected: lean.collected, options: lean.options, isInterrupted: isInterrupted,
            reports: [.init(collector: "a", outcome: outcome)],
            artifacts: [
                .init(
                    collector: "a", path: "a/b", byteCount: 1, sha256: SchemaSample.sha,
                    isTruncated: isTruncated)
            ], absent: absent, missing: missing)
    }

    @Test("What is absent does not make a bundle partial")
    func absent() {
        let manifest = Self.manifest(absent: [.init(collector: "a", what: "md")])
        #expect(manifest.completeness == .complete)
    }

    @Test(
        "A collector that did not end well makes it partial",
        arguments: CollectorReport.Outcome.allCases)
    func outcome(outcome: CollectorReport.Outcome) {
        #expect(
            Self.manifest(outcome: outcome).completeness
                == (outcome == .complete ? .complete : .partial))
    }

    @Test("Something missing, cut or interrupted makes it partial")
    func partial() {
        #expect(Self.manifest(missing: [SchemaSample.leanMissing]).completeness == .partial)
        #expect(Self.manifest(isInterrupted: true).completeness == .partial)
        #expect(Self.manifest(isTruncated: true).completeness == .partial)
    }

    @Test("Artifacts are sorted by the bytes of their paths")
    func order() {
        let lean = SchemaSample.leanManifest
        let paths = ["b", "a/z", "a-b", "é", "Z", "a"]
        let manifest = Manifest(
            tool: lean.tool, host: lean.host, userIdentifier: 0, started: lean.started,
            collected: lean.collected, options: lean.options, reports: [],
            artifacts: paths.map {
                .init(collector: "a", path: $0, byteCount: 0, sha256: SchemaSample.sha)
            }, absent: [], missing: [])
        #expect(manifest.artifacts.map(\.path) == ["Z", "a", "a-b", "a/z", "b", "é"])
    }

    @Test("A manifest is read back as it was written")
    func roundTrip() throws {
        let bytes = try JSONDocument.encode(SchemaSample.fullManifest, layout: .document)
        #expect(try JSONDocument.decode(Manifest.self, from: bytes) == SchemaSample.fullManifest)
    }

    @Test("Findings stand worst first, then by fault, object and place")
    func findings() {
        func finding(_ severity: Finding.Severity, _ fault: String, _ object: String) -> Finding {
            Finding(
                fault: fault, severity: severity, collector: "c", object: object, reason: "r",
                recommendedActions: [], evidence: [])
        }
        let list = FindingList([
            finding(.notice, "a", "o"), finding(.critical, "b", "o2"),
            finding(.critical, "b", "o1"),
            finding(.major, "a", "o"),
        ])
        #expect(
            list.findings.map { "\($0.severity) \($0.fault) \($0.object)" } == [
                "critical b o1", "critical b o2", "major a o", "notice a o",
            ])
    }

    @Test("A topology is sorted, whatever order it was found in")
    func topology() {
        let topology = Topology(
            nodes: [
                .init(id: "b", kind: .disk, name: "b"), .init(id: "a", kind: .bus, name: "a"),
            ],
            edges: [
                .init(from: "b", to: "a", kind: .carries),
                .init(from: "a", to: "b", kind: .contains),
                .init(from: "a", to: "b", kind: .attaches),
            ])
        #expect(topology.nodes.map(\.id) == ["a", "b"])
        #expect(
            topology.edges.map { "\($0.from)\($0.to) \($0.kind)" } == [
                "ab attaches", "ab contains", "ba carries",
            ])
    }
}
