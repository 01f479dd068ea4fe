import DiagModel
import Testing

@Suite("What is said in short of a dump beside other artifacts")
struct LiveDumpOutlineTests {
    private func report(
        _ outcome: LiveDumpReport.Outcome, kind: LiveDumpReport.Kind = .full, level: Int = 26,
        parameters: [String] = ["0x0", "0x1", "0x000000000000001b", "0x0"]
    ) -> LiveDumpReport {
        let time = Timestamp(microsecondsSince1970: 1_800_000_000_000_000)
        return LiveDumpReport(
            kind: kind, outcome: outcome, originator: "diagbndl", parameters: parameters, host: "h",
            kernel: .init(release: "6.1.0", version: "v", machine: "m"), started: time, ended: time,
            level: level)
    }

    private func file(isTruncated: Bool = false) -> Artifact {
        Artifact(
            collector: "livedump", path: "LiveDump.kdump", byteCount: 20 << 20, sha256: "",
            mediaType: Artifact.kdumpMediaType, isTruncated: isTruncated)
    }

    private let stacks = Artifact(
        collector: "livedump", path: "LiveDump-stacks.txt", byteCount: 1, sha256: "")

    @Test("A whole dump has its level as it was asked for")
    func complete() throws {
        let outline = try #require(
            LiveDumpOutline(of: report(.complete), in: [stacks, file()]))
        let made = try #require(outline.file)
        #expect(made.name == "LiveDump.kdump")
        #expect(made.byteCount == 20 << 20)
        #expect(made.level == "27")
        #expect(made.completeness == "complete")
        #expect(outline.stacksName == "LiveDump-stacks.txt")
    }

    @Test("The level is told as it was made, where that is another, or no number")
    func level() {
        func level(_ report: LiveDumpReport) -> String? {
            LiveDumpOutline(of: report, in: [file()])?.file?.level
        }
        #expect(level(report(.complete, level: 27)) == "27")
        #expect(level(report(.complete, level: 10)) == "10")
        for parameters in [[], ["", "", "x"], ["", "", "0x"], ["", "", "0xffffffffffffffffff"]] {
            #expect(level(report(.complete, level: 26, parameters: parameters)) == "26")
        }
        #expect(
            level(report(.complete, kind: .stacks)) == "what the stacks of all threads need")
    }

    @Test("A dump that is cut, or whose collector has crashed, is partial")
    func partial() throws {
        for outline in [
            LiveDumpOutline(of: report(.partial), in: [file()]),
            LiveDumpOutline(of: report(.complete), in: [file(isTruncated: true)]),
            LiveDumpOutline(of: nil, in: [file()]),
        ] {
            let made = try #require(outline?.file)
            #expect(made.completeness == "partial: pages are missing")
        }
        #expect(LiveDumpOutline(of: nil, in: [file()])?.file?.level == nil)
    }

    @Test("Of a refused dump the stacks are told, and without these nothing")
    func refused() throws {
        let outline = try #require(LiveDumpOutline(of: report(.refused), in: [stacks]))
        #expect(outline.file == nil)
        #expect(outline.stacksName == "LiveDump-stacks.txt")
        let own = Artifact(
            collector: "livedump", path: "LiveDump.json", byteCount: 1, sha256: "",
            mediaType: "application/json")
        #expect(LiveDumpOutline(of: report(.refused), in: [own]) == nil)
        let foreign = Artifact(
            collector: "plugin", path: "plugin/LiveDump.kdump", byteCount: 1, sha256: "",
            mediaType: Artifact.kdumpMediaType)
        #expect(LiveDumpOutline(of: nil, in: [foreign]) == nil)
    }

    @Test(
        "A remedy that is a sentence stands for itself",
        arguments: [
            (nil, false), ("", false), ("root, or CAP_SYSLOG", false), ("run as root", false),
            ("Wait for it to end.", true), (".", false), ("wait for it to end.", false),
            ("Run it as root", false),
        ] as [(String?, Bool)])
    func advice(remedy: String?, isSentence: Bool) {
        let missing = Missing(collector: "c", what: "w", why: "y", remedy: remedy)
        #expect(missing.advice == (isSentence ? remedy : nil))
    }
}
