internal import DiagModel

/// The order of members in a bundle: alike data meets, and the same folder gives the same order.
///
/// First the collectors in the order of the plan, where those stand last that end last, so that one
/// that has finished can be packed while others run; then what belongs to none of them; then the program's own documents, such as
/// `summary.txt`; last the manifest. Of one collector the directories come first, sorted by path,
/// then the files by kind of content, then by name, then by path. Numbers in names count as
/// numbers: `disk2` stands before `disk10`.
struct MemberOrder {
    /// What members are sorted by. No two paths have the same.
    struct Key: Hashable, Sendable, Comparable {
        fileprivate let rank: Int
        fileprivate let bytes: [UInt8]

        static func < (left: Key, right: Key) -> Bool {
            left.rank == right.rank
                ? left.bytes.lexicographicallyPrecedes(right.bytes) : left.rank < right.rank
        }
    }

    /// The name under which the program's own documents are listed.
    static let ownName = "diagbundle"

    private let ranks: [String: Int]
    /// The rank behind those of all collectors.
    private let rest: Int

    /// The order for the collectors of a plan, by their names.
    init(collectors: [String]) {
        rest = collectors.count
        ranks = Dictionary(collectors.enumerated().map { ($1, $0) }) { first, _ in first }
    }

    /// The order for a host folder that is whole.
    init(of manifest: Manifest) {
        self.init(
            collectors: (manifest.memberOrder ?? []) + manifest.reports.map(\.collector))
    }

    /// The key of the member at `path`, a path below the top folder.
    ///
    /// `collector` is the one that the manifest names for an artifact; without it, as for a
    /// directory, it is the one whose folder the member lies in.
    func key(of path: MemberPath, collector: String? = nil, isDirectory: Bool) -> Key {
        let name = collector ?? path.components.first.map { String(decoding: $0, as: UTF8.self) }
        let rank: Int
        var bytes = [UInt8]()
        if path.components == [Array(BundleWriter.manifestName.utf8)] {
            rank = rest + 2
        } else if let place = name.flatMap({ ranks[$0] }) {
            rank = place
        } else if collector == Self.ownName {
            rank = rest + 1
        } else {
            rank = rest
            bytes += Array((name ?? "").utf8) + [0]
        }
        bytes.append(isDirectory ? 0 : 1)
        let file = path.components.last ?? []
        if !isDirectory {
            bytes += Self.kind(of: file) + [0]
            bytes += Self.withoutNumbers(file) + [0]
        }
        bytes += Self.natural(path)
        return Key(rank: rank, bytes: bytes)
    }

    /// The kind of content that a file's name promises: its extension in small letters, where a
    /// number behind it, as of `kern.log.1`, does not count; the name without its numbers when it
    /// has no extension, as of `uevent` or `sda1`.
    static func kind(of name: [UInt8]) -> [UInt8] {
        var parts = name.split(separator: 0x2E, omittingEmptySubsequences: false)
        while parts.count > 1, let last = parts.last, last.allSatisfy(isDigit) {
            parts.removeLast()
        }
        guard parts.count > 1, let last = parts.last, last.count <= 12,
            last.allSatisfy(isLetterOrDigit), parts.dropLast().contains(where: { !$0.isEmpty })
        else {
            return withoutNumbers(Array(parts.joined(separator: [0x2E])))
        }
        return last.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }

    /// `name` with one `#` for each row of digits.
    private static func withoutNumbers(_ name: [UInt8]) -> [UInt8] {
        var bytes = [UInt8]()
        for byte in name {
            if !isDigit(byte) {
                bytes.append(byte)
            } else if bytes.last != 0x23 {
                bytes.append(0x23)
            }
        }
        return bytes
    }

    /// Bytes that sort as `path` does when its numbers are numbers, and `/` is before all else.
    ///
    /// For a number come its digit `0`, how many digits it has, and these, without zeros in front.
    /// How many zeros those are comes last, so that `1` and `01` differ.
    private static func natural(_ path: MemberPath) -> [UInt8] {
        var bytes = [UInt8]()
        var zeros = [UInt8]()
        for component in path.components {
            var rest = component[...]
            while let byte = rest.first {
                guard isDigit(byte) else {
                    bytes.append(byte)
                    rest = rest.dropFirst()
                    continue
                }
                let number = rest.prefix(while: isDigit)
                let digits = number.drop { $0 == 0x30 }
                // A component has at most 255 bytes, so both counts fit.
                bytes += [0x30, UInt8(clamping: digits.count)]
                bytes += digits
                zeros.append(UInt8(clamping: number.count - digits.count))
                rest = rest.dropFirst(number.count)
            }
            bytes.append(0)
        }
        return bytes + zeros
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
