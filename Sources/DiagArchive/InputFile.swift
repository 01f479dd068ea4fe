internal import DiagCodec
internal import DiagSystem
internal import SystemPackage

/// The file of a bundle that is read, open for several threads at once.
final class InputFile: Sendable {
    /// A name for errors: the path.
    let object: String
    /// The size when it was opened; what is appended meanwhile is not read.
    let byteCount: Int64
    private let file: OwnedDescriptor

    init(_ path: FilePath) throws(ArchiveError) {
        object = path.string
        do throws(OwnedDescriptor.InputFailure) { file = try OwnedDescriptor.openInput(path) } catch
        {
            throw ArchiveError(error, at: path, wanted: "a bundle is a regular file")
        }
        do throws(SystemCallError) { byteCount = try file.status().byteCount } catch {
            throw ArchiveError(error, object: path.string)
        }
    }

    /// Reads into `buffer` from `offset` on, up to the size it had; 0 is the end.
    func read(into buffer: inout [UInt8], at offset: Int64) throws(ArchiveError) -> Int {
        do throws(SystemCallError) {
            let count = try file.read(into: &buffer, at: offset)
            return Int(min(Int64(count), max(0, byteCount - offset)))
        } catch { throw ArchiveError(error, object: "\(object) at byte \(offset)") }
    }

    /// The first `count` bytes, fewer when the file is shorter.
    func firstBytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
        try bytes(at: 0, count: Int(min(Int64(count), byteCount)))
    }

    /// `count` bytes from `offset` on; fewer when the file became shorter.
    func bytes(at offset: Int64, count: Int) throws(ArchiveError) -> [UInt8] {
        var bytes = [UInt8]()
        var part = [UInt8](repeating: 0, count: count)
        while bytes.count < count {
            let got = try read(into: &part, at: offset + Int64(bytes.count))
            guard got > 0 else { break }
            if got == count { return part }
            bytes += part.prefix(min(got, count - bytes.count))
        }
        return bytes
    }

    /// The file for a decoder of blocks.
    var blockSource: BlockSource {
        BlockSource(byteCount: byteCount) { [self] offset, count in
            try bytes(at: offset, count: count)
        }
    }
}
