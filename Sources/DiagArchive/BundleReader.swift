internal import CArchive
internal import DiagCodec
public import SystemPackage

/// Reads the members of a bundle one after the other, and trusts none of it.
///
/// It takes tar, plain or compressed once with xz, gzip, zstd, bzip2, lzma or lz4, and zip with
/// stored and deflated members. What asks for more than 128 MiB to decompress is refused. Only
/// directories and regular files pass; of sparse ones the holes read as zeros. The end of the archive is checked too: a tar stream that is
/// cut, or followed by anything, is an error of the last ``next()``.
@safe public final class BundleReader {
    /// How much a bundle may hold before it is refused as a decompression bomb.
    public struct Limits: Hashable, Sendable {
        /// Bytes of all members together.
        public var byteCount: Int64
        /// Members, directories included.
        public var memberCount: Int

        /// By default 256 GiB in a million members.
        public init(byteCount: Int64 = 256 << 30, memberCount: Int = 1_000_000) {
            self.byteCount = byteCount
            self.memberCount = memberCount
        }
    }

    /// One directory or regular file.
    public struct Member: Hashable, Sendable {
        /// Its path, the top folder included.
        public let path: MemberPath
        /// Whether it is a directory.
        public let isDirectory: Bool
        /// The size of its content in bytes, where the archive says it before.
        public let byteCount: Int64?
        /// Where its first header begins, in a tar stream: in bytes from where reading began.
        let headerOffset: Int64
        /// Where its content begins there: of a sparse file its data, behind their map.
        let contentOffset: Int64
        /// Bytes of data of a sparse file, as its map claims; `nil` of one without holes.
        let dataByteCount: Int64?

        var isSparse: Bool { dataByteCount != nil }
    }

    /// More bytes of headers for one member, the map of a sparse file included, are refused:
    /// libarchive keeps the map in memory, each entry of four bytes or more in 48.
    private static let headerByteLimit = SparseMap.encodedByteLimit + 2 << 20
    private static let zeros = [UInt8](repeating: 0, count: 256 << 10)

    private let handle: OpaquePointer
    /// What libarchive reads from: kept as long as the handle.
    private let input: ArchiveInput
    private let decompressed: DecompressedInput?
    /// Whether the content of the member at hand was read, or begun to be.
    private var isRead = false
    private let isZip: Bool
    private let object: String
    /// What is wrong with the table of blocks at the end of the file; it is read without then.
    let tableFault: ArchiveError?
    private let limits: Limits
    private var seen = Set<MemberPath>()
    private var nameByteCount = 0
    private var byteCount: Int64 = 0
    private var current: Member?

    /// Whether the members come in the order in which they were written.
    public var isStream: Bool { !isZip }

    /// The uncompressed bytes of a tar stream that was read to its end; `nil` of a zip.
    var streamByteCount: Int64? { decompressed?.byteCount }

    /// Opens the archive at `path`; when it is encrypted, `keys` open it.
    ///
    /// - Throws: ``ArchiveError``, also when it is no archive.
    public convenience init(
        _ path: FilePath, keys: DecryptionKeys = .init(), limits: Limits = Limits()
    ) throws(ArchiveError) {
        try self.init(InputFile(path, keys: keys), limits: limits)
    }

    /// Reads `file` from its start.
    convenience init(_ file: InputFile, limits: Limits = Limits()) throws(ArchiveError) {
        let input = try file.input()
        let magic = try input.firstBytes(4)
        if magic == [0x50, 0x4B, 3, 4] || magic == [0x50, 0x4B, 5, 6] {
            guard file.cipher == nil else {
                throw ArchiveError(
                    .refused, operation: "read", object: file.object,
                    reason: "an encrypted zip cannot be read from start to end: decrypt it first")
            }
            try self.init(reading: input, object: file.object, limits, isZip: true)
            return
        }
        var table: BlockTable?
        var fault: ArchiveError?
        do { table = try file.cipher == nil ? BlockTable.read(file.blockSource) : nil } catch {
            // What is only unusual is read as well without a table.
            if (error as? BlockFormatError)?.kind ?? .damaged == .damaged {
                fault = ArchiveError(translating: error, operation: "read", file: file)
            }
        }
        // Headers and padding come on top of what the members hold.
        let (slack, overflow) = limits.byteCount.addingReportingOverflow(
            Int64(clamping: limits.memberCount).multipliedReportingOverflow(by: 16_384)
                .partialValue)
        let decompressed = try DecompressedInput.open(
            input, table, object: file.object,
            byteLimit: overflow ? .max : max(slack, 1 << 20))
        try self.init(
            reading: decompressed, object: file.object, limits, tableFault: fault)
    }

