internal import DiagCodec
internal import DiagSystem
public import SystemPackage

/// Why a bundle could not be written or read: which operation, on what, and what was said.
public struct ArchiveError: Error, Hashable, Sendable {
    /// What kind of failure it is, for the exit code.
    public enum Kind: String, Hashable, Sendable {
        /// The output cannot be created.
        case cannotCreate
        /// The kernel refused to read or write: full disk, dying disk, no permission.
        case inputOutput
        /// What was to be read is broken, or not what it should be.
        case invalid
        /// What was to be read or written is not allowed: a link, `..`, a bomb.
        case refused
        /// What was to be read is of another kind: a directory, a FIFO, a socket, a device.
        case wrongKind
        /// The caller asked to stop.
        case cancelled
        /// Memory or another resource is short.
        case resource
        /// A key, a recipient or a list of signers cannot be used, or is needed and was not given.
        case unusableKey
        /// It is encrypted, and no key at hand opens it.
        case locked
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// What was tried, in words: `write`, `read`, `seal`.
    public let operation: String
    /// What it was tried on: a path, a member of an archive.
    public let object: String
    /// What the kernel or the library said.
    public let reason: String
    /// The kernel's error number, where it was the kernel that refused.
    public let errno: Errno?

    /// A failure of `operation` on `object`.
    public init(
        _ kind: Kind, operation: String, object: String, reason: String, errno: Errno? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.object = object
        self.reason = reason
        self.errno = errno
    }

    /// A system call's failure; `object` replaces its own where that names a descriptor only.
    init(_ error: SystemCallError, kind: Kind = .inputOutput, object: String? = nil) {
        self.init(
            kind, operation: error.operation, object: object ?? error.object,
            reason: error.errno.description, errno: error.errno)
    }

    /// Why the file at `path` cannot be read; `noun` says what is expected.
    init(_ failure: OwnedDescriptor.InputFailure, at path: FilePath, wanted noun: String) {
        switch failure {
        case .system(let error): self.init(error)
        case .kind(let kind):
            self.init(
                .wrongKind, operation: "read", object: path.string,
                reason: "it is a \(kind.words), and \(noun)")
        }
    }

    /// Whatever a callback threw, with `object` for what has no name itself.
    init(translating error: any Error, operation: String, object: String) {
        switch error {
        case let error as ArchiveError: self = error
        case let error as SystemCallError: self.init(error, object: object)
        case let error as BlockCodecError:
            self.init(
                .resource, operation: "\(operation) (\(error.operation))", object: object,
                reason: error.reason)
        case let error as BlockFormatError:
            self.init(
                error.kind == .damaged ? .invalid : .refused, operation: operation,
                object: object, reason: "\(error)")
        default:
            self.init(.invalid, operation: operation, object: object, reason: "\(error)")
        }
    }
}

extension ArchiveError: CustomStringConvertible {
    /// For example `write /srv/logs/.host.tar.xz.partial: No space left on device`.
    public var description: String { "\(operation) \(object): \(reason)" }
}
