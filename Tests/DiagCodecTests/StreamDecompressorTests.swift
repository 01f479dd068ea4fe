import Testing

@testable import DiagCodec

@Suite("Streams of unknown length")
struct StreamDecompressorTests {
    /// `hello`, in each of the methods that have no sample elsewhere, made by hand or by gzip 1.12.
    private static let samples: [(StreamDecompressor.Method, [UInt8])] = [
        (
            .gzip,
            [
                0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 7, 0, 0x86, 0xA6,
                0x10, 0x36, 5, 0, 0, 0,
            ]
        ),
        (
            .zstd, [0x28, 0xB5, 0x2F, 0xFD, 0x20, 5, 0x29, 0, 0] + Array("hello".utf8)
        ),
        (
            .lz4Legacy,
            [0x02, 0x21, 0x4C, 0x18, 6, 0, 0, 0, 0x50] + Array("hello".utf8) + [0, 0, 0, 0]
        ),
    ]

    /// Decodes `bytes`, given `step` at a time, with room for `room` bytes at a time.
    private func decode(
        _ bytes: [UInt8], _ method: StreamDecompressor.Method, step: Int, room: Int
    ) throws -> (output: [UInt8], consumed: Int, hasEnded: Bool) {
        let decoder = try StreamDecompressor(method)
        var output = [UInt8]()
        var at = 0
        var buffer = [UInt8](repeating: 0, count: room)
        while !decoder.hasEnded {
            let end = min(bytes.count, at + step)
            let (consumed, produced) = try decoder.decode(
                bytes.span.extracting(at..<end), isLast: end == bytes.count, into: &buffer)
            output += buffer[..<produced]
            at += consumed
            if consumed == 0, produced == 0, end == bytes.count { break }
        }
        return (output, at, decoder.hasEnded)
    }

    @Test("A stream ends where it ends, however its bytes come", arguments: [1, 3, 100])
    func ends(step: Int) throws {
        for (method, bytes) in Self.samples {
            let result = try decode(bytes + [9, 9], method, step: step, room: 2)
            #expect(result.output == Array("hello".utf8), "\(method)")
            #expect(result.consumed == bytes.count && result.hasEnded, "\(method)")
        }
    }

    @Test("A stream that is cut or changed gives a part, or an error")
    func damaged() {
        for (method, bytes) in Self.samples {
            for length in 0..<bytes.count {
                let result = try? decode(Array(bytes[..<length]), method, step: 100, room: 64)
                #expect((result?.output.count ?? 0) <= 5)
            }
            for index in bytes.indices {
                for value in [0, 0xFF, bytes[index] ^ 0x80] {
                    var changed = bytes
                    changed[index] = value
                    let result = try? decode(changed, method, step: 100, room: 64)
                    #expect((result?.output.count ?? 0) < 1 << 20)
                }
            }
        }
    }
}
