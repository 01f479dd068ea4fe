/// A list of namespaces: those that are active, or those that changed.
///
/// Source: NVM Express Base Specification 2.0c, sections 4.4.2, 5.17.2.2 (Identify with CNS 02h) and
/// 5.16.1.5 (log 04h): up to 1024 identifiers of four bytes, the rest zero.
public struct NVMeNamespaceList: Codable, Hashable, Sendable {
    /// The identifiers, in the order they stand there.
    public let identifiers: [UInt32]
    /// Whether the list holds FFFFFFFFh, which means that more changed than it has room for.
    public let isOverflowing: Bool

    /// Reads up to 1024 identifiers.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(4, at: 0, field: "namespace list")
        var identifiers = [UInt32]()
        var isOverflowing = false
        for index in 0..<min(bytes.count / 4, 1024) {
            let identifier: UInt32 = try bytes.littleEndian(at: index * 4, field: "NSID")
            if identifier == 0 { break }
            if identifier == .max {
                isOverflowing = true
            } else {
                identifiers.append(identifier)
            }
        }
        self.identifiers = identifiers
        self.isOverflowing = isOverflowing
    }
}

/// A list of controllers or of endurance groups.
///
/// Source: NVM Express Base Specification 2.0c, sections 4.4.1, 5.17.2.13 (Identify with CNS 13h)
/// and 5.17.2.18 (CNS 19h): a count of two bytes, then as many identifiers of two bytes.
public struct NVMeIdentifierList: Codable, Hashable, Sendable {
    /// The identifiers, in the order they stand there.
    public let identifiers: [UInt16]

    /// Reads a list that may have up to 2047 identifiers.
    ///
    /// - Throws: ``FormatError`` when it counts more than that, or than there are.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let count: UInt16 = try bytes.littleEndian(at: 0, field: "number of identifiers")
        guard count <= 2047 else {
            throw .invalid(field: "number of identifiers", offset: 0, value: UInt64(count))
        }
        try bytes.check(Int(count) * 2, at: 2, field: "identifiers")
        var identifiers = [UInt16]()
        for index in 0..<Int(count) {
            identifiers.append(try bytes.littleEndian(at: 2 + index * 2, field: "identifier"))
        }
        self.identifiers = identifiers
    }
}

/// The names of one namespace.
///
/// Source: NVM Express Base Specification 2.0c, section 5.17.2.3, figure 277: Identify with CNS 03h,
/// descriptors of a type, a length and as many bytes, up to one of length 0.
public struct NVMeNamespaceNames: Codable, Hashable, Sendable {
    /// Extended unique identifier (type 1), 16 hexadecimal digits.
    public let eui64: String?
    /// Globally unique identifier (type 2), 32 hexadecimal digits.
    public let nguid: String?
    /// UUID (type 3), in the usual five groups.
    public let uuid: String?
    /// Command set (CSI, type 4): 0 NVM, 1 key value, 2 zoned.
    public let commandSet: UInt8?
    /// Types that are none of these, or whose length is not theirs.
    public let otherTypes: [UInt8]

    /// Reads the descriptors up to the end.
    ///
    /// - Throws: ``FormatError`` when a descriptor is longer than what is left.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(4, at: 0, field: "namespace identification descriptor")
        var texts = [UInt8: String]()
        var commandSet: UInt8?
        var other = [UInt8]()
        var at = 0
        while bytes.count - at >= 4 {
            let (type, length) = (bytes[at], Int(bytes[at + 1]))
            if length == 0 { break }
            let value = try bytes.bytes(length, at: at + 4, field: "NID")
            switch (type, length) {
            case (1, 8), (2, 16): texts[type] = Hexadecimal.string(value)
            case (3, 16): texts[type] = Self.uuid(value)
            case (4, 1): commandSet = value.first
            default: other.append(type)
            }
            at += 4 + length
        }
        (eui64, nguid, uuid) = (texts[1], texts[2], texts[3])
        self.commandSet = commandSet
        otherTypes = other
    }

    /// The 16 bytes in the order they are stored: RFC 4122, not the mixed order of UEFI.
    static func uuid(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += Hexadecimal.string([byte])
        }
        return text
    }
}

/// The log pages that a controller has.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.1: log 00h, 256 entries of four bytes
/// whose bit 0 (LSUPP) says that the log of that number is there.
public struct NVMeSupportedLogPages: Codable, Hashable, Sendable {
    /// The numbers of the logs, in order.
    public let identifiers: [UInt8]

    /// Reads the 1024 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(1024, at: 0, field: "Supported Log Pages")
        identifiers = (0...UInt8.max).filter { bytes[Int($0) * 4] & 1 != 0 }
    }
}
