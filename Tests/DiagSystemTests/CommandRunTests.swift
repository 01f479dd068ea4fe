import DiagSystem
import SystemPackage
import Testing

@Suite("Running a command")
struct CommandRunTests {
    private func run(_ script: String, seconds: Double = 10, limit: Int = 1000) throws
        -> CommandRun
    {
        try CommandRun.run(
            "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], seconds: seconds,
            limit: limit)
    }

    @Test("What it says, what it complains and its code are told")
    func told() throws {
        let result = try run("echo said; echo complained >&2; exit 7")
        #expect(String(decoding: result.output, as: UTF8.self) == "said\n")
        #expect(String(decoding: result.errors, as: UTF8.self) == "complained\n")
        #expect(result.cause == .exited(code: 7) && !result.isCut)
    }

    @Test("One that does not end is killed, and what it said is kept")
    func late() throws {
        let started = MonotonicTime.now
        let result = try run("echo early; exec sleep 600", seconds: 0.5)
        #expect(result.cause == nil)
        #expect(String(decoding: result.output, as: UTF8.self) == "early\n")
        #expect(MonotonicTime.now.seconds(since: started) < 60)
    }

    @Test("One that says too much is cut and killed")
    func endless() throws {
        let result = try run("exec yes", seconds: 30, limit: 5000)
        #expect(result.isCut && result.output.count == 5000 && result.cause == nil)
    }

    @Test("The end of what says too much is kept, and it is let go on to its end")
    func newest() throws {
        let result = try CommandRun.run(
            "/bin/sh", ["-c", "yes early | head -c 999996; echo last"],
            environment: ["PATH": "/usr/bin:/bin"], seconds: 30, limit: 1000, keeping: .newest)
        #expect(result.cause == .exited(code: 0) && result.isCut && result.output.count == 1000)
        #expect(result.outputByteCount == 1_000_001)
        #expect(String(decoding: result.output, as: UTF8.self).hasSuffix("early\nlast\n"))
    }

    @Test("One that ignores SIGTERM is killed, with what it started")
    func stubborn() throws {
        let result = try run(
            "trap '' TERM; sleep 611 & echo $!; while :; do wait; done", seconds: 0.3)
        #expect(result.cause == nil && !result.isAbandoned)
        let child = try #require(
            Int(String(decoding: result.output, as: UTF8.self).dropLast()))
        #expect(result.seconds < 60)
        #expect(Self.isGone(child))
    }

    @Test("One that ends on SIGTERM may say a last word")
    func polite() throws {
        let result = try run(
            "trap 'echo bye; exit 3' TERM; echo early; sleep 612 & wait", seconds: 0.3)
        #expect(result.cause == nil && !result.isAbandoned)
        #expect(String(decoding: result.output, as: UTF8.self) == "early\nbye\n")
    }

    @Test("A child that keeps the pipe open is not waited for, and is ended")
    func keepsPipe() throws {
        let result = try run("sleep 613 & echo $!", seconds: 60)
        #expect(result.cause == .exited(code: 0) && result.seconds < 30)
        let child = try #require(
            Int(String(decoding: result.output, as: UTF8.self).dropLast()))
        #expect(Self.isGone(child))
    }

    @Test("What an ended command left behind, and goes on writing, is not listened to")
    func leftover() throws {
        let result = try CommandRun.run(
            "/bin/sh", ["-c", "yes & exit 0"], environment: ["PATH": "/usr/bin:/bin"],
            seconds: 60, limit: 1000, keeping: .newest)
        #expect(result.cause == .exited(code: 0))
        #expect(result.seconds < 30)
    }

    /// Whether the process ends within a while; a zombie counts as ended.
    private static func isGone(_ process: Int) -> Bool {
        for _ in 0..<500 {
            let status = try? RootedTree("/").read(
                FilePath("/proc/\(process)/status"), limit: 4096)
            guard let status, !String(decoding: status, as: UTF8.self).contains("State:\tZ") else {
                return true
            }
            var pause = Poller()
            _ = pause.wait(seconds: 0.01)
        }
        return false
    }

    @Test("One that is not there is an error that names it")
    func notThere() {
        #expect(throws: SystemCallError.self) {
            try CommandRun.run(
                "/nonexistent/tool", [], environment: [:], seconds: 1, limit: 1)
        }
    }
}
