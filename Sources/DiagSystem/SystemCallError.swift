public import SystemPackage

/// A system call that the kernel refused: which, on what, and what it said.
public struct SystemCallError: Error, Hashable, Sendable {
    /// What was tried, in words or as the call's name: `open`, `write`.
    public let operation: String
    /// What it was tried on: a path, a process, a device.
    public let object: String
    /// What the kernel said.
    public let errno: Errno

    /// A refusal of `operation` on `object`.
    public init(operation: String, object: String, errno: Errno) {
        self.operation = operation
        self.object = object
        self.errno = errno
    }
}

extension SystemCallError: CustomStringConvertible {
    /// For example `open /etc/shadow: Permission denied`.
    public var description: String { "\(operation) \(object): \(errno)" }
}

/// Runs `body` until it is not interrupted, and throws what errno says when it gives -1.
@discardableResult
func systemCall<Value: FixedWidthInteger & SignedInteger>(
    _ operation: String, on object: @autoclosure () -> String, _ body: () -> Value
) throws(SystemCallError) -> Value {
    while true {
        let value = body()
        if value != -1 { return value }
        let errno = Errno.last
        if errno == .interrupted { continue }
        throw SystemCallError(operation: operation, object: object(), errno: errno)
    }
}
