import DiagArchive
import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage

/// The exit codes, in one place. Source: sysexits(3) for those from 64 on.
enum ExitStatus: Int32, CaseIterable {
    /// All is there; what is absent does not count.
    case complete = 0
    /// It failed, what was verified differs, or nothing matched.
    case failed = 1
    /// A valid bundle with something missing, or a part saved of a damaged one.
    case partial = 3
    /// The command line is wrong, or a file that the run goes by.
    case usage = 64
    /// The source does not exist here.
    case unavailable = 69
    /// The output cannot be created.
    case cannotCreate = 73
    /// Input or output failed.
    case inputOutput = 74
    /// Refused for now.
    case temporarilyRefused = 75
    /// Not permitted.
    case notPermitted = 77
    /// Ended by the person or a signal.
    case interrupted = 130
}

/// Why a command ends without doing what it was asked for.
struct CommandFailure: Error {
    let status: ExitStatus
    /// The operation, the object and the cause; then what to do.
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = UntrustedText.escapingControls(message)
    }

    /// What the run goes by cannot be read.
    ///
    /// - Parameters:
    ///   - what: what was to be read, with its path.
    ///   - failure: why.
    ///   - noun: what is expected, such as `a plan is a regular file`.
    init(
        reading what: String, _ failure: OwnedDescriptor.InputFailure, wanted noun: String
    ) {
        switch failure {
        case .system(let error):
            self.init(
                error.errno == .noSuchFileOrDirectory ? .unavailable : .inputOutput,
                "read \(what): \(error.errno)")
        case .kind(let kind):
            self.init(.usage, "read \(what): it is a \(kind.words), and \(noun)")
        }
    }
}

extension ExitStatus {
    /// The code for an output that could not be created or written.
    static func output(_ errno: Errno?, isCreating: Bool) -> ExitStatus {
        switch errno {
        case .noSpace, .diskQuotaExceeded, .ioError, .fileTooLarge: .inputOutput
        default: isCreating ? .cannotCreate : .inputOutput
        }
    }
}
