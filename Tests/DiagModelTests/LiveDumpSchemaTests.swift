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

    @Test("LiveDump.json at the top of a host folder has that schema, and only there")
    func place() {
        #expect(PublishedSchema(path: "LiveDump.json") == .liveDump)
        #expect(PublishedSchema(path: "livedump/LiveDump.json") == nil)
    }
}
