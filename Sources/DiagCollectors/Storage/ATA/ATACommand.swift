internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// An ATA command that only reads, and its way through SCSI.
///
/// Source: SAT-5, section 12.2.2.3 (ATA PASS-THROUGH (16)); ACS-5, section 7, for the commands.
struct ATACommand: Hashable {
    /// How it is called in reports.
    let name: String
    let command: UInt8
    var feature: UInt8 = 0
    /// Blocks of 512 bytes that the device sends; 0 for a command without data.
    var blockCount: UInt16 = 0
    var lba: UInt64 = 0
    /// Whether it takes 48-bit registers.
    var isExtended = false

    /// The command descriptor block.
    ///
    /// A command with data is PIO-in with its length in COUNT; one without asks for the registers.
    var descriptorBlock: [UInt8] {
        func byte(_ value: UInt64, _ shift: UInt64) -> UInt8 {
            UInt8(truncatingIfNeeded: value >> shift)
        }
        let hasData = blockCount > 0
        let protocolField: UInt8 = hasData ? 4 : 3
        return [
            0x85, protocolField << 1 | (isExtended ? 1 : 0),
            // Data: T_DIR from the device, BYT_BLOK blocks, T_LENGTH in COUNT. None: CK_COND.
            hasData ? 0x0E : 0x20,
            0, feature, byte(UInt64(blockCount), 8), byte(UInt64(blockCount), 0),
            byte(lba, 24), byte(lba, 0), byte(lba, 32), byte(lba, 8), byte(lba, 40), byte(lba, 16),
            0, command, 0,
        ]
    }

    static let checkPowerMode = ATACommand(name: "CHECK POWER MODE", command: 0xE5)
    static let identifyDevice = ATACommand(
        name: "IDENTIFY DEVICE", command: 0xEC, blockCount: 1)
    static let identifyPacketDevice = ATACommand(
        name: "IDENTIFY PACKET DEVICE", command: 0xA1, blockCount: 1)
    static let smartReadData = smart("SMART READ DATA", 0xD0, blockCount: 1)
    static let smartReadThresholds = smart("SMART READ THRESHOLDS", 0xD1, blockCount: 1)
    static let smartReturnStatus = smart("SMART RETURN STATUS", 0xDA)

    /// Pages of a SMART log, from its first one on.
    static func smartReadLog(_ address: UInt8, pages: UInt16 = 1) -> ATACommand {
        smart(
            "SMART READ LOG \(hexadecimal(address))", 0xD5, address: address, blockCount: pages)
    }

    /// Pages of a general purpose log.
    static func readLog(_ address: UInt8, page: UInt16 = 0, pages: UInt16 = 1) -> ATACommand {
        let lba =
            UInt64(address) | UInt64(page & 0xFF) << 8 | UInt64(page >> 8) << 32
        let place = page == 0 ? "" : " page \(page)"
        return ATACommand(
            name: "READ LOG EXT \(hexadecimal(address))\(place)", command: 0x2F,
            blockCount: pages, lba: lba, isExtended: true)
    }

    private static func smart(
        _ name: String, _ feature: UInt8, address: UInt8 = 0, blockCount: UInt16 = 0
    ) -> ATACommand {
        // C24Fh in the middle and high bytes is the signature of every SMART command.
        ATACommand(
            name: name, command: 0xB0, feature: feature, blockCount: blockCount,
            lba: 0xC2_4F00 | UInt64(address))
    }

    private static func hexadecimal(_ value: UInt8) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return (text.utf8.count == 1 ? "0" : "") + text + "h"
    }
}

/// Why an ATA command gave nothing.
struct ATARefusal: Error, Hashable {
    /// For a person: who refused, and what was said.
    var reason: String
    /// Whether the device no longer answers, so that asking on makes no sense.
    var isEnd = false
    /// Whether it was the device itself that said no, so that commands do reach it.
    var isFromDevice = false
}

/// Sends ATA commands through SCSI, and tells good answers from refusals.
struct ATAChannel {
    let transport: any SCSITransport

