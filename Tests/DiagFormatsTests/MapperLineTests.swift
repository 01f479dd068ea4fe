import DiagModel
import Testing

@testable import DiagFormats

@Suite("Tables and states of the device mapper")
struct MapperLineTests {
    private func line(_ text: String, _ form: MapperLine.Form) throws -> MapperLine {
        let bytes = Array(text.utf8)
        return try MapperLine(parsing: bytes.span, form: form)
    }

    private func json(_ text: String) throws -> JSONValue {
        try JSONDocument.decode(JSONValue.self, from: text.utf8)
    }

    private func json(of value: some Encodable) throws -> JSONValue {
        try JSONDocument.decode(
            JSONValue.self, from: try JSONDocument.encode(value, layout: .line))
    }

    @Test("Each kind of table line gives its values", arguments: MapperSamples.tables)
    func table(text: String, value: String) throws {
        let line = try line(text, .table)
        #expect(try json(of: try #require(try MapperTable(line))) == json(value), "\(text)")
        #expect(try !JSONDocument.encode(line, layout: .line).contains("deadbeef"))
    }

    @Test("Each kind of status line gives its values", arguments: MapperSamples.statuses)
    func status(text: String, value: String) throws {
        let line = try line(text, .status)
        #expect(line.text == text)
        #expect(try json(of: try #require(try MapperStatus(line))) == json(value), "\(text)")
    }

    @Test("A kind of target that is not known keeps its words and has no values")
    func unknown() throws {
        let line = try line("8 2048 sparse 8:16 a=b", .table)
        #expect(line.words == ["8:16", "a=b"] && line.startSector == 8 && line.sectorCount == 2048)
        #expect(try MapperTable(line) == nil && MapperStatus(line) == nil)
        #expect(try MapperTable(try self.line("0 8 zero", .table)) == nil)
        #expect(try MapperTable(try self.line("0 8 error", .table)) == nil)
    }

    @Test("A line that is not what its target says is an error that names the word")
    func wrong() throws {
        let line = try line("0 8 raid raid4 5 AAAAA x/9", .status)
        #expect(throws: FormatError.unexpected(line: 1, expected: "sync ratio as used/total")) {
            try MapperStatus(line)
        }
        #expect(throws: FormatError.self) {
            try MapperTable(try self.line("0 8 multipath 0 0 999999999 1 a 0 1 1", .table))
        }
    }

    @Test("However a table with a key is cut, no part of the key is left")
    func cutKeys() throws {
        for (text, _) in MapperSamples.tables where text.contains("deadbeef") {
            let bytes = Array(text.utf8)
            for length in 0...bytes.count {
                let cut = Array(bytes[..<length])
                guard let line = try? MapperLine(parsing: cut.span, form: .table) else { continue }
                #expect(!line.text.contains("dead"), "\(line.text)")
            }
        }
    }

    @Test("A key in a target that is not known is left out, whatever its case")
    func unknownKeys() throws {
        let key = MapperSamples.key.uppercased()
        for words in [
            "new-crypt aes \(key) 8:3", "default-key aes 00ff 0 8:3 0", "x :32:user:deadbeef",
            "x hash_key:hmac:deadbeef", "x INTERNAL_HASH:hmac:deadbeef", "x 8:3 \(key)\(key)",
        ] {
            let text = try line("0 8 " + words, .table).text
            #expect(!text.lowercased().contains("deadbeef") && !text.contains("00ff"), "\(text)")
        }
        #expect(try line("0 8 crypt aes - 0 8:3 0", .table).words[1] == "-")
    }

    @Test("An answer of the kernel gives the device, its flags and every target")
    func reply() throws {
        let lines = ["0 2048 linear 8:16 384", "2048 64 crypt aes \(MapperSamples.key) 0 8:3 0"]
        let bytes = MapperSamples.reply(
            device: 253 << 8 | 0x2C | 0x1 << 20, flags: 0x23, targetCount: 2,
            data: MapperSamples.targets(lines))
        let header = try MapperHeader(parsing: bytes.span)
        #expect(header.name == "vg0-root" && header.uuid == "LVM-abc")
        #expect(header.number == "253:300" && header.openCount == 2 && header.eventNumber == 9)
        #expect(header.interfaceVersion == [4, 48, 0] && header.targetCount == 2)
        #expect(header.isSuspended && header.isReadOnly && header.hasActiveTable)
        #expect(!header.hasInactiveTable && !header.isBufferFull)
        #expect(
            try MapperLine.list(parsing: bytes.span, form: .table).map(\.text) == [
                "0 2048 linear 8:16 384", "2048 64 crypt aes [64-byte-key] 0 8:3 0",
            ])
    }

    @Test("Names, versions and dependencies are read from their lists")
    func lists() throws {
        func name(_ device: UInt64, _ next: UInt32, _ text: String, _ count: Int) -> [UInt8] {
            MapperSamples.little(device) + MapperSamples.little(next)
                + MapperSamples.padded(text, count)
        }
        let names = MapperSamples.reply(
            data: name(253 << 8, 32, "a", 20) + name(253 << 8 | 1, 0, "b\u{7}c", 12))
        #expect(
            try MapperListEntry.list(parsing: names.span) == [
                .init(number: "253:0", name: "a"), .init(number: "253:1", name: "b\\x07c"),
            ])
        let none = MapperSamples.reply(data: [UInt8](repeating: 0, count: 16))
        #expect(try MapperListEntry.list(parsing: none.span) == [])
        let version = [24, 1, 15, 0].flatMap { MapperSamples.little(UInt32($0)) }
        let last = [0, 1, 23, 2].flatMap { MapperSamples.little(UInt32($0)) }
        let versions = MapperSamples.reply(
            data: version + MapperSamples.padded("linear", 8) + last
                + MapperSamples.padded("thin-pool", 16))
        #expect(
            try MapperTargetVersion.list(parsing: versions.span) == [
                .init(name: "linear", version: [1, 15, 0]),
                .init(name: "thin-pool", version: [1, 23, 2]),
            ])
        let dependencies = MapperSamples.reply(
            data: [UInt32(2), 0].flatMap { MapperSamples.little($0) }
                + [UInt64(8 << 8 | 16), 259 << 8 | 1].flatMap { MapperSamples.little($0) })
        #expect(try MapperDependencies(parsing: dependencies.span).numbers == ["8:16", "259:1"])
        let greedy = MapperSamples.reply(
            data: MapperSamples.little(UInt32.max) + MapperSamples.little(UInt32(0)))
        #expect(throws: FormatError.self) { try MapperDependencies(parsing: greedy.span) }
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        String(decoding: self, as: UTF8.self).contains(text)
    }
}
