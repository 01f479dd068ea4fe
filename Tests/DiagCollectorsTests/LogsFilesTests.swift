import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import Testing

@testable import DiagCollectors

@Suite("Logs: files of syslog, audit and pstore")
struct LogsFilesTests {
    private func paths(_ sink: MemorySink) -> [String] { sink.artifacts.map(\.opening.path) }

    @Test("Live and rotated files are copied, the newest first, and nothing else")
    func files() throws {
        let host = try LogsHost()
        for (name, modified) in [
            ("messages", 50), ("messages-20261101", 40), ("messages-20261025.xz", 30),
            ("syslog.1", 45), ("syslog.2.gz", 20), ("kern.log", 10), ("messages.txt", 60),
            ("syslogger", 60), ("cron.daily", 60), ("Xorg.0.log", 60), ("mail.log.old", 60),
        ] {
            try host.write("var/log/" + name, name + "\n", modified: modified)
        }
        let sink = try host.collect()
        #expect(
            paths(sink) == [
                "syslog/kern.log", "syslog/messages", "syslog/syslog.1",
                "syslog/messages-20261101", "syslog/messages-20261025.xz", "syslog/syslog.2.gz",
            ])
        #expect(sink["syslog/messages-20261025.xz"]?.text == "messages-20261025.xz\n")
        #expect(sink.artifacts.allSatisfy { $0.opening.privacy == .content })
        #expect(sink.missing.isEmpty)
    }

    @Test("Rotated files from before the wanted time are left out; live ones are not")
    func since() throws {
        let host = try LogsHost()
        try host.write("var/log/messages", "live\n", modified: 10)
        try host.write("var/log/messages.1", "new\n", modified: 1000)
        try host.write("var/log/messages.2", "old\n", modified: 20)
        let sink = try host.collect(since: Timestamp(microsecondsSince1970: 500_000_000))
        #expect(paths(sink) == ["syslog/messages", "syslog/messages.1"])
        #expect(
            sink.messages.contains(
                .note(
                    .init(
                        text: "rotated files of syslog are chosen by their time of last change"
                            + " (left out: 1); what is sent is not cut at the wanted time"))))
    }

    @Test("A file that is too large gives its newest lines; the budget holds for all together")
    func budget() throws {
        let host = try LogsHost()
        let lines = (0..<1000).map { "line \($0)\n" }.joined()
        try host.write("var/log/messages", lines, modified: 900)
        try host.write("var/log/messages.1", lines, modified: 800)
        try host.write("var/log/messages.2.gz", lines, modified: 700)
        try host.write("var/log/messages.3", lines, modified: 600)
        let sink = try host.collect(byteBudget: 6 * 6000)
        let live = try #require(sink["syslog/messages"])
        #expect(live.bytes.count <= 2000)
        #expect(live.text.hasPrefix("line "))
        #expect(live.text.hasSuffix("line 999\n"))
        #expect(live.truncation != nil)
        #expect(sink["syslog/messages.1"]?.text.hasSuffix("line 999\n") == true)
        #expect(sink["syslog/messages.2.gz"] == nil)
        #expect(sink.artifacts.reduce(0) { $0 + $1.bytes.count } <= 6000)
        #expect(sink.missing.map(\.what).contains { $0.contains("files of syslog below /var/log") })
    }

    @Test("A FIFO, a loop of links and a folder are missing, and hold nobody up")
    func strangeFiles() throws {
        let host = try LogsHost()
        try host.write("var/log/kern.log", "sound\n")
        let log = host.url.appendingPathComponent("var/log")
        #expect(mkfifo(log.appendingPathComponent("messages").path, 0o600) == 0)
        let files = FileManager.default
        try files.createSymbolicLink(
            atPath: log.appendingPathComponent("syslog").path, withDestinationPath: "syslog")
        try files.createDirectory(
            at: log.appendingPathComponent("secure"), withIntermediateDirectories: false)
        // A link that leads out of the root stays below it.
        try files.createSymbolicLink(
            atPath: log.appendingPathComponent("auth.log").path,
            withDestinationPath: "/../../../../etc/passwd")
        let sink = try host.collect()
        #expect(paths(sink) == ["syslog/kern.log"])
        #expect(
            Set(sink.missing.map(\.what)) == [
                "/var/log/messages", "/var/log/syslog", "/var/log/secure",
            ])
        #expect(sink.absent.contains { $0.what == "/var/log/auth.log" })
    }

    @Test("Sparse files of a gigabyte cost only the part that is kept")
    func sparse() throws {
        let host = try LogsHost().write("var/log/messages", "start\n")
        let path = host.url.appendingPathComponent("var/log/messages").path
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 1 << 30)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\nlast line\n".utf8))
        try handle.close()
        let sink = try host.collect(byteBudget: 6 << 20)
        let live = try #require(sink["syslog/messages"])
        #expect(live.bytes.count <= 1 << 20)
        #expect(live.text.hasSuffix("last line\n"))
    }

    @Test("The audit log is sensitive, and its newest lines are kept")
    func audit() throws {
        let host = try LogsHost()
        try host.write("var/log/audit/audit.log", (0..<500).map { "type=A \($0)\n" }.joined())
        let sink = try host.collect(byteBudget: 32 * 1000)
        let audit = try #require(sink["audit/audit.log"])
        #expect(audit.opening.privacy == .sensitive)
        #expect(audit.bytes.count <= 1000)
        #expect(audit.text.hasSuffix("type=A 499\n"))
    }

    @Test("Crash records are kept and are a finding")
    func crashRecords() throws {
        let host = try LogsHost()
        try host.write("sys/fs/pstore/dmesg-efi-1", "Panic#1\n", modified: 1_793_700_100)
        try host.write(
            "var/lib/systemd/pstore/1793/001/dmesg.txt", "Oops#1\n", modified: 1_793_600_000)
        let sink = try host.collect()
        #expect(sink["pstore/kernel/dmesg-efi-1"]?.text == "Panic#1\n")
        #expect(sink["pstore/archive/1793/001/dmesg.txt"]?.text == "Oops#1\n")
        let finding = try #require(sink.findings.first)
        #expect(finding.fault == "logs.pstore.present")
        #expect(finding.severity == .major)
        #expect(
            finding.evidence.map(\.artifact) == [
                "logs/pstore/kernel/dmesg-efi-1", "logs/pstore/archive/1793/001/dmesg.txt",
            ])
        #expect(finding.reason.contains("2 records; the newest is of 2026-11-03T10:01:40.000000Z"))
    }

    @Test(
        "A crash of the last 30 days is major, an older one a notice",
        arguments: [
            (Int64(0), Finding.Severity.major), (30 * 86_400, .major), (30 * 86_400 + 1, .notice),
            (-86_400, .major),
        ])
    func crashAge(seconds: Int64, severity: Finding.Severity) throws {
        let host = try LogsHost().write(
            "sys/fs/pstore/dmesg-erst-1", "Panic#1\n", modified: 1_793_000_000)
        let sink = try host.collect(
            now: Timestamp(microsecondsSince1970: (1_793_000_000 + seconds) * 1_000_000))
        #expect(sink.findings.map(\.severity) == [severity])
    }

    @Test("What pstore keeps after every boot is copied, and is no crash")
    func harmlessRecords() throws {
        let host = try LogsHost()
        let names = ["console-ramoops-0", "ftrace-ramoops-0", "pmsg-ramoops-0", "powerpc-ofw-0"]
        for name in names { try host.write("sys/fs/pstore/" + name, "x\n") }
        try host.write("var/lib/systemd/pstore/1793/console.txt", "x\n")
        let sink = try host.collect()
        #expect(
            paths(sink).sorted()
                == ["pstore/archive/1793/console.txt"] + names.map { "pstore/kernel/" + $0 })
        #expect(sink.findings.isEmpty)
        #expect(
            sink.absent.contains {
                $0.what == "kernel crash records"
                    && $0.why == "pstore holds no dmesg record, only 5 of other kinds"
            })
        try host.write("sys/fs/pstore/dmesg-ramoops-0", "Panic#1\n", modified: 1_793_600_000)
        let finding = try #require(try host.collect().findings.first)
        #expect(finding.reason.contains("left 1 record; the newest is of 2026-11-02T06:13:20"))
        #expect(finding.evidence.map(\.artifact) == ["logs/pstore/kernel/dmesg-ramoops-0"])
    }

    @Test("The list of boots is named only where it is sent")
    func bootList() throws {
        let host = try LogsHost().write("sys/fs/pstore/dmesg-erst-1", "Panic#1\n")
        let without = try host.collect()
        #expect(without["boots.json"] == nil)
        #expect(without.findings.first?.recommendedActions.count == 1)
        try host.write(
            "var/log/journal/00112233445566778899aabbccddeeff/system.journal",
            LogsHost.journal("system"))
        let with = try host.collect()
        #expect(with["boots.json"] != nil)
        #expect(
            with.findings.first?.recommendedActions.last
                == "Compare its time with the boots in logs/boots.json.")
    }

    @Test("Without crash records they are absent, and there is no finding")
    func noCrashRecords() throws {
        let sink = try LogsHost().write("var/log/messages", "x\n").collect()
        #expect(sink.absent.contains { $0.what == "kernel crash records" })
        #expect(sink.findings.isEmpty)
    }

    @Test(
        "The shares of the budget stay within it",
        arguments: [Int64(0), 1, 1000, 256 << 20, 1 << 40])
    func shares(total: Int64) {
        let budget = LogBudget(total: total)
        let sum =
            budget.kernelText + budget.kernelRecords + budget.journalText + budget.journalExport
            + budget.syslog + budget.audit + budget.crashRecords
        #expect(sum <= total)
    }
}
