internal import CLinux
internal import Glibc
internal import SystemPackage

extension OwnedDescriptor {
    /// Takes the lock of the open file for this process, until the file is closed.
    ///
    /// Source: flock(2).
    ///
    /// - Returns: `false` when another process has it.
    public borrowing func tryLock() throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            try systemCall("lock", on: "descriptor \(rawValue)") {
                [number = rawValue] in flock(number, LOCK_EX | LOCK_NB)
            }
            return true
        } catch {
            guard error.errno == .resourceTemporarilyUnavailable else { throw error }
            return false
        }
    }
}
