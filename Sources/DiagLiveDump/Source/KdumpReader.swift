internal import DiagCodec
internal import DiagFormats
internal import DiagModel
internal import DiagSystem

/// Reads memory out of a kdump-compressed file, for one thread.
///
/// Descriptors and page bytes are read through two windows, since both mostly follow one another.
@safe final class KdumpReader: MemoryReader {
    private static let tableWindow = 1 << 16
    private static let dataWindow = 1 << 18

    private let source: KdumpSource
    private let codec: PageDecompressor
    private let pageByteCount: Int
    private let table: MappedMemory
    private var tableStart: UInt64 = 0
    private var tableCount = 0
    private let data: MappedMemory
    private var dataStart: UInt64 = 0
    private var dataCount = 0
    /// Where a page of zeros lies that was read before.
    private var zeroPage: UInt64 = 0

    init(_ source: KdumpSource) throws(LiveDumpError) {
        self.source = source
        pageByteCount = Int(source.header.blockByteCount)
        do {
            codec = try PageDecompressor()
            table = try MappedMemory(byteCount: Self.tableWindow)
            data = try MappedMemory(byteCount: Self.dataWindow)
        } catch { throw LiveDumpError(.inputOutput, "\(error)") }
    }

    func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
        let page = UInt64(pageByteCount)
        var done = 0
        while done < destination.count {
            let at = address &+ UInt64(done)
            guard let descriptor = descriptor(of: at / page) else { return done }
            let start = Int(at % page)
            let count = min(destination.count - done, pageByteCount - start)
            let target = unsafe UnsafeMutableRawBufferPointer(
                rebasing: destination[done..<(done + count)])
            if count == pageByteCount {
                guard unsafe copy(descriptor, into: target) else { return done }
            } else {
                var whole = [UInt8](repeating: 0, count: pageByteCount)
                let isRead = unsafe whole.withUnsafeMutableBytes { bytes in
                    guard unsafe copy(descriptor, into: bytes) else { return false }
                    unsafe target.copyMemory(
                        from: UnsafeRawBufferPointer(
                            rebasing: bytes[start..<(start + count)]))
                    return true
                }
                guard isRead else { return done }
            }
            done += count
        }
        return done
    }

    /// The entry of the table for a page frame; `nil` when the file does not have it.
    func descriptor(of frame: UInt64) -> KdumpPageDescriptor? {
        guard let index = source.index(of: frame) else { return nil }
        return descriptor(at: index)
    }

    /// The entry of the table at `index`.
    func descriptor(at index: Int) -> KdumpPageDescriptor? {
        let offset =
            source.header.descriptorOffset
            &+ UInt64(index) &* UInt64(KdumpPageDescriptor.byteCount)
        if offset < tableStart || offset + 24 > tableStart + UInt64(tableCount) {
            tableStart = offset
            tableCount = unsafe source.file.read(into: table.bytes, at: offset)
            guard tableCount >= 24 else { return nil }
        }
        let at = Int(offset - tableStart)
        let bytes = unsafe UnsafeRawBufferPointer(table.bytes)
        return unsafe KdumpPageDescriptor(
            offset: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)),
            byteCount: UInt32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt32.self)),
            flags: UInt32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self)),
            pageFlags: UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: at + 16, as: UInt64.self)))
    }

    /// Brings a page into `target`, which has room for it exactly.
    private func copy(
        _ descriptor: KdumpPageDescriptor, into target: UnsafeMutableRawBufferPointer
    ) -> Bool {
        let count = Int(descriptor.byteCount)
        guard count > 0, count <= pageByteCount, descriptor.offset > 0 else { return false }
        if descriptor.flags == 0, descriptor.offset == zeroPage {
            unsafe target.initializeMemory(as: UInt8.self, repeating: 0)
            return true
        }
        guard let bytes = unsafe bytes(count, at: descriptor.offset) else { return false }
        let method: PageCompression
        switch KdumpPageDescriptor.Compression(rawValue: descriptor.flags & 0x27) {
        case .some(.none):
            guard count == pageByteCount else { return false }
            unsafe target.copyMemory(from: bytes)
            if unsafe isZero(target) { zeroPage = descriptor.offset }
            return true
        case .zlib: method = .zlib
        case .lzo: method = .lzo
        case .snappy: method = .snappy
        case .zstd: method = .zstd
        case nil: return false
        }
        return unsafe (try? codec.decompress(bytes, method, into: target)) != nil
    }

    private func isZero(_ page: UnsafeMutableRawBufferPointer) -> Bool {
        guard let start = page.baseAddress else { return false }
        for offset in stride(from: 0, to: page.count, by: 8)
        where unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 {
            return false
        }
        return true
    }

    /// Bytes of the file, which stay until the next call.
    private func bytes(_ count: Int, at offset: UInt64) -> UnsafeRawBufferPointer? {
        guard offset < source.file.byteCount else { return nil }
        let end = offset &+ UInt64(count)
        if offset < dataStart || end > dataStart &+ UInt64(dataCount) {
            dataStart = offset
            dataCount = unsafe source.file.read(into: data.bytes, at: offset)
            guard dataCount >= count else {
                dataCount = 0
                return nil
            }
        }
        let at = Int(offset - dataStart)
        return unsafe UnsafeRawBufferPointer(rebasing: data.bytes[at..<(at + count)])
    }
}
