import DiagCodec
import Foundation
import Testing

@testable import DiagFormats

/// The journal files of `Fixtures/journal`, and what reads them as journalctl does.
enum JournalFixture {
    static let names = [
        "compact-zstd", "regular-zstd", "regular-jenkins", "compact-plain", "regular-lz4",
        "compact-xz",
    ]

    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL)
        let url = folder.appendingPathComponent("Fixtures/journal/\(name).xz")
        return try Decompression.decompress(
            Array(try Data(contentsOf: url)), .xz, limit: 16 << 20
        ).bytes
    }

    static func field(
        _ data: JournalData, limit: Int = 8 << 20
    ) throws -> JournalField {
        let output: Decompression.Output
        switch data.compression {
        case nil: return JournalField(data.bytes)
        case .xz: output = try Decompression.decompress(data.bytes, .xz, limit: limit)
        case .zstd: output = try Decompression.decompress(data.bytes, .zstd, limit: limit)
        case .lz4(let byteCount):
            output = try Decompression.decompress(
                data.bytes, .lz4Block, limit: limit, byteCount: byteCount)
        }
        return JournalField(output.bytes, isWhole: output.isWhole)
    }

    /// What a reading of a file gave.
    struct Reading: Equatable {
        var export = [UInt8]()
        var text = [UInt8]()
        var entryCount = 0
        var damagedEntryCount = 0
        var damagedFieldCount = 0
    }

    /// Reads every entry, forward; writes them out unless told not to.
    static func read(
        _ source: any JournalByteSource, isWriting: Bool = true
    ) throws -> Reading {
        let file = try JournalFile(source)
        var reading = Reading()
        var text = JournalText()
        var offsets = [UInt64]()
        for index in 0..<file.entryCount {
            do {
                let entry = try file.entry(at: index)
                try file.fieldOffsets(of: entry, into: &offsets)
                JournalExport.appendHead(
                    of: entry, sequenceIdentifier: file.header.sequenceIdentifier,
                    to: &reading.export)
                text.begin()
                for offset in offsets {
                    do {
                        let field = try field(
                            try file.data(at: offset, limit: 1 << 20, compressedLimit: 1 << 20))
                        guard isWriting else { continue }
                        JournalExport.append(field, to: &reading.export)
                        text.add(field)
                    } catch {
                        reading.damagedFieldCount += 1
                    }
                }
                JournalExport.appendEnd(to: &reading.export)
                text.append(realtime: entry.realtime, to: &reading.text)
                reading.entryCount += 1
            } catch {
                reading.damagedEntryCount += 1
            }
        }
        return reading
    }
}

/// A file with some of its bytes changed, or its end cut off, without a copy of it; it counts what
/// is read.
final class DamagedJournal: JournalByteSource {
    var bytes: [UInt8]
    var length: Int
    private(set) var readCount = 0
    private(set) var readByteCount = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        length = bytes.count
    }

    func resetCounters() {
        readCount = 0
        readByteCount = 0
    }

    func currentByteCount() -> UInt64 { UInt64(length) }

    func read(
        _ count: Int, at offset: UInt64, into target: inout [UInt8]
    ) throws(JournalFailure) {
        readCount += 1
        readByteCount += count
        target.removeAll(keepingCapacity: true)
        guard let start = Int(exactly: offset), start <= length, count <= length - start else {
            throw JournalFailure(offset: offset, reason: "the file ends before")
        }
        target.append(contentsOf: bytes[start..<start + count])
    }
}
