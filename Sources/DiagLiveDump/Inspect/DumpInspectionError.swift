internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Why nothing can be told of a file.
public struct DumpInspectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What stands in the way.
    public enum Kind: Hashable, Sendable {
        /// There is no such file, or it is a directory without a dump, or with several.
        case notAFile
        /// It is a directory where a file is needed, a FIFO, a socket or a device.
        case wrongKind
        /// It must not be read.
        case notPermitted
        /// It is something else than the memory of a kernel.
        case notADump
        /// It begins like a dump, but what follows is impossible or missing.
        case damaged
        /// Reading failed.
        case inputOutput
    }

    /// What stands in the way.
    public let kind: Kind
    /// The operation, the object and the cause; then what to do.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ error: SystemCallError, on name: String) {
        kind =
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory, .isDirectory, .noSuchAddressOrDevice:
                .notAFile
            case .permissionDenied, .notPermitted: .notPermitted
            default: .inputOutput
            }
        description = "\(error.operation) \(name): \(error.errno)"
    }

    init(_ failure: OwnedDescriptor.InputFailure, on name: String, wanted noun: String) {
        switch failure {
        case .system(let error): self.init(error, on: name)
        case .kind(let kind):
            self.init(.wrongKind, "read \(name): it is a \(kind.words), and \(noun)")
        }
    }

    init(damaged name: String, _ part: String, _ error: FormatError) {
        self.init(.damaged, "\(name) begins like a \(part), but it is damaged or cut: \(error)")
    }
}
