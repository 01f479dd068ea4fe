/// The pages of vital product data that a device has: page 00h.
///
/// Source: SPC-6, section 7.7.16.
public struct SCSISupportedVitalPages: Codable, Hashable, Sendable {
    /// Their codes, in the device's order.
    public let codes: [UInt8]

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0)
        codes = try bytes.bytes(page.end - 4, at: 4, field: "supported VPD pages")
    }
}

/// The unit serial number page 80h. Source: SPC-6, section 7.7.19.
public struct SCSIUnitSerialNumber: Codable, Hashable, Sendable {
    /// The serial number, blanks at its ends left out.
    public let serialNumber: String

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0x80)
        serialNumber = try bytes.text(page.end - 4, at: 4, field: "PRODUCT SERIAL NUMBER")
    }
}

/// The extended INQUIRY data page 86h, as far as it tells of the device's health and self-tests.
///
/// Source: SPC-6, section 7.7.7.
public struct SCSIExtendedInquiry: Codable, Hashable, Sendable {
    /// The supported protection types, as the field says: 0 type 1, 1 types 1 and 2, 3 type 2,
    /// 7 all of them.
    public let supportedProtectionTypes: UInt8
    /// Whether it checks the guard field of protection information.
    public let checksGuard: Bool
    /// Whether it checks the application tag.
    public let checksApplicationTag: Bool
    /// Whether it checks the reference tag.
    public let checksReferenceTag: Bool
    /// Whether it has a non-volatile cache.
    public let hasNonVolatileCache: Bool
    /// Whether it has a volatile cache.
    public let hasVolatileCache: Bool
    /// Whether a WRITE LONG may mark a block as uncorrectable.
    public let supportsWriteUncorrectable: Bool
    /// Minutes that an extended self-test takes; `nil` where it does not say.
    public let extendedSelfTestMinutes: UInt16?
    /// The most sense data that it gives, in bytes; `nil` where it does not say.
    public let maximumSenseByteCount: UInt8?

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0x86)
        let bytes = bytes.extracting(0..<page.end)
        supportedProtectionTypes = try bytes.byte(at: 4, field: "SPT") >> 3 & 7
        checksGuard = try bytes.isSet(2, at: 4, field: "GRD_CHK")
        checksApplicationTag = try bytes.isSet(1, at: 4, field: "APP_CHK")
        checksReferenceTag = try bytes.isSet(0, at: 4, field: "REF_CHK")
        supportsWriteUncorrectable = try bytes.isSet(3, at: 6, field: "WU_SUP")
        hasNonVolatileCache = try bytes.isSet(1, at: 6, field: "NV_SUP")
        hasVolatileCache = try bytes.isSet(0, at: 6, field: "V_SUP")
        let minutes = bytes.numberIfPresent(2, at: 10) ?? 0
        extendedSelfTestMinutes = minutes == 0 ? nil : UInt16(clamping: minutes)
        let most = bytes.numberIfPresent(1, at: 13) ?? 0
        maximumSenseByteCount = most == 0 ? nil : UInt8(clamping: most)
    }
}

/// The mode page policy page 87h: who shares which mode page. Source: SPC-6, section 7.7.11.
public struct SCSIModePagePolicy: Codable, Hashable, Sendable {
    /// How one mode page is shared.
    public struct Entry: Codable, Hashable, Sendable {
        /// The page's code; 3Fh stands for all that are not named.
        public let pageCode: UInt8
        /// The subpage's code; FFh stands for all.
        public let subpageCode: UInt8
        /// Whether logical units share it.
        public let isSharedByUnits: Bool
        /// 0 shared, 1 for each target port, 3 for each I_T nexus.
        public let policy: UInt8
    }

    /// The policies, in the device's order.
    public let entries: [Entry]

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0x87)
        var entries = [Entry]()
        for offset in stride(from: 4, to: page.end, by: 4) {
            let flags = try bytes.byte(at: offset + 2, field: "MODE PAGE POLICY")
            entries.append(
                Entry(
                    pageCode: try bytes.byte(at: offset, field: "POLICY PAGE CODE") & 0x3F,
                    subpageCode: try bytes.byte(at: offset + 1, field: "POLICY SUBPAGE CODE"),
                    isSharedByUnits: flags & 0x80 != 0, policy: flags & 3))
        }
        self.entries = entries
    }
}

/// The SCSI ports page 88h: the ports of the target, each with its names.
///
/// Source: SPC-6, section 7.7.14.
public struct SCSIPorts: Codable, Hashable, Sendable {
    /// One port.
    public struct Port: Codable, Hashable, Sendable {
        /// Its number, from 1.
        public let relativePortIdentifier: UInt16
        /// Its names as a target port.
        public let designators: [SCSIDesignator]
    }

    /// The ports, in the device's order.
    public let ports: [Port]

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0x88)
        var ports = [Port]()
        var offset = 4
        while offset < page.end {
            let number = try bytes.bigEndian(UInt16.self, at: offset + 2, field: "RELATIVE PORT")
            let initiator = Int(
                try bytes.bigEndian(UInt16.self, at: offset + 6, field: "TRANSPORTID LENGTH"))
            offset += 8 + initiator
            let length = Int(
                try bytes.bigEndian(UInt16.self, at: offset + 2, field: "DESCRIPTORS LENGTH"))
            offset += 4
            try bytes.extracting(0..<page.end).check(length, at: offset, field: "port descriptors")
            ports.append(
                Port(
                    relativePortIdentifier: number,
                    designators: try SCSIDesignator.list(
                        parsing: bytes.extracting(offset..<(offset + length)))))
            offset += length
        }
        self.ports = ports
    }
}

/// The ATA information page 89h: an ATA device behind a translation. Source: SAT-5, section 12.4.2.
public struct SCSIATAInformation: Codable, Hashable, Sendable {
    /// Where the 512 bytes of IDENTIFY data begin in the page.
    public static let identifyOffset = 60

    /// The vendor of the translation: `linux` for libata.
    public let translationVendor: String
    /// The product of the translation.
    public let translationProduct: String
    /// The revision of the translation.
    public let translationRevision: String
    /// The command whose data are kept here: ECh for disks, A1h for packet devices.
    public let commandCode: UInt8

    /// Reads the whole page, and checks that the IDENTIFY data are there.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        _ = try SCSIPage(vital: bytes, code: 0x89)
        translationVendor = try bytes.text(8, at: 8, field: "SAT VENDOR IDENTIFICATION")
        translationProduct = try bytes.text(16, at: 16, field: "SAT PRODUCT IDENTIFICATION")
        translationRevision = try bytes.text(4, at: 32, field: "SAT PRODUCT REVISION LEVEL")
        commandCode = try bytes.byte(at: 56, field: "COMMAND CODE")
        try bytes.check(512, at: Self.identifyOffset, field: "IDENTIFY DEVICE data")
    }
}
