/// The loaded modules, from /proc/modules.
///
/// Source: Linux 6.17, kernel/module/procfs.c `m_show`.
public struct KernelModuleList: Hashable, Sendable {
    /// One loaded module.
    public struct Module: Codable, Hashable, Sendable {
        /// Its name.
        public let name: String
        /// Bytes of its memory in the kernel.
        public let byteCount: UInt64
        /// How many users it has; none where modules cannot be unloaded.
        public let referenceCount: Int?
        /// The modules that need it, in the kernel's order; `[permanent]` says it cannot go.
        public let usedBy: [String]
        /// `Live`, `Loading` or `Unloading`.
        public let state: String
        /// The letters of its taint flags, empty for none.
        public let taint: String
    }

    /// The modules in the kernel's order, newest first.
    public let modules: [Module]
    /// The numbers, from 1, of lines that are not a module.
    public let malformedLines: [Int]

    /// Reads `text`; a line that is no module is noted and passed over.
    public init(parsing text: String) {
        var modules = [Module]()
        var malformed = [Int]()
        for (index, line) in TextFields.lines(text).enumerated() {
            let words = TextFields.words(line)
            if words.isEmpty { continue }
            guard words.count >= 5, let byteCount = UInt64(words[1]) else {
                malformed.append(index + 1)
                continue
            }
            let taint = words.dropFirst(5).first { $0.hasPrefix("(") } ?? ""
            modules.append(
                Module(
                    name: words[0], byteCount: byteCount, referenceCount: Int(words[2]),
                    usedBy: words[3] == "-"
                        ? []
                        : words[3].utf8.split(separator: 0x2C)
                            .map { String(decoding: $0, as: UTF8.self) },
                    state: words[4],
                    // The sign marks a module that is just coming (+) or going (-).
                    taint: String(
                        decoding: taint.utf8.filter { (0x41...0x5A).contains($0) }, as: UTF8.self)))
        }
        self.modules = modules
        malformedLines = malformed
    }
}
