internal import DiagCodec
internal import DiagFormats

/// Looks for a kernel's VMCOREINFO in memory of which only the physical addresses are known.
final class KernelTextSearch {
    /// Where the search ends, whichever comes first.
    struct Limits {
        /// Bytes of memory that are looked through.
        var byteCount: UInt64 = 16 << 30
        /// How long it may take, but for the read that is under way.
        var duration = Duration.seconds(20)
    }

    /// What was found.
    struct Outcome {
        /// What the kernel says of itself.
        var information: VMCoreInfo?
        /// The names of uname(2), which lie where that says: then it is of this kernel.
        var names: [String]?
        /// Bytes of memory that were looked through.
        var searchedByteCount: UInt64 = 0
        /// Whether it ended at a limit.
        var isCut = false
        /// Whether some of it could not be decompressed.
        var hasDamage = false
    }

    /// Bytes that are read at once.
    private static let partByteCount = 4 << 20
    private static let pageByteCount = 4096
    /// Where x86-64 kernels have their image. Source: Linux 6.1 Documentation/x86/x86_64/mm.rst.
    private static let imageBase: UInt64 = 0xFFFF_FFFF_8000_0000

    private enum Ending { case whole, stopped, damaged }
    /// Texts that are compared with the names in memory: a page of each may be a file's.
    private static let largestTextCount = 8

    private let dump: InspectedFile
    private let ranges: [StoredRange]
    private let isCompressed: Bool
    private let limits: Limits
    private let start = ContinuousClock.now
    private var outcome = Outcome()
    private var textCount = 0

    /// A search of `ranges`, which hold snappy frames if `isCompressed` says so.
    init(
        _ dump: InspectedFile, _ ranges: [StoredRange], isCompressed: Bool, limits: Limits = .init()
    ) {
        self.dump = dump
        // One after the other, as a disk likes it.
        self.ranges = ranges.sorted { $0.fileOffset < $1.fileOffset }
        self.isCompressed = isCompressed
        self.limits = limits
    }

    /// Looks at the first bytes of each page until a text is found whose kernel has its names where
    /// the text says; without one, the first text counts.
    func run() throws(DumpInspectionError) -> Outcome {
        for range in ranges {
            guard !isAtLimit else {
                outcome.isCut = true
                break
            }
            let ending = try forEachPart(of: range) {
                (part: Span<UInt8>, place: UInt64) throws(DumpInspectionError) -> Bool in
                try look(through: part, at: range.start &+ place)
                outcome.searchedByteCount += UInt64(part.count)
                return outcome.names == nil && !isAtLimit
            }
            if outcome.names != nil { return outcome }
            switch ending {
            case .whole: break
            case .stopped: outcome.isCut = true
            case .damaged: outcome.hasDamage = true
            }
        }
        return outcome
    }

    private var isAtLimit: Bool {
        outcome.searchedByteCount >= limits.byteCount
            || ContinuousClock.now - start >= limits.duration
    }

    private func look(
        through part: Span<UInt8>, at address: UInt64
    ) throws(DumpInspectionError) {
        var page = Int((0 &- address) % UInt64(Self.pageByteCount))
        while page < part.count, outcome.names == nil {
            // The first byte alone leaves out nearly all.
            if part[page] == KernelText.beginning[0], textCount < Self.largestTextCount,
                let text = KernelText.parse(part.extracting(page...))
            {
                textCount += 1
                if let names = try names(text) {
                    outcome.information = text
                    outcome.names = names
                } else if outcome.information == nil {
                    outcome.information = text
                }
            }
            page += Self.pageByteCount
        }
    }

