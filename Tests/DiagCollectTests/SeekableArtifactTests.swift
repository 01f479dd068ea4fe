import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollect

@Suite("A file that a worker writes itself")
struct SeekableArtifactTests {
    /// One run of the collector `dump`, whose file goes into a host folder of its own.
    private final class DumpRun {
        let path: String
        let run: Run
        let folder: HostFolder

        init(
            _ script: String, deadline: Double = 20, ownDeadline: Double? = nil,
            runDeadline: Double = 30, conclude: Double = 10, limit: Int64 = 1 << 30,
            budget: Int64 = 64 << 20, stopAfter: Double? = nil
        ) throws {
            path = NSTemporaryDirectory() + "seekable-\(UUID().uuidString)"
            folder = try HostFolder(
                name: "host17", in: try OutputDirectory.create(FilePath(path)))
            let seekable = SeekableArtifact(
                path: "LiveDump.kdump", byteLimit: limit, mediaType: Artifact.kdumpMediaType,
                source: "/proc/kcore", concludingSeconds: conclude)
            run = try Run(
                [
                    Scripted(
                        "dump", deadline: deadline, seekable: seekable,
                        topArtifacts: ["LiveDump.json"])
                ],
                """
                f = request["seekable"]
                assert f["descriptor"] == 3 and f["path"] == "LiveDump.kdump"
                \(script)
                """, deadline: runDeadline, budget: budget, stopAfter: stopAfter, folder: folder,
                deadlines: ownDeadline.map { ["dump": $0] } ?? [:])
            try folder.commit()
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var bytes: [UInt8]? {
            (try? Data(contentsOf: URL(fileURLWithPath: path + "/host17/LiveDump.kdump")))
                .map { Array($0) }
        }

        var artifact: Artifact? { run.artifacts.first { $0.path == "LiveDump.kdump" } }

        /// Whether what the manifest says of the file is true.
        var isHashRight: Bool {
            guard let bytes, let artifact else { return false }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
            process.arguments = [path + "/host17/LiveDump.kdump"]
            let output = Foundation.Pipe()
            process.standardOutput = output
            guard (try? process.run()) != nil,
                let data = try? output.fileHandleForReading.readToEnd()
            else { return false }
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self).hasPrefix(artifact.sha256 ?? "none")
                && artifact.byteCount == Int64(bytes.count)
        }
    }

