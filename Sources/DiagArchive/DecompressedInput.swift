internal import CArchive
internal import DiagCodec

/// The bytes of a compressed file, or of a plain one: one compression at most is taken off.
///
/// Taking it off apart from the tar reader lets us see that nothing follows the archive's end,
/// and that the compressed stream's own end and checks are there.
class DecompressedInput: ArchiveInput {
    fileprivate let file: FileInput
    fileprivate let object: String
    private let byteLimit: Int64
    private var hasEnded = false
    /// Uncompressed bytes up to now.
    private(set) var byteCount: Int64 = 0
    /// One past the last byte given that is not zero.
    private var informationEnd: Int64 = 0

    fileprivate init(_ file: FileInput, object: String, byteLimit: Int64) {
        self.file = file
        self.object = object
        self.byteLimit = byteLimit
        super.init()
    }

    /// The input for what `file` begins with: blocks are decoded side by side, where `table` says
    /// that there are several.
    ///
    /// liblzma is used without libarchive: its filter sets no limit to the dictionary, for which
    /// a file of a few bytes can ask 4 GiB. Its zstd filter has the library's limit, 128 MiB.
    static func open(
        _ file: FileInput, _ table: BlockTable?, object: String, byteLimit: Int64
    ) throws(ArchiveError) -> DecompressedInput {
        if let table, table.count > 1 {
            return try BlocksInput(file, table, object: object, byteLimit: byteLimit)
        }
        if let format = LZMAStreamDecoder.format(of: try file.firstBytes(13)) {
            return try LZMAInput(file, format, object: object, byteLimit: byteLimit)
        }
        return try FilteredInput(filtering: file, object: object, byteLimit: byteLimit)
    }

    /// Puts the next bytes into the buffer; 0 is the end.
    fileprivate func decompress() throws(ArchiveError) -> Int { 0 }

    /// How many bytes of the file were used.
    fileprivate var consumedByteCount: Int64 { 0 }

    /// Reads what is left.
    ///
    /// - Throws: ``ArchiveError``, when something other than zeros is there from `offset` on, the
    ///   archive or the compressed stream has no proper end, or something stands behind that.
    final func finish(archiveEnd offset: Int64) throws(ArchiveError) {
        while try fill() > 0 {
            guard informationEnd <= offset else { break }
        }
        guard informationEnd <= offset else {
            throw ArchiveError(
                .invalid, operation: "read", object: object,
                reason: "bytes that are no part of the archive follow its end")
        }
        // The last member may end with zeros itself; where it does not, at least one block must.
        let unit = MemberIndexFormat.tarBlockByteCount
        guard byteCount >= MemberIndexFormat.padded(informationEnd) + unit else {
            throw ArchiveError(
                .invalid, operation: "read", object: object,
                reason: "it is cut: no end of the archive stands behind the last member")
        }
        let total = try file.totalByteCount()
        guard consumedByteCount == total else {
            throw ArchiveError(
                .invalid, operation: "read", object: object,
                reason: "its compressed data ends at byte \(consumedByteCount) of \(total)")
        }
    }

    override final func fill() throws(ArchiveError) -> Int {
        if hasEnded { return 0 }
        let count = try decompress()
        guard count > 0 else {
            hasEnded = true
            return 0
        }
        if let last = unsafe buffer[..<count].lastIndex(where: { $0 != 0 }) {
            informationEnd = byteCount + Int64(last) + 1
        }
        byteCount += Int64(count)
        guard byteCount <= byteLimit else {
            throw ArchiveError(
                .refused, operation: "read", object: object,
                reason: "it unpacks to more than \(byteLimit) bytes")
        }
        return count
    }
}

/// A file of several blocks.
private final class BlocksInput: DecompressedInput {
    private let stream: StreamInput
    private var hasPassed = false

    init(
        _ file: FileInput, _ table: BlockTable, object: String, byteLimit: Int64
    ) throws(ArchiveError) {
        stream = try StreamInput(file.file, table)
        super.init(file, object: object, byteLimit: byteLimit)
    }

    /// The blocks of a table and what it knows around them fill the file.
    override fileprivate var consumedByteCount: Int64 { hasPassed ? file.file.byteCount : 0 }

