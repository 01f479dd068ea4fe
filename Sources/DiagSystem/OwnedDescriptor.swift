internal import CLinux
internal import Glibc
public import SystemPackage

/// A file descriptor with exactly one owner, closed when the owner goes away.
///
/// Every descriptor is closed on exec; the spawner alone passes one on.
public struct OwnedDescriptor: ~Copyable, Sendable {
    /// The number, for calls that only borrow it.
    public let rawValue: CInt

    /// Takes over `rawValue`, which nobody else may close.
    public init(owning rawValue: CInt) { self.rawValue = rawValue }

    deinit { _ = close(rawValue) }

    /// Opens `path`, which is not resolved under any root: for the output and for our own files.
    public static func open(
        _ path: FilePath, _ mode: FileDescriptor.AccessMode,
        options: FileDescriptor.OpenOptions = [], permissions: FilePermissions? = nil
    ) throws(SystemCallError) -> OwnedDescriptor {
        let flags = mode.rawValue | options.rawValue | O_CLOEXEC | O_NOCTTY
        return OwnedDescriptor(
            owning: try systemCall("open", on: path.string) {
                unsafe path.withPlatformString {
                    unsafe diag_openat(
                        AT_FDCWD, $0, flags, UInt32(permissions?.rawValue ?? 0o600))
                }
            })
    }

    /// Another descriptor of the same open file, numbered above those of the standard streams.
    public func duplicate() throws(SystemCallError) -> OwnedDescriptor {
        OwnedDescriptor(
            owning: try systemCall("dup", on: "descriptor \(rawValue)") {
                diag_duplicate(rawValue, 3)
            })
    }

    /// Makes reads and writes return instead of waiting.
    public func setNonBlocking() throws(SystemCallError) {
        let flags = try systemCall("fcntl", on: "descriptor \(rawValue)") {
            diag_status_flags(rawValue)
        }
        try systemCall("fcntl", on: "descriptor \(rawValue)") {
            diag_set_status_flags(rawValue, flags | O_NONBLOCK)
        }
    }

    /// Reads at most `buffer.count` bytes into its start; 0 is the end of the file.
    public func read(into buffer: inout [UInt8]) throws(SystemCallError) -> Int {
        try systemCall("read", on: "descriptor \(rawValue)") {
            unsafe buffer.withUnsafeMutableBytes {
                unsafe Glibc.read(rawValue, $0.baseAddress, $0.count)
            }
        }
    }

    /// Reads at most `buffer.count` bytes from `offset` on; 0 is the end of the file.
    public func read(into buffer: inout [UInt8], at offset: Int64) throws(SystemCallError) -> Int {
        try systemCall("pread", on: "descriptor \(rawValue)") {
            unsafe buffer.withUnsafeMutableBytes {
                unsafe pread(rawValue, $0.baseAddress, $0.count, off_t(offset))
            }
        }
    }

    /// Reads to the end of the file, or `limit` bytes.
    public func readAll(limit: Int) throws(SystemCallError) -> [UInt8] {
        var content = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: min(max(limit, 1), 65_536))
        while content.count < limit {
            let count = try read(into: &buffer)
            if count == 0 { break }
            content.append(contentsOf: buffer[..<min(count, limit - content.count)])
        }
        return content
    }

    /// Writes what it can of `bytes`; on a blocking descriptor at least one byte.
    public func writeSome(_ bytes: Span<UInt8>) throws(SystemCallError) -> Int {
        try systemCall("write", on: "descriptor \(rawValue)") {
            unsafe bytes.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
        }
    }

    /// Writes all of `bytes`.
    public func write(_ bytes: Span<UInt8>) throws(SystemCallError) {
        var offset = 0
        while offset < bytes.count {
            offset += try writeSome(bytes.extracting(offset..<bytes.count))
        }
    }

    /// Waits until the file's bytes and size have reached the disk.
    public func synchronize() throws(SystemCallError) {
        try systemCall("fsync", on: "descriptor \(rawValue)") { fsync(rawValue) }
    }

    /// What kind of file this is, its size and times.
    public func status() throws(SystemCallError) -> FileStatus {
        var status = stat()
        try systemCall("fstat", on: "descriptor \(rawValue)") { unsafe fstat(rawValue, &status) }
        return FileStatus(status)
    }

    /// The size of the terminal behind the descriptor, in character cells; `nil` for no terminal.
    public var terminalSize: (columns: Int, rows: Int)? {
        var columns: CInt = 0
        var rows: CInt = 0
        guard unsafe diag_window_size(rawValue, &columns, &rows) == 0 else { return nil }
        return (Int(columns), Int(rows))
    }

    /// Whether a terminal is behind the descriptor.
    public var isTerminal: Bool { isatty(rawValue) == 1 }
}

extension OwnedDescriptor {
    /// A descriptor of our own for the standard stream `number`, 0 to 2.
    public static func standard(_ number: CInt) throws(SystemCallError) -> OwnedDescriptor {
        OwnedDescriptor(
            owning: try systemCall("dup", on: "standard stream \(number)") {
                diag_duplicate(number, 3)
            })
    }
}
