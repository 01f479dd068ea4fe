/// How an ATA device is attached.
///
/// Source: ACS-5, section 7.13.6, words 75 to 77 and 222; SATA 3.5, section 13.2.
public struct ATATransport: Codable, Hashable, Sendable {
    /// `parallel`, `serial` or `PCIe`; none when the device does not say.
    public let type: String?
    /// The newest version that it claims, for example `SATA 3.2`.
    public let version: String?
    /// The speeds it can have, in Gb/s: `1.5`, `3.0`, `6.0`.
    public let supportedSpeeds: [String]
    /// The speed that was negotiated, in Gb/s; none when it does not say.
    public let currentSpeed: String?
    /// How many commands it queues at most.
    public let queueDepth: UInt8?

    init(_ words: ATAIdentifyWords) {
        let major = words[222]
        let isTold = major != 0 && major != 0xFFFF
        let isSerial = words[76] != 0 && words[76] != 0xFFFF
        switch major >> 12 {
        case 0 where isTold && !isSerial: type = "parallel"
        case 1 where isTold: type = "serial"
        case 0xE where isTold: type = "PCIe"
        default: type = isSerial ? "serial" : nil
        }
        let versions = [
            "ATA8-AST", "SATA 1.0a", "SATA II Extensions", "SATA 2.5", "SATA 2.6", "SATA 3.0",
            "SATA 3.1", "SATA 3.2", "SATA 3.3", "SATA 3.4", "SATA 3.5",
        ]
        let bits = major & 0x0FFF
        if isTold, major >> 12 == 1, bits != 0, 15 - bits.leadingZeroBitCount < versions.count {
            version = versions[15 - bits.leadingZeroBitCount]
        } else {
            version = nil
        }
        let speeds = ["1.5", "3.0", "6.0"]
        supportedSpeeds =
            isSerial ? speeds.indices.filter { words[76] & 2 << $0 != 0 }.map { speeds[$0] } : []
        let current = Int(words[77] >> 1 & 7)
        currentSpeed =
            isSerial && words[77] != 0xFFFF && speeds.indices.contains(current - 1)
            ? speeds[current - 1] : nil
        queueDepth =
            isSerial && words[76] & 1 << 8 != 0 && words[75] != 0xFFFF
            ? UInt8(words[75] & 0x1F) + 1 : nil
    }
}