    /// The names of uname(2) in the memory of the kernel that a text is of; `nil` where they are
    /// not there, or where the machine's addresses are not known.
    private func names(_ text: VMCoreInfo) throws(DumpInspectionError) -> [String]? {
        guard let symbol = text.symbol("init_uts_ns"), symbol >= Self.imageBase,
            let base = text.number("phys_base"),
            let offset = text.offset("uts_namespace.name"), (0...4096).contains(offset)
        else { return nil }
        let address = symbol &- Self.imageBase &+ base &+ UInt64(offset)
        return SystemNames.parse(
            try memory(at: address, count: SystemNames.byteCount), release: text.release)
    }

    private func memory(at address: UInt64, count: Int) throws(DumpInspectionError) -> [UInt8] {
        for range in ranges {
            guard let place = range.place(of: address, count: count) else { continue }
            guard isCompressed else {
                guard place + UInt64(count) <= range.storedByteCount else { return [] }
                return try dump.bytes(at: range.fileOffset + place, count: count)
            }
            var found = [UInt8]()
            _ = try forEachChunk(of: range) {
                (part: Span<UInt8>, start: UInt64) throws(DumpInspectionError) -> Bool in
                let end = start + UInt64(part.count)
                let next = place + UInt64(found.count)
                if (start..<end).contains(next) {
                    let first = Int(next - start)
                    for index in first..<min(part.count, first + count - found.count) {
                        found.append(part[index])
                    }
                }
                return found.count < count && !isAtLimit
            }
            return found
        }
        return []
    }

    /// Gives the memory of a range in parts, each with its place in it, until `body` says that it
    /// is enough.
    private func forEachPart(
        of range: StoredRange,
        _ body: (Span<UInt8>, UInt64) throws(DumpInspectionError) -> Bool
    ) throws(DumpInspectionError) -> Ending {
        if isCompressed { return try forEachChunk(of: range, body) }
        // From a page on, so that parts end where pages do.
        var place = (0 &- range.start) % UInt64(Self.pageByteCount)
        var buffer = [UInt8](
            repeating: 0, count: Int(min(UInt64(Self.partByteCount), range.storedByteCount)))
        while place < range.storedByteCount {
            let rest = range.storedByteCount - place
            let read = try dump.readMemory(into: &buffer, at: range.fileOffset + place)
            var count = Int(min(UInt64(read), rest))
            if UInt64(count) < rest { count -= count % Self.pageByteCount }
            // The file became shorter while it is read.
            guard count > 0 else { return .whole }
            guard try body(buffer.span.extracting(0..<count), place) else {
                return UInt64(count) == rest ? .whole : .stopped
            }
            place += UInt64(count)
        }
        return .whole
    }

    private func forEachChunk(
        of range: StoredRange,
        _ body: (Span<UInt8>, UInt64) throws(DumpInspectionError) -> Bool
    ) throws(DumpInspectionError) -> Ending {
        var buffer = [UInt8](
            repeating: 0, count: Int(min(UInt64(Self.partByteCount), range.storedByteCount)))
        var output = [UInt8](repeating: 0, count: SnappyChunk.largestByteCount)
        var done: UInt64 = 0
        var place: UInt64 = 0
        while done < range.storedByteCount {
            let rest = range.storedByteCount - done
            let read = try dump.readMemory(into: &buffer, at: range.fileOffset + done)
            let valid = Int(min(UInt64(read), rest))
            var at = 0
            while valid - at >= SnappyChunk.headerByteCount {
                guard let chunk = try? SnappyChunk(parsing: buffer.span, at: at) else {
                    return .damaged
                }
                let content = at + SnappyChunk.headerByteCount
                let next = content + chunk.contentByteCount
                if chunk.holdsData {
                    guard next <= valid else { break }
                    guard
                        let count = try? chunk.decompress(
                            buffer.span.extracting(content..<next), into: &output)
                    else { return .damaged }
                    guard try body(output.span.extracting(0..<count), place) else {
                        return .stopped
                    }
                    place += UInt64(count)
                }
                at = next
            }
            // A chunk that is cut never gets whole.
            guard at > 0 else { return .damaged }
            done += UInt64(at)
        }
        return .whole
    }
}
