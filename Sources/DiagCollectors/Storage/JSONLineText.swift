/// Writes JSON objects of text, one to a line, for documents with very many of them.
///
/// A device has sixty attributes, and ten thousand devices are to be read and written in seconds:
/// with the general encoder the whole collector took half as much processor time again.
struct JSONLineText {
    /// The bytes so far.
    private(set) var bytes: [UInt8] = []

    /// Forgets the bytes, and keeps their room.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Adds punctuation and names as they are.
    mutating func add(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    /// Adds `text` in quotation marks, escaped as RFC 8259 section 7 wants.
    mutating func add(quoting text: String) {
        bytes.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x0A: bytes += [0x5C, 0x6E]
            case 0x09: bytes += [0x5C, 0x74]
            case 0..<0x20:
                bytes += [0x5C, 0x75, 0x30, 0x30, 0x30 + (byte >> 4)]
                bytes.append(byte & 15 < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    /// Adds an object of texts, sorted by name.
    mutating func add(_ members: [String: String]) {
        bytes.append(0x7B)
        for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { bytes.append(0x2C) }
            add(quoting: member.key)
            bytes.append(0x3A)
            add(quoting: member.value)
        }
        bytes.append(0x7D)
    }

    /// Adds a list of texts.
    mutating func add(_ elements: [String]) {
        bytes.append(0x5B)
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            add(quoting: element)
        }
        bytes.append(0x5D)
    }
}
