public import DiagModel
public import DiagSystem
public import SystemPackage

/// The right to make the one dump that this machine makes at a time.
///
/// The lock goes with the value, and with the process however that ends.
public struct DumpLock: Sendable {
    /// The lock that was taken here, or the descriptor of one that the parent process took.
    private enum Hold: Sendable {
        case own(FileLock)
        case inherited(Inherited)
    }

    private final class Inherited: Sendable {
        let file: OwnedDescriptor
        init(_ file: consuming OwnedDescriptor) { self.file = file }
    }

    private let hold: Hold

    /// Where the lock lies: gone after a restart of the machine.
    public static let folder: FilePath = "/run/diagbundle"
    /// Its name there.
    public static let name = "livedump.lock"

    /// Takes the lock, or says who has it and since when.
    ///
    /// - Throws: ``LiveDumpError`` with `alreadyRunning`, or `notPermitted` and `inputOutput` when
    ///   the lock file cannot be made.
    public static func acquire(
        in folder: FilePath = DumpLock.folder, process: Int32 = HostFacts.processIdentifier,
        now: Timestamp = .now
    ) throws(LiveDumpError) -> DumpLock {
        let holder = "process \(process), since \(now)"
        let attempt: FileLock.Attempt
        do throws(SystemCallError) {
            attempt = try FileLock.acquire(
                name, in: try OutputDirectory.create(folder), holder: holder)
        } catch { throw refusal(error) }
        switch attempt {
        case .acquired(let lock): return DumpLock(hold: .own(lock))
        case .held(let other):
            let other = UntrustedText.escapingControls(String(other.prefix(200)))
            throw LiveDumpError(
                .alreadyRunning,
                "lock \(folder.appending(name)): another dump is being made by \(other)",
                remedy: "Wait for it to end, or end it: what it has copied is a file that opens.")
        }
    }

    /// Takes over the lock of the parent process, whose descriptor was handed to this one.
    public static func adopt(
        _ descriptor: consuming OwnedDescriptor
    ) throws(LiveDumpError) -> DumpLock {
        do throws(SystemCallError) {
            return DumpLock(hold: .inherited(Inherited(try FileLock.adopt(descriptor))))
        } catch { throw refusal(error) }
    }

    /// A descriptor to hand to a worker process, which then has the lock as well.
    public func descriptorForWorker() throws(SystemCallError) -> OwnedDescriptor {
        switch hold {
        case .own(let lock): try lock.duplicate()
        case .inherited(let inherited): try inherited.file.duplicate()
        }
    }

    /// Gives the lock up early; one that was inherited stays with the parent.
    ///
    /// A worker that has it too must have ended: another could take the lock otherwise.
    public func release() {
        if case .own(let lock) = hold { lock.release() }
    }

    private static func refusal(_ error: SystemCallError) -> LiveDumpError {
        switch error.errno {
        case .resourceTemporarilyUnavailable:
            LiveDumpError(
                .alreadyRunning, "\(error): another dump is being made",
                remedy: "Wait for it to end.")
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            LiveDumpError(
                .notPermitted, "\(error), so it cannot be told whether another dump is being made",
                remedy: error.errno == .readOnlyFileSystem
                    ? "Let it write there: of a systemd unit with RuntimeDirectory=diagbundle."
                    : "Run it as root.")
        default: LiveDumpError(.inputOutput, "\(error)")
        }
    }
}
