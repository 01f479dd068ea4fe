public import DiagModel

/// What the headers of an encrypted volume say: never a key, a salt or a digest, and no raw bytes.
public struct LUKSReading: Codable, Hashable, Sendable {
    /// `luks1` or `luks2`.
    public var type: String
    /// The header of version 1.
    public var luks1: LUKS1Header?
    /// The first header of version 2.
    public var primary: LUKS2Header?
    /// The second header of version 2.
    public var secondary: LUKS2Header?
    /// The text of the header that counts, without secrets.
    public var metadata: JSONValue?
    /// What is wrong, in words.
    public var problems: [String] = []

    /// The header that counts: whole, and of two such the one that was written last.
    public var header: LUKS2Header? {
        let sound = [primary, secondary].compactMap(\.self)
        let whole = sound.filter { $0.isChecksumValid != false }
        return (whole.isEmpty ? sound : whole).max { $0.sequenceID < $1.sequenceID }
    }

    /// The volume's identifier.
    public var uuid: String? { luks1?.uuid ?? header?.uuid }

    /// How many passwords or other keys are set.
    public var activeKeySlotCount: Int {
        if let luks1 { return luks1.keySlots.count(where: \.isActive) }
        guard case .object(let slots)? = metadata?["keyslots"] else { return 0 }
        return slots.count
    }

    /// Reads the headers at the start of `source`; `nil` when there is none.
    ///
    /// `digest` hashes bytes by the name of an algorithm, and gives `nil` for one it does not have.
    /// Of a volume whose first header is gone, the second is looked for at the three first of its
    /// nine places.
    public init?(
        reading source: some MetadataSource, digest: (String, [UInt8]) -> [UInt8]?
    ) {
        let first = source.bytes(LUKS2Header.binaryByteCount, at: 0)
        if let first, let header = try? LUKS1Header(parsing: first.span) {
            type = "luks1"
            luks1 = header
            return
        }
        type = "luks2"
        var bytes = [Bool: [UInt8]]()
        if let first, let header = try? LUKS2Header(parsing: first.span), header.isPrimary {
            primary = header
            bytes[true] = source.bytes(Int(header.headerSize), at: 0)
            if bytes[true] == nil { problems.append("the primary header cannot be read whole") }
        }
        for place in primary.map({ [$0.headerSize] }) ?? [1 << 14, 1 << 15, 1 << 16] {
            guard let start = source.bytes(LUKS2Header.binaryByteCount, at: place),
                let header = try? LUKS2Header(parsing: start.span), !header.isPrimary
            else { continue }
            secondary = header
            bytes[false] = source.bytes(Int(header.headerSize), at: place)
            if bytes[false] == nil {
                problems.append("the secondary header cannot be read whole")
            }
            if header.headerOffset != place {
                problems.append("the secondary header says that it stands elsewhere")
            }
            break
        }
        guard primary != nil || secondary != nil else { return nil }
        let isPrimaryValid = Self.isValid(primary, bytes[true], digest)
        primary?.isChecksumValid = isPrimaryValid
        let isSecondaryValid = Self.isValid(secondary, bytes[false], digest)
        secondary?.isChecksumValid = isSecondaryValid
        if let header, let whole = bytes[header.isPrimary] {
            let text = whole.span.extracting(LUKS2Header.binaryByteCount..<whole.count)
            do throws(FormatError) {
                metadata = try LUKS2Metadata(parsing: text).document
            } catch {
                problems.append("the text of the header cannot be read")
            }
        }
        for (name, header) in [("primary", primary), ("secondary", secondary)] {
            if header == nil { problems.append("the \(name) header is not there") }
            if header?.isChecksumValid == false {
                problems.append("the \(name) header has a wrong checksum")
            }
        }
        if let primary, let secondary { compare(primary, secondary, bytes) }
    }

    private mutating func compare(
        _ primary: LUKS2Header, _ secondary: LUKS2Header, _ bytes: [Bool: [UInt8]]
    ) {
        var differences = [String]()
        if primary.sequenceID != secondary.sequenceID {
            differences.append(
                "sequence number (\(primary.sequenceID) and \(secondary.sequenceID))")
        }
        if primary.uuid != secondary.uuid { differences.append("UUID") }
        if primary.label != secondary.label { differences.append("label") }
        if primary.subsystem != secondary.subsystem { differences.append("subsystem") }
        if primary.headerSize != secondary.headerSize { differences.append("size") }
        if let one = bytes[true], let other = bytes[false],
            one.dropFirst(LUKS2Header.binaryByteCount)
                != other.dropFirst(LUKS2Header.binaryByteCount)
        {
            differences.append("text")
        }
        if !differences.isEmpty {
            problems.append("the two headers disagree on " + differences.joined(separator: ", "))
        }
    }

    private static func isValid(
        _ header: LUKS2Header?, _ bytes: [UInt8]?, _ digest: (String, [UInt8]) -> [UInt8]?
    ) -> Bool? {
        guard let header, let bytes, let size = digest(header.checksumAlgorithm, [])?.count,
            let parts = LUKS2Header.checksumParts(bytes, digestByteCount: size)
        else { return nil }
        return digest(header.checksumAlgorithm, parts.covered) == parts.stored
    }
}
