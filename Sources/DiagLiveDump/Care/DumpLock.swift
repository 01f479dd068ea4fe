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

    /// How often the lock is asked for again, and the seconds between: who only asks whether a dump
    /// is being made has it for a moment.
    private static let (retryCount, retrySeconds) = (5, 0.02)

    /// Takes the lock, or says who has it and since when.
    ///
    /// - Throws: ``LiveDumpError`` with `alreadyRunning`, or `notPermitted` and `inputOutput` when
    ///   the lock file cannot be made.
    public static func acquire(
        in folder: FilePath = DumpLock.folder, process: Int32 = HostFacts.processIdentifier,
        now: Timestamp = .now
    ) throws(LiveDumpError) -> DumpLock {
        let holder = "process \(process), since \(now)"
        var attempt: FileLock.Attempt
        do throws(SystemCallError) {
            let directory = try OutputDirectory.create(folder)
            attempt = try FileLock.acquire(name, in: directory, holder: holder)
            for _ in 0..<retryCount {
                guard case .held = attempt else { break }
                pause()
                attempt = try FileLock.acquire(name, in: directory, holder: holder)
            }
        } catch { throw refusal(error) }
        switch attempt {
        case .acquired(let lock): return DumpLock(hold: .own(lock))
        case .held(let other): throw held(by: other, in: folder)
        }
    }

    /// Why no dump could begin now: another is being made. `nil` when none is, or when that cannot
    /// be told.
    ///
    /// Nothing is made and nothing is written; who asks has the lock for a moment itself, if nobody
    /// else has it.
    public static func refusal(in folder: FilePath = DumpLock.folder) -> LiveDumpError? {
        do throws(SystemCallError) {
            let file = try OwnedDescriptor.open(
                folder.appending(name), .readOnly, options: .nonBlocking)
            for _ in 0...retryCount {
                if try file.tryLock() { return nil }
                pause()
            }
            let text = String(decoding: try file.readAll(limit: 512), as: UTF8.self)
            return held(by: text.isEmpty ? "another run" : text, in: folder)
        } catch { return nil }
    }

    private static func pause() {
        var poller = Poller()
        _ = poller.wait(seconds: retrySeconds)
    }

    private static func held(by holder: String, in folder: FilePath) -> LiveDumpError {
        let holder = UntrustedText.escapingControls(String(holder.prefix(200)))
        return LiveDumpError(
            .alreadyRunning,
            "lock \(folder.appending(name)): another dump is being made by \(holder)",
            remedy: "Wait for it to end, or end it: what it has copied is a file that opens.")
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
