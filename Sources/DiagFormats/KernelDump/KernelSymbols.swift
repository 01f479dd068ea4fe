internal import DiagModel

/// The kernel's functions at some addresses, from /proc/kallsyms.
///
/// The file is read in pieces and nothing of it is kept but the functions that were asked for; the
/// kernel spends most of a second in an emulated machine to write it, so it need not be read to its
/// end: see `isDone`.
///
/// Source: Linux 6.1 kernel/kallsyms.c, `s_show`: `ADDRESS TYPE NAME` and, for a module, a tab and
/// `[MODULE]`. Only functions count (types t and w, either case). The kernel's own come first, by
/// address; modules and generated code follow in no order.
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

    /// A function of which an address was asked for.
    private struct Function {
        var address: UInt64 = 0
        /// Its name, with the module in brackets behind it.
        var name: [UInt8] = []
    }

    /// The last function that was seen. Its name is kept only when the next line shows that it is
    /// asked for: until then it is a part of the text, or stands in `rest`.
    private struct Last {
        var address: UInt64 = 0
        var name = 0..<0
    }

    private let wanted: [UInt64]
    private var found: [Function]
    /// It is the function of what is wanted from there up to the next one.
    private var last = Last()
    /// The name of `last`, where the text that it was in is gone.
    private var lastName: [UInt8] = []
    /// The start of a line whose end has not come yet.
    private var rest: [UInt8] = []
    private var isSorted = true
    /// How many functions were seen; 0 where the kernel hides their addresses.
    public private(set) var count = 0

    /// A function further from the address than this is not its function.
    private static let reach: UInt64 = 1 << 20
    private static let longestLine = 1100

    /// Will look for the functions at `addresses`.
    public init(at addresses: some Sequence<UInt64>) {
        wanted = Set(addresses).sorted()
        found = Array(repeating: Function(), count: wanted.count)
    }

    /// Whether what follows can change nothing: the function of every address is known, the last line
    /// lies behind all of them, and so far lines came by address and none was a module's.
    public var isDone: Bool {
        guard let highest = wanted.last else { return true }
        return isSorted && last.address > highest && found.allSatisfy { $0.address != 0 }
    }

    /// Takes the next bytes of the file; lines that make no sense, and addresses that are zero
    /// because the reader may not see them, are passed over.
    public mutating func consume(_ text: Span<UInt8>) {
        var start = 0
        if !rest.isEmpty {
            while start < text.count, text[start] != 0x0A {
                if rest.count < Self.longestLine { rest.append(text[start]) }
                start += 1
            }
            guard start < text.count else { return }
            start += 1
            takeRest()
        }
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x0A { end += 1 }
            guard end < text.count else { break }
            take(text, start..<end)
            start = end + 1
        }
        keepLastName(of: text)
        while start < text.count, rest.count < Self.longestLine {
            rest.append(text[start])
            start += 1
        }
    }

    /// Ends the file.
    public mutating func finish() {
        takeRest()
        settle(below: .max, [UInt8]().span)
    }

    private mutating func takeRest() {
        let line = rest
        rest.removeAll(keepingCapacity: true)
        take(line.span, 0..<line.count)
        keepLastName(of: line.span)
    }

    /// Takes one line of the text.
    private mutating func take(_ text: Span<UInt8>, _ line: Range<Int>) {
        var address: UInt64 = 0
        var index = line.lowerBound
        let most = min(line.upperBound, index + 17)
        while index < most, let digit = Self.digit(text[index]) {
            address = address << 4 | UInt64(digit)
            index += 1
        }
        let name = (index + 3)..<max(index + 3, line.upperBound)
        guard address != 0, (8...16).contains(index - line.lowerBound), !name.isEmpty,
            text[index] == 0x20, text[index + 2] == 0x20, name.count <= 1024
        else { return }
        let type = text[index + 1] | 0x20
        // Modules have a place of their own, before the image or behind it.
        if text[line.upperBound - 1] == 0x5D { isSorted = false }
        guard type == 0x74 || type == 0x77 else { return }
        count += 1
        if address < last.address {
            isSorted = false
            settle(below: .max, text)
        } else if address == last.address {
            // Of several names for one address the first counts.
            return
        } else {
            settle(below: address, text)
        }
        last = Last(address: address, name: name)
    }

    /// Gives the last function to what is wanted from its address up to `limit`.
    private mutating func settle(below limit: UInt64, _ text: Span<UInt8>) {
        guard last.address != 0 else { return }
        var index = Self.firstIndex(in: wanted, notBelow: last.address)
        guard index < wanted.count, wanted[index] < limit else { return }
        keepLastName(of: text)
        while index < wanted.count, wanted[index] < limit,
            wanted[index] - last.address < Self.reach
        {
            if found[index].address < last.address {
                found[index] = Function(address: last.address, name: lastName)
            }
            index += 1
        }
    }

    /// Copies the name of the last function from the text that it is in.
    private mutating func keepLastName(of text: Span<UInt8>) {
        guard !last.name.isEmpty else { return }
        lastName.removeAll(keepingCapacity: true)
        for position in last.name { lastName.append(text[position]) }
        last.name = 0..<0
    }

    private static func firstIndex(in addresses: [UInt64], notBelow address: UInt64) -> Int {
        var low = 0
        var high = addresses.count
        while low < high {
            let middle = (low + high) / 2
            if addresses[middle] < address { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x57
        case 0x41...0x46: byte - 0x37
        default: nil
        }
    }

    /// The function at `address`; `nil` for none that is near, or an address that was not asked for.
    public func place(of address: UInt64) -> Place? {
        let index = Self.firstIndex(in: wanted, notBelow: address)
        guard index < wanted.count, wanted[index] == address, found[index].address != 0 else {
            return nil
        }
        let fields = found[index].name.split { $0 == 0x09 || $0 == 0x20 }
        guard let name = fields.first else { return nil }
        var module: String?
        if fields.count > 1, fields[1].first == 0x5B, fields[1].last == 0x5D {
            module = UntrustedText.escapingForPath(fields[1].dropFirst().dropLast())
        }
        return Place(
            name: UntrustedText.escapingForPath(name), offset: address - found[index].address,
            module: module)
    }

    /// The place in words, or the address itself.
    public func text(of address: UInt64) -> String {
        place(of: address)?.description ?? "0x\(String(address, radix: 16))"
    }
}
