internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

extension ChildProcess {
    /// Ends a process that one of our children may have started, and all that it started, each
    /// with its group.
    public static func killTree(_ identifier: Int32) {
        // Found first: what loses its parent is somebody else's child a moment later.
        let below = ProcessStanding.descendants(of: identifier)
        killForeign(identifier)
        for descendant in below { killForeign(descendant) }
    }

    /// Reaps adopted children that have ended, those of `own` excepted: for who started them. So are
    /// those that are reserved.
    ///
    /// Unreaped they keep their numbers, of which a host has few.
    public static func reapOrphans(besides own: Set<Int32>) {
        reserved.withLock { reserved in
            var status: CInt = 0
            for child in ProcessStanding.children(of: getpid())
            where !own.contains(child) && !reserved.contains(child) {
                _ = unsafe waitpid(child, &status, WNOHANG)
            }
        }
    }

    /// Children that another thread reaps.
    private static let reserved = Mutex<Set<Int32>>([])

    /// Starts a child by `start` that ``reapOrphans(besides:)`` leaves to the caller, until
    /// ``release()``.
    static func reserving(
        _ start: () throws(SystemCallError) -> ChildProcess
    ) throws(SystemCallError) -> ChildProcess {
        try reserved.withLock { reserved throws(SystemCallError) in
            let child = try start()
            reserved.insert(child.identifier)
            return child
        }
    }

    /// Lets anybody reap it: it was reaped, or nobody asks for it any more.
    func release() { Self.reserved.withLock { _ = $0.remove(identifier) } }

    /// Ends the adopted children, those of `own` excepted, whose environment has one of
    /// `variables`, texts `NAME=VALUE`: what workers left behind.
    ///
    /// The environment is memory of that process, and to read it may hang where it hangs, as on a
    /// mapped file of a dead server: another thread reads, and is left when it takes too long.
    ///
    /// - Returns: `false` when it was not answered in time.
    public static func killOrphans(with variables: Set<String>, besides own: Set<Int32>) -> Bool {
        let wanted = variables.map { Array($0.utf8) }
        // Where there may be no more threads now, there may be a second later.
        let found = try? BackgroundValue.start(name: "orphans") {
            ProcessStanding.children(of: getpid()).filter { child in
                !own.contains(child) && isAny(of: wanted, inEnvironmentOf: child)
            }
        }
        guard let found else { return true }
        guard let children = found.wait(seconds: orphanSeconds) else { return false }
        // None of them was reaped meanwhile, so the numbers are still theirs.
        for child in children { killTree(child) }
        return true
    }

    private static let orphanSeconds = 0.5

    private static func isAny(of wanted: [[UInt8]], inEnvironmentOf process: Int32) -> Bool {
        guard
            let file = try? OwnedDescriptor.open(
                FilePath("/proc/\(process)/environ"), .readOnly),
            let bytes = try? file.readAll(limit: 1 << 20)
        else { return false }
        var start = 0
        for end in 0...bytes.count where end == bytes.count || bytes[end] == 0 {
            let isWanted = wanted.contains {
                $0.count == end - start && bytes[start..<end].elementsEqual($0)
            }
            if isWanted { return true }
            start = end + 1
        }
        return false
    }

    /// Ends and reaps whatever is still a child of this process, adopted ones included.
    ///
    /// What a killed child had started becomes ours in turn, so this goes on until there is none,
    /// or for `seconds`, and not that long when all that is left hangs in the kernel. Nothing else
    /// may wait for a child while this runs.
    ///
    /// - Returns: whether none is left.
    @discardableResult
    public static func endAll(withinSeconds seconds: Double) -> Bool {
        let start = MonotonicTime.now
        // The processes that hang, and since when they were seen so without a break.
        var hung = [Int32: MonotonicTime]()
        while true {
            let left = ProcessStanding.children(of: getpid())
            for child in left { killTree(child) }
            var status: CInt = 0
            while true {
                let reaped = unsafe waitpid(-1, &status, WNOHANG)
                if reaped > 0 { continue }
                if reaped < 0, Errno.last == .noChildProcess { return true }
                break
            }
            let now = MonotonicTime.now
            if now.seconds(since: start) >= seconds { return false }
            for child in left {
                let hangs = ProcessStanding.of(child, withinSeconds: hangSeconds).hangs
                hung[child] = hangs ? hung[child] ?? now : nil
            }
            let hangs = left.allSatisfy { child in
                hung[child].map { MonotonicTime.now.seconds(since: $0) >= hangSeconds } ?? false
            }
            if hangs, !left.isEmpty { return false }
            usleep(5000)
        }
    }

    /// How long a killed process may be in uninterruptible sleep before it counts as hanging there.
    private static let hangSeconds = 0.1
}
