/// A file as it lies on the disk, for libarchive.
class FileInput: ArchiveInput {
    /// The file.
    let file: InputFile
    private var offset: Int64 = 0
    private var part = [UInt8](repeating: 0, count: 256 << 10)

    init(_ file: InputFile) {
        self.file = file
        super.init()
    }

    /// The first `count` bytes, fewer when there are not so many; asked before any are taken.
    func firstBytes(_ count: Int) throws(ArchiveError) -> [UInt8] { try file.firstBytes(count) }

    /// How many bytes there are; what was not taken by then is gone.
    func totalByteCount() throws(ArchiveError) -> Int64 { file.byteCount }

    override func fill() throws(ArchiveError) -> Int {
        let count = try file.read(into: &part, at: offset)
        give(part, count)
        offset += Int64(count)
        return count
    }

    /// Puts the first `count` bytes of `bytes` into the buffer.
    final func give(_ bytes: [UInt8], _ count: Int) {
        unsafe bytes.withUnsafeBytes {
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
    }

    override func seek(to target: Int64, fromEnd: Bool) -> Int64? {
        let (position, overflow) = (fromEnd ? file.byteCount : 0).addingReportingOverflow(target)
        guard !overflow, position >= 0 else { return nil }
        offset = min(position, file.byteCount)
        return offset
    }
}
