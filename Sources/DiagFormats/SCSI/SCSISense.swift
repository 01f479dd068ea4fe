/// Why a command did not end well: sense data, of either form.
///
/// Source: SPC-6, section 4.4.
public struct SCSISense: Codable, Hashable, Sendable {
    /// What kind of trouble: 2 not ready, 3 medium error, 5 illegal request.
    public let senseKey: UInt8
    /// The additional sense code.
    public let additionalSenseCode: UInt8
    /// Its qualifier.
    public let additionalSenseCodeQualifier: UInt8
    /// Whether it is about a command before the last.
    public let isDeferred: Bool
    /// What the command needs told: for medium errors the block; `nil` where there is nothing.
    public let information: UInt64?
    /// The registers of an ATA device after a passed-through command: error, count (two bytes),
    /// device, status; `nil` where there are none.
    public let ataRegisters: ATARegisters?

    /// What an ATA device's registers say after a command. Source: SAT-5, section 12.2.2.6.
    public struct ATARegisters: Codable, Hashable, Sendable {
        /// The error register.
        public let error: UInt8
        /// The count register, its low byte.
        public let count: UInt8
        /// The LBA register, 48 bits; 24 bits from fixed sense data.
        public let logicalBlockAddress: UInt64
        /// The status register.
        public let status: UInt8
        /// The device register.
        public let device: UInt8
    }

    /// Reads fixed (70h, 71h) or descriptor (72h, 73h) sense data.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let code = try bytes.byte(at: 0, field: "RESPONSE CODE")
        switch code & 0x7F {
        case 0x70, 0x71:
            senseKey = try bytes.byte(at: 2, field: "SENSE KEY") & 0xF
            additionalSenseCode = UInt8(clamping: bytes.numberIfPresent(1, at: 12) ?? 0)
            additionalSenseCodeQualifier = UInt8(clamping: bytes.numberIfPresent(1, at: 13) ?? 0)
            information = code & 0x80 != 0 ? bytes.numberIfPresent(4, at: 3) : nil
            let isPassThrough = additionalSenseCode == 0 && additionalSenseCodeQualifier == 0x1D
            ataRegisters = isPassThrough ? try ATARegisters(fixed: bytes) : nil
        case 0x72, 0x73:
            senseKey = try bytes.byte(at: 1, field: "SENSE KEY") & 0xF
            additionalSenseCode = try bytes.byte(at: 2, field: "ADDITIONAL SENSE CODE")
            additionalSenseCodeQualifier = try bytes.byte(at: 3, field: "QUALIFIER")
            var information: UInt64?
            var registers: ATARegisters?
            let end = min(
                bytes.count,
                8 + Int(try bytes.byte(at: 7, field: "ADDITIONAL SENSE LENGTH")))
            var offset = 8
            while offset + 2 <= end {
                let length = 2 + Int(bytes[offset + 1])
                guard length <= end - offset else { break }
                if bytes[offset] == 0, length >= 12, bytes[offset + 2] & 0x80 != 0 {
                    information = bytes.numberIfPresent(8, at: offset + 4)
                } else if bytes[offset] == 9, length >= 14 {
                    registers = try ATARegisters(descriptor: bytes, at: offset)
                }
                offset += length
            }
            self.information = information
            ataRegisters = registers
        default: throw .invalid(field: "RESPONSE CODE", offset: 0, value: UInt64(code))
        }
        isDeferred = code & 1 != 0
    }

    /// The key's name, and what the code says where it is a common one.
    public var text: String { SCSISenseText.text(of: self) }
}

extension SCSISense.ATARegisters {
    /// Reads the ATA status return descriptor at `offset`.
    fileprivate init(descriptor bytes: Span<UInt8>, at offset: Int) throws(FormatError) {
        error = try bytes.byte(at: offset + 3, field: "ERROR")
        count = try bytes.byte(at: offset + 5, field: "COUNT")
        var address: UInt64 = 0
        // The bytes of the address alternate: high and low half of each 16 bits.
        for place in [10, 8, 6, 11, 9, 7] {
            address = address << 8 | UInt64(try bytes.byte(at: offset + place, field: "LBA"))
        }
        logicalBlockAddress = address
        device = try bytes.byte(at: offset + 12, field: "DEVICE")
        status = try bytes.byte(at: offset + 13, field: "STATUS")
    }

    /// Reads the fields that fixed sense data keep the registers in.
    fileprivate init(fixed bytes: Span<UInt8>) throws(FormatError) {
        error = try bytes.byte(at: 3, field: "ERROR")
        status = try bytes.byte(at: 4, field: "STATUS")
        device = try bytes.byte(at: 5, field: "DEVICE")
        count = try bytes.byte(at: 6, field: "COUNT")
        var address: UInt64 = 0
        for place in [11, 10, 9] {
            address = address << 8 | UInt64(try bytes.byte(at: place, field: "LBA"))
        }
        logicalBlockAddress = address
    }
}