    /// The whole of what a command with data gives.
    func read(_ command: ATACommand) throws(ATARefusal) -> [UInt8] {
        let byteCount = Int(command.blockCount) * 512
        let response = try execute(command, reading: byteCount)
        if let registers = try? ATAReturnDescriptor(parsing: response.sense.span),
            registers.isError
        {
            throw Self.refusal(registers)
        }
        if response.status != 0, Self.senseKey(response.sense).map({ $0 > 1 }) ?? true {
            throw Self.refusal(response)
        }
        guard response.data.count >= byteCount else {
            throw ATARefusal(
                reason: "the device sent \(response.data.count) of \(byteCount) bytes")
        }
        return Array(response.data.prefix(byteCount))
    }

    /// The registers after a command without data.
    func registers(after command: ATACommand) throws(ATARefusal) -> ATAReturnDescriptor {
        let response = try execute(command, reading: 0)
        guard let registers = try? ATAReturnDescriptor(parsing: response.sense.span) else {
            if response.status != 0 { throw Self.refusal(response) }
            throw ATARefusal(
                reason: "the bridge or adapter carried it out, but does not pass the registers on")
        }
        guard !registers.isError else { throw Self.refusal(registers) }
        return registers
    }

    private func execute(
        _ command: ATACommand, reading byteCount: Int
    ) throws(ATARefusal) -> SCSIResponse {
        let response: SCSIResponse
        do throws(SystemCallError) {
            response = try transport.execute(command.descriptorBlock, reading: byteCount)
        } catch {
            let isPrivilege = error.errno == .permissionDenied || error.errno == .notPermitted
            throw ATARefusal(
                reason: error.description
                    + (isPrivilege ? "; " + DeviceRefusal.words("CAP_SYS_RAWIO") : ""), isEnd: true)
        }
        guard response.hostStatus == 0 else {
            throw ATARefusal(reason: Self.hostReason(response.hostStatus), isEnd: true)
        }
        return response
    }

    /// What the Linux SCSI layer says. Source: include/scsi/scsi_status.h of Linux 6.12.
    private static func hostReason(_ status: UInt16) -> String {
        let meaning = [
            1: "no connection to the device", 2: "the bus stayed busy", 3: "timed out",
            4: "bad target", 5: "aborted", 6: "parity error", 7: "internal error of the adapter",
            8: "the bus was reset", 14: "the transport was disrupted",
            15: "the transport gave up quickly",
        ][Int(status)]
        return "the host adapter gave up: host status \(status)"
            + (meaning.map { " (\($0))" } ?? "")
    }

    private static func refusal(_ registers: ATAReturnDescriptor) -> ATARefusal {
        var parts = [String]()
        if registers.error & 0x04 != 0 { parts.append("command aborted") }
        if registers.error & 0x10 != 0 { parts.append("ID not found") }
        if registers.error & 0x40 != 0 { parts.append("uncorrectable") }
        if registers.error & 0x80 != 0 { parts.append("interface CRC error") }
        let text = parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
        return ATARefusal(
            reason: "the device answered with an error: status "
                + "0x\(String(registers.status, radix: 16)), error "
                + "0x\(String(registers.error, radix: 16))\(text)", isFromDevice: true)
    }

    private static func refusal(_ response: SCSIResponse) -> ATARefusal {
        guard let key = senseKey(response.sense) else {
            return ATARefusal(reason: "SCSI status 0x\(String(response.status, radix: 16))")
        }
        let code = additionalSense(response.sense).map {
            ", additional sense 0x\(String($0, radix: 16))"
        }
        let text = "sense key \(key)\(code ?? "")"
        guard key == 5 else {
            return ATARefusal(
                reason: "the command failed with \(text)", isEnd: key == 2)
        }
        return ATARefusal(
            reason: "the bridge or adapter does not pass ATA commands through: \(text)")
    }

    /// The sense key; `nil` without sense data of a known format.
    private static func senseKey(_ sense: [UInt8]) -> UInt8? {
        guard sense.count >= 4 else { return nil }
        switch sense[0] & 0x7F {
        case 0x70, 0x71: return sense[2] & 0xF
        case 0x72, 0x73: return sense[1] & 0xF
        default: return nil
        }
    }

    private static func additionalSense(_ sense: [UInt8]) -> UInt16? {
        guard let first = sense.first else { return nil }
        let at = first & 0x7F >= 0x72 ? 2 : 12
        guard sense.count >= at + 2 else { return nil }
        return UInt16(sense[at]) << 8 | UInt16(sense[at + 1])
    }
}
