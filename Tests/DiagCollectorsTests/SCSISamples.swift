@testable import DiagFormats

/// SCSI answers built from the specifications (SPC-6, SBC-4, SPL-5, SES-4); names are invented.
enum SCSISamples {
    static func big(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    /// What `parse` makes of `bytes`.
    static func read<Value>(
        _ bytes: [UInt8], _ parse: (Span<UInt8>) throws -> Value
    ) rethrows -> Value { try parse(bytes.span) }

    /// The parts one after the other.
    static func join(_ parts: [UInt8]...) -> [UInt8] { parts.flatMap { $0 } }

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    static func text(_ text: String, _ count: Int) -> [UInt8] {
        Array(text.utf8) + [UInt8](repeating: 0x20, count: count - text.utf8.count)
    }

    static func vital(_ code: UInt8, _ body: [UInt8]) -> [UInt8] {
        join([0, code], big(UInt64(body.count), 2), body)
    }

    static func diagnostic(_ code: UInt8, _ flags: UInt8, _ body: [UInt8]) -> [UInt8] {
        join([code, flags], big(UInt64(body.count), 2), body)
    }

    static func log(_ code: UInt8, _ parameters: [(UInt16, [UInt8])]) -> [UInt8] {
        var body = [UInt8]()
        for (code, value) in parameters {
            body += join(big(UInt64(code), 2), [3, UInt8(value.count)], value)
        }
        return diagnostic(code, 0, body)
    }

    static let inquiry = join(
        [0x00, 0x80, 0x06, 0x12, 91, 0x31, 0x50, 0x02], text("EXAMPLE", 8),
        text("ST4000NM0000", 16), text("E004", 4), zeros(22), big(0x00C0, 2), big(0x0460, 2),
        zeros(34))

    static let supportedVital = vital(
        0, [0x00, 0x80, 0x83, 0x86, 0x87, 0x88, 0xB0, 0xB1, 0xB2, 0xB6])
    static let serial = vital(0x80, text("ZMADEUP1", 20))
    private static let naa = big(0x5000_C500_A1B2_C3D4, 8)
    static let designators = vital(
        0x83,
        join(
            [0x01, 0x03, 0, 8], naa, [0x61, 0x93, 0, 8], big(0x5000_C500_A1B2_C3D5, 8),
            [0x61, 0x94, 0, 4, 0, 0, 0, 1], [0x61, 0x95, 0, 4, 0, 0, 0, 2], [0x63, 0xA8, 0, 24],
            text("naa.5000C500A1B2C3D7", 20), zeros(4), [0x02, 0x01, 0, 15],
            text("EXAMPLE MADEUP1", 15), [0x01, 0x0A, 0, 18, 0x10, 0], [UInt8](0..<16)))
    static let extended = vital(
        0x86, join([0x3F, 0, 0x0B, 0, 0, 0], big(600, 2), [0, 252], zeros(50)))
    static let policy = vital(0x87, [0x08, 0, 0x80, 0, 0x3F, 0xFF, 3, 0])
    static let ports = vital(
        0x88,
        join(
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12, 0x61, 0x93, 0, 8],
            big(0x5000_C500_A1B2_C3D5, 8),
            [0, 0, 0, 2, 0, 0, 0, 4, 9, 9, 9, 9, 0, 0, 0, 12, 0x61, 0x93, 0, 8],
            big(0x5000_C500_A1B2_C3D6, 8)))
    static let ata = vital(
        0x89,
        join(
            zeros(4), text("linux", 8), text("libata", 16), text("3.00", 4), zeros(20),
            [0xEC, 0, 0, 0], [UInt8](repeating: 0x5A, count: 512)))
    static let limits = vital(
        0xB0,
        join(
            [1, 0], big(8, 2), big(65_535, 4), big(1024, 4), big(0, 4), big(4_194_304, 4),
            big(256, 4), big(16, 4), big(0x8000_0003, 4), big(1 << 33, 8), big(64, 4), zeros(16)))
    static let characteristics = vital(
        0xB1, join(big(7200, 2), [0, 2, 0x10, 0, 0, 0], big(3600, 4), zeros(48)))
    static let provisioning = vital(0xB2, [11, 0xE6, 2, 0])
    static let zoned = vital(
        0xB6, join([1, 0, 0, 0], big(0xFFFF_FFFF, 4), big(16, 4), big(128, 4), zeros(44)))
    static let capacity16 = join(
        big(976_754_645, 8), big(4096, 4), [0x03, 0x00], big(0xC001, 2), zeros(16))
    static let capacity10 = big(0x1234_5677, 4) + big(512, 4)

