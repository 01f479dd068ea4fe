import Glibc
import SystemPackage
import Testing

@testable import DiagSystem

@Suite("Child processes")
struct ChildProcessTests {
    private func run(
        _ script: String, environment: [String: String] = [:]
    ) throws -> (ChildProcess.Ending, String) {
        let output = try Pipe()
        let child = try ChildProcess.spawn(
            "/bin/sh", arguments: ["-c", script], environment: environment,
            streams: .init(
                input: try OwnedDescriptor.open("/dev/null", .readOnly),
                output: try output.writing.duplicate(),
                error: try OwnedDescriptor.open("/dev/null", .writeOnly)))
        let reading = output.takeReading()
        let text = String(decoding: try reading.readAll(limit: 1 << 20), as: UTF8.self)
        var poller = Poller()
        poller.watch(child.pidfd, tag: 0)
        while true {
            if let ending = child.reapIfEnded() { return (ending, text) }
            _ = poller.wait(seconds: 0.05)
        }
    }

    @Test("A process that works has used processors, and its threads were switched")
    func usedTime() throws {
        let before = ProcessStanding.of(getpid())
        let end = MonotonicTime.now.advanced(bySeconds: 0.3)
        while MonotonicTime.now < end { sched_yield() }
        let after = ProcessStanding.of(getpid())
        #expect(after.processorSeconds > before.processorSeconds)
        // Of living threads: other tests' end meanwhile.
        #expect(after.switchCount > 0)
        #expect(ProcessStanding.of(Int32.max).switchCount == 0)
    }

    @Test(
        "Both counts of switches are added",
        arguments: [
            ("voluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n", 157),
            ("Name:\tctxt_switches:\nvoluntary_ctxt_switches:\t-1\n", 0),
            ("voluntary_ctxt_switches:\t99999999999999999999\n", 0), ("", 0),
        ])
    func switches(status: String, count: Int) {
        #expect(ProcessStanding.switchCount(in: status) == count)
    }

    @Test("The end of a process tells its code or its signal")
    func endings() throws {
        #expect(try run("exit 7").0.cause == .exited(code: 7))
        #expect(try run("kill -9 $$").0.cause == .signalled(9))
        #expect(try run("exit 0").0.peakResidentByteCount > 0)
    }

    @Test("A child has its streams, its environment, a session and / as its place, nothing else")
    func surroundings() throws {
        let (_, text) = try run(
            "echo $A; pwd; ls /proc/self/fd | tr '\\n' ' '; cut -d' ' -f6 /proc/$$/stat; echo $$",
            environment: ["A": "value", "PATH": "/usr/bin:/bin"])
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "value")
        #expect(lines[1] == "/")
        // 3 is what ls itself opens.
        #expect(lines[2].hasPrefix("0 1 2 3 "))
        #expect(lines[2].hasSuffix(lines[3]), "its session is its own: \(lines)")
    }

    @Test("Killing ends the whole group, and where a process stands can be told")
    func group() throws {
        let output = try Pipe()
        let child = try ChildProcess.spawn(
            "/bin/sh", arguments: ["-c", "sleep 60 & wait"], environment: ["PATH": "/usr/bin:/bin"],
            streams: .init(
                input: try OwnedDescriptor.open("/dev/null", .readOnly),
                output: try output.writing.duplicate(),
                error: try OwnedDescriptor.open("/dev/null", .writeOnly)))
        #expect(child.reapIfEnded() == nil)
        let standing = ProcessStanding.of(child.identifier)
        #expect(standing.state != nil)
        #expect(standing.summary.hasPrefix("process \(child.identifier) is in state "))
        child.kill()
        // The end of the pipe comes only when the sleeping grandchild is gone as well.
        #expect(try output.takeReading().readAll(limit: 10) == [])
    }

    @Test("A program that does not exist is an error that names it")
    func missingProgram() throws {
        let error = #expect(throws: SystemCallError.self) {
            _ = try ChildProcess.spawn(
                "/no/such", arguments: [], environment: [:],
                streams: .init(
                    input: try OwnedDescriptor.open("/dev/null", .readOnly),
                    output: try OwnedDescriptor.open("/dev/null", .writeOnly),
                    error: try OwnedDescriptor.open("/dev/null", .writeOnly)))
        }
        #expect(error?.description == "start /no/such: No such file or directory")
    }
}
