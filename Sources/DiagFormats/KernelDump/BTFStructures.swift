/// Sizes and member offsets of a kernel's own structures, by its type information.
///
/// Source: Linux 6.1 Documentation/bpf/btf.rst, sections 2 and 3: the file
/// /sys/kernel/btf/vmlinux is one header, a section of types and one of texts.
public struct BTFStructures: Hashable, Sendable {
    /// One structure or union.
    public struct Structure: Hashable, Sendable {
        /// Its size in bytes.
        public var byteCount: Int
        /// Where each member begins, in bytes from the start; those of unnamed structures and
        /// unions in it too. Bit fields are left out.
        public var offsets: [String: Int]
    }

    /// The structures that were asked for and are there, by name.
    public private(set) var structures = [String: Structure]()

    /// Finds the structures and unions called `names`.
    ///
    /// Where several have one name the first with members counts.
    public init(parsing bytes: Span<UInt8>, names: [String]) throws(FormatError) {
        let file = try BTFFile(bytes)
        let wanted = names.map { (name: $0, bytes: Array($0.utf8)) }
        var starts = [UInt32]()
        starts.reserveCapacity(file.typeByteCount / 16)
        var found = [(name: String, index: Int)]()
        var place = 0
        while place < file.typeByteCount {
            let type = try file.type(at: place, in: bytes)
            starts.append(UInt32(place))
            if type.isStructure, type.memberCount > 0, type.name != 0 {
                for candidate in wanted
                where file.isText(at: type.name, candidate.bytes, in: bytes) {
                    found.append((candidate.name, starts.count - 1))
                }
            }
            place += type.byteCount
        }
        for (name, index) in found where structures[name] == nil {
            let type = try file.type(at: Int(starts[index]), in: bytes)
            var offsets = [String: Int]()
            var budget = 1 << 16
            try Self.collect(
                type, base: 0, depth: 0, file: file, bytes: bytes, starts: starts, into: &offsets,
                budget: &budget)
            structures[name] = Structure(byteCount: Int(type.sizeOrType), offsets: offsets)
        }
    }

    /// Where a member begins, in bytes, by `structure.member`.
    public func offset(_ path: String) -> Int? {
        let parts = path.split(separator: ".", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return structures[String(parts[0])]?.offsets[String(parts[1])]
    }

    /// The size of a structure in bytes.
    public func size(_ name: String) -> Int? { structures[name]?.byteCount }

    private static func collect(
        _ type: BTFFile.TypeHeader, base: Int, depth: Int, file: BTFFile, bytes: Span<UInt8>,
        starts: [UInt32], into offsets: inout [String: Int], budget: inout Int
    ) throws(FormatError) {
        guard depth < 8 else { return }
        for index in 0..<type.memberCount {
            budget -= 1
            guard budget >= 0 else {
                throw .invalid(field: "BTF members", offset: type.place, value: UInt64(index))
            }
            let member = try file.member(index, of: type, in: bytes)
            guard member.bitCount == 0, member.bitOffset % 8 == 0 else { continue }
            let offset = base + member.bitOffset / 8
            if member.name != 0 {
                let name = try file.text(at: member.name, in: bytes)
                if offsets[name] == nil { offsets[name] = offset }
                continue
            }
            // An unnamed member: types are numbered from 1, and modifiers may lie between.
            var identifier = Int(member.type)
            for _ in 0..<8 {
                guard identifier > 0, identifier <= starts.count else { break }
                let inner = try file.type(at: Int(starts[identifier - 1]), in: bytes)
                if inner.isStructure {
                    try collect(
                        inner, base: offset, depth: depth + 1, file: file, bytes: bytes,
                        starts: starts,
                        into: &offsets, budget: &budget)
                    break
                }
                guard inner.isModifier else { break }
                identifier = Int(inner.sizeOrType)
            }
        }
    }
}
