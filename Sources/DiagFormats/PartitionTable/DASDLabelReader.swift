/// Reads the volume label of an IBM Z disk (DASD), and its partitions where it is a 3390.
///
/// Source: Linux 6.12, block/partitions/ibm.c and arch/s390/include/uapi/asm/vtoc.h.
enum DASDLabelReader {
    /// Tracks of a cylinder, and blocks of 4096 bytes of a track, of every 3390.
    private static let headCount: UInt64 = 15
    private static let blocksPerTrack: UInt64 = 12

    /// The label of `source`; `nil` when there is none.
    static func read(_ source: some MetadataSource) -> PartitionTableReading? {
        let size = source.logicalBlockSize
        // The compatible layout of ECKD has its label in block 2, the linear one and FBA in
        // block 1 or in the second sector.
        for offset in [2 * size, size, 512] {
            guard let bytes = source.bytes(84, at: UInt64(offset)) else { continue }
            let type = ebcdic(bytes[0..<4])
            guard type == "VOL1" || type == "LNX1" || type == "CMS1" else { continue }
            let isCompatible = type == "VOL1" && ebcdic(bytes[4..<8]) == "VOL1"
            let serial = isCompatible ? ebcdic(bytes[8..<14]) : ebcdic(bytes[4..<10])
            var table = PartitionTable(
                label: "dasd", id: serial, sectorSize: size, partitions: [])
            var pieces = [
                PartitionTableReading.Piece(
                    name: "dasd-label", offset: UInt64(offset), bytes: bytes)
            ]
            if isCompatible, size == 4096 {
                readContents(of: source, label: bytes, into: &table, &pieces)
            } else if isCompatible {
                table.problems.append(
                    "partitions are read from disks with blocks of 4096 bytes only")
            } else {
                table.partitions = [linear(source, type: type, label: offset)]
            }
            table.checkExtents(byteCount: source.byteCount) { _ in false }
            return PartitionTableReading(table: table, pieces: pieces)
        }
        return nil
    }

    private static func linear(
        _ source: some MetadataSource, type: String, label: Int
    ) -> PartitionTable.Partition {
        let size = source.logicalBlockSize
        let start = UInt64(label / size) + 1
        let count = source.byteCount / UInt64(size)
        let rest = count > start ? count - start : 0
        return .init(
            number: 1, start: start, size: rest,
            startByte: PartitionTable.byteCount(start, size),
            byteCount: PartitionTable.byteCount(rest, size), type: type)
    }

    /// The partitions that the volume table of contents lists: format 1 labels, at most three.
    private static func readContents(
        of source: some MetadataSource, label: [UInt8], into table: inout PartitionTable,
        _ pieces: inout [PartitionTableReading.Piece]
    ) {
        guard let contents = block(label.span, at: 15, hasBlock: true) else { return }
        for index in 0..<16 {
            let block = contents + UInt64(index)
            guard let offset = PartitionTable.byteCount(block, 4096),
                let bytes = source.bytes(140, at: offset)
            else {
                table.problems.append("the volume table of contents cannot be read at \(block)")
                return
            }
            let format = bytes[44]
            if format == 0xF4 || format == 0xF5 || format == 0xF7 || format == 0xF9 { continue }
            guard format == 0xF1 || format == 0xF8 else { return }
            pieces.append(.init(name: "dasd-vtoc-\(block)", offset: offset, bytes: bytes))
            guard let start = self.block(bytes.span, at: 107, hasBlock: false),
                let last = self.block(bytes.span, at: 111, hasBlock: false), last >= start
            else { continue }
            let count = last + blocksPerTrack - start
            table.partitions.append(
                .init(
                    number: table.partitions.count + 1, start: start, size: count,
                    startByte: PartitionTable.byteCount(start, 4096),
                    byteCount: PartitionTable.byteCount(count, 4096), type: "VOL1",
                    name: ebcdic(bytes[0..<44])))
        }
    }

    /// The block at the cylinder, head and perhaps block that stand at `offset`; the four lowest
    /// bits of the head's number are the head, the others the cylinder's highest.
    private static func block(_ bytes: Span<UInt8>, at offset: Int, hasBlock: Bool) -> UInt64? {
        guard let low = try? bytes.bigEndian(UInt16.self, at: offset, field: "cylinder"),
            let high = try? bytes.bigEndian(UInt16.self, at: offset + 2, field: "head")
        else { return nil }
        let cylinder = UInt64(high & 0xFFF0) << 12 | UInt64(low)
        let number = cylinder * headCount * blocksPerTrack + UInt64(high & 15) * blocksPerTrack
        guard hasBlock else { return number }
        guard offset + 4 < bytes.count else { return nil }
        return number + UInt64(bytes[offset + 4])
    }

    /// Letters, digits and the signs of a data set's name of EBCDIC code page 037, without blanks
    /// at the end; others become `?`.
    static func ebcdic(_ bytes: some Collection<UInt8>) -> String {
        var text = [UInt8]()
        for byte in bytes {
            switch byte {
            case 0xC1...0xC9: text.append(byte - 0xC1 + 0x41)
            case 0xD1...0xD9: text.append(byte - 0xD1 + 0x4A)
            case 0xE2...0xE9: text.append(byte - 0xE2 + 0x53)
            case 0x81...0x89: text.append(byte - 0x81 + 0x61)
            case 0x91...0x99: text.append(byte - 0x91 + 0x6A)
            case 0xA2...0xA9: text.append(byte - 0xA2 + 0x73)
            case 0xF0...0xF9: text.append(byte - 0xF0 + 0x30)
            case 0x40: text.append(0x20)
            case 0x4B: text.append(0x2E)
            case 0x60: text.append(0x2D)
            case 0x6D: text.append(0x5F)
            case 0x7B: text.append(0x23)
            case 0x7C: text.append(0x40)
            case 0x5B: text.append(0x24)
            default: text.append(0x3F)
            }
        }
        while text.last == 0x20 { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
}
