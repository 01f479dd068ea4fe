/// The kinds of elements of an enclosure. Source: SES-4, section 7.2.
public enum SESElement {
    /// What a person calls an element of `type`.
    public static func name(ofType type: UInt8) -> String {
        names[type] ?? "element of type 0x" + Hexadecimal.padded(type, 2)
    }

    /// What a status code says. Source: SES-4, section 7.2.2.
    public static func status(_ code: UInt8) -> String {
        let words = [
            "not supported", "OK", "critical", "noncritical", "unrecoverable", "not installed",
            "unknown", "not available", "no access",
        ]
        return Int(code) < words.count ? words[Int(code)] : "reserved"
    }

    private static let names: [UInt8: String] = [
        0x01: "device slot", 0x02: "power supply", 0x03: "fan", 0x04: "temperature sensor",
        0x05: "door", 0x06: "audible alarm", 0x07: "enclosure services controller",
        0x08: "SCC controller", 0x09: "nonvolatile cache", 0x0A: "invalid operation reason",
        0x0B: "uninterruptible power supply", 0x0C: "display", 0x0D: "key pad", 0x0E: "enclosure",
        0x0F: "SCSI port", 0x10: "language", 0x11: "communication port", 0x12: "voltage sensor",
        0x13: "current sensor", 0x14: "SCSI target port", 0x15: "SCSI initiator port",
        0x16: "simple subenclosure", 0x17: "array device slot", 0x18: "SAS expander",
        0x19: "SAS connector",
    ]

    /// One flag of a kind of element that tells of a fault.
    private struct Flag {
        let byte: Int
        let bit: UInt8
        let words: String
    }

    /// What the flags of the four bytes `field` say is wrong.
    static func faults(of field: [UInt8], type: UInt8) -> [String] {
        (flags[type] ?? []).filter { field[$0.byte] >> $0.bit & 1 == 1 }.map(\.words)
    }

    private static let slotFlags = [
        Flag(byte: 3, bit: 6, words: "fault sensed"),
        Flag(byte: 3, bit: 4, words: "device off"),
    ]

    private static let failed = Flag(byte: 3, bit: 6, words: "failed")

    private static let flags: [UInt8: [Flag]] = [
        0x01: slotFlags, 0x17: slotFlags, 0x03: [failed],
        0x02: [
            failed, Flag(byte: 3, bit: 1, words: "AC power failed"),
            Flag(byte: 3, bit: 0, words: "DC power failed"),
            Flag(byte: 3, bit: 3, words: "over temperature"),
            Flag(byte: 3, bit: 2, words: "temperature warning"),
            Flag(byte: 2, bit: 3, words: "voltage too high"),
            Flag(byte: 2, bit: 2, words: "voltage too low"),
            Flag(byte: 2, bit: 1, words: "current too high"),
        ],
        0x04: [
            Flag(byte: 3, bit: 3, words: "too hot, critical"),
            Flag(byte: 3, bit: 2, words: "too hot"),
            Flag(byte: 3, bit: 1, words: "too cold, critical"),
            Flag(byte: 3, bit: 0, words: "too cold"),
        ],
        0x07: [Flag(byte: 1, bit: 6, words: "failed")],
        0x12: [
            Flag(byte: 1, bit: 1, words: "voltage too high, critical"),
            Flag(byte: 1, bit: 3, words: "voltage too high"),
            Flag(byte: 1, bit: 0, words: "voltage too low, critical"),
            Flag(byte: 1, bit: 2, words: "voltage too low"),
        ],
        0x13: [
            Flag(byte: 1, bit: 1, words: "current too high, critical"),
            Flag(byte: 1, bit: 3, words: "current too high"),
        ],
        0x0E: [
            Flag(byte: 2, bit: 1, words: "failure indicated"),
            Flag(byte: 2, bit: 0, words: "warning indicated"),
        ],
        0x18: [Flag(byte: 1, bit: 6, words: "failed")],
        0x19: [Flag(byte: 3, bit: 6, words: "failed")],
    ]
}
