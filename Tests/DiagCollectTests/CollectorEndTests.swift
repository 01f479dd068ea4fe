import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollect

/// Keeps what it is told, in its order.
private final class EndingSink: ArtifactSink {
    var ends: [(collector: String, artifacts: [Artifact])] = []
    /// What was stored for a collector that had ended.
    var late: [String] = []
    var onEnd: (String) -> Void = { _ in }

    func open(_ path: ArtifactPath) { note(path) }
    func write(_ bytes: Span<UInt8>, to path: ArtifactPath) { note(path) }
    func close(_ path: ArtifactPath, as artifact: Artifact) { note(path) }
    func end(_ collector: String, with artifacts: [Artifact]) {
        ends.append((collector, artifacts))
        onEnd(collector)
    }

    private func note(_ path: ArtifactPath) {
        if ends.contains(where: { path.text.hasPrefix($0.collector + "/") }) {
            late.append(path.text)
        }
    }
}

@Suite struct CollectorEndTests {
    private static func run(
        _ collectors: [Scripted], _ script: String, deadline: Double = 30,
        budget: Int64 = 64 << 20
    ) throws -> (run: Run, sink: EndingSink) {
        let sink = EndingSink()
        let run = try Run(
            collectors, script, deadline: deadline, budget: budget, more: [sink])
        return (run, sink)
    }

    private static func check(_ run: Run, _ sink: EndingSink) {
        #expect(sink.late == [])
        #expect(
            sink.ends.map(\.collector).sorted() == run.outcome.reports.map(\.collector).sorted())
        for (collector, artifacts) in sink.ends {
            #expect(
                artifacts.map(\.path).sorted()
                    == run.artifacts.filter { $0.collector == collector }.map(\.path).sorted())
            // What a report counts is what was there at the end.
            #expect(run.report(collector)?.artifactCount == artifacts.count, "\(collector)")
        }
    }

    @Test("Each collector ends once, with all that it has, however it ends")
    func once() throws {
        let (run, sink) = try Self.run(
            [Scripted("well"), Scripted("crashed"), Scripted("late", deadline: 0.5)],
            """
            say("artifact", {"path": "a"}); data(b"bytes")
            if name == "crashed": sys.stderr.write("oh\\n"); sys.stderr.flush(); os.abort()
            if name == "late": time.sleep(60)
            say("end", {})
            """)
        Self.check(run, sink)
        let crashed = try #require(sink.ends.first { $0.collector == "crashed" })
        #expect(crashed.artifacts.map(\.path).sorted() == ["crashed/a", "crashed/worker.log"])
        #expect(crashed.artifacts.contains { $0.isTruncated })
    }

    @Test("One that never begins ends, too")
    func neverBegun() throws {
        let (run, sink) = try Self.run(
            [Scripted("first"), Scripted("second", risk: .mayBlock)],
            "time.sleep(60)", deadline: 0.5)
        Self.check(run, sink)
        #expect(run.report("second")?.outcome == .interrupted)
    }

    @Test("One that asked for probes ends when these have, with their records")
    func probes() throws {
        let (run, sink) = try Self.run(
            [
                Scripted("store", probes: [ScriptedProbe(deadlineSeconds: 20)]), Scripted("other"),
            ],
            """
            probe = request.get("probe")
            if name == "other": say("end", {}); sys.exit(0)
            if not probe:
                for i in range(3): say("probe", {"kind": "touch", "target": str(i)})
                say("artifact", {"path": "own"}); data(b"x")
                say("end", {}); sys.exit(0)
            time.sleep(0.2)
            while True:
                say("artifact", {"path": "of-" + probe["target"]}); data(b"y")
                say("record", {"kind": "touch", "target": "t", "outcome": "ok", "seconds": 0.1})
                say("end", {})
                line = sys.stdin.readline()
                if not line: break
                probe = json.loads(line)["probe"]
            """)
        Self.check(run, sink)
        let store = try #require(sink.ends.first { $0.collector == "store" })
        #expect(
            store.artifacts.map(\.path).sorted()
                == ["store/of-0", "store/of-1", "store/of-2", "store/own", "store/touch.json"])
    }

    @Test("One that is done ends while others run")
    func early() throws {
        let sign = FileManager.default.temporaryDirectory.appendingPathComponent(
            "diagbundle-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: sign) }
        let sink = EndingSink()
        sink.onEnd = { _ in try? Data().write(to: sign) }
        let run = try Run(
            [Scripted("slow"), Scripted("quick")],
            """
            while name == "slow" and not os.path.exists("\(sign.path)"): time.sleep(0.01)
            say("end", {})
            """, more: [sink])
        Self.check(run, sink)
        #expect(run.report("slow")?.outcome == .complete)
        #expect(sink.ends.map(\.collector) == ["quick", "slow"])
    }
}

@Suite struct FullHostFolderTests {
    @Test("On a full disk room is made once, and no byte is lost", .enabled(if: getuid() == 0))
    func makeRoom() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(
            "diagbundle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        guard try Self.call("mount", "-t", "tmpfs", "-o", "size=1m", "none", place.path) else {
            return
        }
        defer { _ = try? Self.call("umount", place.path) }
        let filler = place.appendingPathComponent("filler")
        try Data(count: 700_000).write(to: filler)
        let output = try OutputDirectory.create(FilePath(place.path))
        let folder = try HostFolder(name: "host", in: output)
        var asked = 0
        folder.makeRoom = {
            asked += 1
            return asked == 1 && (try? FileManager.default.removeItem(at: filler)) != nil
        }
        let path = try ArtifactPath(.init(path: "large"), collector: "c")
        let bytes = (0..<800_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        try folder.open(path)
        try folder.write(bytes.span, to: path)
        #expect(asked == 1)
        let written = try Data(
            contentsOf: URL(fileURLWithPath: folder.stagingPath.string + "/c/large"))
        #expect(Array(written) == bytes)
        // Where nothing can be given up any more, it is an error.
        let error = #expect(throws: SystemCallError.self) { try folder.write(bytes.span, to: path) }
        #expect(error?.errno == .noSpace)
        #expect(asked == 2)
    }

    private static func call(_ arguments: String...) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
