internal import CLzma

/// Compresses bytes into the xz format with several threads; complete only after ``finish(_:)``.
///
/// The same bytes with the same preset and block size give the same file, however many threads
/// work and however the bytes are cut. Between ``beginStoring(_:)`` and ``endStoring(_:)``, and from
/// ``storeRest(_:)`` on, they are stored uncompressed, in a stream of their own within the same
/// file: at several times the speed of a disk.
/// Source: The .xz File Format 1.1.0, section 2: a file is one or more streams.
@safe public struct XZStreamEncoder: ~Copyable {
    /// Takes the compressed bytes as they come; what it throws ends the encoding.
    public typealias Output = (Span<UInt8>) throws -> Void

    private let stream: UnsafeMutablePointer<lzma_stream>
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private var stored: XZStoredStream?
    private let configuration: XZConfiguration
    private var hasEnded = false
    private var storesRest = false
    /// How many bytes were taken in.
    public private(set) var inputByteCount: Int64 = 0
    /// How many of them were stored uncompressed, by ``beginStoring(_:)`` or ``storeRest(_:)``.
    public private(set) var storedByteCount: Int64 = 0

    private init(_ configuration: XZConfiguration, outputByteCount: Int) {
        self.configuration = configuration
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
        unsafe buffer = .allocate(capacity: outputByteCount)
        unsafe buffer.initialize(repeating: 0)
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deallocate()
        unsafe buffer.deallocate()
    }

    /// An encoder with its threads ready.
    public static func start(
        _ configuration: XZConfiguration = XZConfiguration()
    ) throws(XZError) -> XZStreamEncoder {
        let encoder = XZStreamEncoder(configuration, outputByteCount: 128 << 10)
        try encoder.startCompressed()
        return encoder
    }

    /// Begins a compressed stream; the memory of the one before is used again.
    private func startCompressed() throws(XZError) {
        var options = unsafe configuration.multithreading
        let status = unsafe lzma_stream_encoder_mt(stream, &options)
        guard status == LZMA_OK else { throw XZError("start the xz encoder", status) }
    }

    /// Takes `bytes` in; `output` gets whatever is ready.
    ///
    /// - Throws: ``XZError``, or what `output` throws. The stream cannot be continued then.
    public mutating func write(_ bytes: Span<UInt8>, to output: Output) throws {
        inputByteCount += Int64(bytes.count)
        if stored != nil {
            storedByteCount += Int64(bytes.count)
            try stored?.write(bytes, to: output)
            return
        }
        try unsafe bytes.withUnsafeBufferPointer { input in
            unsafe stream.pointee.next_in = input.baseAddress
            unsafe stream.pointee.avail_in = input.count
            defer {
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.avail_in = 0
            }
            while unsafe stream.pointee.avail_in > 0 {
                try run(LZMA_RUN, to: output)
            }
        }
    }

    /// Ends the compressed stream and stores whatever comes later, uncompressed.
    ///
    /// What the threads have in hand, at most one block each and one that waits, is still
    /// compressed.
    public mutating func storeRest(_ output: Output) throws {
        try beginStoring(output)
        storesRest = true
    }

    /// Ends the compressed stream and stores what comes next, up to ``endStoring(_:)``.
    public mutating func beginStoring(_ output: Output) throws {
        guard stored == nil else { return }
        try endCompressed(output)
        stored = try XZStoredStream.start(output)
    }

    /// Compresses again, in a new stream; after ``storeRest(_:)`` it does nothing.
    public mutating func endStoring(_ output: Output) throws {
        guard stored != nil, !storesRest else { return }
        try stored?.finish(output)
        stored = nil
        try startCompressed()
        hasEnded = false
    }

    /// Writes what is still in hand and the end of the file.
    public mutating func finish(_ output: Output) throws {
        if stored != nil {
            try stored?.finish(output)
        } else {
            try endCompressed(output)
        }
    }

    private mutating func endCompressed(_ output: Output) throws {
        while !hasEnded { try run(LZMA_FINISH, to: output) }
    }

    /// Runs the encoder once over what it has, and hands on what it gives.
    private mutating func run(_ action: lzma_action, to output: Output) throws {
        unsafe stream.pointee.next_out = buffer.baseAddress
        unsafe stream.pointee.avail_out = buffer.count
        let status = unsafe lzma_code(stream, action)
        let count = unsafe buffer.count - stream.pointee.avail_out
        if count > 0 {
            try output(unsafe UnsafeBufferPointer(buffer).span.extracting(..<count))
        }
        switch status {
        case LZMA_OK: break
        case LZMA_STREAM_END: hasEnded = true
        default: throw XZError("compress with xz", status)
        }
    }
}
