import DiagCodec
import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage

@testable import DiagCollectors

/// A host in a temporary folder whose devices are sparse files.
final class MetadataHost {
    /// The images that the tests of the formats use too; SOURCE.md there says how they were made.
    static let images = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("DiagFormatsTests/Fixtures/metadata")

    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "diag-metadata-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path + "/dev/mapper", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    static func image(_ name: String) throws -> [UInt8] {
        try Decompression.decompress(
            Array(try Data(contentsOf: images.appendingPathComponent("\(name).img.xz"))), .xz,
            limit: 64 << 20
        ).bytes
    }

    /// Makes a device of `byteCount` bytes, or as many as there are; zeros are holes.
    func device(_ name: String, _ content: [UInt8], byteCount: Int? = nil) throws {
        let place = path + "/dev/" + name
        try FileManager.default.createDirectory(
            atPath: (place as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: place))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: place))
        try file.truncate(atOffset: UInt64(byteCount ?? content.count))
        for start in stride(from: 0, to: content.count, by: 65536) {
            let piece = content[start..<min(content.count, start + 65536)]
            guard piece.contains(where: { $0 != 0 }) else { continue }
            try file.seek(toOffset: UInt64(start))
            try file.write(contentsOf: Data(piece))
        }
        try file.close()
    }

    /// Makes a device of a recorded image, changed by `change`.
    func device(
        _ name: String, image: String, byteCount: Int? = nil,
        change: (inout [UInt8]) -> Void = { _ in }
    ) throws {
        var content = try Self.image(image)
        change(&content)
        try device(name, content, byteCount: byteCount)
    }

    /// Probes the device called `name`.
    func probe(
        _ name: String, into sink: MemorySink = MemorySink(), blockSize: Int = 512,
        facts: [String: JSONValue] = [:]
    ) throws -> ProbeRecord {
        let request = ProbeRequest(
            kind: "metadata", target: "/dev/" + name,
            facts: facts.merging([
                "name": .string(name), "logicalBlockSize": .integer(blockSize),
            ]) { first, _ in first })
        return try MetadataProbe().run(
            request, in: CollectionContext(root: try RootedTree(FilePath(path))), into: sink)
    }
}
