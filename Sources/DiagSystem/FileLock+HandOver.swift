internal import CLinux
internal import Glibc
internal import SystemPackage

extension FileLock {
    /// Another descriptor of the locked file, for a child process: the lock stays until the last
    /// of them is closed.
    ///
    /// Source: flock(2): the lock belongs to the open file, which duplicates and children share.
    public func duplicate() throws(SystemCallError) -> OwnedDescriptor { try file.duplicate() }

    /// Takes over the descriptor of a lock that the parent process holds.
    ///
    /// Locking it again succeeds when it is the parent's open file, or when nobody has the lock.
    ///
    /// - Throws: `EINVAL` for what is no regular file, `EAGAIN` when another has the lock; the
    ///   descriptor is closed then.
    public static func adopt(
        _ inherited: consuming OwnedDescriptor
    ) throws(SystemCallError) -> OwnedDescriptor {
        let object = "the inherited lock, descriptor \(inherited.rawValue)"
        guard try inherited.status().kind == .regular else {
            throw SystemCallError(operation: "lock", object: object, errno: .invalidArgument)
        }
        try systemCall("lock", on: object) { flock(inherited.rawValue, LOCK_EX | LOCK_NB) }
        return inherited
    }
}
