/// One log page: its parameters with their bytes as they are.
///
/// Source: SPC-6, section 7.3.2.
public struct SCSILogPage: Codable, Hashable, Sendable {
    /// One parameter.
    public struct Parameter: Codable, Hashable, Sendable {
        /// What it is, by the page's own list.
        public let code: UInt16
        /// The flags DU, TSD, ETC, TMC and FORMAT AND LINKING.
        public let control: UInt8
        /// Its bytes.
        public let value: [UInt8]

        /// The value as a number; `UInt64.max` for one that is larger.
        public var number: UInt64 {
            value.reduce(0) { $0 >> 56 != 0 ? .max : $0 << 8 | UInt64($1) }
        }

        private enum CodingKeys: String, CodingKey { case code, control, value }

        init(code: UInt16, control: UInt8, value: [UInt8]) {
            self.code = code
            self.control = control
            self.value = value
        }

        /// Reads the value from hexadecimal digits.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            code = try container.decode(UInt16.self, forKey: .code)
            control = try container.decode(UInt8.self, forKey: .control)
            let digits = Array(try container.decode(String.self, forKey: .value).utf8)
            value = stride(from: 0, to: digits.count - digits.count % 2, by: 2).map {
                UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16) ?? 0
            }
        }

        /// Writes the value as hexadecimal digits.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(code, forKey: .code)
            try container.encode(control, forKey: .control)
            try container.encode(Hexadecimal.string(value), forKey: .value)
        }
    }

    /// The page's code.
    public let pageCode: UInt8
    /// The subpage's code, 0 for the page itself.
    public let subpageCode: UInt8
    /// The parameters, in the device's order.
    public let parameters: [Parameter]

    /// Reads the whole page. Not for the pages of supported pages, which have no parameters.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let first = try bytes.byte(at: 0, field: "PAGE CODE")
        pageCode = first & 0x3F
        subpageCode = first & 0x40 != 0 ? try bytes.byte(at: 1, field: "SUBPAGE CODE") : 0
        let end = 4 + Int(try bytes.bigEndian(UInt16.self, at: 2, field: "PAGE LENGTH"))
        try bytes.check(end, at: 0, field: "log page")
        var parameters = [Parameter]()
        var offset = 4
        while offset < end {
            let code = try bytes.bigEndian(UInt16.self, at: offset, field: "PARAMETER CODE")
            let control = try bytes.byte(at: offset + 2, field: "parameter control byte")
            let length = Int(try bytes.byte(at: offset + 3, field: "PARAMETER LENGTH"))
            guard length <= end - offset - 4 else {
                throw .truncated(field: "log parameter", offset: offset + 4, needed: length)
            }
            parameters.append(
                Parameter(
                    code: code, control: control,
                    value: try bytes.bytes(length, at: offset + 4, field: "log parameter")))
            offset += 4 + length
        }
        self.parameters = parameters
    }

    /// The page when it is the one with these codes.
    init(
        parsing bytes: Span<UInt8>, page: UInt8, subpage: UInt8 = 0
    ) throws(FormatError) {
        try self.init(parsing: bytes)
        guard pageCode == page, subpageCode == subpage else {
            throw .invalid(field: "PAGE CODE", offset: 0, value: UInt64(pageCode))
        }
    }

    /// The first parameter with this code.
    subscript(code: UInt16) -> Parameter? { parameters.first { $0.code == code } }
}

/// The log pages and subpages that a device has: page 00h, or 00h with subpage FFh.
///
/// Source: SPC-6, sections 7.3.19 and 7.3.20.
public struct SCSISupportedLogPages: Codable, Hashable, Sendable {
    /// One page or subpage.
    public struct Entry: Codable, Hashable, Sendable {
        /// The page's code.
        public let pageCode: UInt8
        /// The subpage's code, 0 for the page itself.
        public let subpageCode: UInt8
    }

    /// The pages, in the device's order.
    public let entries: [Entry]

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let first = try bytes.byte(at: 0, field: "PAGE CODE")
        guard first & 0x3F == 0 else {
            throw .invalid(field: "PAGE CODE", offset: 0, value: UInt64(first))
        }
        let hasSubpages = first & 0x40 != 0
        let length = Int(try bytes.bigEndian(UInt16.self, at: 2, field: "PAGE LENGTH"))
        let list = try bytes.bytes(length, at: 4, field: "supported log pages")
        guard hasSubpages else {
            entries = list.map { Entry(pageCode: $0 & 0x3F, subpageCode: 0) }
            return
        }
        entries = stride(from: 0, to: list.count - list.count % 2, by: 2).map {
            Entry(pageCode: list[$0] & 0x3F, subpageCode: list[$0 + 1])
        }
    }
}
