import DiagSystem
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

    @Test("One that is not there is an error that names it")
    func notThere() {
        #expect(throws: SystemCallError.self) {
            try CommandRun.run(
                "/nonexistent/tool", [], environment: [:], seconds: 1, limit: 1)
        }
    }
}
