/// Which SCSI commands may be sent: those that only tell something.
///
/// Everything that is not named here is refused before the kernel sees it.
public struct SCSICommandFilter: Hashable, Sendable {
    /// The ATA commands that may be passed through, by their command register.
    public var ataCommands: Set<UInt8>
    /// The features of SMART, command B0h, that may be passed through.
    public var smartFeatures: Set<UInt8>

    /// A filter that passes these ATA commands and SMART features, and the SCSI commands that read.
    public init(ataCommands: Set<UInt8>, smartFeatures: Set<UInt8>) {
        self.ataCommands = ataCommands
        self.smartFeatures = smartFeatures
    }

    /// IDENTIFY DEVICE and PACKET DEVICE, SMART, READ LOG EXT and CHECK POWER MODE; of SMART its
    /// values, thresholds, logs and verdict. Source: ACS-5, section 7.
    public static let standard = SCSICommandFilter(
        ataCommands: [0xEC, 0xA1, 0xB0, 0x2F, 0xE5], smartFeatures: [0xD0, 0xD1, 0xD5, 0xDA])

    /// Whether the command descriptor block `command`, which takes `byteCount` bytes, may be sent.
    ///
    /// Source: SPC-6, section 6; SBC-4, section 5; SAT-5, section 12.2.
    public func allows(_ command: [UInt8], reading byteCount: Int) -> Bool {
        guard let operation = command.first,
            command.count == Self.length(of: operation), byteCount >= 0
        else { return false }
        switch operation {
        case 0x00: return byteCount == 0  // TEST UNIT READY
        case 0x03: return true  // REQUEST SENSE
        case 0x12: return command[1] & 0xFE == 0  // INQUIRY
        case 0x1A, 0x5A: return true  // MODE SENSE
        case 0x1C: return command[1] == 1  // RECEIVE DIAGNOSTIC RESULTS, of a named page
        case 0x25: return true  // READ CAPACITY (10)
        // LOG SENSE; with SP it would save parameters.
        case 0x4D: return command[1] & 1 == 0
        case 0x85: return allowsATA16(command, reading: byteCount)
        case 0x9E: return command[1] & 0x1F == 0x10  // READ CAPACITY (16)
        case 0xA0: return true  // REPORT LUNS
        case 0xA1: return allowsATA12(command, reading: byteCount)
        case 0xA3: return command[1] & 0x1F == 0x0A  // REPORT TARGET PORT GROUPS
        default: return false
        }
    }

    /// How long a command is, by the group that its operation code is in. Source: SPC-6, section 4.2.5.
    private static func length(of operation: UInt8) -> Int? {
        switch operation >> 5 {
        case 0: 6
        case 1, 2: 10
        case 4: 16
        case 5: 12
        default: nil
        }
    }

    /// ATA PASS-THROUGH (16).
    private func allowsATA16(_ command: [UInt8], reading byteCount: Int) -> Bool {
        allowsATA(
            command[14], features: UInt16(command[3]) << 8 | UInt16(command[4]),
            signature: (command[10], command[12]), transfer: (command[1], command[2]),
            reading: byteCount)
    }

    /// ATA PASS-THROUGH (12).
    private func allowsATA12(_ command: [UInt8], reading byteCount: Int) -> Bool {
        allowsATA(
            command[9], features: UInt16(command[3]), signature: (command[6], command[7]),
            transfer: (command[1], command[2]), reading: byteCount)
    }

    private func allowsATA(
        _ command: UInt8, features: UInt16, signature: (UInt8, UInt8), transfer: (UInt8, UInt8),
        reading byteCount: Int
    ) -> Bool {
        guard ataCommands.contains(command) else { return false }
        // The protocol: 3 moves no data, 4 takes data in. T_DIR must say the same.
        switch transfer.0 >> 1 & 0xF {
        case 3: guard byteCount == 0, transfer.1 & 3 == 0 else { return false }
        case 4: guard byteCount > 0, transfer.1 & 8 != 0 else { return false }
        default: return false
        }
        switch command {
        case 0xB0:
            return features <= 0xFF && smartFeatures.contains(UInt8(features))
                && signature == (0x4F, 0xC2)
        // READ LOG EXT: some logs are cleared when a feature is asked for.
        case 0x2F: return features == 0
        default: return true
        }
    }
}
