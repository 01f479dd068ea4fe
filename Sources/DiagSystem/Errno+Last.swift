internal import Glibc
internal import SystemPackage

extension Errno {
    /// What the last failed call of this thread said.
    static var last: Errno { Errno(rawValue: Glibc.errno) }
}
