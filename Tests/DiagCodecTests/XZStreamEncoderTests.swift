import DiagCodec
import Foundation
import Testing

@Suite struct XZStreamEncoderTests {
    /// Bytes that compress somewhat, the same at each run.
    static func sample(_ byteCount: Int) -> [UInt8] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return (0..<byteCount).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 60) + 0x41
        }
    }

    /// Compresses `input` cut into parts, storing from `storedFrom` bytes on.
    static func encode(
        _ input: [UInt8], _ configuration: XZConfiguration, part: Int = 100_000,
        storedFrom: Int? = nil
    ) throws -> (bytes: [UInt8], stored: Int64) {
        var output = [UInt8]()
        func take(_ bytes: Span<UInt8>) {
            unsafe bytes.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
        }
        var encoder = try XZStreamEncoder.start(configuration)
        var offset = 0
        var isStoring = false
        while offset < input.count {
            if let storedFrom, !isStoring, offset >= storedFrom {
                try encoder.storeRest(take)
                isStoring = true
            }
            let end = min(offset + part, input.count)
            try encoder.write(input.span.extracting(offset..<end), to: take)
            offset = end
        }
        try encoder.finish(take)
        return (output, encoder.storedByteCount)
    }

    /// What xz unpacks `bytes` to; `nil` when it refuses them.
    static func unpacked(_ bytes: [UInt8]) throws -> [UInt8]? {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("xz-\(UUID().uuidString).xz")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["xz", "-dc", file.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? Array(data) : nil
    }

    static let small = XZConfiguration(preset: 0, threadCount: 2, blockByteCount: 256 << 10)

    @Test("xz unpacks what was written", arguments: [0, 1, 255 << 10, 256 << 10, 1_500_000])
    func roundTrip(byteCount: Int) throws {
        let input = Self.sample(byteCount)
        let result = try Self.encode(input, Self.small)
        #expect(result.stored == 0)
        #expect(byteCount < 1000 || result.bytes.count < input.count * 3 / 4)
        #expect(try Self.unpacked(result.bytes) == input)
    }

    @Test("The bytes depend neither on the threads nor on how the input is cut")
    func deterministic() throws {
        let input = Self.sample(1_500_000)
        var one = Self.small
        one.threadCount = 1
        let expected = try Self.encode(input, one).bytes
        #expect(try Self.encode(input, Self.small).bytes == expected)
        #expect(try Self.encode(input, Self.small, part: 77_777).bytes == expected)
        #expect(try Self.encode(input, one, part: input.count).bytes == expected)
    }

    @Test(
        "What is stored from some point on is unpacked by xz like the rest",
        arguments: [0, 100_000, 700_000, 3_000_000, 3_400_000])
    func storeRest(from: Int) throws {
        let input = Self.sample(3_500_000)
        let result = try Self.encode(input, Self.small, storedFrom: from)
        #expect(result.stored == Int64(input.count - from))
        #expect(result.bytes.count > (input.count - from))
        #expect(result.bytes.count < input.count + 4096)
        #expect(try Self.unpacked(result.bytes) == input)
    }

    @Test("A stored stream with a flipped byte is refused by xz")
    func storedCheck() throws {
        var bytes = try Self.encode(Self.sample(200_000), Self.small, storedFrom: 0).bytes
        bytes[bytes.count / 2] ^= 1
        #expect(try Self.unpacked(bytes) == nil)
    }

    @Test("What the output throws ends the encoding")
    func outputFails() throws {
        struct Full: Error {}
        var encoder = try XZStreamEncoder.start(Self.small)
        #expect(throws: Full.self) {
            let input = Self.sample(10)
            try encoder.write(input.span) { _ in throw Full() }
            try encoder.finish { _ in throw Full() }
        }
    }

    @Test("A memory limit lowers the threads first, then the preset, then the blocks")
    func fitting() throws {
        let wanted = XZConfiguration(preset: 2, threadCount: 2, blockByteCount: 4 << 20)
        let needed = try #require(wanted.memoryByteCount)
        #expect(wanted.fitting(memoryByteLimit: needed) == wanted)
        var less = wanted
        less.threadCount = 1
        #expect(wanted.fitting(memoryByteLimit: needed - 1) == less)
        let lessNeeded = try #require(less.memoryByteCount)
        less.preset = 1
        #expect(wanted.fitting(memoryByteLimit: lessNeeded - 1) == less)
        let least = try #require(wanted.fitting(memoryByteLimit: 8 << 20))
        #expect(least.preset == 0 && least.blockByteCount < 4 << 20)
        #expect(try #require(least.memoryByteCount) <= 8 << 20)
        #expect(wanted.fitting(memoryByteLimit: 1000) == nil)
    }

    @Test("The default stays below 64 MiB")
    func defaultMemory() throws {
        #expect(try #require(XZConfiguration().memoryByteCount) < 64 << 20)
    }
}
