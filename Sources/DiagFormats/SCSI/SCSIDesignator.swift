/// One name of a logical unit, port or target device.
///
/// Source: SPC-6, section 7.7.6, the device identification page 83h.
public struct SCSIDesignator: Codable, Hashable, Sendable {
    /// What it names.
    public enum Association: String, Codable, Hashable, Sendable {
        /// The disk.
        case logicalUnit
        /// The port that the answer came through.
        case targetPort
        /// The device as a whole, which may have several logical units.
        case targetDevice
        /// A value that the standard reserves.
        case reserved
    }

    /// What kind of name it is.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// Whatever the vendor likes.
        case vendorSpecific
        /// The vendor's T10 name and then what the vendor likes.
        case t10Vendor
        /// An EUI-64 of 8, 12 or 16 bytes.
        case eui64
        /// A world wide name of 8 or 16 bytes whose first digit says how it is made.
        case naa
        /// The number of a port of the target, from 1.
        case relativeTargetPort
        /// The number of a group of ports.
        case targetPortGroup
        /// The number of a group of logical units.
        case logicalUnitGroup
        /// An MD5 value of a logical unit.
        case md5
        /// A text that begins with `naa.`, `eui.` or `iqn.`.
        case scsiName
        /// A port's number in the terms of its protocol.
        case protocolPort
        /// A UUID.
        case uuid
        /// A value that the standard reserves.
        case reserved

        init(code: UInt8) {
            let kinds = Self.allCases
            self = Int(code) < kinds.count ? kinds[Int(code)] : .reserved
        }
    }

    /// What it names.
    public let association: Association
    /// What kind of name it is.
    public let kind: Kind
    /// The name: hexadecimal without `0x` for binary names, the text for texts, the decimal number
    /// for ports and groups.
    public let value: String
    /// The transport protocol, where it says one: 0 Fibre Channel, 5 iSCSI, 6 SAS, 8 ATA.
    public let protocolIdentifier: UInt8?

    /// Reads the designators that fill `bytes` exactly.
    static func list(parsing bytes: Span<UInt8>) throws(FormatError) -> [SCSIDesignator] {
        var list = [SCSIDesignator]()
        var offset = 0
        while offset < bytes.count {
            let length = Int(try bytes.byte(at: offset + 3, field: "DESIGNATOR LENGTH"))
            try bytes.check(4 + length, at: offset, field: "designator")
            list.append(try SCSIDesignator(bytes.extracting(offset..<(offset + 4 + length))))
            offset += 4 + length
        }
        return list
    }

    /// Reads one designator with its header.
    private init(_ bytes: Span<UInt8>) throws(FormatError) {
        let first = try bytes.byte(at: 0, field: "CODE SET")
        let second = try bytes.byte(at: 1, field: "DESIGNATOR TYPE")
        let count = bytes.count - 4
        kind = Kind(code: second & 0xF)
        association =
            switch second >> 4 & 3 {
            case 0: .logicalUnit
            case 1: .targetPort
            case 2: .targetDevice
            default: .reserved
            }
        protocolIdentifier = second & 0x80 != 0 ? first >> 4 : nil
        let isText = first & 0xF == 2 || first & 0xF == 3
        value =
            switch kind {
            case .relativeTargetPort, .targetPortGroup, .logicalUnitGroup:
                count >= 4
                    ? String(try bytes.bigEndian(UInt16.self, at: 6, field: "DESIGNATOR")) : ""
            case .uuid:
                // Two bytes of type and reserve come before the sixteen.
                Hexadecimal.string(
                    try bytes.bytes(max(0, count - 2), at: min(6, bytes.count), field: "UUID"))
            default:
                isText
                    ? try bytes.text(count, at: 4, field: "DESIGNATOR")
                    : Hexadecimal.string(try bytes.bytes(count, at: 4, field: "DESIGNATOR"))
            }
    }
}

/// The device identification page 83h: all names of a logical unit and of the way to it.
///
/// Source: SPC-6, section 7.7.6.
public struct SCSIDeviceIdentification: Codable, Hashable, Sendable {
    /// The names, in the device's order.
    public let designators: [SCSIDesignator]

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0x83)
        designators = try SCSIDesignator.list(parsing: bytes.extracting(4..<page.end))
    }

    /// The best world wide name of the logical unit as the kernel writes it, for example
    /// `naa.5000c500a1b2c3d4`: a NAA, else an EUI-64, else a SCSI name, else a UUID.
    ///
    /// Of several NAAs the one of 16 bytes counts, as in Linux, `scsi_vpd_lun_id`.
    public var worldWideName: String? {
        let own = designators.filter { $0.association == .logicalUnit && !$0.value.isEmpty }
        func longest(_ kind: SCSIDesignator.Kind) -> String? {
            own.filter { $0.kind == kind }.max { $0.value.utf8.count < $1.value.utf8.count }?.value
        }
        if let name = longest(.naa) { return "naa." + name }
        if let name = longest(.eui64) { return "eui." + name }
        if let name = longest(.scsiName) { return name }
        return longest(.uuid).map { "uuid." + $0 }
    }
}
