import Testing

@testable import DiagCodec

/// Bytes to compress, and files made of them.
enum BlockSample {
    /// Lines of a log, the same at each run.
    static func text(_ byteCount: Int) -> [UInt8] { prefix(lines, byteCount) }

    /// Bytes that do not compress, the same at each run.
    static func noise(_ byteCount: Int) -> [UInt8] { prefix(random, byteCount) }

    private static func prefix(_ bytes: [UInt8], _ byteCount: Int) -> [UInt8] {
        var result = [UInt8]()
        result.reserveCapacity(byteCount)
        while result.count < byteCount { result += bytes.prefix(byteCount - result.count) }
        return result
    }

    private static let lines: [UInt8] = {
        var bytes = [UInt8]()
        var state: UInt64 = 7
        while bytes.count < 2 << 20 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let line = "Jan 12 03:0\(state >> 61):11 host kernel: nvme0n1: I/O \(state >> 48)\n"
            bytes += Array(line.utf8)
        }
        return bytes
    }()

    private static let random: [UInt8] = {
        var state: UInt64 = 42
        return (0..<5 << 20).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 40)
        }
    }()

    /// A whole file; the blocks whose numbers are in `stored` are not compressed.
    static func file(
        _ format: BlockFormat, _ blocks: [[UInt8]], stored: Set<Int> = [], level: Int = 1
    ) throws -> [UInt8] {
        let most = blocks.map(\.count).max() ?? 1
        let encoder = try BlockEncoder(
            BlockConfiguration(format, level: level, blockByteCount: most))
        var container = try BlockContainer(format)
        var file = container.head
        for (index, bytes) in blocks.enumerated() {
            let block =
                stored.contains(index)
                ? try encoder.store(bytes.span) : try encoder.compress(bytes.span)
            #expect(container.byteCount == Int64(file.count))
            try container.append(block)
            file += block.bytes
        }
        #expect(container.blockCount == blocks.count)
        return try file + container.tail()
    }

    /// What the blocks of a file hold, by its own table; `nil` when it has none.
    static func contents(_ file: [UInt8]) throws -> [[UInt8]]? {
        let source = BlockSource(file)
        guard let table = try BlockTable.read(source) else { return nil }
        let decoder = try BlockDecoder(table.format)
        return try (0..<table.count).map { try decoder.decode(table[$0], from: source) }
    }
}
