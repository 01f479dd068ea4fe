import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import Testing

@testable import DiagCollectors
@testable import DiagFormats

@Suite("Logs: the systemd journal")
struct LogsJournalTests {
    private static let machine = "var/log/journal/00112233445566778899aabbccddeeff/"

    private func host() throws -> LogsHost {
        try LogsHost()
            .write(Self.machine + "system@1-2.journal", LogsHost.journal("archived"), modified: 1)
            .write(Self.machine + "system.journal", LogsHost.journal("system"))
            .write(Self.machine + "user-1000.journal", LogsHost.journal("user"))
    }

    private func messages(_ sink: MemorySink) -> [Substring] {
        (sink["journal.txt"]?.text ?? "").split(separator: "\n").map {
            $0.split(separator: ": ", maxSplits: 1).last ?? ""
        }
    }

    private var taking: [Substring] { (0..<50).flatMap { ["system \($0)", "user \($0)"] } }

    @Test("The entries of all files come in the order of time")
    func merged() throws {
        let sink = try host().collect()
        #expect(messages(sink) == (0..<40).map { "archived \($0)" } + taking)
        #expect(
            sink["journal.txt"]?.text.hasPrefix(
                "2026-11-02T03:26:40.000000Z node-b.example svc[7] info: archived 0\n") == true)
        #expect(sink["journal.txt"]?.opening.privacy == .content)
        #expect(sink["journal.txt"]?.truncation == nil)
        #expect(sink.missing.isEmpty)
        let export = try #require(sink["journal.export"]).text
        #expect(export.split(separator: "\n\n").count == 140)
        #expect(export.hasPrefix("__CURSOR=s="))
        #expect(export.contains("\nMESSAGE=user 49\n"))
    }

    @Test("The boots are listed with their entries, oldest first")
    func boots() throws {
        let sink = try host().collect()
        let list = try JSONDocument.decode(
            BootList.self, from: #require(sink["boots.json"]).bytes)
        #expect(list.isComplete)
        #expect(
            list.boots.map(\.bootIdentifier) == [
                "11111111222222223333333344444444", "55555555666666667777777788888888",
            ])
        #expect(list.boots.map(\.entryCount) == [40, 100])
        #expect(list.boots[0].firstEntry.microsecondsSince1970 == 1_793_590_000_000_000)
        #expect(list.boots[1].lastEntry.microsecondsSince1970 == 1_793_600_099_000_000)
    }

    @Test(
        "A small budget keeps the newest entries, to the byte, and says so",
        arguments: [
            Int64(3_000), 10_000, 40_000,
        ])
    func budget(byteBudget: Int64) throws {
        let all = try host().collect()
        let sink = try host().collect(byteBudget: byteBudget)
        let budget = LogBudget(total: byteBudget)
        for (path, limit) in [
            ("journal.txt", budget.journalText), ("journal.export", budget.journalExport),
        ] {
            let whole = try #require(all[path]).text
            let part = try #require(sink[path])
            #expect(part.bytes.count <= Int(limit))
            #expect(part.bytes.count > Int(limit) - 500)
            #expect(whole.hasSuffix(part.text))
            #expect(part.truncation?.hasPrefix("only the newest ") == true)
        }
        #expect(messages(sink).last == "user 49")
    }

    @Test("Entries before the wanted time are left out")
    func since() throws {
        let since = Timestamp(microsecondsSince1970: 1_793_600_090_000_000)
        let sink = try host().collect(since: since)
        #expect(messages(sink) == Array(taking.suffix(10)))
        let all = try host().collect(since: Timestamp(microsecondsSince1970: 1_793_590_039_000_000))
        #expect(messages(all) == ["archived 39"] + taking)
    }

    @Test("Journals of other machines are named, not read; those of namespaces are")
    func otherMachines() throws {
        let host = try host()
        try host.write("etc/machine-id", "00112233445566778899aabbccddeeff\n")
        let own = "var/log/journal/00112233445566778899aabbccddeeff.mail/user-1000.journal"
        try host.write(own, LogsHost.journal("user"))
        try FileManager.default.removeItem(
            at: host.url.appendingPathComponent(Self.machine + "user-1000.journal"))
        let others = [
            "/run/log/journal/00112233445566778899aabbccddeef0", "/var/log/journal/remote",
        ]
        for folder in others {
            try host.write(folder.dropFirst() + "/a.journal", LogsHost.journal("archived"))
        }
        try host.write("var/log/journal/empty/readme", "no journal")
        try FileManager.default.removeItem(
            at: host.url.appendingPathComponent(Self.machine + "system@1-2.journal"))
        let sink = try host.collect()
        #expect(messages(sink) == taking)
        #expect(
            sink.messages.contains(
                .note(
                    .init(
                        text: "journals of other machines are left out: " + others[1] + ", "
                            + others[0]))))
        #expect(
            try JSONDocument.decode(
                BootList.self, from: #require(sink["boots.json"]).bytes
            ).boots.count == 1)
    }

    @Test("Where only others have journals, that of this machine is absent")
    func onlyOthers() throws {
        let sink = try host().write("etc/machine-id", String(repeating: "0", count: 32)).collect()
        #expect(sink["journal.txt"] == nil)
        #expect(
            sink.absent.contains {
                $0.what == "systemd journal"
                    && $0.why?.hasPrefix("no journal files of this machine below") == true
            })
    }

    @Test(
        "A machine without an identifier has all journals",
        arguments: ["", "uninitialized\n", "0011\n", String(repeating: "G", count: 32)])
    func noIdentifier(content: String) throws {
        let sink = try host().write("etc/machine-id", content).collect()
        #expect(messages(sink).count == 140)
    }

    @Test("Secrets that the kernel repeats are masked in the text and in the export")
    func commandLine() throws {
        let host = try host()
        var bytes = try LogsHost.journal("system")
        let place = try #require(bytes.firstRange(of: Array("MESSAGE=system 12".utf8)))
        // As the kernel names what it gives to init; as long as what stood there.
        bytes.replaceSubrange(place, with: Array("MESSAGE=    pw=xy".utf8))
        try host.write(Self.machine + "system.journal", bytes)
        let sink = try host.collect()
        #expect(messages(sink).count == 140)
        #expect(sink["journal.txt"]?.text.contains(":     pw=[masked]\n") == true)
        #expect(sink["journal.export"]?.text.contains("\nMESSAGE=    pw=[masked]\n") == true)
        for artifact in sink.artifacts { #expect(!artifact.text.contains("pw=xy")) }
    }

    @Test("A file that is there twice gives its entries once")
    func twice() throws {
        let host = try host()
        try host.write("run/log/journal/0011/system.journal", LogsHost.journal("system"))
        #expect(messages(try host.collect()) == (0..<40).map { "archived \($0)" } + taking)
    }

    @Test("A damaged file is said to be missing in part, and the others stay")
    func damaged() throws {
        let host = try host()
        var bytes = try LogsHost.journal("user")
        bytes[0] = 0
        try host.write(Self.machine + "user-1000.journal", bytes)
        try host.write(
            Self.machine + "user-1001.journal~", Array(try LogsHost.journal("user")[..<100]))
        let whole = try LogsHost.journal("system")
        let end = try JournalFile(JournalMemory(whole)).entry(at: 30).offset
        try host.write(Self.machine + "system.journal", Array(whole[..<Int(end)]))
        let sink = try host.collect()
        let found = messages(sink)
        #expect(found == (0..<40).map { "archived \($0)" } + (0..<30).map { "system \($0)" })
        let folder = "/" + Self.machine
        let missing = Dictionary(uniqueKeysWithValues: sink.missing.map { ($0.what, $0.why ?? "") })
        #expect(
            missing[folder + "user-1000.journal"]
                == "byte 0: not a journal file: no signature LPKSHHRH")
        #expect(missing[folder + "user-1001.journal~"] == "byte 0: the file ends before")
        let part = try #require(missing["part of " + folder + "system.journal"])
        #expect(part.contains("byte "))
    }

    @Test("Without a journal it is absent, and there is no empty artifact")
    func absent() throws {
        let sink = try LogsHost().write("etc/hostname", "x").collect()
        #expect(sink.artifacts.isEmpty)
        #expect(sink.absent.contains { $0.what == "systemd journal" })
        #expect(sink.missing.isEmpty)
    }

    @Test("A deadline that has come leaves a truncated journal, not an error")
    func deadline() throws {
        let sink = try host().collect(deadline: .now.advanced(bySeconds: -1))
        #expect(sink["journal.txt"] != nil)
        #expect(sink["journal.export"]?.truncation != nil)
    }

    @Test("Something else than a file with the name of a journal is missing, not read")
    func notAFile() throws {
        let host = try host()
        let path = host.url.appendingPathComponent(Self.machine + "pipe.journal").path
        #expect(mkfifo(path, 0o600) == 0)
        let sink = try host.collect()
        #expect(messages(sink).count == 140)
        #expect(sink.missing.map(\.what) == ["/" + Self.machine + "pipe.journal"])
    }
}
