internal import DiagSystem
internal import SystemPackage

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
        do throws(OwnedDescriptor.InputFailure) { file = try OwnedDescriptor.openInput(path) } catch
        {
            throw ArchiveError(error, at: path, wanted: "a bundle is a regular file")
        }
        do throws(SystemCallError) { byteCount = try file.status().byteCount } catch {
            throw ArchiveError(error, object: path.string)
        }
        super.init()
    }

    /// The first `count` bytes, fewer when the file is shorter.
    func firstBytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        do throws(SystemCallError) {
            return Array(bytes[..<(try file.read(into: &bytes, at: 0))])
        } catch { throw ArchiveError(error, object: object) }
    }

    override func fill() throws(ArchiveError) -> Int {
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

    override func seek(to target: Int64, fromEnd: Bool) -> Int64? {
        let (position, overflow) = (fromEnd ? byteCount : 0).addingReportingOverflow(target)
        guard !overflow, position >= 0 else { return nil }
        offset = min(position, byteCount)
        return offset
    }
}
