internal import DiagCodec
internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads an initial RAM disk without unpacking it: cpio archives behind each other, some of them
/// compressed. Source: Linux 6.12, init/initramfs.c `unpack_to_rootfs`.
struct InitramfsReader {
    static let entryLimit = 100_000
    static let byteLimit: Int64 = 1 << 30
    private static let bufferByteCount = 1 << 18

    /// What was read.
    struct Result {
        var parts = [InitramfsDocument.Part]()
        var entries = [CpioWalker.Entry]()
        var isComplete = false
        var fault: String?
    }

    let root: RootedTree
    let deadline: MonotonicTime

    private struct Stop: Error { let reason: String }

    /// Reads the file at `path`; damage ends the list and is told.
    ///
    /// Of a program that holds one in a section, `range` says where that is in the file.
    func read(_ path: FilePath, in range: Range<Int64>? = nil) throws(SystemCallError) -> Result {
        let file = try root.openRegularFile(path)
        var source = Source(
            file: file, buffer: [], offset: range?.lowerBound ?? 0,
            end: range?.upperBound ?? .max, isAtEnd: false)
        var result = Result()
        do {
            while try readPart(&source, &result) {}
            result.isComplete = true
        } catch let stop as Stop {
            result.fault = stop.reason
        } catch let error as FormatError {
            result.fault = error.description
        } catch let error as StreamDecompressor.Failure {
            result.fault = error.description
        } catch let error as SystemCallError {
            throw error
        } catch {
            result.fault = "\(error)"
        }
        return result
    }

    /// The file, read ahead by one buffer.
    private struct Source: ~Copyable {
        let file: OwnedDescriptor
        var buffer: [UInt8]
        /// Where the buffer begins in the file.
        var offset: Int64
        /// Nothing is read from here on.
        let end: Int64
        var isAtEnd: Bool

        /// Drops `count` bytes that were used.
        mutating func drop(_ count: Int) {
            buffer.removeFirst(count)
            offset += Int64(count)
        }

        /// Makes sure that there are bytes, unless the file has ended.
        mutating func fill() throws(SystemCallError) {
            guard !isAtEnd, buffer.count < InitramfsReader.bufferByteCount else { return }
            let remaining = max(0, end - offset - Int64(buffer.count))
            var more = [UInt8](
                repeating: 0, count: Int(min(remaining, Int64(InitramfsReader.bufferByteCount))))
            guard !more.isEmpty else {
                isAtEnd = true
                return
            }
            let count = try file.read(into: &more, at: offset + Int64(buffer.count))
            if count == 0 { isAtEnd = true } else { buffer += more[..<count] }
        }
    }

    /// Reads the next archives up to where something else begins; whether there may be more.
    private func readPart(_ source: inout Source, _ result: inout Result) throws -> Bool {
        // At least six bytes, to know what it is.
        while source.buffer.count < 16, !source.isAtEnd { try source.fill() }
        while let first = source.buffer.first, first == 0 {
            source.drop(source.buffer.prefix { $0 == 0 }.count)
            while source.buffer.count < 16, !source.isAtEnd { try source.fill() }
        }
        guard !source.buffer.isEmpty else { return false }
        var walker = CpioWalker(entryLimit: max(0, Self.entryLimit - result.entries.count))
        let start = source.offset
        func keep(_ compression: String) {
            guard walker.byteCount > 0 else { return }
            result.parts.append(
                .init(
                    compression: compression, offset: start, entryCount: walker.entries.count,
                    byteCount: walker.byteCount,
                    isMicrocode: walker.entries.contains {
                        $0.name.hasPrefix("kernel/x86/microcode/")
                    }))
            result.entries += walker.entries
        }
        if source.buffer.first == 0x30 {
            defer { keep("none") }
            while !walker.hasEnded {
                try check(walker, result)
                let count = try walker.take(source.buffer.span)
                source.drop(count)
                if source.buffer.isEmpty {
                    guard !source.isAtEnd else { break }
                    try source.fill()
                }
            }
            guard walker.isBetweenArchives else { throw Stop(reason: "the archive is cut") }
            return true
        }
        guard let compression = InitramfsCompression(of: source.buffer.span) else {
            // Signatures of boot loaders stand behind the last archive, and the kernel ignores
            // what it does not know there.
            guard result.entries.isEmpty else { return false }
            throw Stop(reason: "neither a cpio archive nor a known compression")
        }
        guard let method = Self.method(compression) else {
            throw Stop(reason: "\(compression.rawValue) is not decompressed by this program")
        }
        defer { keep(compression.rawValue) }
        var decoder = try StreamDecompressor(method)
        var output = [UInt8](repeating: 0, count: Self.bufferByteCount)
        while !decoder.hasEnded {
            try check(walker, result)
            try source.fill()
            let (consumed, produced) = try decoder.decode(
                source.buffer.span, isLast: source.isAtEnd, into: &output)
            source.drop(consumed)
            if produced > 0, !walker.hasEnded {
                _ = try walker.take(output.span.extracting(0..<produced))
            }
            if consumed == 0, produced == 0, source.isAtEnd, !decoder.hasEnded {
                throw Stop(reason: "the compressed data ends too early")
            }
            // Tools that compress in parallel write one archive as several members.
            if decoder.hasEnded, !walker.isBetweenArchives,
                try isFollowed(by: compression, &source)
            {
                decoder = try StreamDecompressor(method)
            }
        }
        guard walker.isBetweenArchives else { throw Stop(reason: "the archive is cut") }
        return true
    }

    /// Whether another member of the same compression follows at once.
    private func isFollowed(
        by compression: InitramfsCompression, _ source: inout Source
    ) throws -> Bool {
        guard compression == .gzip || compression == .zstd else { return false }
        while true {
            while source.buffer.count < 16, !source.isAtEnd { try source.fill() }
            guard compression == .zstd, source.buffer.count >= 8,
                (0x50...0x5F).contains(source.buffer[0]),
                source.buffer[1...3].elementsEqual([0x2A, 0x4D, 0x18])
            else { break }
            // A skippable frame, as pzstd(1) writes before each member: RFC 8878, section 3.1.2.
            var remaining = source.buffer[4...7].reversed().reduce(0) { $0 << 8 | Int($1) } + 8
            while remaining > 0 {
                if source.buffer.isEmpty { try source.fill() }
                guard !source.buffer.isEmpty else { return false }
                let count = min(remaining, source.buffer.count)
                source.drop(count)
                remaining -= count
            }
        }
        return InitramfsCompression(of: source.buffer.span) == compression
    }

    private func check(_ walker: CpioWalker, _ result: Result) throws {
        guard !walker.isTruncated else {
            throw Stop(reason: "only the first \(Self.entryLimit) members are listed")
        }
        let read = result.parts.reduce(walker.byteCount) { $0 + $1.byteCount }
        guard read <= Self.byteLimit else {
            throw Stop(reason: "more than \(Self.byteLimit) bytes")
        }
        guard MonotonicTime.now < deadline else { throw Stop(reason: "the time was up") }
    }

    private static func method(_ compression: InitramfsCompression) -> StreamDecompressor.Method? {
        switch compression {
        case .gzip: .gzip
        case .xz: .xz
        case .lzma: .lzma
        case .zstd: .zstd
        case .lz4: .lz4Legacy
        case .bzip2, .lzo: nil
        }
    }
}
