/// What a file with the memory of a kernel says of itself: `dump info --json`.
///
/// Members that a format has no place for are left out. Texts come from the file as they are, and
/// are escaped where they are shown.
public struct DumpDescription: Codable, Hashable, Sendable {
    /// How the memory is laid out in the file.
    public enum Format: String, Codable, Hashable, Sendable, CaseIterable {
        /// kdump-compressed, as makedumpfile and this program write.
        case kdump
        /// An ELF core file.
        case elf
        /// LiME, version 1.
        case lime
        /// AVML's compressed variant of LiME, version 2.
        case avml
        /// A Windows memory dump.
        case windows
    }

    /// Whether what should be in the file is in it.
    public enum Completeness: String, Codable, Hashable, Sendable, CaseIterable {
        /// Nothing speaks against it.
        case complete
        /// Something is missing; `shortcomings` says what.
        case partial
        /// The format or the damage does not let one tell.
        case unknown
    }

    /// Page frames, as the tables of the file count them.
    public struct Pages: Codable, Hashable, Sendable {
        /// Memory that the dumped machine had.
        public var present: Int?
        /// In the file.
        public var dumped: Int?
        /// Of these, pages of zeros that share one place in the file.
        public var zero: Int?
        /// Meant to be in the file, but without bytes: they could not be read, the writer never
        /// came to them, or the file was cut.
        public var missing: Int?
        /// In the file, by class: `kernel`, `slab`, `cache` …; only where the writer said it.
        public var dumpedByClass: [String: Int]?
        /// In the dumped machine, by class.
        public var presentByClass: [String: Int]?

        /// Counts that are not known yet.
        public init() {}
    }

    /// A number with what it says as text.
    public struct Parameter: Codable, Hashable, Sendable {
        /// In hexadecimal digits with `0x`.
        public var value: String
        /// What its bytes spell, or what the number stands for.
        public var text: String?

        /// A number with its text.
        public init(value: String, text: String? = nil) {
            self.value = value
            self.text = text
        }
    }

    /// The stop code.
    public struct Code: Codable, Hashable, Sendable {
        /// `0x161`.
        public var number: String
        /// `LIVE_SYSTEM_DUMP`; none for a code that is not in our table.
        public var name: String?
        /// Whether this code marks a dump of a system that went on.
        public var isLive: Bool?
        /// The four parameters.
        public var parameters: [Parameter]

        /// A stop code with its parameters.
        public init(number: String, name: String?, isLive: Bool?, parameters: [Parameter]) {
            self.number = number
            self.name = name
            self.isLive = isLive
            self.parameters = parameters
        }
    }

    /// Where the kernel with symbols is to be had that opens the dump.
    public struct Symbols: Codable, Hashable, Sendable {
        /// The command that installs the package; none without a package.
        public var installCommand: String?
        /// What must be known of the package: the archive that has it, or why there is none.
        public var note: String?
        /// Where the kernel with symbols lies once the package is installed; the likeliest first.
        public var images: [String]
        /// The server that is asked by build identifier; none where the dump has none.
        public var symbolServer: String?
        /// The command that asks it, and prints where what it fetched lies.
        public var fetchCommand: String?

        /// Where symbols are to be had.
        public init(
            installCommand: String? = nil, note: String? = nil, images: [String] = [],
            symbolServer: String? = nil, fetchCommand: String? = nil
        ) {
            self.installCommand = installCommand
            self.note = note
            self.images = images
            self.symbolServer = symbolServer
            self.fetchCommand = fetchCommand
        }
    }

    /// A program that reads dumps, and whether it reads this one.
    public struct Reader: Codable, Hashable, Sendable {
        /// `crash`, `drgn`, `makedumpfile` …
        public var name: String
        /// Whether it reads this file.
        public var canRead: Bool
        /// From which version on, or why not.
        public var note: String?

        /// A program and whether it reads the file.
        public init(_ name: String, canRead: Bool, note: String? = nil) {
            self.name = name
            self.canRead = canRead
            self.note = note
        }
    }