    static let supportedLogs = diagnostic(
        0, 0, [0, 2, 3, 5, 6, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x15, 0x18, 0x19, 0x2F, 0x37])
    static let supportedSubpages = diagnostic(0x40, 0xFF, [0, 0, 0, 0xFF, 0x0D, 0, 0x0D, 1])
    static func errors(_ page: UInt8, uncorrected: UInt64) -> [UInt8] {
        log(
            page,
            [
                (0, big(10, 4)), (1, big(2, 4)), (2, big(1, 4)), (3, big(13, 4)), (4, big(13, 4)),
                (5, big(123_456_789_012, 8)), (6, big(uncorrected, 4)),
            ])
    }
    static let nonMedium = log(6, [(0, big(7, 4))])
    static let temperature = log(0x0D, [(0, [0, 41]), (1, [0, 65])])
    static let cycles = log(
        0x0E,
        [
            (1, Array("202607".utf8)), (2, text("", 6)), (3, big(50_000, 4)), (4, big(77, 4)),
            (5, big(600_000, 4)), (6, big(1234, 4)),
        ])
    static let application = log(0x0F, [(0, [UInt8](repeating: 0xAA, count: 252))])
    static let selfTests = log(
        0x10,
        [
            (1, join([0x20, 0], big(900, 2), big(.max, 8), zeros(4))),
            (2, join([0x47, 1], big(800, 2), big(123_456, 8), [3, 0x11, 0, 0])),
            (3, zeros(16)),
        ])
    static let solidState = log(0x11, [(1, [0, 0, 0, 101])])
    static let scan = log(
        0x15,
        [
            (0, join(big(60_000, 4), [0, 1], big(12, 2), big(0x8000, 2), big(12, 2))),
            (1, join(big(59_000, 4), [0x13, 0x11, 0], zeros(5), big(424_242, 8))),
            (2, join(big(58_000, 4), [0x53, 0x11, 0], zeros(5), big(535_353, 8))),
        ])
    static let sas = log(
        0x18,
        [
            (1, join([6, 0, 5, 1], phy(0, rate: 0x0B, invalid: 5000, attached: 0x5001))),
            (2, join([6, 0, 5, 1], phy(1, rate: 0x00, invalid: 0, attached: 0))),
        ])
    private static func phy(
        _ number: UInt8, rate: UInt8, invalid: UInt64, attached: UInt64
    ) -> [UInt8] {
        join(
            [0, number, 0, 60, 0x20, rate, 0, 0], big(0x5000_C500_A1B2_C3D5, 8), big(attached, 8),
            [4], zeros(7), big(invalid, 4), big(4000, 4), big(3, 4), big(2, 4), [0, 0, 12, 1],
            [0, 0, 0, 1], big(5, 4), big(0, 4))
    }
    static let statistics = log(
        0x19,
        [
            (
                1,
                join(
                    big(1000, 8), big(2000, 8), big(3000, 8), big(4000, 8), big(5000, 8),
                    big(6000, 8), big(7000, 8), big(8000, 8))
            ), (2, big(99, 8)), (3, join(big(3, 4), big(5, 4))),
        ])
    static let exceptions = log(0x2F, [(0, [0x5D, 0x10, 44, 65])])
    static let unknownLog = log(0x37, [(0, big(1, 4)), (0x8001, big(7, 8))])

    static let caching: [UInt8] =
        [0x88, 18, 0x14, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x20, 0, 0, 0, 0, 0, 0, 0]
    static let control: [UInt8] = [0x9C, 10, 0x10, 6, 0, 0, 0, 0, 0, 0, 0, 1]
    static func mode10(_ page: [UInt8]) -> [UInt8] {
        join(big(UInt64(6 + page.count), 2), [0, 0x90, 0, 0, 0, 0], page)
    }
    static func mode6(_ page: [UInt8]) -> [UInt8] {
        join([UInt8(3 + page.count), 0, 0x10, 0], page)
    }

    static let fixedSense: [UInt8] =
        [0xF0, 0, 3, 0, 0, 0x12, 0x34, 10, 0, 0, 0, 0, 0x11, 0x00, 0, 0x80, 0, 3]
    static let descriptorSense = join(
        [0x72, 5, 0x24, 0, 0, 0, 0, 26, 0, 10, 0x80, 0], big(99, 8),
        [9, 12, 0, 0, 0, 0xFF, 0, 1, 0, 2, 0, 3, 0xA0, 0x50])
    static let portGroups = join(
        big(24, 4), [0x80, 0x0F, 0, 1, 0, 2, 0, 1, 0, 0, 0, 1],
        [0x02, 0x0F, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2])

    static let sesSupported = diagnostic(0, 0, [0, 1, 2, 7, 10])
    static let sesConfiguration: [UInt8] = {
        let enclosure = join(
            [0x11, 0, 5, 36], big(0x5001_4380_0000_0001, 8), text("EXAMPLE", 8),
            text("JBOD12", 16), text("0101", 4))
        let types: [(UInt8, UInt8, String)] = [
            (0x17, 2, "Slots"), (0x02, 1, "PSU"), (0x03, 1, "Fans"), (0x04, 1, "Temp"),
            (0x12, 1, "Volt"),
        ]
        var heads = [UInt8]()
        var texts = [UInt8]()
        for (type, count, name) in types {
            heads += [type, count, 0, UInt8(name.utf8.count)]
            texts += Array(name.utf8)
        }
        return diagnostic(1, 0, join(big(7, 4), enclosure, heads, texts))
    }()
    static let sesStatus = diagnostic(
        2, 2,
        join(
            big(7, 4), [2, 0, 0, 0], [1, 0, 2, 0], [5, 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0x42],
            [1, 0, 0, 0], [1, 0x02, 0x58, 0x23], [1, 0, 0, 0], [3, 0, 72, 4], [1, 0, 0, 0],
            [1, 0, 0x04, 0xB3]))
    static let sesNames: [UInt8] = {
        let names = ["", "Slot 01", "Slot 02", "", "PSU 1", "", "Fan A", "", "Inlet", "", "12V"]
        var body = big(7, 4)
        for name in names {
            body += join([0, 0], big(UInt64(name.utf8.count), 2), Array(name.utf8))
        }
        return diagnostic(7, 0, body)
    }()
    static let sesSlots: [UInt8] = {
        let phy = join(
            [0x10, 0, 0, 8], big(0x5001, 8), big(0x5000_C500_A1B2_C3D5, 8), [1], zeros(7))
        let first = join([0x16, 34, 0, 0, 1, 0, 0, 1], phy)
        let second: [UInt8] = [0x16, 6, 0, 1, 0, 0, 0, 2]
        let expander: [UInt8] = [0x16, 6, 0, 2, 0, 0x40, 0, 0]
        return diagnostic(10, 0, join(big(7, 4), first, second, expander))
    }()
}
