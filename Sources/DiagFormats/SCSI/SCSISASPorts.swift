/// The SAS ports of a device and the state of their links: page 18h.
///
/// Source: SPL-5, section 9.2.8.1, the protocol specific port log page.
public struct SCSISASPorts: Codable, Hashable, Sendable {
    /// One link.
    public struct Phy: Codable, Hashable, Sendable {
        /// Its number in the device.
        public let phyIdentifier: UInt8
        /// What is at its other end: 0 nothing, 1 an end device, 2 or 3 an expander.
        public let attachedDeviceType: UInt8
        /// The rate as the field says: 8 1.5, 9 3, 10 6, 11 12, 12 22.5 Gbit/s, below that none.
        public let negotiatedLogicalLinkRate: UInt8
        /// The device's own address, sixteen hexadecimal digits.
        public let sasAddress: String
        /// The address of the other end, sixteen hexadecimal digits.
        public let attachedSASAddress: String
        /// The number of the phy at the other end.
        public let attachedPhyIdentifier: UInt8
        /// Words that were no valid code.
        public let invalidDwordCount: UInt32
        /// Words whose disparity was wrong.
        public let runningDisparityErrorCount: UInt32
        /// How often the words could not be told apart any more.
        public let lossOfDwordSynchronizationCount: UInt32
        /// How often the link could not be brought up.
        public let phyResetProblemCount: UInt32

        /// The rate in Mbit/s; `nil` when no link is up.
        public var linkRateMegabits: Int? {
            switch negotiatedLogicalLinkRate {
            case 8: 1500
            case 9: 3000
            case 10: 6000
            case 11: 12_000
            case 12: 22_500
            default: nil
            }
        }
    }

    /// One port.
    public struct Port: Codable, Hashable, Sendable {
        /// Its number, from 1.
        public let relativeTargetPort: UInt16
        /// Changes whenever what is attached changes.
        public let generationCode: UInt8
        /// Its links.
        public let phys: [Phy]
    }

    /// The ports whose protocol is SAS.
    public let ports: [Port]

    /// Reads the whole page; ports of another protocol are left out.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSILogPage(parsing: bytes, page: 0x18)
        var ports = [Port]()
        for parameter in page.parameters {
            let value = parameter.value.span
            guard try value.byte(at: 0, field: "PROTOCOL IDENTIFIER") & 0xF == 6 else { continue }
            var phys = [Phy]()
            var offset = 4
            for _ in 0..<(try value.byte(at: 3, field: "NUMBER OF PHYS")) {
                phys.append(try Phy(value, at: offset))
                // Devices of SAS 1 leave the length out, and end after the counters.
                let length = Int(try value.byte(at: offset + 3, field: "PHY DESCRIPTOR LENGTH"))
                offset += length < 44 ? 48 : length + 4
            }
            ports.append(
                Port(
                    relativeTargetPort: parameter.code,
                    generationCode: try value.byte(at: 2, field: "GENERATION CODE"), phys: phys))
        }
        self.ports = ports
    }
}

extension SCSISASPorts.Phy {
    /// Reads the descriptor at `offset`.
    fileprivate init(_ bytes: Span<UInt8>, at offset: Int) throws(FormatError) {
        phyIdentifier = try bytes.byte(at: offset + 1, field: "PHY IDENTIFIER")
        attachedDeviceType = try bytes.byte(at: offset + 4, field: "ATTACHED TYPE") >> 4 & 7
        negotiatedLogicalLinkRate = try bytes.byte(at: offset + 5, field: "LINK RATE") & 0xF
        sasAddress = Hexadecimal.string(
            try bytes.bytes(8, at: offset + 8, field: "SAS ADDRESS"))
        attachedSASAddress = Hexadecimal.string(
            try bytes.bytes(8, at: offset + 16, field: "ATTACHED SAS ADDRESS"))
        attachedPhyIdentifier = try bytes.byte(at: offset + 24, field: "ATTACHED PHY IDENTIFIER")
        invalidDwordCount = try bytes.bigEndian(at: offset + 32, field: "INVALID DWORD COUNT")
        runningDisparityErrorCount = try bytes.bigEndian(
            at: offset + 36, field: "RUNNING DISPARITY ERROR COUNT")
        lossOfDwordSynchronizationCount = try bytes.bigEndian(
            at: offset + 40, field: "LOSS OF DWORD SYNCHRONIZATION COUNT")
        phyResetProblemCount = try bytes.bigEndian(
            at: offset + 44, field: "PHY RESET PROBLEM COUNT")
    }
}
