/// One event of a persistent event log.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.14, figures 224 to 240.
public struct NVMePersistentEvent: Codable, Hashable, Sendable {
    /// The type as it is.
    public let type: UInt8
    /// The type in a word; `unknown` for one that the specification does not name.
    public let name: String
    /// The revision of the event's form.
    public let revision: UInt8
    /// The controller that it is of.
    public let controllerIdentifier: UInt16
    /// When it happened: milliseconds since 1970, or since a reset.
    public let timestampMilliseconds: UInt64
    /// How many bytes of the vendor's own it has.
    public let vendorByteCount: UInt16
    /// How many bytes of data it has, the vendor's left out.
    public let dataByteCount: Int
    /// Numbers that it gives, by name.
    public let numbers: [String: UInt64]
    /// Texts that it gives, by name.
    public let texts: [String: String]
    /// The health at that time, for an event of type 1.
    public let health: NVMeSMARTLog?

    /// How many bytes it has in the log, header and all.
    let byteCount: Int

    private enum CodingKeys: String, CodingKey {
        case type, name, revision, controllerIdentifier, timestampMilliseconds, vendorByteCount
        case dataByteCount, numbers, texts, health
    }

    /// Reads an event that was written as JSON; how long it was in the log is not kept.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        type = try values.decode(UInt8.self, forKey: .type)
        name = try values.decode(String.self, forKey: .name)
        revision = try values.decode(UInt8.self, forKey: .revision)
        controllerIdentifier = try values.decode(UInt16.self, forKey: .controllerIdentifier)
        timestampMilliseconds = try values.decode(UInt64.self, forKey: .timestampMilliseconds)
        vendorByteCount = try values.decode(UInt16.self, forKey: .vendorByteCount)
        dataByteCount = try values.decode(Int.self, forKey: .dataByteCount)
        numbers = try values.decode([String: UInt64].self, forKey: .numbers)
        texts = try values.decode([String: String].self, forKey: .texts)
        health = try values.decodeIfPresent(NVMeSMARTLog.self, forKey: .health)
        byteCount = 0
    }

    /// Reads the event at `offset`.
    ///
    /// - Throws: ``FormatError`` when its header is impossible or it ends behind the bytes.
    init(_ bytes: Span<UInt8>, at offset: Int) throws(FormatError) {
        try bytes.check(24, at: offset, field: "event header")
        type = bytes[offset]
        name = Self.names[type] ?? "unknown"
        revision = bytes[offset + 1]
        // EHL counts what follows its own end, at byte 3.
        let header = Int(bytes[offset + 2]) + 3
        guard header >= 24 else {
            throw .invalid(field: "EHL", offset: offset + 2, value: UInt64(bytes[offset + 2]))
        }
        controllerIdentifier = try bytes.littleEndian(at: offset + 4, field: "CNTLID")
        let timestamp: UInt64 = try bytes.littleEndian(at: offset + 6, field: "ETS")
        timestampMilliseconds = timestamp & 0xFFFF_FFFF_FFFF
        vendorByteCount = try bytes.littleEndian(at: offset + 20, field: "VSIL")
        let length = Int(try bytes.littleEndian(UInt16.self, at: offset + 22, field: "EL"))
        let vendor = Int(vendorByteCount)
        guard vendor <= length else {
            throw .invalid(field: "VSIL", offset: offset + 20, value: UInt64(vendor))
        }
        try bytes.check(header + length, at: offset, field: "event")
        byteCount = header + length
        dataByteCount = length - vendor
        let data = try bytes.bytes(length - vendor, at: offset + header + vendor, field: "event")
        health = type == 1 ? try? NVMeSMARTLog(parsing: data.span) : nil
        (numbers, texts) = Self.facts(of: type, data)
    }

    private static let names: [UInt8: String] = [
        1: "healthSnapshot", 2: "firmwareCommit", 3: "timestampChange", 4: "powerOnOrReset",
        5: "hardwareError", 6: "namespaceChange", 7: "formatStart", 8: "formatCompletion",
        9: "sanitizeStart", 10: "sanitizeCompletion", 11: "setFeature", 12: "telemetryCreated",
        13: "thermalExcursion", 0xDE: "vendorSpecific", 0xDF: "trustedComputing",
    ]

    /// Where the numbers of each type stand: name, offset and byte count. Figures 225 to 238.
    private static let layouts: [UInt8: [(name: String, offset: Int, byteCount: Int)]] = [
        2: [
            ("action", 16, 1), ("slot", 17, 1), ("statusCodeType", 18, 1), ("statusCode", 19, 1),
            ("vendorResult", 20, 2),
        ],
        3: [("previousTimestampMilliseconds", 0, 6), ("millisecondsSinceReset", 8, 8)],
        5: [("code", 0, 2)],
        6: [
            ("request", 0, 4), ("sizeInBlocks", 8, 8), ("capacityInBlocks", 24, 8),
            ("formattedSize", 32, 1), ("protectionSettings", 33, 1),
            ("multipathCapabilities", 34, 1), ("anaGroup", 36, 4), ("nvmSet", 40, 2),
            ("namespaceIdentifier", 44, 4),
        ],
        7: [("namespaceIdentifier", 0, 4), ("formatAttributes", 4, 1), ("request", 8, 4)],
        8: [
            ("namespaceIdentifier", 0, 4), ("smallestProgress", 4, 1), ("formatStatus", 5, 1),
            ("completion", 6, 2), ("statusField", 8, 4),
        ],
        9: [("capabilities", 0, 4), ("request", 4, 4), ("overwritePattern", 8, 4)],
        10: [("progress", 0, 2), ("status", 2, 2), ("completion", 4, 2)],
        11: [("layout", 0, 4), ("featureIdentifier", 4, 1)],
        13: [("overTemperature", 0, 1), ("threshold", 1, 1)],
    ]

    private static func facts(
        of type: UInt8, _ data: [UInt8]
    ) -> (numbers: [String: UInt64], texts: [String: String]) {
        var numbers = [String: UInt64]()
        for field in layouts[type] ?? [] where field.offset + field.byteCount <= data.count {
            var value: UInt64 = 0
            for index in (0..<field.byteCount).reversed() {
                value = value << 8 | UInt64(data[field.offset + index])
            }
            numbers[field.name] = value
        }
        var texts = [String: String]()
        if type == 2 {
            texts["oldRevision"] = try? data.span.text(8, at: 0, field: "old firmware revision")
            texts["newRevision"] = try? data.span.text(8, at: 8, field: "new firmware revision")
        } else if type == 4, data.count >= 8 {
            texts["revision"] = try? data.span.text(8, at: 0, field: "firmware revision")
            // The rest are descriptors of 36 bytes, one for each controller that was reset.
            numbers["controllerCount"] = UInt64((data.count - 8) / 36)
        }
        return (numbers, texts)
    }
}
