internal import CLinux
internal import Glibc
public import SystemPackage

/// A process that this one started: signalled, watched and reaped, but never waited for.
///
/// It has a session and so a process group of its own, the working directory `/`, no signal
/// ignored or blocked, and no descriptor but its three standard streams and what it inherits.
public final class ChildProcess: Sendable {
    /// What its standard streams are.
    public struct Streams: ~Copyable {
        /// Standard input.
        public let input: OwnedDescriptor
        /// Standard output.
        public let output: OwnedDescriptor
        /// Standard error.
        public let error: OwnedDescriptor

        /// Three descriptors, closed here once the child has them.
        public init(
            input: consuming OwnedDescriptor, output: consuming OwnedDescriptor,
            error: consuming OwnedDescriptor
        ) {
            self.input = input
            self.output = output
            self.error = error
        }
    }

    /// How a process ended and what it used.
    public struct Ending: Hashable, Sendable {
        /// Its exit code, or the signal that ended it.
        public enum Cause: Hashable, Sendable {
            /// It exited by itself.
            case exited(code: Int)
            /// A signal ended it.
            case signalled(Int)
        }

        /// Its exit code, or the signal that ended it.
        public let cause: Cause
        /// Seconds of processor time in user and kernel mode.
        public let processorSeconds: Double
        /// The most resident memory it had, in bytes.
        public let peakResidentByteCount: Int64
    }

    /// The process id.
    public let identifier: Int32
    /// Becomes readable when the process ends. On a kernel before 5.3 it never does, so whoever
    /// waits must also ask ``reapIfEnded()`` from time to time.
    public let pidfd: OwnedDescriptor

    private init(identifier: Int32, pidfd: consuming OwnedDescriptor) {
        self.identifier = identifier
        self.pidfd = pidfd
    }

    /// A child that was forked. It is not reaped before ``reapIfEnded()``, so its number cannot be
    /// another's.
    convenience init(forked identifier: Int32) {
        self.init(
            identifier: identifier, pidfd: OwnedDescriptor(owning: diag_pidfd_open(identifier)))
    }

    /// Starts `executable`, whose path is taken as it is; PATH is not searched.
    ///
    /// `processName` is what lists of processes show; without it the path. `inherited` is the
    /// number of a descriptor of ours that the child gets as its descriptor 3.
    /// - Throws: what `posix_spawn` said, `ENOENT` when there is no such program.
    public static func spawn(
        _ executable: FilePath, processName: String? = nil, arguments: [String],
        environment: [String: String], streams: consuming Streams, inherited: CInt? = nil
    ) throws(SystemCallError) -> ChildProcess {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        // The streams may themselves be numbered below 3: first out of the way, then into place.
        let input = try streams.input.duplicate()
        let output = try streams.output.duplicate()
        let error = try streams.error.duplicate()
        unsafe posix_spawn_file_actions_adddup2(&actions, input.rawValue, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.rawValue, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, error.rawValue, 2)
        // By now all streams are in place: one of the copies may have had this number.
        if let inherited { unsafe posix_spawn_file_actions_adddup2(&actions, inherited, 3) }
        unsafe diag_spawn_close_from(&actions, inherited == nil ? 3 : 4)
        unsafe diag_spawn_change_directory(&actions, "/")
        var all = sigset_t()
        var none = sigset_t()
        unsafe sigfillset(&all)
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        let setSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which needs _GNU_SOURCE.
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | setSession))

        let names = [processName ?? executable.string] + arguments
        var identifier: pid_t = 0
        let status = unsafe withCStringArray(names) { argumentPointers in
            unsafe withCStringArray(environment.map { "\($0)=\($1)" }.sorted()) {
                environmentPointers in
                unsafe executable.withPlatformString {
                    unsafe posix_spawn(
                        &identifier, $0, &actions, &attributes, argumentPointers,
                        environmentPointers)
                }
            }
        }
        guard status == 0 else {
            throw SystemCallError(
                operation: "start", object: executable.string, errno: Errno(rawValue: status))
        }
        return ChildProcess(forked: identifier)
    }

    /// The same, of a process that the kernel ends when the calling thread ends: with it ends a
    /// command whose worker was killed. Costs a fork.
    ///
    /// - Throws: what fork(2) or execve(2) said.
    public static func spawnDying(
        _ executable: FilePath, arguments: [String], environment: [String: String],
        streams: consuming Streams
    ) throws(SystemCallError) -> ChildProcess {
        let input = try streams.input.duplicate()
        let output = try streams.output.duplicate()
        let error = try streams.error.duplicate()
        var identifier: CInt = -1
        let status = unsafe withCStringArray([executable.string] + arguments) { argumentPointers in
            unsafe withCStringArray(environment.map { "\($0)=\($1)" }.sorted()) {
                environmentPointers in
                unsafe executable.withPlatformString {
                    unsafe diag_spawn_dying(
                        $0, argumentPointers, environmentPointers, input.rawValue,
                        output.rawValue, error.rawValue, &identifier)
                }
            }
        }
        guard status == 0 else {
            throw SystemCallError(
                operation: "start", object: executable.string, errno: Errno(rawValue: status))
        }
        return ChildProcess(forked: identifier)
    }

    /// Reaps the process if it has ended; `nil` while it runs. After an ending, ask no more.
    public func reapIfEnded() -> Ending? {
        var code: CInt = 0
        var status: CInt = 0
        var usage = rusage()
        switch unsafe diag_reap(identifier, &code, &status, &usage) {
        case 0: return nil
        case 1:
            let seconds =
                Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
            return Ending(
                cause: code == CLD_EXITED ? .exited(code: Int(status)) : .signalled(Int(status)),
                processorSeconds: seconds, peakResidentByteCount: Int64(usage.ru_maxrss) * 1024)
        default:
            // Nobody else reaps our children, so it never was ours to begin with.
            return Ending(
                cause: .signalled(0), processorSeconds: 0, peakResidentByteCount: 0)
        }
    }

    /// Asks the process and its whole group to end, by SIGTERM.
    public func terminate() {
        _ = Glibc.kill(-identifier, SIGTERM)
        _ = Glibc.kill(identifier, SIGTERM)  // It may not have made its group yet.
    }

    /// Ends the process and its whole group by SIGKILL. It may outlive that, in state D.
    public func kill() {
        _ = Glibc.kill(-identifier, SIGKILL)
        _ = Glibc.kill(identifier, SIGKILL)  // It may not have made its group yet.
    }

    /// Ends what is left of the group of a process that has ended itself.
    public func killGroup() { _ = Glibc.kill(-identifier, SIGKILL) }

    /// Ends a process that one of our children started, with its group.
    public static func killForeign(_ identifier: Int32) {
        guard identifier > 1 else { return }
        _ = Glibc.kill(-identifier, SIGKILL)
        _ = Glibc.kill(identifier, SIGKILL)
    }
}

/// Calls `body` with a null-terminated array of C strings.
func withCStringArray<Result>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = unsafe strings.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
        unsafe body(buffer.baseAddress.unsafelyUnwrapped)
    }
}
