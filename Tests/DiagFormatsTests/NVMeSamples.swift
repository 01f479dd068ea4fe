import Foundation
import Testing

@testable import DiagFormats

/// Bytes of NVMe structures: recorded ones, and ones built from the specification.
enum NVMeSamples {
    /// A file of `Fixtures/nvme`.
    static func recorded(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL)
        return Array(
            try Data(contentsOf: folder.appendingPathComponent("Fixtures/nvme/\(name).bin")))
    }

    /// As many bytes as wanted, none of them 0 and neighbours different.
    static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 8 &+ 11) | 1 }
    }

    /// `count` zeros with little-endian `values` at their offsets: value, width, offset.
    static func bytes(_ count: Int, _ values: [(UInt64, Int, Int)]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        for (value, width, offset) in values {
            for index in 0..<width {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            }
        }
        return bytes
    }

    /// `text` padded with blanks to `width`, at `offset`.
    static func put(_ text: String, _ width: Int, at offset: Int, in bytes: inout [UInt8]) {
        let padded = Array(text.utf8) + [UInt8](repeating: 0x20, count: width)
        bytes.replaceSubrange(offset..<(offset + width), with: padded.prefix(width))
    }

    /// Four entries of an error log, the last not in use. From the specification.
    static let errors: [UInt8] = {
        var log = [UInt8]()
        for (index, status) in [UInt64(0x0281 << 1 | 1), 0x4002 << 1, 0x0109 << 1].enumerated() {
            log += bytes(
                64,
                [
                    (UInt64(9 - index), 8, 0), (UInt64(index + 1), 2, 8), (0x77, 2, 10),
                    (status, 2, 12), (0x0328, 2, 14), (0x1_0000_0001, 8, 16), (1, 4, 24),
                    (0xC0, 1, 28), (3, 1, 29), (0xAABB, 8, 32), (0x11, 2, 40),
                ])
        }
        return log + bytes(64, [])
    }()

    /// A self-test that runs, one that failed at a known block, and one that passed.
    static let selfTests: [UInt8] = {
        var log = bytes(
            564,
            [
                (1, 1, 0), (42, 1, 1), (0x27, 1, 4), (3, 1, 5), (0xF, 1, 6), (1234, 8, 8),
                (1, 4, 16), (0x55_6677, 8, 20), (2, 1, 28), (0x81, 1, 29), (0x10, 1, 32),
                (7, 1, 33), (1000, 8, 36),
            ])
        for index in 2..<20 { log[4 + index * 28] = 0x0F }
        return log
    }()

    /// Two ANA groups, of two and of one namespace.
    static let access = bytes(
        16 + 32 + 8 + 32 + 4,
        [
            (5, 8, 0), (2, 2, 8), (1, 4, 16), (2, 4, 20), (4, 8, 24), (1, 1, 32), (1, 4, 48),
            (2, 4, 52), (7, 4, 56), (1, 4, 60), (1, 8, 64), (3, 1, 72), (9, 4, 88),
        ])

    /// A persistent event log with one event of each of several types.
    static let persistentEvents: [UInt8] = {
        var log = bytes(
            512,
            [
                (0x0D, 1, 0), (4, 4, 4), (3, 1, 16), (492, 2, 18), (0x0007_018F_0000_0000, 8, 20),
                (4321, 8, 28), (17, 8, 44), (0x1B36, 2, 52), (0x1AF4, 2, 54), (6, 2, 372),
                (0b11110, 1, 480), (0x80, 1, 481),
            ])
        put("EXAMPLE0001", 20, at: 56, in: &log)
        put("Example SSD", 40, at: 76, in: &log)
        log.replaceSubrange(116..<130, with: Array("nqn.2014.a:b:c".utf8))
        func event(_ type: UInt64, vendor: Int = 0, _ data: [UInt8]) -> [UInt8] {
            bytes(
                24,
                [
                    (type, 1, 0), (1, 1, 1), (21, 1, 2), (1, 2, 4), (0x018F_0000_0005, 8, 6),
                    (UInt64(vendor), 2, 20), (UInt64(vendor + data.count), 2, 22),
                ]) + [UInt8](repeating: 0xEE, count: vendor) + data
        }
        var commit = bytes(22, [(1, 1, 16), (2, 1, 17), (0x0B, 1, 19), (0x99, 2, 20)])
        put("OLD1", 8, at: 0, in: &commit)
        put("NEW2", 8, at: 8, in: &commit)
        log += event(2, commit)
        log += event(13, vendor: 5, [12, 1])
        log += event(1, health)
        log += event(0x30, [1, 2, 3])
        log.replaceSubrange(8..<16, with: bytes(8, [(UInt64(log.count), 8, 0)]))
        return log
    }()

    /// A health log with every warning but that of the volatile memory, and a wide counter.
    static let health = bytes(
        512,
        [
            (0x2F, 1, 0), (0x0151, 2, 1), (4, 1, 3), (10, 1, 4), (101, 1, 5), (5, 1, 6),
            (UInt64(Int64.max), 8, 32), (0, 8, 48), (1, 8, 56), (12, 8, 64), (13, 8, 80),
            (14, 8, 96), (15, 8, 112), (16, 8, 128), (17, 8, 144), (18, 8, 160), (19, 8, 176),
            (20, 4, 192), (21, 4, 196), (330, 2, 200), (331, 2, 204), (22, 4, 216), (23, 4, 220),
            (24, 4, 224), (25, 4, 228),
        ])
}
