import DiagModel
import Testing

@Suite struct LiveDumpSchemaTests {
    @Test("The choices of a live dump's schema are those of its types")
    func choices() {
        func choices(_ path: String...) -> [String] {
            var value: JSONValue? = PublishedSchema.liveDump.value["properties"]
            for name in path { value = value?[name] }
            guard case .array(let elements)? = value?["enum"] else { return [] }
            return elements.compactMap(\.text)
        }
        #expect(choices("kind") == LiveDumpReport.Kind.allCases.map(\.rawValue))
        #expect(choices("outcome") == LiveDumpReport.Outcome.allCases.map(\.rawValue))
        #expect(
            choices("obstacle", "properties", "cause")
                == LiveDumpReport.Obstacle.Cause.allCases.map(\.rawValue))
    }

    @Test("A report reads back as it was written, and one of an earlier version without steps")
    func roundTrip() throws {
        var report = LiveDumpReport(
            kind: .full, outcome: .complete, originator: "x", parameters: [], host: "h",
            kernel: .init(release: "6", version: "1", machine: "m"),
            started: .init(microsecondsSince1970: 5), ended: .init(microsecondsSince1970: 9),
            level: 27)
        let old = try JSONDocument.encode(report, layout: .line)
        let text = String(decoding: old, as: UTF8.self)
        #expect(!text.contains("\"steps\"") && !text.contains("\"stacksRead\""))
        #expect(try JSONDocument.decode(LiveDumpReport.self, from: old) == report)
        report.steps = [.init(name: "prepare", seconds: 0.001), .init(name: "copy", seconds: 2)]
        report.stacksRead = .init(start: report.started, end: report.ended)
        let new = try JSONDocument.encode(report, layout: .document)
        #expect(try JSONDocument.decode(LiveDumpReport.self, from: new) == report)
    }

    @Test("LiveDump.json at the top of a host folder has that schema, and only there")
    func place() {
        #expect(PublishedSchema(path: "LiveDump.json") == .liveDump)
        #expect(PublishedSchema(path: "livedump/LiveDump.json") == nil)
    }
}
