import DiagCodec
import Foundation
import Testing

@Suite struct DeflateEncoderTests {
    static let texts: [[UInt8]] = [
        [], [7], Array(String(repeating: "one two ", count: 40_000).utf8),
        (0..<300_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) },
    ]

    /// What zlib, by Python, makes of a raw deflate stream.
    static func inflated(_ stream: [UInt8]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            """
            import sys, zlib
            d = zlib.decompressobj(-15); b = d.decompress(sys.stdin.buffer.read()) + d.flush()
            assert d.eof and not d.unused_data
            sys.stdout.buffer.write(b)
            """,
        ]
        let path = NSTemporaryDirectory() + "deflate-\(UUID().uuidString)"
        try Data(stream).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(data)
    }

    @Test("Parts one after the other are one stream", arguments: texts, [1, 6, 9])
    func parts(text: [UInt8], level: Int) throws {
        let encoder = try DeflateEncoder(level: level)
        #expect(try Self.inflated(encoder.encode(text.span, isLast: true)) == text)
        var stream = [UInt8]()
        let half = text.count / 2
        stream += try encoder.encode(text.span.extracting(..<half), isLast: false)
        stream += try encoder.encode(text.span.extracting(half...), isLast: false)
        stream += try DeflateEncoder(level: level).encode([UInt8]().span, isLast: true)
        #expect(try Self.inflated(stream) == text)
    }

    @Test("The checksum is that of zip, of the whole and of parts")
    func checksum() {
        let bytes = Array("123456789".utf8)
        var whole = CRC32()
        whole.update(bytes.span)
        #expect(whole.value == 0xCBF4_3926)
        for place in 0...bytes.count {
            var first = CRC32()
            first.update(bytes.span.extracting(..<place))
            var second = CRC32()
            second.update(bytes.span.extracting(place...))
            first.append(second)
            #expect(first == whole)
        }
    }
}
