internal import DiagModel

/// The kernel's function names by address, from /proc/kallsyms.
///
/// Source: Linux 6.1 kernel/kallsyms.c, `s_show`: `ADDRESS TYPE NAME` and, for a module, a tab and
/// `[MODULE]`. Only functions are kept (types t and w, either case): 16 bytes each and their names.
public struct KernelSymbols: Sendable {
    /// A place in a function.
    public struct Place: Hashable, Sendable, CustomStringConvertible {
        /// The function.
        public var name: String
        /// Bytes from its start.
        public var offset: UInt64
        /// The module that it belongs to.
        public var module: String?

        /// As the kernel writes it, without the function's size: `name+0x12 [module]`.
        public var description: String {
            "\(name)+0x\(String(offset, radix: 16))" + (module.map { " [\($0)]" } ?? "")
        }
    }

    private struct Symbol {
        var address: UInt64
        /// Where its name, with the module in brackets behind it, begins in the text.
        var start: UInt32
        var byteCount: UInt32
    }

    private var symbols: [Symbol] = []
    private var names: [UInt8] = []

    /// How many functions are known; 0 where the kernel hides their addresses.
    public var count: Int { symbols.count }

    /// A function further from the address than this is not its function.
    private static let reach: UInt64 = 1 << 20

    /// Reads `text`; lines that make no sense, and addresses that are zero because the reader may
    /// not see them, are passed over.
    public init(parsing text: Span<UInt8>) {
        symbols.reserveCapacity(min(text.count / 32, 1 << 19))
        names.reserveCapacity(min(text.count / 2, 1 << 24))
        var previous: UInt64 = 0
        var isSorted = true
        var index = 0
        while index < text.count {
            var address: UInt64 = 0
            var digitCount = 0
            while index < text.count, let digit = Self.digit(text[index]) {
                address = address << 4 | UInt64(digit)
                digitCount += 1
                index += 1
            }
            var type: UInt8 = 0
            if index + 3 < text.count, text[index] == 0x20, text[index + 2] == 0x20 {
                type = text[index + 1] | 0x20
                index += 3
            }
            let start = index
            while index < text.count, text[index] != 0x0A { index += 1 }
            let end = index
            index += 1
            guard type == 0x74 || type == 0x77, address != 0, digitCount >= 8, digitCount <= 16,
                end > start, end - start <= 1024, names.count < 1 << 28
            else { continue }
            isSorted = isSorted && address >= previous
            previous = address
            symbols.append(
                Symbol(
                    address: address, start: UInt32(names.count), byteCount: UInt32(end - start)))
            for position in start..<end { names.append(text[position]) }
        }
        if !isSorted {
            // By address; of several names for one address the first in the list.
            symbols.sort { ($0.address, $0.start) < ($1.address, $1.start) }
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x57
        case 0x41...0x46: byte - 0x37
        default: nil
        }
    }

    /// The function at `address`; `nil` for none that is near.
    public func place(of address: UInt64) -> Place? {
        var low = 0
        var high = symbols.count
        while low < high {
            let middle = (low + high) / 2
            if symbols[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        var found = low - 1
        while found > 0, symbols[found - 1].address == symbols[found].address { found -= 1 }
        let symbol = symbols[found]
        guard address - symbol.address < Self.reach else { return nil }
        let bytes = names[Int(symbol.start)..<Int(symbol.start + symbol.byteCount)]
        let fields = bytes.split { $0 == 0x09 || $0 == 0x20 }
        guard let name = fields.first else { return nil }
        var module: String?
        if fields.count > 1, fields[1].first == 0x5B, fields[1].last == 0x5D {
            module = UntrustedText.escapingForPath(fields[1].dropFirst().dropLast())
        }
        return Place(
            name: UntrustedText.escapingForPath(name), offset: address - symbol.address,
            module: module)
    }

    /// The place in words, or the address itself.
    public func text(of address: UInt64) -> String {
        place(of: address)?.description ?? "0x\(String(address, radix: 16))"
    }
}
