import DiagModel

/// Writes content to standard output; to a terminal so that nothing in it can act on it.
struct SafePrinter {
    private let escapes: Bool
    /// The start of a character whose other bytes have not come.
    private var pending: [UInt8] = []

    /// A printer that shows control characters escaped, or leaves everything as it is.
    init(escapes: Bool) { self.escapes = escapes }

    /// Writes the next bytes; `false` when nobody reads any more.
    mutating func write(_ bytes: Span<UInt8>) throws -> Bool {
        var part = pending
        part.reserveCapacity(part.count + bytes.count)
        for index in 0..<bytes.count { part.append(bytes[index]) }
        pending = []
        guard escapes else { return try StandardStreams.write(part) }
        // A character of up to four bytes may be cut in two: what follows its first byte waits.
        let tail = part.suffix(3)
        if let start = tail.lastIndex(where: { $0 >= 0xC0 }),
            part.count - start < (part[start] >= 0xF0 ? 4 : part[start] >= 0xE0 ? 3 : 2)
        {
            pending = Array(part[start...])
            part.removeLast(part.count - start)
        }
        return try StandardStreams.write(Array(Self.safe(part).utf8))
    }

    /// Writes what waits for the rest of a character.
    func finish() throws {
        if !pending.isEmpty { _ = try StandardStreams.write(Array(Self.safe(pending).utf8)) }
    }

    /// The bytes for a terminal: line feeds and tabs as they are, other control characters escaped.
    static func safe(_ bytes: [UInt8]) -> String {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            line.split(separator: 0x09, omittingEmptySubsequences: false).map {
                UntrustedText.escapingControls(UntrustedText.escapingInvalidUTF8($0))
            }.joined(separator: "\t")
        }.joined(separator: "\n")
    }
}
