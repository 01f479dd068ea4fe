import Foundation
import Testing

@testable import DiagCodec

/// Every path through the libraries in little time, for a memory checker that makes it slow.
///
/// It runs only when `DIAG_BLOCK_EXERCISE` is set.
@Suite(
    "Blocks under a memory checker",
    .enabled(
        if: ProcessInfo.processInfo.environment["DIAG_BLOCK_EXERCISE"] != nil,
        "DIAG_BLOCK_EXERCISE is not set"))
struct BlockExerciseTests {
    @Test(
        "Blocks are made, read, damaged and cut", arguments: [BlockFormat.xz, .zstd], [1, 6])
    func exercise(format: BlockFormat, level: Int) throws {
        let blocks = [1, 4096, 65_537, 150_000].flatMap {
            [BlockSample.text($0), BlockSample.noise($0)]
        }
        let file = try BlockSample.file(format, blocks, stored: [2, 5], level: level)
        #expect(try BlockSample.contents(file) == blocks)
        let small = try BlockSample.file(format, Array(blocks[..<3]), level: level)
        var damaged = small
        for position in stride(from: 0, to: small.count, by: 29) {
            damaged[position] ^= 0x21
            _ = try? BlockSample.contents(damaged)
            damaged[position] ^= 0x21
            #expect((try? BlockSample.contents(Array(small[..<position]))) ?? nil == nil)
        }
        let table = try #require(try BlockTable.read(BlockSource(file)))
        let decoder = try BlockDecoder(format)
        for index in 0..<table.count {
            _ = try decoder.decode(table[index], from: BlockSource(file), byteLimit: 5000) { _ in }
        }
        let text = blocks[6]
        #expect(Compressibility.isWorthwhile(text.span) == true)
    }
}
