internal import CArchive

/// Makes a tar stream with libarchive and gives it to a ``BundleOutput``; whole only after
/// ``finish()``.
///
/// Every entry belongs to root and has mode 0600, or 0700 for a directory, and one fixed time.
@safe struct TarStream: ~Copyable {
    private let handle: OpaquePointer
    private let entry: OpaquePointer
    private let output: BundleOutput

    private init(owning handle: OpaquePointer, entry: OpaquePointer, output: BundleOutput) {
        unsafe self.handle = handle
        unsafe self.entry = entry
        self.output = output
    }

    deinit {
        _ = unsafe archive_write_fail(handle)  // Without this, free would end the stream as whole.
        _ = unsafe archive_write_free(handle)
        unsafe archive_entry_free(entry)
    }

    /// A stream into `output`; `hasRawNames` says that some name is not ASCII.
    ///
    /// Names in ASCII give plain ustar entries, with pax headers where those are too narrow. A
    /// pax header must spell names in UTF-8, which a file system need not, and libarchive
    /// converts by the locale; so with other names the stream has GNU entries, which hold bytes.
    static func start(
        into output: BundleOutput, hasRawNames: Bool
    ) throws(ArchiveError) -> TarStream {
        guard let handle = unsafe archive_write_new() else { throw outOfMemory }
        guard let entry = unsafe archive_entry_new() else {
            _ = unsafe archive_write_free(handle)
            throw outOfMemory
        }
        let stream = unsafe TarStream(owning: handle, entry: entry, output: output)
        if hasRawNames {
            try stream.check(unsafe archive_write_set_format_gnutar(handle), "choose GNU tar")
        } else {
            try stream.check(
                unsafe archive_write_set_format_pax_restricted(handle), "choose pax")
        }
        try stream.check(unsafe archive_write_set_bytes_per_block(handle, 0), "set the blocks")
        let context = unsafe Unmanaged.passUnretained(output).toOpaque()
        try stream.check(
            unsafe archive_write_open(
                handle, context, nil,
                { _, context, buffer, count in
                    guard let context = unsafe context, let buffer = unsafe buffer else {
                        return -1
                    }
                    let output = unsafe Unmanaged<BundleOutput>.fromOpaque(context)
                        .takeUnretainedValue()
                    let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: count)
                    do throws(ArchiveError) {
                        try unsafe bytes.withMemoryRebound(to: UInt8.self) {
                            bytes throws(ArchiveError) in
                            try output.take(unsafe bytes.span)
                        }
                        return count
                    } catch { return -1 }  // The output keeps the reason.
                }, nil), "start")
        return stream
    }

    /// Begins an entry; the content of a file, exactly `byteCount` bytes, follows by ``write(_:)``.
    func begin(
        _ path: [UInt8], isDirectory: Bool, byteCount: Int64, modifiedSeconds: Int64
    ) throws(ArchiveError) {
        unsafe archive_entry_clear(entry)
        let name = path.map { CChar(bitPattern: $0) } + [0]
        unsafe archive_entry_copy_pathname(entry, name)
        unsafe archive_entry_set_filetype(entry, isDirectory ? 0o040_000 : 0o100_000)
        unsafe archive_entry_set_perm(entry, isDirectory ? 0o700 : 0o600)
        unsafe archive_entry_set_size(entry, byteCount)
        unsafe archive_entry_set_mtime(entry, time_t(modifiedSeconds), 0)
        unsafe archive_entry_set_uid(entry, 0)
        unsafe archive_entry_set_gid(entry, 0)
        unsafe archive_entry_copy_uname(entry, "root")
        unsafe archive_entry_copy_gname(entry, "root")
        try check(
            unsafe archive_write_header(handle, entry), "begin \(MemberPath.text(path)) in")
    }

    /// Adds bytes to the entry's content.
    func write(_ bytes: Span<UInt8>) throws(ArchiveError) {
        var offset = 0
        while offset < bytes.count {
            let written = unsafe bytes.extracting(offset...).withUnsafeBytes {
                unsafe archive_write_data(handle, $0.baseAddress, $0.count)
            }
            guard written > 0 else {
                if written < 0 { try check(CInt(clamping: written), "write") }
                throw error("write", "the content is longer than the entry says")
            }
            offset += written
        }
    }

    /// Ends the entry: what follows it in the stream begins now.
    func end() throws(ArchiveError) {
        try check(unsafe archive_write_finish_entry(handle), "end a member of")
    }

    /// Writes the end of the archive.
    func finish() throws(ArchiveError) {
        try check(unsafe archive_write_close(handle), "end")
    }

    private func check(_ status: CInt, _ operation: String) throws(ArchiveError) {
        guard status < ARCHIVE_OK else { return }
        if let failure = output.failure { throw failure }
        let text = unsafe archive_error_string(handle).map { unsafe String(cString: $0) }
        throw error(operation, text ?? "libarchive status \(status)")
    }

    private func error(_ operation: String, _ reason: String) -> ArchiveError {
        ArchiveError(.invalid, operation: operation, object: "the tar stream", reason: reason)
    }

    private static var outOfMemory: ArchiveError {
        ArchiveError(
            .resource, operation: "start", object: "the tar stream", reason: "out of memory")
    }
}
