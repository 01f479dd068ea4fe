/// One header block of a tar stream, as far as saving members from a damaged one needs it.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual,
/// "Basic Tar Format".
struct TarHeader: Hashable {
    /// What the block is the header of.
    enum Kind: Hashable {
        case file
        case directory
        /// A pax header for the member that follows.
        case extended
        /// The name of the member that follows.
        case longName
        /// Something else, with ``TarHeader/byteCount`` bytes of content.
        case other
    }

    static let byteCount = 512

    let kind: Kind
    /// The name, as it stands here.
    let path: [UInt8]
    /// Bytes of the content that follows.
    let contentByteCount: Int64

    /// The header in `bytes`; `nil` when its checksum is wrong, or it is of another format.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount, Self.text(bytes, 257..<262).elementsEqual("ustar".utf8)
        else { return nil }
        guard let checksum = Self.number(bytes, 148..<156) else { return nil }
        var sum: Int64 = 0
        for index in 0..<Self.byteCount {
            sum += (148..<156).contains(index) ? 0x20 : Int64(bytes[index])
        }
        guard sum == checksum, let size = Self.number(bytes, 124..<136) else { return nil }
        var path = Self.text(bytes, 0..<100)
        // GNU tar has times where ustar has the prefix.
        if bytes[262] == 0, bytes[345] != 0 {
            path = Self.text(bytes, 345..<500) + [0x2F] + path
        }
        self.path = path
        let isDirectory = path.last == 0x2F
        switch bytes[156] {
        case 0x30, 0: kind = isDirectory ? .directory : .file
        case 0x35: kind = .directory
        case 0x78: kind = .extended  // x
        case 0x4C: kind = .longName  // L
        default: kind = .other
        }
        // Links, devices and FIFOs have no content, whatever the field says.
        contentByteCount = (0x31...0x36).contains(bytes[156]) ? 0 : size
    }

    /// The bytes before the first NUL.
    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var text = [UInt8]()
        for index in range {
            if bytes[index] == 0 { break }
            text.append(bytes[index])
        }
        return text
    }

    /// An octal number in ASCII, or one of GNU tar in base 256; `nil` for neither, or below zero.
    private static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        if bytes[range.lowerBound] == 0x80 {
            var value: Int64 = 0
            for index in range.dropFirst() {
                guard value >> 55 == 0 else { return nil }
                value = value << 8 | Int64(bytes[index])
            }
            return value
        }
        var digits = [UInt8]()
        for index in range { digits.append(bytes[index]) }
        let text = digits.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard text.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return text.reduce(Int64(0)) { $0 << 3 | Int64($1 - 0x30) }
    }
}

/// What a pax header says of the member that follows it.
struct PaxRecords: Hashable {
    /// Its path, where that is given.
    private(set) var path: [UInt8]?
    /// Bytes of its content, where these are given.
    private(set) var byteCount: Int64?
    /// Whether its holes are left out of the content.
    private(set) var isSparse = false
    /// The size of a sparse file, whose map stands before its data; `nil` for other forms of sparse.
    var sparseByteCount: Int64? { version == [0x31, 0x2E, 0x30] ? realByteCount : nil }
    private var realByteCount: Int64?
    /// Major and minor version of the sparse form, `1.0`.
    private var version = [UInt8]()

    /// Reads records `LENGTH KEY=VALUE\n`; `nil` for anything else.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.prefix(20).firstIndex(of: 0x20), space > rest.startIndex,
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1, length <= rest.count
            else { return nil }
            let record = rest[(space + 1)..<(rest.startIndex + length)]
            rest = rest.dropFirst(length)
            guard record.last == 0x0A, let equals = record.firstIndex(of: 0x3D) else { return nil }
            let key = record[..<equals]
            let value = Array(record[(equals + 1)...].dropLast())
            if key.elementsEqual("path".utf8) {
                path = value
            } else if key.elementsEqual("size".utf8) {
                guard let size = Int64(String(decoding: value, as: UTF8.self)), size >= 0 else {
                    return nil
                }
                byteCount = size
            } else if key.starts(with: "GNU.sparse.".utf8) {
                isSparse = true
                switch String(decoding: key.dropFirst(11), as: UTF8.self) {
                case "name": path = value
                case "realsize":
                    guard let size = Int64(String(decoding: value, as: UTF8.self)), size >= 0
                    else { return nil }
                    realByteCount = size
                case "major": version = value + [0x2E] + version
                case "minor": version += value
                default: break
                }
            }
        }
    }
}
