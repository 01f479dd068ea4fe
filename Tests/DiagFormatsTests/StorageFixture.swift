import DiagFormats
import DiagModel
import Foundation
import Testing

/// Recorded superblocks and LVM metadata.
enum StorageFixture {
    static func bytes(_ path: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL)
        return Array(try Data(contentsOf: folder.appendingPathComponent("Fixtures/" + path)))
    }

    static func json(_ path: String) throws -> JSONValue {
        try JSONDocument.decode(JSONValue.self, from: try bytes(path))
    }

    /// The recorded blocks of a device; all other bytes are zero.
    static func device(_ name: String) throws -> SparseDevice {
        let bytes = try bytes("file-system/\(name).blocks")
        var blocks = [UInt64: [UInt8]]()
        for at in stride(from: 0, to: bytes.count, by: 520) {
            let offset = (0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[at + $1]) }
            blocks[offset] = Array(bytes[(at + 8)..<(at + 520)])
        }
        return SparseDevice(blocks: blocks)
    }
}

/// A device of zeros but for some blocks of 512 bytes.
struct SparseDevice {
    var blocks: [UInt64: [UInt8]]

    var source: FileSystemSource {
        let blocks = blocks
        return FileSystemSource { offset, count in
            guard count >= 0, count <= 1 << 20, offset < 1 << 62 else { return nil }
            var bytes = [UInt8](repeating: 0, count: count)
            var block = offset / 512 * 512
            while block < offset + UInt64(count) {
                if let content = blocks[block] {
                    for (index, byte) in content.enumerated() {
                        let at = Int(block) + index - Int(offset)
                        if at >= 0, at < count { bytes[at] = byte }
                    }
                }
                block += 512
            }
            return bytes
        }
    }

    /// The bytes of one region.
    func bytes(_ region: (offset: UInt64, count: Int)) -> [UInt8] {
        source.read(region.offset, region.count) ?? []
    }
}

/// A sequence that is the same in every run.
struct FixedSequence {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(1, bound)
    }
}
