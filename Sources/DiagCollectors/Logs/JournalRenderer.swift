internal import DiagCodec
internal import DiagFormats

/// Turns entries of journal files into lines of text and of the export format, with the secrets of
/// the kernel's command line masked.
///
/// Small fields, most of which many entries share, are kept in a cache of two generations: when
/// the younger is full it becomes the older, which is dropped.
final class JournalRenderer {
    /// More of a field is not decompressed, and then it is not in the export.
    static let largestField = 4 << 20
    private static let mostCached = 4096
    private static let largestCached = 256

    private struct Key: Hashable {
        let file: Int
        let offset: UInt64
    }

    private var young = [Key: JournalField]()
    private var old = [Key: JournalField]()
    private var offsets = [UInt64]()
    private var text = JournalText()

    /// Appends the line of `item` to `line`.
    func appendText(_ item: JournalMerge.Item, of part: JournalPart, to line: inout [UInt8]) {
        text.begin()
        forEachField(of: item.entry, in: part, limit: JournalText.longestMessage + 64) { field in
            text.add(field)
        }
        text.append(realtime: item.entry.realtime, to: &line)
    }

    /// Appends `item` in the export format to `export`.
    func appendExport(_ item: JournalMerge.Item, of part: JournalPart, to export: inout [UInt8]) {
        JournalExport.appendHead(
            of: item.entry, sequenceIdentifier: part.file.header.sequenceIdentifier, to: &export)
        forEachField(of: item.entry, in: part, limit: Self.largestField) { field in
            if !JournalExport.append(field, to: &export) { part.noteLeftOutField() }
        }
        JournalExport.appendEnd(to: &export)
    }

    private func forEachField(
        of entry: JournalEntry, in part: JournalPart, limit: Int, _ body: (JournalField) -> Void
    ) {
        do throws(JournalFailure) {
            try part.file.fieldOffsets(of: entry, into: &offsets)
        } catch {
            part.noteDamagedEntry(error)
            return
        }
        for offset in offsets {
            do throws(JournalFailure) {
                body(try field(at: offset, in: part, limit: limit))
            } catch {
                part.noteDamagedField(error)
            }
        }
    }

    private func field(
        at offset: UInt64, in part: JournalPart, limit: Int
    ) throws(JournalFailure) -> JournalField {
        let key = Key(file: part.number, offset: offset)
        if let field = young[key] { return field }
        if let field = old[key] {
            keep(field, for: key)
            return field
        }
        let data = try part.file.data(
            at: offset, limit: limit, compressedLimit: Self.largestField)
        guard let compression = data.compression else {
            let isWhole = data.storedByteCount == data.bytes.count
            let field = JournalField(data.bytes, isWhole: isWhole).withMaskedCommandLine
            if isWhole, data.bytes.count <= Self.largestCached { keep(field, for: key) }
            return field
        }
        let output: Decompression.Output
        do throws(DecompressionError) {
            output =
                switch compression {
                case .xz: try Decompression.decompress(data.bytes, .xz, limit: limit)
                case .zstd: try Decompression.decompress(data.bytes, .zstd, limit: limit)
                case .lz4(let byteCount):
                    try Decompression.decompress(
                        data.bytes, .lz4Block, limit: limit, byteCount: byteCount)
                }
        } catch {
            throw JournalFailure(offset: offset, reason: "the data: \(error)")
        }
        return JournalField(output.bytes, isWhole: output.isWhole).withMaskedCommandLine
    }

    private func keep(_ field: JournalField, for key: Key) {
        if young.count >= Self.mostCached {
            old = young
            young = [:]
            young.reserveCapacity(Self.mostCached)
        }
        young[key] = field
    }
}
