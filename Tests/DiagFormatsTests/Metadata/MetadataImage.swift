import DiagCodec
import DiagFormats
import Foundation
import Testing

/// The bytes of a device in memory, of which some places may not be readable.
final class MemoryDevice: MetadataSource {
    var content: [UInt8]
    var size: UInt64
    var logicalBlockSize: Int
    var unreadable: [Range<UInt64>] = []
    private(set) var readByteCount = 0
    private(set) var readCount = 0

    init(_ content: [UInt8], logicalBlockSize: Int = 512, byteCount: UInt64? = nil) {
        self.content = content
        self.logicalBlockSize = logicalBlockSize
        size = byteCount ?? UInt64(content.count)
    }

    var byteCount: UInt64 { size }

    func resetCounters() {
        readByteCount = 0
        readCount = 0
    }

    func bytes(_ count: Int, at offset: UInt64) -> [UInt8]? {
        let (end, overflows) = offset.addingReportingOverflow(UInt64(count))
        guard !overflows, end <= size, !unreadable.contains(where: { $0.overlaps(offset..<end) })
        else { return nil }
        readByteCount += count
        readCount += 1
        let start = Int(offset)
        if start + count <= content.count { return Array(content[start..<start + count]) }
        var bytes = start < content.count ? Array(content[start...]) : []
        bytes += [UInt8](repeating: 0, count: count - bytes.count)
        return bytes
    }
}

/// The images of `Fixtures/metadata`; SOURCE.md says how they were made.
enum MetadataImage {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/metadata")

    static func bytes(_ name: String) throws -> [UInt8] {
        let file = folder.appendingPathComponent("\(name).img.xz")
        return try Decompression.decompress(
            Array(try Data(contentsOf: file)), .xz, limit: 64 << 20
        ).bytes
    }

    /// The bytes of some images, and where everything that a parser looks at stands in them.
    static func device(_ name: String, logicalBlockSize: Int = 512) throws -> MemoryDevice {
        MemoryDevice(try bytes(name), logicalBlockSize: logicalBlockSize)
    }

    /// A text beside the image: what a tool said of it.
    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    static func put(_ bytes: [UInt8], into target: inout [UInt8], at offset: Int) {
        target.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        littleEndian(value).reversed()
    }
}
