internal import CLinux
internal import Glibc
internal import SystemPackage

extension ChildProcess {
    /// Forks a process that runs `body` in this program as it is: it costs a hundredth of a start.
    ///
    /// It has all that ``spawn(_:processName:arguments:environment:streams:inherited:)`` gives: a
    /// session, its streams and no other descriptor, only `environment`, the working directory `/`.
    /// Its memory is a copy of ours, so nothing may be in it that the process must not know.
    ///
    /// - Parameters:
    ///   - title: what lists of processes show.
    ///   - environment: the whole environment.
    ///   - streams: its standard streams.
    ///   - body: what it does.
    /// - Returns: the process; `nil` when this process has other threads, whose locks nobody would
    ///   release in a copy.
    /// - Throws: what fork(2) said.
    public static func fork(
        title: String, environment: [String: String], streams: borrowing Streams,
        _ body: () -> Never
    ) throws(SystemCallError) -> ChildProcess? {
        guard diag_thread_count() == 1 else { return nil }
        let descriptors = [
            streams.input.rawValue, streams.output.rawValue, streams.error.rawValue,
        ]
        let identifier = try systemCall("fork", on: title) { diag_fork() }
        if identifier == 0 {
            settle(descriptors, environment: environment, title: title)
            body()
        }
        return ChildProcess(forked: identifier)
    }

    /// Makes of a process that was just forked what a started one is, or ends it.
    static func settle(_ descriptors: [CInt], environment: [String: String], title: String) {
        guard unsafe diag_settle_child(descriptors, CInt(descriptors.count)) == 0,
            unsafe withCStringArray(
                environment.map { "\($0)=\($1)" }, { unsafe diag_replace_environment($0) }) == 0
        else { _exit(127) }
        ProcessTitle.set(title)
    }
}
