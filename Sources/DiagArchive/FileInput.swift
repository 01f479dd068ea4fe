internal import CArchive
internal import DiagSystem
internal import SystemPackage

/// What libarchive reads from: an open file, with the reason kept when reading it fails.
///
/// libarchive borrows the buffer until its next call, so it stays at one place.
@safe class ArchiveInput {
    fileprivate let buffer: UnsafeMutableRawBufferPointer
    /// What stopped the reading, kept for when libarchive says only that its callback failed.
    fileprivate(set) var failure: ArchiveError?

    fileprivate init() {
        unsafe buffer = .allocate(byteCount: 256 << 10, alignment: 16)
        _ = unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { unsafe buffer.deallocate() }

    /// Fills the buffer; 0 is the end.
    fileprivate func fill() throws(ArchiveError) -> Int { 0 }

    /// Goes to `offset` bytes from the start, or from the end; `nil` where that is not possible.
    fileprivate func seek(to offset: Int64, fromEnd: Bool) -> Int64? { nil }

    /// Lets `handle` read from this; the caller keeps this alive as long as `handle`.
    func attach(to handle: OpaquePointer, isSeekable: Bool) -> CInt {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe archive_read_set_callback_data(handle, context)
        unsafe archive_read_set_read_callback(handle) { handle, context, bytes in
            guard let context = unsafe context else { return -1 }
            let input = unsafe Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue()
            unsafe bytes?.pointee = UnsafeRawPointer(input.buffer.baseAddress)
            do throws(ArchiveError) {
                return try input.fill()
            } catch {
                input.failure = error
                return -1
            }
        }
        if isSeekable {
            unsafe archive_read_set_seek_callback(handle) { _, context, offset, whence in
                guard let context = unsafe context, whence != 1 else { return -1 }
                let input = unsafe Unmanaged<ArchiveInput>.fromOpaque(context)
                    .takeUnretainedValue()
                return input.seek(to: offset, fromEnd: whence == 2) ?? -1
            }
        }
        return unsafe archive_read_open1(handle)
    }
}

/// A file as it lies on the disk.
final class FileInput: ArchiveInput {
    private let file: OwnedDescriptor
    private let object: String
    /// The size when it was opened; what is appended meanwhile is not read.
    let byteCount: Int64
    private var offset: Int64 = 0
    private var part = [UInt8](repeating: 0, count: 256 << 10)

    init(_ path: FilePath) throws(ArchiveError) {
        object = path.string
        do throws(SystemCallError) {
            file = try OwnedDescriptor.open(path, .readOnly, options: [.nonBlocking])
            let status = try file.status()
            guard status.kind == .regular else {
                throw SystemCallError(
                    operation: "read", object: "\(path) (a \(status.kind.rawValue))",
                    errno: status.kind == .directory ? .isDirectory : .invalidArgument)
            }
            byteCount = status.byteCount
        } catch { throw ArchiveError(error) }
        super.init()
    }

    /// The first `count` bytes, fewer when the file is shorter.
    func firstBytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        do throws(SystemCallError) {
            return Array(bytes[..<(try file.read(into: &bytes, at: 0))])
        } catch { throw ArchiveError(error, object: object) }
    }

    override fileprivate func fill() throws(ArchiveError) -> Int {
        let count: Int
        do throws(SystemCallError) { count = try file.read(into: &part, at: offset) } catch {
            throw ArchiveError(error, object: "\(object) at byte \(offset)")
        }
        let kept = Int(min(Int64(count), max(0, byteCount - offset)))
        unsafe part.withUnsafeBytes {
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<kept]))
        }
        offset += Int64(kept)
        return kept
    }

    override fileprivate func seek(to target: Int64, fromEnd: Bool) -> Int64? {
        let (position, overflow) = (fromEnd ? byteCount : 0).addingReportingOverflow(target)
        guard !overflow, position >= 0 else { return nil }
        offset = min(position, byteCount)
        return offset
    }
}

/// The bytes of a compressed file, or of a plain one: one compression at most is taken off.
///
/// Taking it off apart from the tar reader lets us see that nothing follows the archive's end,
/// and that the compressed stream's own end and checks are there.
@safe final class DecompressedInput: ArchiveInput {
    private let handle: OpaquePointer
    private let file: FileInput
    private let object: String
    private var hasEnded = false
    /// How many bytes were given.
    private(set) var byteCount: Int64 = 0
    /// One past the last byte given that is not zero.
    private(set) var informationEnd: Int64 = 0
    private let byteLimit: Int64

    init(_ file: FileInput, object: String, byteLimit: Int64) throws(ArchiveError) {
        guard let handle = unsafe archive_read_new() else {
            throw ArchiveError(
                .resource, operation: "open", object: object, reason: "out of memory")
        }
        unsafe self.handle = handle
        self.file = file
        self.object = object
        self.byteLimit = byteLimit
        super.init()
        // Each of these is built in. The others of libarchive start a program to decompress.
        _ = unsafe archive_read_support_filter_xz(handle)
        _ = unsafe archive_read_support_filter_gzip(handle)
        _ = unsafe archive_read_support_filter_zstd(handle)
        _ = unsafe archive_read_support_filter_bzip2(handle)
        _ = unsafe archive_read_support_filter_lzma(handle)
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

    /// Reads what is left.
    ///
    /// - Throws: ``ArchiveError``, when something other than zeros is there from `offset` on, the
    ///   compressed stream has no proper end, or something stands behind that.
    func finish(archiveEnd offset: Int64) throws(ArchiveError) {
        while try fill() > 0 {
            guard informationEnd <= offset else { break }
        }
        guard informationEnd <= offset else {
            throw ArchiveError(
                .invalid, operation: "read", object: object,
                reason: "bytes that are no part of the archive follow its end")
        }
        let consumed = unsafe archive_filter_bytes(handle, -1)
        guard consumed == file.byteCount else {
            throw ArchiveError(
                .invalid, operation: "read", object: object,
                reason: "its compressed data ends at byte \(consumed) of \(file.byteCount)")
        }
    }

    override fileprivate func fill() throws(ArchiveError) -> Int {
        if hasEnded { return 0 }
        let count = unsafe archive_read_data(handle, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw error("decompress") }
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

    private func error(_ operation: String) -> ArchiveError {
        if let failure = file.failure { return failure }
        let text = unsafe archive_error_string(handle).map { unsafe String(cString: $0) }
        return ArchiveError(
            .invalid, operation: operation, object: object,
            reason: text ?? "libarchive gave no reason")
    }
}
