/// Addresses of some of the kernel's symbols, by /proc/kallsyms.
///
/// Source: proc(5). Lines are `address type name`, and a module's name where it is not the kernel's
/// own; all addresses are 0 where `kptr_restrict` hides them.
struct SymbolAddresses: Hashable, Sendable {
    /// The symbols that were asked for and are there, by name; the first of each name counts.
    var addresses = [String: UInt64]()
    /// Whether all addresses are hidden.
    var isHidden: Bool { addresses.values.allSatisfy { $0 == 0 } }

    /// Whether every symbol was found.
    var isDone: Bool { addresses.count == nameCount }
    /// What is looked for, by its first byte.
    private var wanted = [UInt8: [[UInt8]]]()
    private let nameCount: Int

    /// Looks for `names` in the lines that follow.
    init(names: [String]) {
        nameCount = Set(names).count
        for name in names {
            let text = Array(name.utf8)
            if let first = text.first { wanted[first, default: []].append(text) }
        }
    }

    /// Looks for `names` in the lines.
    init(parsing bytes: Span<UInt8>, names: [String]) {
        self.init(names: names)
        consume(bytes)
    }

    /// Looks for the names in these lines, which are whole ones.
    mutating func consume(_ bytes: Span<UInt8>) {
        var place = 0
        while place < bytes.count {
            var address: UInt64 = 0
            var index = place
            while index < bytes.count, index - place < 16, let digit = Self.digit(bytes[index]) {
                address = address << 4 | digit
                index += 1
            }
            // A blank, the type, a blank, then the name.
            let name = index + 3
            if name < bytes.count, index > place, let candidates = wanted[bytes[name]] {
                for candidate in candidates
                where name + candidate.count <= bytes.count
                    && candidate.indices.allSatisfy({ bytes[name + $0] == candidate[$0] })
                    && (name + candidate.count == bytes.count
                        || bytes[name + candidate.count] == 0x0A)
                {
                    let text = String(decoding: candidate, as: UTF8.self)
                    if addresses[text] == nil { addresses[text] = address }
                }
            }
            while index < bytes.count, bytes[index] != 0x0A { index += 1 }
            place = index + 1
        }
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x61...0x66: UInt64(byte - 0x57)
        default: nil
        }
    }
}
