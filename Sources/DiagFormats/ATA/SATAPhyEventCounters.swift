internal import DiagModel

/// What went wrong on the serial link, as the device counted it: GPL log 11h.
///
/// Source: SATA 3.5, section 13.14: four reserved bytes, then counters of an identifier and a value
/// of 2, 4, 6 or 8 bytes, up to the identifier 0.
public struct SATAPhyEventCounters: Codable, Hashable, Sendable {
    /// One counter.
    public struct Counter: Codable, Hashable, Sendable {
        /// Its identifier, without its size; 8000h and above are the vendor's.
        public var id: UInt16
        /// What it counts; none for one that is not known here.
        public var name: String?
        /// The count.
        public var value: UInt64
        /// Whether the count stands at the largest value that it can have.
        public var isSaturated: Bool
    }

    /// The counters, in the device's order.
    public let counters: [Counter]
    /// Whether the checksum is right.
    public let isChecksumRight: Bool

    /// Reads 512 bytes.
    ///
    /// - Throws: when a counter would reach beyond them.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        isChecksumRight = try bytes.ataChecksumIsRight()
        var counters = [Counter]()
        var at = 4
        while at + 2 <= 511 {
            let word: UInt16 = try bytes.littleEndian(at: at, field: "counter identifier")
            guard word != 0 else { break }
            let width = Int(word >> 12 & 7) * 2
            guard width > 0, width <= 8, at + 2 + width <= 511 else {
                throw .invalid(field: "counter identifier", offset: at, value: UInt64(word))
            }
            let value = try bytes.ataNumber(width, at: at + 2, field: "counter")
            let id = word & 0x8FFF
            counters.append(
                Counter(
                    id: id, name: Self.names[id], value: value,
                    isSaturated: value == UInt64.max >> UInt64(64 - width * 8)))
            at += 2 + width
        }
        self.counters = counters
    }

    private static let names: [UInt16: String] = [
        0x001: "Command failed due to ICRC error",
        0x002: "R_ERR response for data FIS",
        0x003: "R_ERR response for device-to-host data FIS",
        0x004: "R_ERR response for host-to-device data FIS",
        0x005: "R_ERR response for non-data FIS",
        0x006: "R_ERR response for device-to-host non-data FIS",
        0x007: "R_ERR response for host-to-device non-data FIS",
        0x008: "Device-to-host non-data FIS retries",
        0x009: "Transition from drive PhyRdy to drive PhyNRdy",
        0x00A: "Device-to-host register FISes sent due to a COMRESET",
        0x00B: "CRC errors within host-to-device FIS",
        0x00D: "Non-CRC errors within host-to-device FIS",
        0x00F: "R_ERR response for host-to-device data FIS due to CRC errors",
        0x010: "R_ERR response for host-to-device data FIS due to non-CRC errors",
        0x012: "R_ERR response for host-to-device non-data FIS due to CRC errors",
        0x013: "R_ERR response for host-to-device non-data FIS due to non-CRC errors",
    ]
}