    /// Reads what `input` gives: the bytes of a tar stream, or the file of a zip.
    ///
    /// Of an input that is no ``DecompressedInput`` the end of the archive is not checked.
    init(
        reading input: ArchiveInput, object: String, _ limits: Limits = Limits(),
        isZip: Bool = false, tableFault: ArchiveError? = nil
    ) throws(ArchiveError) {
        guard let handle = unsafe archive_read_new() else {
            throw ArchiveError(
                .resource, operation: "open", object: object, reason: "out of memory")
        }
        unsafe self.handle = handle
        self.input = input
        self.object = object
        self.limits = limits
        self.isZip = isZip
        self.tableFault = tableFault
        decompressed = input as? DecompressedInput
        if isZip {
            _ = unsafe archive_read_support_format_zip(handle)
        } else {
            _ = unsafe archive_read_support_format_tar(handle)
        }
        guard unsafe input.attach(to: handle, isSeekable: isZip) == ARCHIVE_OK else {
            throw error("open", object)
        }
    }

    deinit { _ = unsafe archive_read_free(handle) }

    /// The next member; `nil` after the last, when the archive's end is as it should be.
    ///
    /// - Throws: ``ArchiveError``: `refused` for names that leave the archive, links, devices,
    ///   FIFOs, a path that was there before, and more than the limits; `invalid` for damage.
    public func next() throws(ArchiveError) -> Member? {
        while true {
            if current != nil {
                if isZip {
                    // Behind what was skipped libarchive does not tell where the next header is.
                    if !isRead { try read { _ in } }
                } else if unsafe archive_read_data_skip(handle) != ARCHIVE_OK {
                    // What is left of it counts as no header.
                    throw error("read the next member of", object)
                }
            }
            var entry: OpaquePointer?
            // The directory of a zip is read with its first member.
            input.allowance = isZip ? .max : Self.headerByteLimit
            let status = unsafe archive_read_next_header(handle, &entry)
            if input.allowance >= 0 { input.allowance = .max }
            if status == ARCHIVE_EOF {
                try decompressed?.finish(archiveEnd: unsafe archive_filter_bytes(handle, 0))
                // Without its directory libarchive reads a zip by the members' own headers.
                if isZip, let file = (input as? FileInput)?.file {
                    try ZipFormat.checkEnd(of: file)
                }
                current = nil
                return nil
            }
            guard status == ARCHIVE_OK || (status == ARCHIVE_WARN && isAboutNames),
                let entry = unsafe entry
            else { throw error("read the next member of", object) }
            let member = try unsafe self.member(entry)
            if member.path.components.isEmpty, member.isDirectory { continue }
            current = member
            isRead = false
            return member
        }
    }

    /// Gives the content of the member that ``next()`` gave, in parts, holes as zeros.
    ///
    /// - Throws: ``ArchiveError``, or what `body` throws.
    public func read(_ body: (Span<UInt8>) throws(ArchiveError) -> Void) throws(ArchiveError) {
        try read(hole: { byteCount throws(ArchiveError) in try Self.fill(byteCount, body) }, body)
    }

    /// Gives `byteCount` zeros, in parts.
    static func fill(
        _ byteCount: Int64, _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var remaining = byteCount
        while remaining > 0 {
            let count = Int(min(remaining, Int64(zeros.count)))
            try body(zeros.span.extracting(..<count))
            remaining -= Int64(count)
        }
    }

    /// Gives the content of the member that ``next()`` gave, in parts: `hole` gets how many bytes
    /// one has.
    ///
    /// - Throws: ``ArchiveError``, or what `hole` or `body` throws.
    func read(
        hole: (Int64) throws(ArchiveError) -> Void,
        _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        guard let member = current, !member.isDirectory else { return }
        isRead = true
        let name = "\(object), member \(MemberPath.text(member.path.bytes))"
        var expected: Int64 = 0
        var data: Int64 = 0
        while true {
            var start: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let status = unsafe archive_read_data_block(handle, &start, &count, &offset)
            if status == ARCHIVE_EOF { break }
            guard status == ARCHIVE_OK else { throw error("read", name) }
            guard count >= 0,
                offset == expected
                    || offset > expected && offset <= member.byteCount ?? 0 && member.isSparse
            else {
                throw ArchiveError(
                    .invalid, operation: "read", object: name,
                    reason: "its bytes at \(offset) come behind those up to \(expected)")
            }
            if offset > expected { try hole(offset - expected) }
            expected = offset + Int64(count)
            data += Int64(count)
            // What the header declared is counted already.
            if member.byteCount == nil { byteCount += Int64(count) }
            guard byteCount <= limits.byteCount, expected <= member.byteCount ?? .max else {
                throw ArchiveError(
                    .refused, operation: "read", object: name,
                    reason: "the members hold more than declared, or \(limits.byteCount) bytes")
            }
            let part = unsafe UnsafeRawBufferPointer(start: start, count: count)
            try unsafe part.withMemoryRebound(to: UInt8.self) { bytes throws(ArchiveError) in
                try body(unsafe bytes.span)
            }
        }
        if let claimed = member.dataByteCount, claimed != data {
            throw ArchiveError(
                .invalid, operation: "read", object: name,
                reason: "it has \(data) bytes of data, its map says \(claimed)")
        }
        if member.isSparse, let byteCount = member.byteCount, byteCount > expected {
            try hole(byteCount - expected)
            expected = byteCount
        }
        if let byteCount = member.byteCount, byteCount != expected {
            throw ArchiveError(
                .invalid, operation: "read", object: name,
                reason: "it has \(expected) of \(byteCount) bytes")
        }
    }