    /// The schema's name.
    public var schema = "diagbundle.dump-info/1"
    /// The path as it was given.
    public var file: String
    /// Bytes of the file.
    public var byteCount: Int64
    /// How the memory is laid out.
    public var format: Format
    /// The format in words, with its version: `kdump-compressed, version 6`.
    public var formatName: String
    /// Whether the file is a flattened stream, which has to be put in order first.
    public var isFlattened = false
    /// The program that wrote it, where that can be told.
    public var writer: String?
    /// What kind of dump it is, in words.
    public var kind: String
    /// Whether the system went on while it was dumped; none where that cannot be told.
    public var isLive: Bool?
    /// The host's name.
    public var host: String?
    /// The operating system: `Linux`, `Windows`.
    public var system: String?
    /// The kernel's release, or the Windows build.
    public var release: String?
    /// The kernel's version, `uname -v`.
    public var version: String?
    /// The machine, `uname -m`.
    public var machine: String?
    /// The kernel's build identifier, in hexadecimal digits.
    public var buildIdentifier: String?
    /// By how much KASLR moved the kernel: `0x…`.
    public var kernelOffset: String?
    /// When the dump was begun, or the system stopped.
    public var time: Timestamp?
    /// How long it took to copy the memory.
    public var seconds: Double?
    /// How long the system had been up.
    public var uptimeSeconds: Double?
    /// Processors.
    public var processorCount: Int?
    /// How many processors have registers in the file.
    public var registerCount: Int?
    /// Which classes of pages were left out: makedumpfile's bits.
    public var level: Int?
    /// The same in words.
    public var leftOut: [String] = []
    /// How pages are stored: `zstd`, `zlib`, `lzo`, `snappy`, `none`.
    public var compression: [String] = []
    /// Bytes of one page.
    public var pageByteCount: Int?
    /// Counts of pages.
    public var pages = Pages()
    /// Whether what should be in the file is in it.
    public var completeness = Completeness.complete
    /// What is missing or damaged, in words.
    public var shortcomings: [String] = []
    /// `smeared` for a dump of a system that went on.
    public var consistency: String?
    /// What changed while it was copied.
    public var torn: LiveDumpReport.Torn?
    /// The spans of time over which pages were copied.
    public var windows: [LiveDumpReport.Window] = []
    /// Where the time of making it went; only where the report beside the file says it.
    public var steps: [LiveDumpReport.Step]?
    /// What each stage of the copy cost; only where the report or the note says it.
    public var stages: [LiveDumpReport.Stage]?
    /// The stop code.
    public var code: Code?
    /// Who asked for the dump.
    public var originator: String?
    /// Why, in the words of whoever asked; or a comment in the file.
    public var reason: String?
    /// The package that has the symbols of this kernel.
    public var debugPackage: String?
    /// How that package is got, and what there is without one; none where the dump does not tell
    /// its kernel.
    public var symbols: Symbols?
    /// Commands that open the file; `vmlinux` stands for the kernel with symbols where its place is
    /// not known.
    public var openWith: [String] = []
    /// Programs that read such files, and whether they read this one.
    public var readers: [Reader] = []
    /// What a reader should know.
    public var warnings: [String] = []

    /// A description with what the first bytes of a file tell.
    public init(
        file: String, byteCount: Int64, format: Format, formatName: String, kind: String
    ) {
        self.file = file
        self.byteCount = byteCount
        self.format = format
        self.formatName = formatName
        self.kind = kind
    }

    /// Makes the dump partial and says why.
    public mutating func addShortcoming(_ text: String) {
        completeness = .partial
        shortcomings.append(text)
    }

    /// The classes that a level leaves out, in words. Source: makedumpfile(8), option `-d`.
    public static func classes(ofLevel level: Int) -> [String] {
        let names = [
            (1, "zero pages"), (2, "cache"), (4, "cache with private data"),
            (8, "pages of processes"), (16, "free pages"),
        ]
        return names.compactMap { level & $0.0 == 0 ? nil : $0.1 }
    }
}
