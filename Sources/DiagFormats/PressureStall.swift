/// How much time tasks lost waiting for one resource, from /proc/pressure.
///
/// Source: Linux 6.17, Documentation/accounting/psi.rst.
public struct PressureStall: Codable, Hashable, Sendable {
    /// One line of the file.
    public struct Share: Codable, Hashable, Sendable {
        /// Per cent of the last 10 seconds.
        public let average10: Double
        /// Per cent of the last 60 seconds.
        public let average60: Double
        /// Per cent of the last 300 seconds.
        public let average300: Double
        /// Microseconds since the kernel started.
        public let totalMicroseconds: UInt64
    }

    /// Time in which at least one task waited; `irq` has none.
    public let some: Share?
    /// Time in which all tasks that were not idle waited at once.
    public let full: Share?

    /// Reads the lines `some …` and `full …`; lines of other names are passed over.
    ///
    /// - Throws: ``FormatError/unexpected(line:expected:)`` for a line that lacks a value, and
    ///   when neither line is there.
    public init(parsing text: String) throws(FormatError) {
        var shares = [String: Share]()
        for (index, line) in TextFields.lines(text).enumerated() {
            let words = TextFields.words(line)
            guard let kind = words.first, kind == "some" || kind == "full" else { continue }
            var values = [String: String]()
            for word in words.dropFirst() {
                guard let pair = TextFields.pair(word, separator: 0x3D) else { continue }
                values[pair.name] = pair.value
            }
            guard let average10 = Self.perCent(values["avg10"]),
                let average60 = Self.perCent(values["avg60"]),
                let average300 = Self.perCent(values["avg300"]),
                let total = values["total"].flatMap({ UInt64($0) })
            else {
                throw .unexpected(line: index + 1, expected: "avg10, avg60, avg300 and total")
            }
            shares[kind] = Share(
                average10: average10, average60: average60, average300: average300,
                totalMicroseconds: total)
        }
        guard !shares.isEmpty else { throw .unexpected(line: 1, expected: "some or full") }
        some = shares["some"]
        full = shares["full"]
    }

    /// A finite number; the kernel writes `12.34`, and JSON knows neither `nan` nor `inf`.
    private static func perCent(_ text: String?) -> Double? {
        text.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
    }
}
