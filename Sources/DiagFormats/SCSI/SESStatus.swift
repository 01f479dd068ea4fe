/// How an enclosure and each of its elements are: diagnostic page 02h. Source: SES-4, section 6.1.4.
public struct SESStatus: Codable, Hashable, Sendable {
    /// The status of one element: four bytes.
    public struct Element: Codable, Hashable, Sendable {
        /// Its four bytes, as eight hexadecimal digits.
        public let bytes: String
        /// 0 not supported, 1 well, 2 critical, 3 not critical, 4 unrecoverable, 5 not installed,
        /// 6 unknown, 7 not available, 8 no access.
        public let statusCode: UInt8
        /// Whether its failure is predicted.
        public let isFailurePredicted: Bool
        /// Whether it is out of use.
        public let isDisabled: Bool
        /// Whether it was exchanged since it was last asked.
        public let isSwapped: Bool
        /// What the flags of its kind say is wrong with it, for example `AC power failed`.
        public let faults: [String]
        /// For a fan, its speed.
        public let revolutionsPerMinute: Int?
        /// For a temperature sensor, in degrees Celsius.
        public let temperatureCelsius: Int?
        /// For a voltage sensor, in millivolts.
        public let millivolts: Int?
        /// For a current sensor, in milliamperes.
        public let milliamperes: Int?
        /// Whether its lamp is lit so that a person finds it.
        public let isIdentifying: Bool
    }

    /// The elements of one kind.
    public struct ElementGroup: Codable, Hashable, Sendable {
        /// What they are.
        public let elementType: UInt8
        /// All of them together.
        public let overall: Element
        /// Each of them.
        public let elements: [Element]
    }

    /// Whether something of it needs a person at once and cannot recover.
    public let isUnrecoverable: Bool
    /// Whether something of it is critical.
    public let isCritical: Bool
    /// Whether something of it is not as it should be.
    public let isNonCritical: Bool
    /// Whether something of it has changed.
    public let hasInformation: Bool
    /// The configuration that it is about.
    public let generationCode: UInt32
    /// The elements, in the order of the configuration.
    public let groups: [ElementGroup]

    /// Reads the whole page, by the order that `configuration` gives.
    public init(
        parsing bytes: Span<UInt8>, configuration: SESConfiguration
    ) throws(FormatError) {
        let page = try SCSIPage(diagnostic: bytes, code: 2)
        let bytes = bytes.extracting(0..<page.end)
        let flags = try bytes.byte(at: 1, field: "enclosure status")
        isUnrecoverable = flags & 1 != 0
        isCritical = flags & 2 != 0
        isNonCritical = flags & 4 != 0
        hasInformation = flags & 8 != 0
        generationCode = try bytes.bigEndian(at: 4, field: "GENERATION CODE")
        var groups = [ElementGroup]()
        var offset = 8
        for type in configuration.types {
            let overall = try Element(bytes, at: offset, type: type.elementType)
            offset += 4
            var elements = [Element]()
            for _ in 0..<type.possibleElements {
                elements.append(try Element(bytes, at: offset, type: type.elementType))
                offset += 4
            }
            groups.append(
                ElementGroup(
                    elementType: type.elementType, overall: overall, elements: elements))
        }
        self.groups = groups
    }
}

extension SESStatus.Element {
    /// Reads the four bytes at `offset` as those of an element of `type`.
    ///
    /// Source: SES-4, sections 7.3.2 to 7.3.26.
    fileprivate init(_ bytes: Span<UInt8>, at offset: Int, type: UInt8) throws(FormatError) {
        let field = try bytes.bytes(4, at: offset, field: "element status")
        self.bytes = Hexadecimal.string(field)
        statusCode = field[0] & 0xF
        isFailurePredicted = field[0] & 0x40 != 0
        isDisabled = field[0] & 0x20 != 0
        isSwapped = field[0] & 0x10 != 0
        let tens = Int(Int16(bitPattern: UInt16(field[2]) << 8 | UInt16(field[3]))) * 10
        // What is not there, or cannot be read, has no value.
        let isThere = ![0, 5, 7, 8].contains(statusCode)
        revolutionsPerMinute =
            type == 3 && isThere ? (Int(field[1] & 7) << 8 | Int(field[2])) * 10 : nil
        temperatureCelsius = type == 4 && isThere && field[2] != 0 ? Int(field[2]) - 20 : nil
        millivolts = type == 0x12 && isThere ? tens : nil
        milliamperes = type == 0x13 && isThere ? tens : nil
        isIdentifying =
            type == 1 || type == 0x17 ? field[2] & 2 != 0 : field[1] & 0x80 != 0
        faults = SESElement.faults(of: field, type: type)
    }
}
