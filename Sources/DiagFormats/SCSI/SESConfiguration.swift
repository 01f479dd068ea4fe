/// What an enclosure is made of: diagnostic page 01h. Source: SES-4, section 6.1.2.
public struct SESConfiguration: Codable, Hashable, Sendable {
    /// One enclosure, or a part of one that answers for itself.
    public struct Enclosure: Codable, Hashable, Sendable {
        /// 0 for the first.
        public let subenclosureIdentifier: UInt8
        /// Its world wide name, sixteen hexadecimal digits.
        public let enclosureLogicalIdentifier: String
        /// Its vendor.
        public let vendor: String
        /// Its product name.
        public let product: String
        /// Its firmware's revision.
        public let revision: String
        /// How many kinds of elements it has.
        public let typeCount: UInt8
    }

    /// Elements of one kind.
    public struct ElementType: Codable, Hashable, Sendable {
        /// What they are: 1 device slot, 2 power supply, 3 fan, 4 temperature sensor, and so on.
        public let elementType: UInt8
        /// How many there can be.
        public let possibleElements: UInt8
        /// The enclosure that they belong to.
        public let subenclosureIdentifier: UInt8
        /// What the vendor calls them.
        public let text: String
    }

    /// Changes with every change of the configuration; the other pages carry the same.
    public let generationCode: UInt32
    /// The enclosures, the first one first.
    public let enclosures: [Enclosure]
    /// The kinds of elements, in the order of the other pages.
    public let types: [ElementType]

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(diagnostic: bytes, code: 1)
        let bytes = bytes.extracting(0..<page.end)
        generationCode = try bytes.bigEndian(at: 4, field: "GENERATION CODE")
        var enclosures = [Enclosure]()
        var offset = 8
        for _ in 0...Int(try bytes.byte(at: 1, field: "SECONDARY SUBENCLOSURES")) {
            enclosures.append(try Enclosure(bytes, at: offset))
            offset += 4 + Int(try bytes.byte(at: offset + 3, field: "DESCRIPTOR LENGTH"))
        }
        self.enclosures = enclosures
        // The heads of all kinds stand before the texts of all kinds.
        let count = enclosures.reduce(0) { $0 + Int($1.typeCount) }
        try bytes.check(4 * count, at: offset, field: "type descriptor headers")
        var text = offset + 4 * count
        var types = [ElementType]()
        for index in 0..<count {
            let head = offset + 4 * index
            let length = Int(try bytes.byte(at: head + 3, field: "TEXT LENGTH"))
            types.append(
                ElementType(
                    elementType: try bytes.byte(at: head, field: "ELEMENT TYPE"),
                    possibleElements: try bytes.byte(at: head + 1, field: "POSSIBLE ELEMENTS"),
                    subenclosureIdentifier: try bytes.byte(at: head + 2, field: "SUBENCLOSURE"),
                    text: try bytes.text(length, at: text, field: "TYPE DESCRIPTOR TEXT")))
            text += length
        }
        self.types = types
    }
}

extension SESConfiguration.Enclosure {
    /// Reads the descriptor at `offset`.
    fileprivate init(_ bytes: Span<UInt8>, at offset: Int) throws(FormatError) {
        subenclosureIdentifier = try bytes.byte(at: offset + 1, field: "SUBENCLOSURE IDENTIFIER")
        typeCount = try bytes.byte(at: offset + 2, field: "NUMBER OF TYPE DESCRIPTORS")
        enclosureLogicalIdentifier = Hexadecimal.string(
            try bytes.bytes(8, at: offset + 4, field: "ENCLOSURE LOGICAL IDENTIFIER"))
        vendor = try bytes.text(8, at: offset + 12, field: "ENCLOSURE VENDOR")
        product = try bytes.text(16, at: offset + 20, field: "PRODUCT IDENTIFICATION")
        revision = try bytes.text(4, at: offset + 36, field: "PRODUCT REVISION LEVEL")
    }
}

/// The names that an enclosure's elements have: diagnostic page 07h. Source: SES-4, section 6.1.10.
public struct SESElementDescriptors: Codable, Hashable, Sendable {
    /// The configuration that it is about.
    public let generationCode: UInt32
    /// For each kind of element the name of all of them, then the name of each.
    public let names: [[String]]

    /// Reads the whole page, by the order that `configuration` gives.
    public init(
        parsing bytes: Span<UInt8>, configuration: SESConfiguration
    ) throws(FormatError) {
        let page = try SCSIPage(diagnostic: bytes, code: 7)
        let bytes = bytes.extracting(0..<page.end)
        generationCode = try bytes.bigEndian(at: 4, field: "GENERATION CODE")
        var names = [[String]]()
        var offset = 8
        for type in configuration.types {
            var list = [String]()
            for _ in 0...Int(type.possibleElements) {
                let length = Int(
                    try bytes.bigEndian(UInt16.self, at: offset + 2, field: "DESCRIPTOR LENGTH"))
                list.append(try bytes.text(length, at: offset + 4, field: "DESCRIPTOR"))
                offset += 4 + length
            }
            names.append(list)
        }
        self.names = names
    }
}
