internal import DiagCodec
internal import DiagSystem
internal import SystemPackage

/// The file of a bundle that is read, open for several threads at once.
final class InputFile: Sendable {
    /// A name for errors: the path.
    let object: String
    /// The size when it was opened; what is appended meanwhile is not read.
    let byteCount: Int64
    /// What it is encrypted with; `nil` when it is in clear.
    let cipher: BundleCipher?
    /// What decrypts it.
    private let keys: DecryptionKeys
    private let file: OwnedDescriptor

    /// Opens the file at `path`; when it is encrypted, `keys` open it.
    init(_ path: FilePath, keys: DecryptionKeys = .init()) throws(ArchiveError) {
        object = path.string
        self.keys = keys
        do throws(OwnedDescriptor.InputFailure) { file = try OwnedDescriptor.openInput(path) } catch
        {
            throw ArchiveError(error, at: path, wanted: "a bundle is a regular file")
        }
        do throws(SystemCallError) {
            byteCount = try file.status().byteCount
            var beginning = [UInt8](repeating: 0, count: BundleCipher.magicByteCount)
            let count = try file.read(into: &beginning, at: 0)
            cipher = BundleCipher(beginning: Array(beginning[..<count]))
        } catch {
            throw ArchiveError(error, object: path.string)
        }
    }

    /// The file for libarchive, decrypted where it is encrypted.
    func input() throws(ArchiveError) -> FileInput {
        guard let cipher else { return FileInput(self) }
        return try DecryptedInput(self, try keys.program(for: cipher, of: object))
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
