public import DiagModel

extension KernelStacks {
    /// How many threads are encoded at once: an encoder needs many times what it is given.
    private static let partCount = 512

    /// Writes the document in parts, so that the threads of a large host need not be in memory as
    /// text; together they are what `JSONDocument` gives for all.
    ///
    /// - Throws: what `write` throws.
    public func encodeDocument(_ write: ([UInt8]) throws -> Void) throws {
        var head = self
        head.threads = []
        let rest = try JSONDocument.encode(head, layout: .document)
        // Names are sorted, so the threads come last: their empty list has the last bracket.
        guard !threads.isEmpty, let bracket = rest.lastIndex(of: 0x5B) else {
            return try write(rest)
        }
        try write(Array(rest[...bracket]))
        for start in stride(from: 0, to: threads.count, by: Self.partCount) {
            let part = threads[start..<min(start + Self.partCount, threads.count)]
            var bytes: [UInt8] = start == 0 ? [] : [0x2C]
            // Between the brackets of the part's own list, two blanks further in.
            let lines = try JSONDocument.encode(Array(part), layout: .document)
                .split(separator: 0x0A)
            for line in lines.dropFirst().dropLast() {
                bytes += [0x0A, 0x20, 0x20]
                bytes += line
            }
            try write(bytes)
        }
        try write(Array("\n  ]\n}\n".utf8))
    }
}

extension KernelStacksText {
    /// Writes the text in parts of some size.
    ///
    /// - Throws: what `write` throws; nothing is written after that.
    public static func encode(
        _ stacks: KernelStacks, _ write: ([UInt8]) throws -> Void
    ) throws {
        var bytes = [UInt8]()
        var failure: (any Error)?
        func flush(beyond count: Int) {
            guard failure == nil, bytes.count > count else { return }
            do { try write(bytes) } catch { failure = error }
            bytes.removeAll(keepingCapacity: true)
        }
        render(stacks) { text in
            guard failure == nil else { return }
            bytes += text.utf8
            flush(beyond: 65_536)
        }
        flush(beyond: 0)
        if let failure { throw failure }
    }
}
