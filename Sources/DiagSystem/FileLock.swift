internal import CLinux
internal import Glibc
internal import SystemPackage

/// An exclusive lock on a directory, kept in a file that says who holds it.
public final class FileLock: Sendable {
    let file: OwnedDescriptor
    private let directory: OutputDirectory
    private let name: String

    private init(_ file: consuming OwnedDescriptor, directory: OutputDirectory, name: String) {
        self.file = file
        self.directory = directory
        self.name = name
    }

    /// What came of trying to lock.
    public enum Attempt {
        /// The lock is ours until it goes away.
        case acquired(FileLock)
        /// Somebody else has it, who wrote this about themselves.
        case held(by: String)
    }

    /// Takes the lock `name` in `directory` without waiting, and writes `holder` into it.
    public static func acquire(
        _ name: String, in directory: OutputDirectory, holder: String
    ) throws(SystemCallError) -> Attempt {
        while true {
            let file = try directory.openOrCreateFile(name)
            do throws(SystemCallError) {
                try systemCall("lock", on: directory.path.appending(name).string) {
                    flock(file.rawValue, LOCK_EX | LOCK_NB)
                }
            } catch {
                guard error.errno == .resourceTemporarilyUnavailable else { throw error }
                let text = String(decoding: try file.readAll(limit: 512), as: UTF8.self)
                return .held(by: text.isEmpty ? "another run" : text)
            }
            // The holder before us may have removed the file between our open and our lock.
            guard let now = try directory.status(of: name), now.inode == (try file.status()).inode
            else { continue }
            try systemCall("write", on: directory.path.appending(name).string) {
                ftruncate(file.rawValue, 0)
            }
            do throws(SystemCallError) { try file.write(Array(holder.utf8).span) } catch {
                throw SystemCallError(
                    operation: "write", object: directory.path.appending(name).string,
                    errno: error.errno)
            }
            return .acquired(FileLock(file, directory: directory, name: name))
        }
    }

    /// Removes the file and gives up the lock.
    public func release() { try? directory.removeFile(name) }
}
