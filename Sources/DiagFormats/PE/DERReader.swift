/// Walks through the elements of a structure in the Distinguished Encoding Rules.
///
/// Source: ITU-T X.690 (02/2021), sections 8.1 and 10.1. Only what X.509 and PKCS #7 need: tags of
/// one byte, and definite lengths of at most four bytes.
struct DERReader {
    /// One element: its tag, and where its parts stand in the bytes.
    struct Element {
        /// Class, constructed bit and number, as they are stored.
        let tag: UInt8
        /// Tag, length and content.
        let whole: Range<Int>
        /// The content alone.
        let content: Range<Int>
    }

    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31
    static let integer: UInt8 = 0x02
    static let objectIdentifier: UInt8 = 0x06
    /// `[0]`, constructed.
    static let context0: UInt8 = 0xA0

    let bytes: [UInt8]
    private(set) var at: Int
    private let end: Int

    /// A walk through `range` of `bytes`; all of them without one.
    init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
        self.bytes = bytes
        let range = (range ?? 0..<bytes.count).clamped(to: 0..<bytes.count)
        at = range.lowerBound
        end = range.upperBound
    }

    /// Whether nothing is left.
    var isAtEnd: Bool { at >= end }

    /// The next element; `nil` at the end.
    mutating func next() throws(FormatError) -> Element? {
        guard at < end else { return nil }
        let start = at
        let tag = bytes[start]
        guard tag & 0x1F != 0x1F else {
            throw .invalid(field: "DER tag", offset: start, value: UInt64(tag))
        }
        guard start + 1 < end else {
            throw .truncated(field: "DER length", offset: start + 1, needed: 1)
        }
        var length = Int(bytes[start + 1])
        var content = start + 2
        if length >= 0x80 {
            let lengthBytes = length & 0x7F
            guard (1...4).contains(lengthBytes) else {
                throw .invalid(field: "DER length", offset: start + 1, value: UInt64(length))
            }
            guard end - content >= lengthBytes else {
                throw .truncated(field: "DER length", offset: content, needed: lengthBytes)
            }
            length = bytes[content..<(content + lengthBytes)].reduce(0) { $0 << 8 | Int($1) }
            content += lengthBytes
        }
        guard length <= end - content else {
            throw .truncated(field: "DER content", offset: content, needed: length)
        }
        at = content + length
        return Element(tag: tag, whole: start..<at, content: content..<at)
    }

    /// The next element, which must have `tag`.
    mutating func next(_ tag: UInt8, field: String) throws(FormatError) -> Element {
        guard let element = try next() else {
            throw .truncated(field: field, offset: at, needed: 2)
        }
        guard element.tag == tag else {
            throw .invalid(
                field: field, offset: element.whole.lowerBound, value: UInt64(element.tag))
        }
        return element
    }

    /// A walk through the content of `element`.
    func inside(_ element: Element) -> DERReader { DERReader(bytes, in: element.content) }
}
