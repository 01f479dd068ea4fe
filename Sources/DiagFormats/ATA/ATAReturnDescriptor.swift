internal import DiagModel

/// The registers of an ATA device after a command, as a SCSI/ATA translation gives them in sense
/// data.
///
/// Source: SAT-5, section 12.2.2.6 (fixed format) and 12.2.2.7 (ATA Status Return descriptor);
/// SPC-6, section 4.4. In fixed format the upper halves of `count` and `lba` are not given.
public struct ATAReturnDescriptor: Codable, Hashable, Sendable {
    /// Whether the registers are those of a 48-bit command.
    public let extend: Bool
    /// The ERROR field.
    public let error: UInt8
    /// The STATUS field: bit 0 ERR, bit 5 DF.
    public let status: UInt8
    /// The DEVICE field.
    public let device: UInt8
    /// The COUNT field.
    public let count: UInt16
    /// The LBA field.
    public let lba: UInt64
    /// The sense key: 1 for a recovered error, under which registers are told after success.
    public let senseKey: UInt8
    /// The additional sense code and its qualifier: 001Dh when registers are told.
    public let additionalSense: UInt16

    /// Whether the command ended with an error.
    public var isError: Bool { status & 0x21 != 0 }

    /// Reads sense data in descriptor format (72h, 73h) or in fixed format (70h, 71h).
    ///
    /// - Throws: when the sense data is of no known format, or holds no ATA registers.
    public init(parsing sense: Span<UInt8>) throws(FormatError) {
        try sense.check(8, at: 0, field: "sense data")
        switch sense[0] & 0x7F {
        case 0x72, 0x73:
            senseKey = sense[1] & 0xF
            additionalSense = try sense.bigEndian(at: 2, field: "additional sense code")
            let end = Swift.min(sense.count, 8 + Int(sense[7]))
            var at = 8
            while at + 2 <= end, sense[at] != 0x09 { at += 2 + Int(sense[at + 1]) }
            guard at + 2 <= end else {
                throw .truncated(field: "ATA Status Return descriptor", offset: at, needed: 14)
            }
            guard sense[at + 1] >= 12 else {
                throw .invalid(
                    field: "ATA Status Return descriptor length", offset: at + 1,
                    value: UInt64(sense[at + 1]))
            }
            try sense.check(14, at: at, field: "ATA Status Return descriptor")
            extend = sense[at + 2] & 1 != 0
            error = sense[at + 3]
            count = UInt16(sense[at + 4]) << 8 | UInt16(sense[at + 5])
            // From the highest byte to the lowest: 47:40, 39:32, 31:24, 23:16, 15:8, 7:0.
            lba = [10, 8, 6, 11, 9, 7].reduce(0) { $0 << 8 | UInt64(sense[at + $1]) }
            device = sense[at + 12]
            status = sense[at + 13]
        case 0x70, 0x71:
            try sense.check(14, at: 0, field: "fixed sense data")
            senseKey = sense[2] & 0xF
            additionalSense = try sense.bigEndian(at: 12, field: "additional sense code")
            guard additionalSense == 0x001D else {
                throw .invalid(
                    field: "additional sense code", offset: 12, value: UInt64(additionalSense))
            }
            error = sense[3]
            status = sense[4]
            device = sense[5]
            count = UInt16(sense[6])
            extend = sense[8] & 0x80 != 0
            lba = UInt64(sense[9]) | UInt64(sense[10]) << 8 | UInt64(sense[11]) << 16
        default:
            throw .invalid(field: "sense response code", offset: 0, value: UInt64(sense[0]))
        }
    }
}

extension ATAReturnDescriptor {
    /// What SMART RETURN STATUS says: whether a threshold is exceeded; `nil` when the registers
    /// hold neither of its two signatures. Source: ACS-3, section 7.48.8.
    public var isSMARTThresholdExceeded: Bool? {
        switch lba >> 8 & 0xFFFF {
        case 0xC24F: false
        case 0x2CF4: true
        default: nil
        }
    }
}

/// What CHECK POWER MODE gives in the COUNT field. Source: ACS-5, section 7.3.2.
public enum ATAPowerMode: String, Codable, Hashable, Sendable, CaseIterable {
    /// Spun down; standby_z where extended power conditions are on.
    case standby
    /// Spun down, ready sooner.
    case standbyY
    /// Spun down with a non-volatile cache in use (obsolete).
    case nvCacheSpunDown
    /// Spinning with a non-volatile cache in use (obsolete).
    case nvCacheActive
    /// Idle.
    case idle
    /// Idle, condition a.
    case idleA
    /// Idle, condition b.
    case idleB
    /// Idle, condition c.
    case idleC
    /// Active or idle.
    case active

    /// The mode that the low byte of `count` stands for; `nil` for one that is reserved.
    public init?(count: UInt16) {
        switch count & 0xFF {
        case 0x00: self = .standby
        case 0x01: self = .standbyY
        case 0x40: self = .nvCacheSpunDown
        case 0x41: self = .nvCacheActive
        case 0x80: self = .idle
        case 0x81: self = .idleA
        case 0x82: self = .idleB
        case 0x83: self = .idleC
        case 0xFF: self = .active
        default: return nil
        }
    }

    /// Whether the disk would have to spin up to be read.
    public var isAsleep: Bool {
        switch self {
        case .standby, .standbyY, .nvCacheSpunDown: true
        default: false
        }
    }
}
