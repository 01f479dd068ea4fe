/// The firmware images that a controller holds.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.4, figure 208: log 03h, 512 bytes.
public struct NVMeFirmwareLog: Codable, Hashable, Sendable {
    /// One slot with an image.
    public struct Slot: Codable, Hashable, Sendable {
        /// Its number, 1 to 7.
        public let number: Int
        /// The revision in it (FRS).
        public let revision: String
    }

    /// The slot of the firmware that runs (AFI bits 2:0).
    public let activeSlot: UInt8
    /// The slot that is taken at the next reset (AFI bits 6:4); `nil` when the controller says none.
    public let nextSlot: UInt8?
    /// The slots that hold an image.
    public let slots: [Slot]

    /// Reads the 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "Firmware Slot Information")
        activeSlot = bytes[0] & 7
        nextSlot = bytes[0] >> 4 & 7 == 0 ? nil : bytes[0] >> 4 & 7
        var slots = [Slot]()
        for number in 1...7 {
            let revision = try bytes.text(8, at: number * 8, field: "FRS\(number)")
            if !revision.isEmpty { slots.append(Slot(number: number, revision: revision)) }
        }
        self.slots = slots
    }
}
