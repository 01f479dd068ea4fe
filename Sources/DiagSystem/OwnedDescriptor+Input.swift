internal import CLinux
internal import Glibc
public import SystemPackage

/// Opening what a person named to be read.
extension OwnedDescriptor {
    /// Why a file cannot be read.
    public enum InputFailure: Error, Hashable, Sendable {
        /// The kernel refused to open it, or to tell what it is.
        case system(SystemCallError)
        /// It is of this kind, which is none that was asked for.
        case kind(FileStatus.Kind)
    }

    /// What is at `path`, or where the link there leads unless it says otherwise; it is not opened.
    public static func kind(
        of path: FilePath, followingLinks: Bool = true
    ) throws(SystemCallError) -> FileStatus.Kind {
        let flags = O_PATH | (followingLinks ? 0 : O_NOFOLLOW)
        return try open(path, .readOnly, options: .init(rawValue: flags)).status().kind
    }

    /// The content of the regular file at `path`, at most `limit` bytes of it.
    ///
    /// What it is, is asked before. A link of procfs, as /dev/stdin is one, is not read through: who
    /// reads the file again would find another behind it.
    public static func readInput(
        _ path: FilePath, limit: Int
    ) throws(InputFailure) -> [UInt8] {
        let kind: FileStatus.Kind
        do throws(SystemCallError) { kind = try self.kind(of: path) } catch { throw .system(error) }
        guard kind == .regular else { throw .kind(kind) }
        do throws(SystemCallError) { return try RootedTree("/").read(path, limit: limit) } catch {
            throw .system(error)
        }
    }

    /// Opens the file at `path` for reading when it is of one of `kinds`.
    ///
    /// What it is, is asked before: opening alone waits for the other end of a FIFO, and starts
    /// some devices, such as a watchdog. A device's descriptor does not wait either.
    public static func openInput(
        _ path: FilePath, kinds: Set<FileStatus.Kind> = [.regular]
    ) throws(InputFailure) -> OwnedDescriptor {
        let before: FileStatus.Kind
        do throws(SystemCallError) {
            before = try self.kind(of: path)
        } catch { throw .system(error) }
        guard kinds.contains(before) else { throw .kind(before) }
        let file: OwnedDescriptor
        do throws(SystemCallError) {
            file = try open(path, .readOnly, options: [.nonBlocking])
        } catch { throw .system(error) }
        let kind: FileStatus.Kind
        do throws(SystemCallError) { kind = try file.status().kind } catch { throw .system(error) }
        // Another may have come to its place meanwhile.
        guard kinds.contains(kind) else { throw .kind(kind) }
        return file
    }
}
