import DiagSystem

@testable import DiagCollectors

/// An invented ATA device behind SCSI, whose answers follow ACS-5 and SAT-5.
final class ATAReplay: SCSITransport {
    /// The pages that it gives, by the command they answer.
    enum Page: Hashable {
        case command(UInt8)
        case smart(UInt8)
        case smartLog(UInt8)
        case log(UInt8, page: UInt16)
    }

    var pages: [Page: [UInt8]] = [:]
    var powerMode: UInt8 = 0xFF
    var isFailing = false
    /// Whether registers come in descriptor format.
    var hasDescriptorSense = true
    /// What answers instead, when it gives something.
    var override: (([UInt8]) throws(SystemCallError) -> SCSIResponse?)?
    /// The command blocks that came.
    private(set) var commands: [[UInt8]] = []

    func execute(
        _ command: [UInt8], reading byteCount: Int
    ) throws(SystemCallError) -> SCSIResponse {
        commands.append(command)
        if let response = try override?(command) { return response }
        guard command.count == 16, command[0] == 0x85 else { return Self.illegalRequest }
        let lba = UInt64(command[8]) | UInt64(command[10]) << 8 | UInt64(command[12]) << 16
        switch command[14] {
        case 0xE5: return registers(count: powerMode)
        case 0xB0 where command[4] == 0xDA:
            return registers(lba: isFailing ? 0x2C_F400 : 0xC2_4F00)
        case 0xB0 where command[4] == 0xD5:
            return data(.smartLog(command[8]), byteCount, isSigned: lba >> 8 == 0xC24F)
        case 0xB0: return data(.smart(command[4]), byteCount, isSigned: lba >> 8 == 0xC24F)
        case 0x2F:
            let page = UInt16(command[10]) | UInt16(command[9]) << 8
            return data(.log(command[8], page: page), byteCount, isSigned: command[1] & 1 == 1)
        default: return data(.command(command[14]), byteCount, isSigned: true)
        }
    }

    private func data(_ page: Page, _ byteCount: Int, isSigned: Bool) -> SCSIResponse {
        guard isSigned, let bytes = pages[page] else {
            return registers(status: 0x51, error: 0x04)
        }
        return SCSIResponse(data: Array(bytes.prefix(byteCount)))
    }

    func registers(
        count: UInt8 = 0, lba: UInt32 = 0, status: UInt8 = 0x50, error: UInt8 = 0
    ) -> SCSIResponse {
        let key: UInt8 = status & 1 == 0 ? 1 : 0xB
        let low = [UInt8(lba & 0xFF), UInt8(lba >> 8 & 0xFF), UInt8(lba >> 16 & 0xFF)]
        let sense: [UInt8] =
            hasDescriptorSense
            ? [0x72, key, 0, 0x1D, 0, 0, 0, 14, 9, 12, 0, error, 0, count, 0, low[0], 0, low[1], 0]
                + [low[2], 0, status]
            : [0x70, 0, key, error, status, 0, count, 10, 0] + low + [0, 0x1D, 0, 0, 0, 0]
        return SCSIResponse(status: 2, driverStatus: 8, sense: sense)
    }

    static let illegalRequest = SCSIResponse(
        status: 2, driverStatus: 8,
        sense: [0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0])
}

extension ATAReplay {
    static func page(_ fields: [(Int, [UInt8])]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        for (at, field) in fields { bytes.replaceSubrange(at..<(at + field.count), with: field) }
        bytes[511] = 0 &- bytes[..<511].reduce(0, &+)
        return bytes
    }

    private static func number(_ value: UInt64, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }

    private static func words(_ index: Int, _ values: UInt16...) -> (Int, [UInt8]) {
        (index * 2, values.flatMap { number(UInt64($0), 2) })
    }

    private static func string(_ index: Int, _ count: Int, _ text: String) -> (Int, [UInt8]) {
        var bytes = Array(text.utf8) + [UInt8](repeating: 0x20, count: count * 2 - text.utf8.count)
        for at in stride(from: 0, to: bytes.count, by: 2) { bytes.swapAt(at, at + 1) }
        return (index * 2, bytes)
    }

    private static func directory(_ counts: [Int: UInt16]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes[0] = 1
        for (address, count) in counts {
            bytes.replaceSubrange((address * 2)..<(address * 2 + 2), with: number(UInt64(count), 2))
        }
        return bytes
    }

