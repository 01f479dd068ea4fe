internal import DiagFormats

/// Counts the page descriptors of a kdump-compressed file, piece by piece.
struct KdumpPageTable {
    /// Pages without bytes.
    private(set) var missing = 0
    /// Pages whose bytes lie behind the end of the file.
    private(set) var beyondEnd = 0
    /// Pages that share the first place of a whole page, which is where writers put the page of
    /// zeros: before all others.
    private var shared = 0
    private var firstPlace = UInt64.max
    /// Descriptors counted.
    private(set) var count = 0
    private var classes = [Int](repeating: 0, count: PageClass.allCases.count)
    private var hasWords = false
    private var methods: [UInt32: Int] = [:]

    private let fileByteCount: UInt64
    private let pageByteCount: UInt32

    init(fileByteCount: UInt64, pageByteCount: Int) {
        self.fileByteCount = fileByteCount
        self.pageByteCount = UInt32(pageByteCount)
    }

    /// Pages that share one page of zeros; one alone is no proof of it.
    var zero: Int { shared > 1 ? shared : 0 }

    /// Counts of the pages with bytes by class; `nil` where no descriptor has a word of flags.
    var byClass: [String: Int]? {
        guard hasWords else { return nil }
        var result = [String: Int]()
        for pageClass in PageClass.allCases where classes[Int(pageClass.rawValue)] > 0 {
            result[pageClass.name] = classes[Int(pageClass.rawValue)]
        }
        return result
    }

    /// The names of the methods that pages are compressed with; `none` only when it is the one.
    var compression: [String] {
        let names: [(UInt32, String)] = [
            (0x20, "zstd"), (1, "zlib"), (2, "lzo"), (4, "snappy"),
        ]
        var found = names.compactMap { methods[$0.0] == nil ? nil : $0.1 }
        if methods.keys.contains(where: { ![0, 1, 2, 4, 0x20].contains($0) }) {
            found.append("unknown")
        }
        return found.isEmpty && methods[0] != nil ? ["none"] : found
    }

    /// Counts the descriptors in `bytes`; what is left over at the end is not one.
    mutating func add(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { raw in
            var start = 0
            while start + KdumpPageDescriptor.byteCount <= raw.count {
                add(
                    offset: UInt64(
                        littleEndian: unsafe raw.loadUnaligned(
                            fromByteOffset: start, as: UInt64.self)),
                    size: UInt32(
                        littleEndian: unsafe raw.loadUnaligned(
                            fromByteOffset: start + 8, as: UInt32.self)),
                    method: UInt32(
                        littleEndian: unsafe raw.loadUnaligned(
                            fromByteOffset: start + 12, as: UInt32.self)),
                    word: UInt64(
                        littleEndian: unsafe raw.loadUnaligned(
                            fromByteOffset: start + 16, as: UInt64.self)))
                start += KdumpPageDescriptor.byteCount
            }
        }
    }

    private mutating func add(offset: UInt64, size: UInt32, method: UInt32, word: UInt64) {
        count += 1
        if word != 0 { hasWords = true }
        guard offset != 0 || size != 0 else {
            missing += 1
            return
        }
        let (end, overflow) = offset.addingReportingOverflow(UInt64(size))
        guard !overflow, end <= fileByteCount else {
            beyondEnd += 1
            return
        }
        classes[Int(PageClass.of(word: word).rawValue)] += 1
        if method == 0, size == pageByteCount, offset <= firstPlace {
            shared = offset == firstPlace ? shared + 1 : 1
            firstPlace = offset
        }
        // What a damaged table may hold is not let grow.
        if methods[method] != nil || methods.count < 16 { methods[method, default: 0] += 1 }
    }
}
