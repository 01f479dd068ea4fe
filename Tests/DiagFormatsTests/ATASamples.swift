import Foundation
import Testing

/// Pages of an invented SATA disk, put together as the standards lay them out (no real device gave
/// them), and the real pages of QEMU's disk.
enum ATASample {
    static func fixture(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL)
        return Array(
            try Data(contentsOf: folder.appendingPathComponent("Fixtures/ata/\(name).bin")))
    }

    static func read<Value>(
        _ bytes: [UInt8], _ body: (Span<UInt8>) throws -> Value
    ) rethrows -> Value { try body(bytes.span) }

    /// 512 bytes with `fields` at their offsets.
    static func page(_ fields: [(Int, [UInt8])], checksum: Bool = true) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        for (at, field) in fields { bytes.replaceSubrange(at..<(at + field.count), with: field) }
        if checksum { bytes[511] = 0 &- bytes[..<511].reduce(0, &+) }
        return bytes
    }

    static func number(_ value: UInt64, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }

    static func words(_ index: Int, _ values: UInt16...) -> (Int, [UInt8]) {
        (index * 2, values.flatMap { number(UInt64($0), 2) })
    }

    static func string(_ index: Int, _ count: Int, _ text: String) -> (Int, [UInt8]) {
        var bytes = Array(text.utf8) + [UInt8](repeating: 0x20, count: count * 2 - text.utf8.count)
        for at in stride(from: 0, to: bytes.count, by: 2) { bytes.swapAt(at, at + 1) }
        return (index * 2, bytes)
    }

    /// 4 TB, 512e, 5400 revolutions, SATA 3.2 at 6 Gb/s, security frozen.
    static let identify = page([
        words(0, 0x0040), string(10, 10, "ZZ00TEST"), string(23, 4, "FW01"),
        string(27, 20, "EXAMPLE HDD 4000"), words(59, 0x1000), words(60, 0xFFFF, 0x0FFF),
        words(69, 0x0000), words(75, 31, 0x850E, 0x0006, 0x004C, 0x0040, 0x0FF0, 0x001F),
        words(82, 0x706B, 0x7D09, 0x4163, 0x7069, 0xBC09, 0x4163), words(91, 0x80FE),
        words(100, 0xBEB0, 0xD1C0, 0x0001, 0), words(106, 0x6003),
        words(108, 0x5000, 0xC500, 0xAABB, 0xCCDD), words(119, 0x40DC, 0x409C),
        words(128, 0x0029), words(168, 0x0002), words(206, 0x003D), words(209, 0x4000),
        words(217, 5400), words(222, 0x10FF), (510, [0xA5]),
    ])

    static let packet = page([
        words(0, 0x85C0), string(10, 10, "ODD0001"), string(23, 4, "1.00"),
        string(27, 20, "EXAMPLE DVD"), words(76, 0x0002, 0x0002), words(80, 0x01F0),
        words(222, 0x101F), (510, [0xA5]),
    ])

    static func attribute(
        _ id: UInt8, flags: UInt64, value: UInt8, worst: UInt8, raw: UInt64
    ) -> [UInt8] { [id] + number(flags, 2) + [value, worst] + number(raw, 6) + [0] }

    static let smartData = page([
        (0, [0x10, 0]), (2, attribute(5, flags: 0x33, value: 98, worst: 97, raw: 16)),
        (14, attribute(9, flags: 0x32, value: 80, worst: 80, raw: 0x0100_0000_4E20)),
        (38, attribute(194, flags: 0x22, value: 64, worst: 45, raw: 0x002D_0012_0024)),
        (50, attribute(197, flags: 0x12, value: 100, worst: 20, raw: 8)),
        (
            362,
            [0x82, 0x79, 0x44, 0x02, 0, 0x7B, 0x03, 0x00, 0x01, 0, 0x01, 0xFF, 0x02, 0x2C, 0x01]
        ),
    ])

    static let thresholds = page([
        (0, [0x10, 0]), (2, [5, 99]), (14, [9, 0]), (26, [1, 6]), (38, [194, 254]),
        (50, [197, 30]),
    ])

    static let directory = page(
        [words(0, 1, 1, 5, 6, 8), words(7, 2), words(0xA6, 0x0300), words(0xE0, 1)], checksum: false
    )

    /// Two errors; the newer one stands in slot 1, the older one in slot 5.
    static let errorLog = page([
        (0, [1, 1]), (452, number(7, 2)), (2, shortError(lba: 0x0123_4567, hours: 20000)),
        (2 + 4 * 90, shortError(lba: 0x0000_00FF, hours: 19999)),
    ])

    static func shortError(lba: UInt32, hours: UInt64) -> [UInt8] {
        let bytes = number(UInt64(lba), 4)
        let command: [UInt8] =
            [0, 0, 8, bytes[0], bytes[1], bytes[2], 0xE0 | bytes[3], 0x25] + number(1234, 4)
        return [UInt8](repeating: 0, count: 48) + command
            + [0, 0x40, 8, bytes[0], bytes[1], bytes[2], 0xE0 | bytes[3], 0x51]
            + [UInt8](repeating: 0, count: 19) + [0x03] + number(hours, 2)
    }

    /// One error, in slot 2 of 8.
    static let extendedErrorLog: [UInt8] = {
        let lba = number(0x0605_0403_0201, 6)
        let order = [lba[0], lba[3], lba[1], lba[4], lba[2], lba[5]]
        let command: [UInt8] = [0, 0x10, 0x20, 8, 1] + order + [0x40, 0x60, 0] + number(99, 4)
        let error: [UInt8] =
            [0, 0x40, 8, 1] + order + [0x40, 0x41] + [UInt8](repeating: 0, count: 19) + [3]
            + number(20001, 2)
        let entry = [UInt8](repeating: 0, count: 72) + command + error
        let first = page([
            (0, [1, 0, 2, 0]), (4 + 124, entry), (500, number(1, 2)),
        ])
        return first + page([(0, [1])])
    }()

    /// The newest stands in slot 2: a read failure of an extended test after a short one.
    static let selfTestLog = page([
        (0, [1, 0]), (2, [1, 0x00] + number(100, 2) + [0] + number(0xFFFF_FFFF, 4)),
        (26, [2, 0x79] + number(200, 2) + [0x11] + number(0x00AB_CDEF, 4)), (508, [2]),
    ])

    static let extendedSelfTestLog = page([
        (0, [1, 0, 2, 0]), (4, [1, 0x00] + number(100, 2) + [0] + number(0xFFFF_FFFF_FFFF, 6)),
        (30, [2, 0x79] + number(200, 2) + [0x11] + number(0x0012_3456_789A, 6)),
    ])

    static let selective = page([
        (0, [1, 0]), (2, number(100, 8) + number(200, 8)), (492, number(150, 8)), (500, [1, 0]),
        (502, [2, 0]), (508, [10, 0]),
    ])

    static func statistic(_ value: UInt64, flags: UInt8 = 0xC0) -> [UInt8] {
        number(value, 7) + [flags]
    }

    static let statisticsList = page([(0, [1, 0, 0]), (8, [3, 0, 1, 5])], checksum: false)
    static let statistics1 = page(
        [
            (0, [1, 0, 1]), (8, statistic(44)), (16, statistic(20000)),
            (24, statistic(0x0102_0304_0506)), (40, statistic(0, flags: 0x80)),
            (160, statistic(5, flags: 0xE8)),
        ], checksum: false)
    static let statistics5 = page(
        [(0, [1, 0, 5]), (8, statistic(36)), (40, statistic(0xFB)), (88, statistic(60))],
        checksum: false)

    static let phy = page([
        (4, [0x01, 0x20] + number(3, 4)), (10, [0x0A, 0x10] + number(0xFFFF, 2)),
        (14, [0x03, 0xC0] + number(5, 8)),
    ])

    static let sct = page(
        [
            (0, [3, 0, 1, 0, 0, 2]), (10, [0]), (14, [0xFF, 0xFF]),
            (200, [36, 20, 45, 0xFB, 52, 60]),
            (206, number(2, 4)), (210, number(1, 4)), (214, [0x4F, 0xC2]),
        ], checksum: false)

    static let ncq = page([
        (0, [0x45, 0, 0x41, 0x40, 1, 2, 3, 0x40, 4, 5, 6, 0, 8, 1, 3, 0x11, 0x04])
    ])

    static let descriptorSense: [UInt8] = [
        0x72, 1, 0, 0x1D, 0, 0, 0, 14, 9, 12, 1, 0, 0, 0xFF, 4, 1, 5, 0x4F, 6, 0xC2, 0xA0, 0x50,
    ]
    static let fixedSense: [UInt8] = [
        0x70, 0, 1, 0x04, 0x51, 0x40, 0x80, 10, 0xC0, 1, 0xF4, 0x2C, 0, 0x1D, 0, 0, 0, 0,
    ]
}