    private static func attribute(
        _ slot: Int, _ id: UInt8, flags: UInt64, value: UInt8, raw: UInt64
    ) -> (Int, [UInt8]) {
        (2 + slot * 12, [id] + number(flags, 2) + [value, value] + number(raw, 6) + [0])
    }

    private static func statistics(_ page: UInt8, _ values: [Int: UInt64]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes[0] = 1
        bytes[2] = page
        for (at, value) in values {
            bytes.replaceSubrange(at..<(at + 8), with: number(value, 7) + [0xC0])
        }
        return bytes
    }

    /// A disk of 4 TB with every log; `pending` and `reallocated` sectors, `security` word 128.
    static func disk(
        pending: UInt64 = 0, reallocated: UInt64 = 0, security: UInt16 = 0x29,
        hasFailedTest: Bool = false, hasStatistics: Bool = true
    ) -> ATAReplay {
        let device = ATAReplay()
        device.pages[.command(0xEC)] = page([
            words(0, 0x0040), string(10, 10, "ZZ00TEST"), string(23, 4, "FW01"),
            string(27, 20, "EXAMPLE HDD 4000"), words(60, 0xFFFF, 0x0FFF),
            words(75, 31, 0x850E, 0x0006, 0x004C, 0x0040, 0x0FF0, 0x001F),
            words(82, 0x706B, 0x7D09, 0x4163, 0x7069, 0xBC09, 0x4163),
            words(100, 0xBEB0, 0xD1C0, 1, 0), words(106, 0x6003),
            words(108, 0x5000, 0xC500, 0xAABB, 0xCCDD), words(128, security),
            words(168, 2), words(206, 0x3D), words(217, 5400), words(222, 0x10FF),
            (510, [0xA5]),
        ])
        device.pages[.smart(0xD0)] = page([
            (0, [0x10, 0]), attribute(0, 5, flags: 0x33, value: 100, raw: reallocated),
            attribute(1, 9, flags: 0x32, value: 80, raw: 0x0100_0000_4E20),
            attribute(2, 194, flags: 0x22, value: 64, raw: 0x002D_0012_0024),
            attribute(3, 197, flags: 0x12, value: 100, raw: pending),
            attribute(4, 199, flags: 0x3E, value: 200, raw: 0), (367, [0x7B, 3, 0, 1, 0, 1, 2]),
        ])
        device.pages[.smart(0xD1)] = page([(0, [0x10, 0]), (2, [5, 10]), (14, [9, 0])])
        device.pages[.smartLog(0)] = directory([1: 1, 6: 1, 9: 1])
        device.pages[.smartLog(1)] = page([(0, [1, 0])])
        let test: [UInt8] =
            hasFailedTest
            ? [2, 0x79] + number(200, 2) + [0, 0xEF, 0xCD, 0xAB, 0]
            : [2, 0] + number(200, 2) + [0, 0xFF, 0xFF, 0xFF, 0xFF]
        device.pages[.smartLog(6)] = page([(0, [1, 0]), (2, test), (508, [1])])
        device.pages[.smartLog(9)] = page([(0, [1, 0])])
        device.pages[.log(0, page: 0)] = directory(
            [3: 1, 4: hasStatistics ? 8 : 0, 0x10: 1, 0x11: 1, 0xE0: 1])
        device.pages[.log(3, page: 0)] = page([(0, [1])])
        device.pages[.log(4, page: 0)] = page([(0, [1]), (8, [4, 0, 1, 5, 7])])
        device.pages[.log(4, page: 1)] = statistics(1, [8: 44, 16: 20001, 24: 1_000_000])
        device.pages[.log(4, page: 5)] = statistics(5, [8: 35, 88: 60])
        device.pages[.log(4, page: 7)] = statistics(7, [8: 3])
        device.pages[.log(0x10, page: 0)] = page([])
        device.pages[.log(0x11, page: 0)] = page([(4, [0x01, 0x20, 0, 0, 0, 0])])
        device.pages[.log(0xE0, page: 0)] = page([
            (0, [3, 0, 1, 0]), (200, [36, 20, 45, 5, 52, 60]), (214, [0x4F, 0xC2]),
        ])
        return device
    }
}
