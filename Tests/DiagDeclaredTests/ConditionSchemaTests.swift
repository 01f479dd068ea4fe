import DiagModel
import DiagYAML
import Testing

@testable import DiagDeclared

@Suite("Conditions in the published schemas")
struct ConditionSchemaTests {
    /// A condition as YAML, and the same as JSON.
    struct Sample: Sendable, CustomTestStringConvertible {
        let text: String
        let value: JSONValue
        let isRight: Bool

        var testDescription: String { text }
    }

    @Test(
        "A condition without a predicate is refused by the reader and by the schema",
        arguments: [
            Sample(text: "{}", value: [:], isRight: false),
            Sample(text: "{not: {}}", value: ["not": [:]], isRight: false),
            Sample(text: "{any: [{}]}", value: ["any": [[:]]], isRight: false),
            Sample(text: "{root: true}", value: ["root": true], isRight: true),
            Sample(text: "{running: [x]}", value: ["running": ["x"]], isRight: true),
            Sample(text: "{running: []}", value: ["running": []], isRight: false),
            Sample(
                text: "{not: {modules: [x]}}", value: ["not": ["modules": ["x"]]], isRight: true),
            Sample(
                text: "{any: [{kernel: \">5\"}, {init: [systemd]}]}",
                value: ["any": [["kernel": ">5"], ["init": ["systemd"]]]], isRight: true),
        ])
    func predicates(sample: Sample) {
        let text = yaml("  - files: [/a]", head: "when: \(sample.text)")
        let declaration = try? CollectorDeclaration(parsing: Array(text.utf8), named: "x")
        #expect((declaration != nil) == sample.isRight)
        let collector: JSONValue = [
            "schema": "diagbundle.collector/1", "name": "test", "subject": "a test",
            "description": "for tests", "when": sample.value, "items": [["files": ["/a"]]],
        ]
        #expect(PublishedSchema.collector.errors(in: collector).isEmpty == sample.isRight)
        let plugin: JSONValue = [
            "schema": "diagbundle.plugin/1", "name": "test", "subject": "a test",
            "description": "for tests", "when": sample.value,
        ]
        #expect(PublishedSchema.plugin.errors(in: plugin).isEmpty == sample.isRight)
    }
}
