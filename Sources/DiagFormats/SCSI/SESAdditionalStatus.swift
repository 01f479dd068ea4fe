/// What is in the slots of an enclosure: diagnostic page 0Ah, for SAS. Source: SES-4, section 6.1.13.
public struct SESAdditionalStatus: Codable, Hashable, Sendable {
    /// One link of the device in a slot.
    public struct Phy: Codable, Hashable, Sendable {
        /// The address of the device, sixteen hexadecimal digits.
        public let sasAddress: String
        /// The address that it is attached to, sixteen hexadecimal digits.
        public let attachedSASAddress: String
        /// The number of the link in the device.
        public let phyIdentifier: UInt8
        /// Whether a SATA disk is there.
        public let isSATADevice: Bool
    }

    /// One slot.
    public struct Slot: Codable, Hashable, Sendable {
        /// The element that it tells of, counted as ``doIndexesCountOverall`` says; `nil` where the
        /// enclosure does not number them.
        public let elementIndex: UInt8?
        /// Whether the number also counts the elements that stand for all of a kind.
        public let doIndexesCountOverall: Bool
        /// The number on the slot; `nil` where the enclosure does not say.
        public let deviceSlotNumber: UInt8?
        /// The links of the device in it; none when it is empty.
        public let phys: [Phy]
    }

    /// The configuration that it is about.
    public let generationCode: UInt32
    /// The slots whose protocol is SAS.
    public let slots: [Slot]

    /// Reads the whole page; elements that are no slots, or of another protocol, are left out.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(diagnostic: bytes, code: 0x0A)
        let bytes = bytes.extracting(0..<page.end)
        generationCode = try bytes.bigEndian(at: 4, field: "GENERATION CODE")
        var slots = [Slot]()
        var offset = 8
        while offset < bytes.count {
            let length = 2 + Int(try bytes.byte(at: offset + 1, field: "DESCRIPTOR LENGTH"))
            try bytes.check(length, at: offset, field: "additional element status")
            let first = try bytes.byte(at: offset, field: "PROTOCOL IDENTIFIER")
            if first & 0x8F == 0x06,
                let slot = try Slot(
                    bytes.extracting(offset..<(offset + length)), isNumbered: first & 0x10 != 0)
            {
                slots.append(slot)
            }
            offset += length
        }
        self.slots = slots
    }
}

extension SESAdditionalStatus.Slot {
    /// Reads one descriptor; `nil` when it is not that of a slot.
    fileprivate init?(_ bytes: Span<UInt8>, isNumbered: Bool) throws(FormatError) {
        let start = isNumbered ? 4 : 2
        guard try bytes.byte(at: start + 1, field: "DESCRIPTOR TYPE") >> 6 == 0 else { return nil }
        elementIndex = isNumbered ? try bytes.byte(at: 3, field: "ELEMENT INDEX") : nil
        doIndexesCountOverall =
            isNumbered ? try bytes.byte(at: 2, field: "EIIOE") & 3 == 1 : false
        deviceSlotNumber = isNumbered ? try bytes.byte(at: 7, field: "DEVICE SLOT NUMBER") : nil
        var phys = [SESAdditionalStatus.Phy]()
        let first = isNumbered ? 8 : 4
        for index in 0..<Int(try bytes.byte(at: start, field: "NUMBER OF PHYS")) {
            let offset = first + 28 * index
            phys.append(
                SESAdditionalStatus.Phy(
                    sasAddress: Hexadecimal.string(
                        try bytes.bytes(8, at: offset + 12, field: "SAS ADDRESS")),
                    attachedSASAddress: Hexadecimal.string(
                        try bytes.bytes(8, at: offset + 4, field: "ATTACHED SAS ADDRESS")),
                    phyIdentifier: try bytes.byte(at: offset + 20, field: "PHY IDENTIFIER"),
                    isSATADevice: try bytes.isSet(0, at: offset + 3, field: "SATA DEVICE")))
        }
        self.phys = phys
    }
}

/// The diagnostic pages that a device has: page 00h. Source: SPC-6, section 7.2.4.
public struct SESSupportedPages: Codable, Hashable, Sendable {
    /// Their codes, in the device's order.
    public let codes: [UInt8]

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(diagnostic: bytes, code: 0)
        codes = try bytes.bytes(page.end - 4, at: 4, field: "supported diagnostic pages")
    }
}
