/// A file as it lies on the disk, for libarchive.
final class FileInput: ArchiveInput {
    /// The file.
    let file: InputFile
    private var offset: Int64 = 0
    private var part = [UInt8](repeating: 0, count: 256 << 10)

    /// The size when it was opened.
    var byteCount: Int64 { file.byteCount }

    init(_ file: InputFile) {
        self.file = file
        super.init()
    }

    override func fill() throws(ArchiveError) -> Int {
        let count = try file.read(into: &part, at: offset)
        unsafe part.withUnsafeBytes {
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
        offset += Int64(count)
        return count
    }

    override func seek(to target: Int64, fromEnd: Bool) -> Int64? {
        let (position, overflow) = (fromEnd ? byteCount : 0).addingReportingOverflow(target)
        guard !overflow, position >= 0 else { return nil }
        offset = min(position, byteCount)
        return offset
    }
}
