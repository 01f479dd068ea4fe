import DiagModel
import Foundation
import Testing

@Suite struct PublishedSchemaTests {
    @Test(
        "A schema uses only keywords and patterns that our validator knows",
        arguments: PublishedSchema.allCases)
    func supported(schema: PublishedSchema) {
        #expect(schema.value != .null)
        #expect(JSONSchemaValidator(schema.value).unsupported == [])
    }

    @Test("A schema is found by its documents' schema member", arguments: PublishedSchema.allCases)
    func identifiers(schema: PublishedSchema) {
        #expect(schema.identifier == "diagbundle.\(schema.name)/1")
        #expect(PublishedSchema(identifier: schema.identifier) == schema)
        #expect(PublishedSchema(identifier: schema.identifier + "0") == nil)
        #expect(schema.text.hasSuffix("}\n"))
    }

    @Test("What the Swift types write keeps the schema", arguments: SchemaSample.all)
    func accepted(sample: SchemaSample) {
        #expect(sample.value != .null)
        #expect(sample.schema.errors(in: sample.value, definition: sample.definition) == [])
    }

    @Test(
        "A member left out, of another type or not foreseen breaks the schema",
        arguments: SpoiledSample.all)
    func refused(spoiled: SpoiledSample) {
        let sample = spoiled.sample
        #expect(sample.schema.errors(in: spoiled.value, definition: sample.definition) != [])
    }

    @Test("The spoiled samples are many, and reach into nested objects")
    func spoiledReach() {
        #expect(SpoiledSample.all.count > 300)
        #expect(SpoiledSample.all.contains { $0.change == "/reports/0/outcome left out" })
        #expect(SpoiledSample.all.contains { $0.change == "/findings/0/evidence/0/line negative" })
    }

    @Test("The lists of choices are those of the types")
    func choices() {
        func choices(_ schema: PublishedSchema, _ path: String...) -> [String] {
            var value: JSONValue? = schema.value
            for name in path { value = value?[name] }
            guard case .array(let elements)? = value?["enum"] else { return [] }
            return elements.compactMap(\.text)
        }
        func names<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> [String] {
            Choice.allCases.map(\.rawValue)
        }
        #expect(choices(.manifest, "$defs", "privacy") == names(PrivacyClass.self))
        #expect(
            choices(.workerMessages, "$defs", "artifact", "properties", "privacy")
                == names(PrivacyClass.self))
        #expect(
            choices(.manifest, "$defs", "report", "properties", "outcome")
                == names(CollectorReport.Outcome.self))
        #expect(
            choices(.manifest, "properties", "completeness") == names(Manifest.Completeness.self))
        #expect(
            choices(.findings, "$defs", "finding", "properties", "severity")
                == names(Finding.Severity.self))
        #expect(
            choices(.topology, "properties", "nodes", "items", "properties", "kind")
                == names(Topology.Kind.self))
        #expect(
            choices(.topology, "properties", "edges", "items", "properties", "kind")
                == names(Topology.Edge.Kind.self))
        #expect(
            choices(.probes, "$defs", "record", "properties", "outcome")
                == names(ProbeRecord.Outcome.self))
        #expect(choices(.progress, "properties", "kind") == names(ProgressEvent.Kind.self))
        #expect(
            choices(.progress, "properties", "operation", "properties", "state")
                == names(ProgressEvent.State.self))
    }

    @Test(
        "Python's jsonschema agrees with our validator on every sample",
        .enabled(if: PythonJSONSchema.isThere))
    func agreesWithPython() throws {
        var cases = [JSONValue]()
        var ours = [Bool]()
        func add(_ schema: PublishedSchema, _ definition: String?, _ value: JSONValue) {
            cases.append([
                "schema": .string(schema.name),
                "definition": definition.map { .string($0) } ?? .null,
                "value": value,
            ])
            ours.append(schema.errors(in: value, definition: definition).isEmpty)
        }
        for sample in SchemaSample.all { add(sample.schema, sample.definition, sample.value) }
        for spoiled in SpoiledSample.all {
            add(spoiled.sample.schema, spoiled.sample.definition, spoiled.value)
        }
        for path in [
            "a", "a/..", "../a", "a/../b", "..a/b..", "/a", "", "a//b", "a\nb/..", "..", "é",
        ] {
            add(.workerMessages, "artifact", ["path": .string(path)])
        }
        for text in ["YQ==", "YQ=", "YQ", "=", "Y Q", "ab===", "+/+/"] {
            add(.workerMessages, "artifact", ["path": "a", "pathBytes": .string(text)])
        }
        let schemas = Dictionary(
            uniqueKeysWithValues: PublishedSchema.allCases.map { ($0.name, $0.value) })
        let input = JSONValue.object(["schemas": .object(schemas), "cases": .array(cases)])
        let theirs = try PythonJSONSchema.validity(input)
        #expect(theirs.count == ours.count)
        for index in ours.indices where ours[index] != theirs[index] {
            Issue.record("we say \(ours[index]) to \(cases[index])")
        }
    }
}

/// Runs Python's validator where it is installed.
enum PythonJSONSchema {
    static let isThere: Bool = (try? run("import jsonschema", [])) != nil

    static func validity(_ input: JSONValue) throws -> [Bool] {
        let program = """
            import json, sys, warnings
            warnings.simplefilter("ignore")
            from jsonschema import Draft202012Validator as V
            data = json.load(open(sys.argv[1]))
            for s in data["schemas"].values(): V.check_schema(s)
            out = []
            for c in data["cases"]:
                s = dict(data["schemas"][c["schema"]])
                if c["definition"]:
                    s = {"$defs": s["$defs"], "$ref": "#/$defs/" + c["definition"]}
                out.append(V(s).is_valid(c["value"]))
            print(json.dumps(out))
            """
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("schema-cases-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(try JSONDocument.encode(input, layout: .line)).write(to: file)
        return try JSONDocument.decode([Bool].self, from: try run(program, [file.path]))
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program] + arguments
        let output = Foundation.Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
        return data
    }
}
