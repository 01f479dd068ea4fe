import DiagModel
import Testing

@testable import DiagCollectors

@Suite("JSON written without the general encoder")
struct JSONLineTextTests {
    private let awkward: [String] = [
        "", "plain", "\"quoted\"", "back\\slash", "tab\tnewline\n", "\u{8}\u{C}\r",
        "\u{1}\u{1F}\u{7F}", "é✓\u{2028}", "/a/b", "e\u{301}",
    ]

    private func text(_ write: (inout JSONLineText) throws -> Void) rethrows -> String {
        var text = JSONLineText()
        try write(&text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private func encoded(_ value: some Encodable) throws -> String {
        String(decoding: try JSONDocument.encode(value, layout: .line), as: UTF8.self)
    }

    @Test("Every value is written as the general encoder writes it")
    func values() throws {
        let value = JSONValue.object([
            "b": .array([.null, .bool(true), .bool(false), .array([]), .object([:])]),
            "a": .integer(-1), "Z": .unsigned(.max), "äö": .integer(Int64.min),
            "numbers": .array(
                [0.0, -0.0, 1, -3, 0.5, 1e-7, 1e21, 123456789.125, 1.0e15, 2.5e-300].map {
                    .number($0)
                }),
            "texts": .array(awkward.map { .string($0) }),
            "inner": .object(Dictionary(uniqueKeysWithValues: awkward.map { ($0, .integer(1)) })),
        ])
        #expect(try text { try $0.add(value: value) } == encoded(value))
    }

    @Test("A number that JSON cannot write is an error, not bad JSON")
    func notFinite() {
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(throws: EncodingError.self) { try text { try $0.add(value: .number(number)) } }
        }
    }

    @Test("Bytes are written as text is; those that are no UTF-8 as escapes")
    func bytes() {
        for sample in awkward {
            let bytes = Array("<\(sample)>".utf8)
            #expect(
                text { $0.add(quoting: bytes, at: 1..<bytes.count - 1) }
                    == text { $0.add(quoting: sample) })
        }
        #expect(text { $0.add(quoting: [0x61, 0xFF, 0x22], at: 0..<3) } == #""a\\xFF\"""#)
    }

    @Test("A node is written whole, as the general encoder writes it")
    func nodes() throws {
        var node = Topology.Node(
            id: "disk:\"sda\"", kind: .disk, name: "sda", byteCount: 1 << 40,
            attributes: [
                "io/queueDepth": .number(0.25), "model": "A\tB", "ro": false, "z": ["a": 1],
            ],
            health: .warning, operationalStatus: ["Degraded", "Lost"],
            artifacts: ["": "storage/devices.jsonl", "io": "storage/io-rates.json"])
        #expect(try text { try TopologyDocument.add(node, to: &$0) } == encoded(node))
        // A member that is new here must be new there.
        #expect(Mirror(reflecting: node).children.count == 8)
        node = Topology.Node(id: "a", kind: .mount, name: "/")
        #expect(try text { try TopologyDocument.add(node, to: &$0) } == encoded(node))
    }

    @Test("An edge is written whole, as the general encoder writes it")
    func edges() throws {
        let edge = Topology.Edge(from: "disk:a", to: "partition:\\b", kind: .contains)
        #expect(try text { TopologyDocument.add(edge, to: &$0) } == encoded(edge))
        #expect(Mirror(reflecting: edge).children.count == 3)
    }
}