    private func member(_ entry: OpaquePointer) throws(ArchiveError) -> Member {
        let text = unsafe archive_entry_pathname(entry)
        let bytes = unsafe text.map { start in
            let count = unsafe UnsafeBufferPointer(start: start, count: 65_536)
                .prefix { $0 != 0 }.count
            return unsafe UnsafeBufferPointer(start: start, count: count)
                .map { UInt8(bitPattern: $0) }
        }
        let name = try zipName() ?? bytes ?? []
        let path = try MemberPath(validating: name, of: object, hasTop: true)
        func refuse(_ why: String) -> ArchiveError {
            ArchiveError(
                .refused, operation: "read",
                object: "\(object), member \(MemberPath.text(path.bytes))", reason: why)
        }
        guard unsafe archive_entry_hardlink(entry) == nil else { throw refuse("a hard link") }
        // What libarchive has no name of it does not know to be a directory.
        let isNamedDirectory = isZip && name.last == 0x2F
        let type = unsafe isNamedDirectory ? 0o040_000 : archive_entry_filetype(entry)
        guard unsafe archive_entry_symlink(entry) == nil, type != 0o120_000 else {
            throw refuse("a symbolic link")
        }
        guard type == 0o100_000 || type == 0o040_000 else {
            throw refuse("neither a directory nor a regular file")
        }
        guard unsafe archive_entry_is_encrypted(entry) == 0 else { throw refuse("encrypted") }
        guard isPlainlyCompressed else {
            throw refuse("compressed in a way that is not read in a zip")
        }
        let isDirectory = type == 0o040_000
        let size = unsafe archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : nil
        guard (size ?? 0) >= 0, (size ?? 0) <= limits.byteCount - byteCount else {
            throw refuse("the members hold more than \(limits.byteCount) bytes")
        }
        byteCount += size ?? 0
        guard isDirectory || !path.components.isEmpty else { throw refuse("it has no name") }
        nameByteCount += path.bytes.count
        guard seen.count < limits.memberCount, nameByteCount <= 256 << 20 else {
            throw refuse("there are more than \(limits.memberCount) members")
        }
        guard seen.insert(path).inserted else { throw refuse("it is there twice") }
        return unsafe Member(
            path: path, isDirectory: isDirectory, byteCount: size,
            headerOffset: archive_read_header_position(handle),
            contentOffset: archive_filter_bytes(handle, 0),
            dataByteCount: Self.dataByteCount(of: entry))
    }

    /// What the map of a sparse file claims; `nil` without a map.
    private static func dataByteCount(of entry: OpaquePointer) -> Int64? {
        guard unsafe archive_entry_sparse_reset(entry) > 0 else { return nil }
        var sum: Int64 = 0
        var offset: Int64 = 0
        var byteCount: Int64 = 0
        while unsafe archive_entry_sparse_next(entry, &offset, &byteCount) == ARCHIVE_OK {
            sum = sum.addingReportingOverflow(byteCount).partialValue
        }
        return sum
    }

    /// The name of the zip member at hand, by its bytes in the file; `nil` in a tar stream.
    ///
    /// libarchive converts one that says to be UTF-8 to the locale, and has none where that is C.
    private func zipName() throws(ArchiveError) -> [UInt8]? {
        guard isZip, let file = (input as? FileInput)?.file else { return nil }
        return try ZipFormat.name(at: unsafe archive_read_header_position(handle), in: file)
    }

    /// Whether the zip member at hand is stored or deflated; a tar stream's always is.
    ///
    /// libarchive sets no limit to the memory that the other methods of a zip ask for. It names
    /// the method in the format's name alone: `ZIP 6.3 (lzma)`.
    private var isPlainlyCompressed: Bool {
        guard isZip else { return true }
        let name = unsafe archive_format_name(handle).map { unsafe String(cString: $0) } ?? ""
        return name.hasSuffix("(uncompressed)") || name.hasSuffix("(deflation)")
    }

    /// libarchive warns of a name that the locale cannot show; its bytes are what we want.
    private var isAboutNames: Bool {
        let text = unsafe archive_error_string(handle).map { unsafe String(cString: $0) }
        return text?.contains("current locale") ?? false
    }

    private func error(_ operation: String, _ object: String) -> ArchiveError {
        if let failure = input.failure { return failure }
        if input.allowance < 0 {
            return ArchiveError(
                .refused, operation: operation, object: object,
                reason: "the headers of a member take more than \(Self.headerByteLimit) bytes")
        }
        let text = unsafe archive_error_string(handle).map { unsafe String(cString: $0) }
        return ArchiveError(
            .invalid, operation: operation, object: object,
            reason: text ?? "libarchive gave no reason")
    }
}
