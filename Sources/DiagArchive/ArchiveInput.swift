internal import CArchive

/// What libarchive reads from: an open file, with the reason kept when reading it fails.
///
/// libarchive borrows the buffer until its next call, so it stays at one place.
@safe class ArchiveInput {
    let buffer: UnsafeMutableRawBufferPointer
    /// What stopped the reading, kept for when libarchive says only that its callback failed.
    final private(set) var failure: ArchiveError?
    /// How many more bytes libarchive may have; below 0 when it asked for more.
    final var allowance = Int.max

    init() {
        unsafe buffer = .allocate(byteCount: 256 << 10, alignment: 16)
        _ = unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { unsafe buffer.deallocate() }

    /// Fills the buffer; 0 is the end.
    func fill() throws(ArchiveError) -> Int { 0 }

    /// Goes to `offset` bytes from the start, or from the end; `nil` where that is not possible.
    func seek(to offset: Int64, fromEnd: Bool) -> Int64? { nil }

    /// Lets `handle` read from this; the caller keeps this alive as long as `handle`.
    func attach(to handle: OpaquePointer, isSeekable: Bool) -> CInt {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe archive_read_set_callback_data(handle, context)
        unsafe archive_read_set_read_callback(handle) { handle, context, bytes in
            guard let context = unsafe context else { return -1 }
            let input = unsafe Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue()
            unsafe bytes?.pointee = UnsafeRawPointer(input.buffer.baseAddress)
            do throws(ArchiveError) {
                let count = try input.fill()
                if input.allowance != .max { input.allowance -= count }
                return input.allowance < 0 ? -1 : count
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
