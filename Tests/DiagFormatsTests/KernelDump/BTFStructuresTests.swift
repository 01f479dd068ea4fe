import Foundation
import Testing

@testable import DiagFormats

/// Builds type information by hand: Linux 6.1 Documentation/bpf/btf.rst.
struct BTFBuilder {
    var types = [UInt8]()
    var texts: [UInt8] = [0]

    mutating func text(_ text: String) -> UInt32 {
        if text.isEmpty { return 0 }
        defer { texts += Array(text.utf8) + [0] }
        return UInt32(texts.count)
    }

    mutating func add(
        _ kind: UInt32, _ name: String, count: Int = 0, flag: Bool = false, size: Int,
        more: [UInt32] = []
    ) {
        let info = kind << 24 | UInt32(count) | (flag ? 1 << 31 : 0)
        for value in [text(name), info, UInt32(size)] + more { types.appendWord(value) }
    }

    /// Members as name, type and offset in bits; with `flag` the upper 8 bits are a field's size.
    mutating func structure(
        _ name: String, union: Bool = false, flag: Bool = false, size: Int,
        _ members: [(String, UInt32, UInt32)]
    ) {
        let more = members.flatMap { [text($0.0), $0.1, $0.2] }
        add(union ? 5 : 4, name, count: members.count, flag: flag, size: size, more: more)
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = [0x9F, 0xEB, 1, 0]
        for value in [24, 0, types.count, types.count, texts.count] {
            bytes.appendWord(UInt32(value))
        }
        return bytes + types + texts
    }

    static let sample: [UInt8] = {
        var builder = BTFBuilder()
        builder.add(1, "int", size: 4, more: [32])
        builder.structure("", union: true, size: 8, [("first", 1, 0), ("second", 1, 32)])
        builder.add(9, "", size: 2)
        builder.structure(
            "task", flag: true, size: 32,
            [("state", 1, 0), ("", 3, 64), ("bit", 1, 3 << 24 | 128), ("tail", 1, 192)])
        builder.add(6, "kinds", count: 1, size: 4, more: [0, 0])
        builder.add(13, "", count: 2, size: 1, more: [0, 1, 0, 1])
        builder.add(19, "wide", count: 1, size: 8, more: [0, 0, 0])
        builder.structure("task", size: 8, [("state", 1, 32)])
        return builder.bytes
    }()
}

extension [UInt8] {
    fileprivate mutating func appendWord(_ value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }
}

@Suite("The kernel's type information")
struct BTFStructuresTests {
    private func parse(_ bytes: [UInt8]) throws -> BTFStructures {
        try BTFStructures(parsing: bytes.span, names: ["task", "none"])
    }

    @Test("Members have their offsets, those of unnamed members too, bit fields none")
    func offsets() throws {
        let types = try parse(BTFBuilder.sample)
        #expect(
            types.structures == [
                "task": .init(
                    byteCount: 32, offsets: ["state": 0, "first": 8, "second": 12, "tail": 24])
            ])
        #expect(types.offset("task.second") == 12)
        #expect(types.offset("task.bit") == nil)
        #expect(types.offset("task") == nil)
        #expect(types.size("task") == 32)
        #expect(types.size("none") == nil)
    }

    @Test("A structure that holds itself without a name ends")
    func loop() throws {
        var builder = BTFBuilder()
        builder.structure("task", size: 8, (0..<40).map { _ in ("", 1, 0) } + [("a", 1, 8)])
        #expect(throws: FormatError.self) { try parse(builder.bytes) }
        var modifiers = BTFBuilder()
        modifiers.add(9, "", size: 1)
        modifiers.structure("task", size: 8, [("", 1, 0), ("a", 1, 8)])
        #expect(try parse(modifiers.bytes).offset("task.a") == 1)
    }

    @Test("A recorded kernel's members lie where its debug symbols say")
    func recorded() throws {
        let bytes = try Data(
            contentsOf: #require(
                Bundle.module.url(
                    forResource: "Fixtures/kernel-dump/btf-6.1.0-56-cloud-amd64",
                    withExtension: "bin")))
        let content = Array(bytes)
        let types = try BTFStructures(
            parsing: content.span, names: ["task_struct", "signal_struct", "thread_union"])
        let paths = [
            "task_struct.stack", "task_struct.tasks", "task_struct.thread_node",
            "task_struct.pid", "task_struct.tgid", "task_struct.comm", "task_struct.signal",
            "task_struct.group_leader", "signal_struct.thread_head",
        ]
        #expect(paths.map(types.offset) == [32, 2192, 2608, 2416, 2420, 2976, 3072, 2480, 16])
        #expect(types.size("task_struct") == 9728)
        #expect(types.size("thread_union") == nil)
    }

    @Test("Every truncation and every changed byte gives a value or an error")
    func damage() {
        let bytes = BTFBuilder.sample
        for length in bytes.indices {
            #expect(throws: FormatError.self) { try parse(Array(bytes[..<length])) }
        }
        for index in bytes.indices {
            for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
                var damaged = bytes
                damaged[index] = value
                _ = try? parse(damaged)
            }
        }
        var state: UInt64 = 7
        for _ in 0..<4000 {
            var damaged = bytes
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            _ = try? parse(damaged)
        }
    }
}
