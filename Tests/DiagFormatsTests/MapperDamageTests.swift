import Foundation
import Testing

@testable import DiagFormats

/// Whatever bytes stand in the place of an answer or a line: a value or a `FormatError`.
@Suite("Damaged answers of the device mapper and md")
struct MapperDamageTests {
    private struct Sequence {
        var state: UInt64

        mutating func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    private func parseLine(_ bytes: [UInt8], _ form: MapperLine.Form) {
        guard let line = try? MapperLine(parsing: bytes.span, form: form) else { return }
        if form == .table { _ = try? MapperTable(line) } else { _ = try? MapperStatus(line) }
    }

    private func parseReply(_ bytes: [UInt8]) {
        _ = try? MapperListEntry.list(parsing: bytes.span)
        _ = try? MapperTargetVersion.list(parsing: bytes.span)
        _ = try? MapperDependencies(parsing: bytes.span)
        _ = try? MapperLine.list(parsing: bytes.span, form: .table)
    }

    private static let replies = [
        MapperSamples.reply(
            targetCount: 2,
            data: MapperSamples.targets(["0 8 linear 8:16 0", "8 8 crypt a 00 0 8:3 0"])),
        MapperSamples.reply(
            data: MapperSamples.little(UInt64(8 << 8 | 1)) + MapperSamples.little(UInt32(16))
                + MapperSamples.padded("ab", 20)),
    ]

    @Test("Every truncation and every changed byte of a line gives a value or an error")
    func lines() {
        for (form, samples) in [
            (MapperLine.Form.table, MapperSamples.tables), (.status, MapperSamples.statuses),
        ] {
            for (text, _) in samples {
                let bytes = Array(text.utf8)
                for length in bytes.indices { parseLine(Array(bytes[..<length]), form) }
                for index in bytes.indices {
                    for value in [UInt8(0x20), 0x39, 0xFF] {
                        var damaged = bytes
                        damaged[index] = value
                        parseLine(damaged, form)
                    }
                }
            }
        }
    }

    @Test("Every truncation and every changed byte of an answer gives a value or an error")
    func answers() {
        for bytes in Self.replies {
            for length in bytes.indices { parseReply(Array(bytes[..<length])) }
            // Of the names, whose bytes mean nothing, every eighth.
            for index in bytes.indices where index < 48 || index >= 300 || index % 8 == 0 {
                for change in [UInt8(0x01), 0x80, 0xFF] {
                    var damaged = bytes
                    damaged[index] ^= change
                    parseReply(damaged)
                }
            }
        }
    }

    @Test("Every truncation and every changed byte of /proc/mdstat gives a value or an error")
    func mdstat() {
        let bytes = Array(MapperSamples.mdstat.utf8)
        for length in stride(from: 0, to: bytes.count, by: 3) {
            let cut = Array(bytes[..<length])
            _ = try? MDStatusTable(parsing: cut.span)
        }
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] = [UInt8(0x0A), 0x5B, 0xFF][index % 3]
            _ = try? MDStatusTable(parsing: damaged.span)
        }
    }

    @Test("Eighty thousand random changes neither trap nor hang")
    func random() {
        let environment = ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"]
        let count = environment.flatMap { Int($0) } ?? 80_000
        let lines =
            MapperSamples.tables.map { (Array($0.line.utf8), MapperLine.Form.table) }
            + MapperSamples.statuses.map { (Array($0.line.utf8), .status) }
        let table = Array(
            "Personalities : [raid1]\nmd0 : active raid1 a[0]\n 8 blocks [2/1] [U_]\n".utf8)
        let values = Array(" 0189:/-[]()=\n%.,aZ".utf8) + [0, 0x7F, 0x80, 0xFF]
        var sequence = Sequence(state: 20_261_121)
        for round in 0..<count {
            let isReply = round % 32 == 0
            let pick = sequence.next(below: lines.count)
            var bytes =
                isReply
                ? Self.replies[round / 32 % Self.replies.count]
                : round % 32 == 1 ? table : lines[pick].0
            for _ in 0...sequence.next(below: 3) {
                let place = sequence.next(below: bytes.count)
                switch sequence.next(below: 4) {
                case 0: bytes[place] ^= UInt8(1 << sequence.next(below: 8))
                case 1: bytes[place] = values[sequence.next(below: values.count)]
                case 2: bytes.insert(values[sequence.next(below: values.count)], at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            if isReply {
                parseReply(bytes)
            } else if round % 32 == 1 {
                _ = try? MDStatusTable(parsing: bytes.span)
            } else {
                parseLine(bytes, lines[pick].1)
            }
        }
    }
}
