import DiagFormats
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors

/// A device that gives prepared answers, and remembers what it was asked.
final class SCSIRecordedDevice: SCSITransport {
    /// By the operation code and, for pages, their codes: `12-83`, `4D-02`, `85-E5`.
    var answers: [String: SCSIResponse]
    /// What was asked, in order.
    private(set) var asked: [String] = []
    /// Thrown instead of every answer.
    var error: SystemCallError?
    /// Unit attentions still to be given.
    var unitAttentions = 0

    init(_ answers: [String: [UInt8]]) {
        self.answers = answers.mapValues { SCSIResponse(data: $0) }
        // Ready.
        self.answers["00"] = self.answers["00"] ?? SCSIResponse(data: [])
    }

    func execute(
        _ command: [UInt8], reading byteCount: Int
    ) throws(SystemCallError) -> SCSIResponse {
        let key = Self.key(command)
        asked.append(key)
        #expect(SCSICommandFilter.standard.allows(command, reading: byteCount), "\(command)")
        if let error { throw error }
        if unitAttentions > 0 {
            unitAttentions -= 1
            return Self.refusal(key: 6, code: 0x29)
        }
        guard var response = answers[key] else { return Self.refusal(key: 5, code: 0x24) }
        response.data = Array(response.data.prefix(byteCount))
        return response
    }

    static func refusal(key: UInt8, code: UInt8, qualifier: UInt8 = 0) -> SCSIResponse {
        SCSIResponse(
            status: 2, driverStatus: 8, sense: [0x72, key, code, qualifier, 0, 0, 0, 0])
    }

    private static func key(_ command: [UInt8]) -> String {
        func hex(_ byte: UInt8) -> String {
            (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        let code = hex(command[0])
        switch command[0] {
        case 0x12: return command[1] == 0 ? code : "\(code)-\(hex(command[2]))"
        case 0x4D:
            return "\(code)-\(hex(command[2] & 0x3F))"
                + (command[3] == 0 ? "" : "-\(hex(command[3]))")
        case 0x5A, 0x1A: return "\(code)-\(hex(command[2] & 0x3F))"
        case 0x1C: return "\(code)-\(hex(command[2]))"
        case 0x85: return "\(code)-\(hex(command[14]))"
        default: return code
        }
    }

    /// A SAS disk with blocks of 4096 bytes that has every page.
    static func sasDisk() -> SCSIRecordedDevice {
        SCSIRecordedDevice([
            "12": SCSISamples.inquiry, "12-00": SCSISamples.supportedVital,
            "12-80": SCSISamples.serial, "12-83": SCSISamples.designators,
            "12-86": SCSISamples.extended, "12-87": SCSISamples.policy,
            "12-88": SCSISamples.ports, "12-B0": SCSISamples.limits,
            "12-B1": SCSISamples.characteristics, "12-B2": SCSISamples.provisioning,
            "12-B6": SCSISamples.zoned,
            "03": [0x70, 0, 0, 0, 0, 0, 0, 10] + [UInt8](repeating: 0, count: 10),
            "9E": SCSISamples.capacity16, "4D-00": SCSISamples.supportedLogs,
            "4D-00-FF": SCSISamples.supportedSubpages,
            "4D-02": SCSISamples.errors(2, uncorrected: 0),
            "4D-03": SCSISamples.errors(3, uncorrected: 12),
            "4D-05": SCSISamples.errors(5, uncorrected: 0), "4D-06": SCSISamples.nonMedium,
            "4D-0D": SCSISamples.temperature, "4D-0E": SCSISamples.cycles,
            "4D-0F": SCSISamples.application, "4D-10": SCSISamples.selfTests,
            "4D-11": SCSISamples.solidState, "4D-15": SCSISamples.scan,
            "4D-18": SCSISamples.sas, "4D-19": SCSISamples.statistics,
            "4D-2F": SCSISamples.exceptions, "4D-37": SCSISamples.unknownLog,
            "5A-08": SCSISamples.mode10(SCSISamples.caching),
            "1A-1C": SCSISamples.mode6(SCSISamples.control), "A3": SCSISamples.portGroups,
        ])
    }

    /// An enclosure with a failed power supply.
    static func enclosure() -> SCSIRecordedDevice {
        var inquiry = SCSISamples.inquiry
        inquiry[0] = 13
        inquiry[5] = 0
        return SCSIRecordedDevice([
            "12": inquiry, "12-00": SCSISamples.vital(0, [0, 0x83]),
            "12-83": SCSISamples.designators, "1C-00": SCSISamples.sesSupported,
            "1C-01": SCSISamples.sesConfiguration, "1C-02": SCSISamples.sesStatus,
            "1C-07": SCSISamples.sesNames, "1C-0A": SCSISamples.sesSlots,
        ])
    }

    /// A SATA disk; `count` is what CHECK POWER MODE gives.
    static func sataDisk(count: UInt8) -> SCSIRecordedDevice {
        var inquiry = SCSISamples.inquiry
        inquiry.replaceSubrange(8..<16, with: SCSISamples.text("ATA", 8))
        inquiry[5] = 0
        let device = SCSIRecordedDevice([
            "12": inquiry, "12-00": SCSISamples.vital(0, [0, 0x80, 0x89]),
            "12-80": SCSISamples.serial, "12-89": SCSISamples.ata,
            "9E": SCSISamples.capacity16, "4D-00": SCSISamples.supportedLogs,
        ])
        device.answers["85-E5"] = SCSIResponse(
            status: 2,
            sense: [
                0x72, 1, 0, 0x1D, 0, 0, 0, 14, 9, 12, 0, 0, 0, count, 0, 0, 0, 0, 0, 0, 0, 0x50,
            ])
        return device
    }
}