    override fileprivate func decompress() throws(ArchiveError) -> Int {
        let count = try stream.fill()
        if count == 0 {
            try stream.finish()
            hasPassed = true
        }
        unsafe buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: stream.buffer[..<count]))
        return count
    }
}

/// An xz or lzma file, decompressed in bounded memory.
private final class LZMAInput: DecompressedInput {
    private var decoder: LZMAStreamDecoder
    private var output = [UInt8](repeating: 0, count: 256 << 10)
    /// The part of the file's buffer that is not yet used.
    private var pending = 0..<0
    private var isLast = false

    init(
        _ file: FileInput, _ format: LZMAStreamDecoder.Format, object: String, byteLimit: Int64
    ) throws(ArchiveError) {
        do throws(LZMAStreamDecoder.Failure) { decoder = try .start(format) } catch {
            throw ArchiveError(
                .resource, operation: "open", object: object, reason: error.description)
        }
        super.init(file, object: object, byteLimit: byteLimit)
    }

    override fileprivate var consumedByteCount: Int64 { decoder.consumedByteCount }

    override fileprivate func decompress() throws(ArchiveError) -> Int {
        while !decoder.hasEnded {
            if pending.isEmpty, !isLast {
                pending = 0..<(try file.fill())
                isLast = pending.isEmpty
            }
            let input = unsafe UnsafeRawBufferPointer(rebasing: file.buffer[pending])
            let moved: (consumed: Int, produced: Int)
            do throws(LZMAStreamDecoder.Failure) {
                moved = try unsafe input.withMemoryRebound(to: UInt8.self) {
                    bytes throws(LZMAStreamDecoder.Failure) in
                    try decoder.decode(unsafe bytes.span, isLast: isLast, into: &output)
                }
            } catch {
                throw ArchiveError(
                    error.isAboutMemory ? .refused : .invalid, operation: "decompress",
                    object: object, reason: error.description)
            }
            pending = (pending.lowerBound + moved.consumed)..<pending.upperBound
            guard moved.produced > 0 else { continue }
            unsafe output.withUnsafeBytes {
                unsafe buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[..<moved.produced]))
            }
            return moved.produced
        }
        return 0
    }
}

/// A plain file, or one that libarchive decompresses.
@safe private final class FilteredInput: DecompressedInput {
    private let handle: OpaquePointer

    init(filtering file: FileInput, object: String, byteLimit: Int64) throws(ArchiveError) {
        guard let handle = unsafe archive_read_new() else {
            throw ArchiveError(
                .resource, operation: "open", object: object, reason: "out of memory")
        }
        unsafe self.handle = handle
        super.init(file, object: object, byteLimit: byteLimit)
        // Each of these is built in. The others of libarchive start a program to decompress.
        _ = unsafe archive_read_support_filter_gzip(handle)
        _ = unsafe archive_read_support_filter_zstd(handle)
        _ = unsafe archive_read_support_filter_bzip2(handle)
        _ = unsafe archive_read_support_filter_lz4(handle)
        _ = unsafe archive_read_support_format_raw(handle)
        guard unsafe file.attach(to: handle, isSeekable: false) == ARCHIVE_OK else {
            throw error("open")
        }
        var entry: OpaquePointer?
        guard unsafe archive_read_next_header(handle, &entry) == ARCHIVE_OK else {
            throw error("open")
        }
        // The last of the filters is the file itself. A chain of more could do much with little.
        guard unsafe archive_filter_count(handle) <= 2 else {
            throw ArchiveError(
                .refused, operation: "open", object: object,
                reason: "it is compressed more than once")
        }
    }

    deinit { _ = unsafe archive_read_free(handle) }

    override fileprivate var consumedByteCount: Int64 {
        unsafe archive_filter_bytes(handle, -1)
    }

    override fileprivate func decompress() throws(ArchiveError) -> Int {
        let count = unsafe archive_read_data(handle, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw error("decompress") }
        return count
    }

    private func error(_ operation: String) -> ArchiveError {
        if let failure = file.failure { return failure }
        let text = unsafe archive_error_string(handle).map { unsafe String(cString: $0) }
        return ArchiveError(
            .invalid, operation: operation, object: object,
            reason: text ?? "libarchive gave no reason")
    }
}