    @Test("It is written anywhere, hashed, and listed beside what was sent to the top")
    func whole() throws {
        let dump = try DumpRun(
            """
            os.pwrite(3, b"tail", 5_000_000); os.pwrite(3, b"head", 0)
            assert os.pread(3, 4, 0) == b"head"
            say("progress", {"done": 1, "total": 2, "unit": "pages", "file": {
                "path": "../x", "byteCount": 1, "totalByteCount": 9, "bytesPerSecond": 4.5,
                "remainingSeconds": 2}})
            time.sleep(0.4)
            say("artifact", {"path": "LiveDump.json"}); data(b"{}")
            say("artifact", {"path": "other.txt"}); data(b"below")
            say("seekable", {"isComplete": True}); say("end", {})
            """, budget: 100)
        let report = try #require(dump.run.report("dump"))
        #expect(report.outcome == .complete)
        #expect(report.artifactCount == 3 && report.byteCount == 5_000_004 + 7)
        #expect(
            dump.run.artifacts.map(\.path) == [
                "LiveDump.json", "dump/other.txt", "LiveDump.kdump",
            ])
        let artifact = try #require(dump.artifact)
        #expect(dump.isHashRight && dump.bytes?.count == 5_000_004)
        #expect(artifact.collector == "dump" && artifact.mediaType == Artifact.kdumpMediaType)
        #expect(artifact.privacy == .sensitive && artifact.source == "/proc/kcore")
        #expect(!artifact.isTruncated && artifact.isCompressed)
        let files = dump.run.events.compactMap { $0.operation?.file }
        #expect(
            files.contains(
                .init(
                    path: "LiveDump.kdump", byteCount: 1, totalByteCount: 9, bytesPerSecond: 4.5,
                    remainingSeconds: 2)), "the path is ours, whatever the worker says")
    }

    @Test(
        "What was written stays when its writer ends badly, and is marked",
        arguments: [
            (
                "os.kill(os.getpid(), signal.SIGSEGV)", CollectorReport.Outcome.crashed,
                "its writer ended before it said that the file is whole: signal 11 (SIGSEGV) ended it"
            ),
            (
                "os.kill(os.getpid(), signal.SIGKILL)", .crashed,
                "its writer ended before it said that the file is whole: signal 9 (SIGKILL) ended it"
            ),
            (
                "say('seekable', {'isComplete': False, 'reason': 'no space'}); say('end', {})",
                .complete, "no space"
            ),
            ("say('end', {})", .complete, "its writer ended before it said that the file is whole"),
        ])
    func cut(script: String, outcome: CollectorReport.Outcome, why: String) throws {
        let dump = try DumpRun("os.write(3, b'part'); " + script)
        #expect(dump.run.report("dump")?.outcome == outcome)
        #expect(dump.bytes == Array("part".utf8) && dump.isHashRight)
        #expect(dump.artifact?.truncationReason == why)
        #expect(dump.run.report("dump")?.byteCount == 4)
    }

    @Test("At its deadline the writer is told to stop, and finishes the file")
    func deadline() throws {
        let dump = try DumpRun(
            """
            os.write(3, b"part")
            assert sys.stdin.readline() == "stop\\n"
            os.write(3, b" and end")
            say("seekable", {"isComplete": False, "reason": "stopped"}); say("end", {})
            """, deadline: 0.7)
        let report = try #require(dump.run.report("dump"))
        #expect(report.outcome == .timedOut)
        #expect(report.reason?.hasPrefix("it did not end within 0.7 s") == true)
        #expect(dump.bytes == Array("part and end".utf8) && dump.isHashRight)
        #expect(dump.artifact?.truncationReason == "stopped")
    }

    @Test("The run's deadline leaves it time to finish, within that deadline")
    func runDeadline() throws {
        let began = MonotonicTime.now
        let dump = try DumpRun(
            """
            os.write(3, b"part"); sys.stdin.readline(); os.write(3, b"end")
            say("seekable", {"isComplete": True}); say("end", {})
            """, runDeadline: 2, conclude: 60)
        #expect(dump.run.report("dump")?.outcome == .complete, "it finished all the same")
        #expect(dump.artifact?.isTruncated == false && dump.isHashRight)
        #expect(MonotonicTime.now.seconds(since: began) < 25)
    }

    @Test("A writer that does not listen is killed some seconds later")
    func deaf() throws {
        let dump = try DumpRun(
            "os.write(3, b'part'); time.sleep(300)", deadline: 0.5, conclude: 0.5)
        #expect(dump.run.report("dump")?.outcome == .timedOut)
        #expect(dump.bytes == Array("part".utf8) && dump.isHashRight)
        #expect(dump.artifact?.isTruncated == true)
    }

    @Test("A person's interruption ends in a file that is finished")
    func interrupted() throws {
        let dump = try DumpRun(
            """
            os.write(3, b"part"); sys.stdin.readline(); os.write(3, b"end")
            say("seekable", {"isComplete": False, "reason": "interrupted"}); say("end", {})
            """, stopAfter: 0.5)
        #expect(dump.run.outcome.isInterrupted)
        #expect(dump.run.report("dump")?.outcome == .interrupted)
        #expect(dump.bytes == Array("partend".utf8) && dump.isHashRight)
    }

    @Test("A file without a byte is removed, and not listed")
    func empty() throws {
        let dump = try DumpRun("say('missing', {'what': 'kcore', 'why': 'none'}); say('end', {})")
        #expect(dump.run.report("dump")?.outcome == .complete)
        #expect(dump.artifact == nil && dump.bytes == nil)
        #expect(dump.run.outcome.missing.map(\.what) == ["kcore"])
    }

    @Test("Its name is taken, and the word about it needs a file")
    func names() throws {
        let dump = try DumpRun(
            """
            os.write(3, b"x"); say("artifact", {"path": "LiveDump.kdump"}); data(b"below")
            say("seekable", {"isComplete": True}); say("end", {})
            """)
        #expect(dump.run.artifacts.map(\.path) == ["dump/LiveDump.kdump", "LiveDump.kdump"])
        let run = try Run(
            [Scripted("plain")], "say('seekable', {'isComplete': True}); say('end', {})")
        #expect(run.report("plain")?.outcome == .garbled)
        #expect(run.report("plain")?.reason?.contains("seekable without a file") == true)
    }

    @Test("No other collector inherits a descriptor, or has its artifacts at the top")
    func others() throws {
        let run = try Run(
            [Scripted("plain")],
            """
            try: os.fstat(3); say("note", {"text": "has 3"})
            except OSError: pass
            say("artifact", {"path": "LiveDump.json"}); data(b"{}"); say("end", {})
            """)
        #expect(run.report("plain")?.notes == [])
        #expect(run.artifacts.map(\.path) == ["plain/LiveDump.json"])
    }

    @Test("The file of a writer that hangs in the kernel stays, and is listed only without a hash")
    func hanging() throws {
        let path = FilePath(NSTemporaryDirectory() + "seekable-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        let output = try OutputDirectory.create(path)
        for (isHashed, text) in [(true, "part"), (false, "part"), (false, "")] {
            let folder = try HostFolder(name: "host\(isHashed)\(text)", in: output)
            let intake = ArtifactIntake(
                filter: UnchangedArtifacts(), sinks: [folder], byteBudget: 0)
            let seekable = try #require(
                try intake.openSeekable(
                    SeekableArtifact(
                        path: "LiveDump.kdump", mediaType: Artifact.kdumpMediaType,
                        isHashed: isHashed), collector: "dump"))
            try seekable.file?.descriptor.write(Array(text.utf8).span)
            let left = intake.leave(seekable, truncation: "it hangs")
            try folder.commit()
            let file = folder.finalPath.appending("LiveDump.kdump").string
            #expect(FileManager.default.fileExists(atPath: file) == !text.isEmpty)
            #expect(
                left == (text.isEmpty ? .removed : isHashed ? .unlisted : .listed(byteCount: 4)))
            let artifact = intake.artifacts.first
            #expect(intake.artifacts.count == (isHashed || text.isEmpty ? 0 : 1))
            #expect(artifact?.sha256 == nil && artifact?.isTruncated != false)
            #expect(artifact.map { $0.truncationReason == "it hangs" } != false)
        }
    }

    @Test("The plan's own deadline takes the place of the collector's")
    func longerDeadline() throws {
        let script = """
            time.sleep(1.2); say("seekable", {"isComplete": True}); say("end", {})
            """
        let short = try DumpRun(script, deadline: 0.5, conclude: 0.2)
        #expect(short.run.report("dump")?.outcome == .timedOut)
        let longer = try DumpRun(script, deadline: 0.5, ownDeadline: 20)
        #expect(longer.run.report("dump")?.outcome == .complete)
    }

    @Test("A large file passes the hash in turns, and the run goes on beside it")
    func large() throws {
        let dump = try DumpRun(
            """
            os.ftruncate(3, 400 << 20)
            say("seekable", {"isComplete": True}); say("end", {})
            """)
        #expect(dump.artifact?.byteCount == 400 << 20)
        // head -c 419430400 /dev/zero | sha256sum
        #expect(dump.artifact?.sha256?.count == 64)
        #expect(dump.run.events.contains { $0.operation?.activity == "hashing" })
    }
}
