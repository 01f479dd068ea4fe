/// What a dump would take, and what it would cost, without making it: `dump full --dry-run`.
public struct DumpEstimate: Codable, Hashable, Sendable {
    /// Pages of one class.
    public struct Row: Codable, Hashable, Sendable {
        /// The class: `kernel`, `slab`, `pageTable`, `reserved`, `cache`, `cachePrivate`, `user`,
        /// `guest`, `free`, `poison`, `offline`, `absent`.
        public var name: String
        /// How many pages there are.
        public var pages: Int
        /// Their bytes.
        public var byteCount: Int64
        /// How many of them the dump takes.
        public var keptPages: Int
        /// The bytes of these, before compression.
        public var keptByteCount: Int64

        /// The pages of a class.
        public init(name: String, pages: Int, keptPages: Int, pageByteCount: Int) {
            self.name = name
            self.pages = pages
            self.keptPages = keptPages
            byteCount = Int64(pages) * Int64(pageByteCount)
            keptByteCount = Int64(keptPages) * Int64(pageByteCount)
        }
    }

    /// The schema's name.
    public var schema = "diagbundle.dump-estimate/1"
    /// Which of the two dumps.
    public var kind: LiveDumpReport.Kind
    /// Which classes of pages are left out: makedumpfile's bits.
    public var level: Int
    /// `zstd`, `zlib` or `none`.
    public var compression: String
    /// Bytes of one page.
    public var pageByteCount: Int
    /// The classes that there are pages of.
    public var rows: [Row]
    /// All of them together.
    public var total: Row
    /// Bytes of the file, as far as can be told beforehand.
    public var fileByteCount: Int64
    /// Seconds that copying takes, as far as can be told beforehand; without what comes before it
    /// and behind it, such as the stacks and what is read again.
    public var seconds: Double
    /// The pages a second that `seconds` is reckoned with.
    public var pagesPerSecond: Double
    /// Whether that rate was measured on this host, just now or in its last dump.
    public var isRateMeasured: Bool
    /// Threads that would copy.
    public var threads: Int
    /// Bytes of memory that the dump would set aside.
    public var memoryByteCount: Int64
    /// What a reader should know.
    public var warnings: [String]

    /// An estimate by its values.
    public init(
        kind: LiveDumpReport.Kind, level: Int, compression: String, pageByteCount: Int,
        rows: [Row], fileByteCount: Int64, pagesPerSecond: Double, isRateMeasured: Bool,
        threads: Int, memoryByteCount: Int64, warnings: [String] = []
    ) {
        self.kind = kind
        self.level = level
        self.compression = compression
        self.pageByteCount = pageByteCount
        self.rows = rows
        total = Row(
            name: "total", pages: rows.reduce(0) { $0 + $1.pages },
            keptPages: rows.reduce(0) { $0 + $1.keptPages }, pageByteCount: pageByteCount)
        self.fileByteCount = fileByteCount
        self.pagesPerSecond = pagesPerSecond
        seconds = pagesPerSecond > 0 ? Double(total.keptPages) / pagesPerSecond : 0
        self.isRateMeasured = isRateMeasured
        self.threads = threads
        self.memoryByteCount = memoryByteCount
        self.warnings = warnings
    }
}
