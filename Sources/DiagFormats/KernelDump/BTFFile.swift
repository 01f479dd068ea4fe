internal import DiagModel

/// The sections of a BTF file, and what stands at an offset of them.
///
/// Source: Linux 6.1 Documentation/bpf/btf.rst; include/uapi/linux/btf.h.
struct BTFFile: Hashable, Sendable {
    /// The first 12 bytes of every type.
    struct TypeHeader {
        /// Where it lies in the section of types.
        var place: Int
        /// Where its name lies in the section of texts; 0 for none.
        var name: UInt32
        /// `BTF_INFO_KIND`.
        var kind: Int
        /// `kind_flag`: members may be bit fields.
        var hasBitFields: Bool
        /// `BTF_INFO_VLEN`.
        var memberCount: Int
        /// Bytes of the type, or the number of the type that it refers to.
        var sizeOrType: UInt32
        /// Bytes that it takes in the section.
        var byteCount: Int

        /// `BTF_KIND_STRUCT` or `BTF_KIND_UNION`.
        var isStructure: Bool { kind == 4 || kind == 5 }
        /// typedef, volatile, const, restrict, type tag.
        var isModifier: Bool { 8...11 ~= kind || kind == 18 }
    }

    /// A member of a structure.
    struct Member {
        var name: UInt32
        var type: UInt32
        /// Bits from the start of the structure.
        var bitOffset: Int
        /// Bits of a bit field; 0 for another member.
        var bitCount: Int
    }

    /// Bytes of the section of types.
    let typeByteCount: Int
    private let types: Int
    private let texts: Int
    private let textByteCount: Int

    /// Reads the header at the start of `bytes`.
    init(_ bytes: Span<UInt8>) throws(FormatError) {
        let magic: UInt16 = try bytes.littleEndian(at: 0, field: "BTF magic")
        guard magic == 0xEB9F else {
            throw .invalid(field: "BTF magic", offset: 0, value: UInt64(magic))
        }
        var fields = [Int]()
        for index in 0..<5 {
            let value: UInt32 = try bytes.littleEndian(at: 4 + index * 4, field: "BTF header")
            fields.append(Int(value))
        }
        guard fields[0] >= 24 else {
            throw .invalid(field: "hdr_len", offset: 4, value: UInt64(fields[0]))
        }
        types = fields[0] + fields[1]
        texts = fields[0] + fields[3]
        typeByteCount = fields[2]
        textByteCount = fields[4]
        try bytes.check(typeByteCount, at: types, field: "BTF types")
        try bytes.check(textByteCount, at: texts, field: "BTF texts")
    }

    /// Reads the type at `place`, with all of its bytes in the section.
    func type(at place: Int, in bytes: Span<UInt8>) throws(FormatError) -> TypeHeader {
        guard 0...typeByteCount ~= place, typeByteCount - place >= 12 else {
            throw .truncated(field: "BTF type", offset: place, needed: 12)
        }
        let start = types + place
        let name: UInt32 = try bytes.littleEndian(at: start, field: "BTF name")
        let info: UInt32 = try bytes.littleEndian(at: start + 4, field: "BTF info")
        let size: UInt32 = try bytes.littleEndian(at: start + 8, field: "BTF size")
        let kind = Int(info >> 24 & 31)
        let count = Int(info & 0xFFFF)
        let more: Int
        switch kind {
        case 1, 14, 17: more = 4  // integer, variable, declaration tag
        case 2, 7...12, 16, 18: more = 0  // pointer, forward, modifiers, function, float, type tag
        case 3: more = 12  // array
        case 4, 5, 15, 19: more = count * 12  // structure, union, section, 64-bit enumeration
        case 6, 13: more = count * 8  // enumeration, function prototype
        default:
            throw .invalid(field: "BTF kind", offset: place + 4, value: UInt64(kind))
        }
        guard 12 + more <= typeByteCount - place else {
            throw .truncated(field: "BTF type", offset: place, needed: 12 + more)
        }
        return TypeHeader(
            place: place, name: name, kind: kind, hasBitFields: info >> 31 == 1,
            memberCount: kind == 4 || kind == 5 ? count : 0, sizeOrType: size,
            byteCount: 12 + more)
    }

    /// Reads a member of a structure.
    func member(
        _ index: Int, of type: TypeHeader, in bytes: Span<UInt8>
    ) throws(FormatError) -> Member {
        let place = types + type.place + 12 + index * 12
        let offset: UInt32 = try bytes.littleEndian(at: place + 8, field: "BTF member offset")
        return Member(
            name: try bytes.littleEndian(at: place, field: "BTF member name"),
            type: try bytes.littleEndian(at: place + 4, field: "BTF member type"),
            bitOffset: Int(type.hasBitFields ? offset & 0xFF_FFFF : offset),
            bitCount: type.hasBitFields ? Int(offset >> 24) : 0)
    }

    /// Whether the text at `place` is `wanted`.
    func isText(at place: UInt32, _ wanted: [UInt8], in bytes: Span<UInt8>) -> Bool {
        guard Int(place) < textByteCount, wanted.count < textByteCount - Int(place) else {
            return false
        }
        let start = texts + Int(place)
        guard bytes[start + wanted.count] == 0 else { return false }
        for index in wanted.indices where bytes[start + index] != wanted[index] { return false }
        return true
    }

    /// The text at `place`, of at most 256 bytes.
    func text(at place: UInt32, in bytes: Span<UInt8>) throws(FormatError) -> String {
        var text = [UInt8]()
        var index = Int(place)
        while index < textByteCount, bytes[texts + index] != 0, text.count < 256 {
            text.append(bytes[texts + index])
            index += 1
        }
        guard index < textByteCount else {
            throw .truncated(field: "BTF text", offset: Int(place), needed: 1)
        }
        return UntrustedText.escapingInvalidUTF8(text[...])
    }
}
