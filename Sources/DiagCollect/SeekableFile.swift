internal import DiagModel
public import DiagSystem
internal import SystemPackage

/// The open file of a seekable artifact.
public final class SeekableFile: Sendable {
    /// Open for reading and writing; to be borrowed, and closed with this object.
    public let descriptor: OwnedDescriptor
    /// Its name at the top of the host folder.
    public let name: String
    /// The most bytes that it may have.
    public let byteLimit: Int64

    /// A file that is open.
    public init(_ descriptor: consuming OwnedDescriptor, name: String, byteLimit: Int64) {
        self.descriptor = descriptor
        self.name = name
        self.byteLimit = byteLimit
    }

    /// The file that this process inherited; from here on it is closed on exec, as all are.
    ///
    /// - Throws: `EBADF` when there is none, `EINVAL` when it is no regular file.
    convenience init(inherited request: WorkerRequest.SeekableFile) throws(SystemCallError) {
        let number = OwnedDescriptor(owning: Int32(clamping: request.descriptor))
        let own = try number.duplicate()
        guard request.descriptor > 2, try own.status().kind == .regular else {
            throw SystemCallError(
                operation: "inherit", object: request.path, errno: .invalidArgument)
        }
        self.init(own, name: request.path, byteLimit: request.byteLimit)
    }
}
