internal import DiagSystem
internal import SystemPackage

/// One regular file that is read, open for several threads at once.
final class InputVolume: Sendable {
    let path: FilePath
    /// The size when it was opened; what is appended meanwhile is not read.
    let byteCount: Int64
    /// What tells it from another file that has come to its name.
    let identity: Identity
    private let file: OwnedDescriptor

    struct Identity: Hashable, Sendable {
        let deviceNumber: UInt64
        let inode: UInt64
        let byteCount: Int64
    }

    init(_ path: FilePath) throws(ArchiveError) {
        self.path = path
        do throws(OwnedDescriptor.InputFailure) { file = try OwnedDescriptor.openInput(path) } catch
        {
            throw ArchiveError(error, at: path, wanted: "a bundle is a regular file")
        }
        do throws(SystemCallError) {
            let status = try file.status()
            byteCount = status.byteCount
            identity = Identity(
                deviceNumber: status.deviceNumber, inode: status.inode,
                byteCount: status.byteCount)
        } catch { throw ArchiveError(error, object: path.string) }
    }

    /// Reads into `buffer` from `offset` on, up to the size it had; 0 is the end.
    func read(into buffer: inout [UInt8], at offset: Int64) throws(ArchiveError) -> Int {
        do throws(SystemCallError) {
            let count = try file.read(into: &buffer, at: offset)
            return Int(min(Int64(count), max(0, byteCount - offset)))
        } catch { throw ArchiveError(error, object: "\(path) at byte \(offset)") }
    }
}
