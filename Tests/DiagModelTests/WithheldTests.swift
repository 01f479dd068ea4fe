import DiagModel
import Testing

@Suite("What is withheld")
struct WithheldTests {
    private typealias Count = Withheld.Count

    @Test("It is told in words")
    func words() {
        #expect(Count(files: 1).words == "1 file")
        #expect(Count(files: 2, commands: 1).words == "2 files and 1 command")
        #expect(Count(files: 3, isLeast: true).words == "at least 3 files")
        #expect(Count(commands: 2, isLeast: true).words == "2 commands")
        #expect(Count().words == "nothing")
        #expect(Count(files: 1).phrase == "1 file withheld until it can be redacted")
        #expect(
            Count(files: 1, commands: 1).phrase
                == "1 file and 1 command withheld until they can be redacted")
    }

    @Test("A bundle is complete but for it, and partial beside it")
    func completeness() {
        #expect(
            Count(files: 2).completeBut
                == "Complete, but for 2 files withheld until they can be redacted")
        #expect(
            Count(commands: 1).besideThat
                == "; beside that, 1 command withheld until it can be redacted")
        #expect(Count().completeBut == nil && Count().besideThat == "")
    }

    @Test("Names are bounded in number and in bytes, and all are counted")
    func bounded() {
        var many = Withheld()
        for number in 0..<1500 { many.add(file: "/etc/\(number)") }
        many.add(command: "ps")
        #expect(many.files.count == Withheld.mostNames)
        #expect(many.files.first == "/etc/0" && many.files.last == "/etc/999")
        #expect(many.commands.isEmpty)
        #expect(many.count == Count(files: 1500, commands: 1))
        var long = Withheld()
        for _ in 0..<5 { long.add(file: String(repeating: "x", count: 100_000)) }
        long.add(file: "short")
        #expect(long.files.count == 2)
        #expect(long.count == Count(files: 6))
    }

    @Test("What another says is added, and its counts are at least those of its names")
    func added() throws {
        var all = Withheld()
        all.add(file: "/a")
        for text in [
            #"{"files":["/b"],"commands":["ps"],"count":{"files":-9,"commands":3}}"#,
            #"{"files":[],"commands":[],"count":{"files":4,"commands":0,"isLeast":true}}"#,
        ] {
            all.add(try JSONDocument.decode(Withheld.self, from: text.utf8))
        }
        #expect(all.files == ["/a", "/b"] && all.commands == ["ps"])
        #expect(all.count == Count(files: 6, commands: 3, isLeast: true))
        all.add(Count(files: .max))
        #expect(all.count.files == .max && all.count.total == .max)
    }

    @Test("The collectors stand with the most first, and of many there are four")
    func places() {
        let counts: [String: Withheld.Count] = [
            "nginx": Count(files: 12), "a": Count(files: 1), "b": Count(commands: 1),
            "mail": Count(files: 2, commands: 1), "c": Count(files: 1),
        ]
        #expect(counts.places == "nginx 12, mail 3, a 1, b 1 and 1 other collector")
        #expect(counts.sum == Count(files: 16, commands: 2))
        let few: [String: Withheld.Count] = ["scheduled": Count(files: 5)]
        #expect(few.places == "scheduled 5")
    }

    @Test("It does not make a bundle partial, and is told of each collector")
    func manifest() {
        let lean = SchemaSample.leanManifest
        let manifest = Manifest(
            tool: lean.tool, host: lean.host, userIdentifier: 0, started: lean.started,
            collected: lean.collected, options: lean.options,
            reports: [
                .init(
                    collector: "a", outcome: .complete, withheld: SchemaSample.fullWithheld),
                .init(collector: "b", outcome: .complete),
            ], artifacts: [], absent: [], missing: [])
        #expect(manifest.completeness == .complete)
        #expect(manifest.withheld == ["a": SchemaSample.fullWithheld.count])
        #expect(SchemaSample.leanManifest.withheld.isEmpty)
    }

    @Test("The report of an older bundle, without origin, is read")
    func older() throws {
        let text = """
            {"collector":"a","outcome":"complete","seconds":0,"artifactCount":0,"byteCount":0,\
            "confinement":"reader","confinementGaps":[],"notes":[]}
            """
        let report = try JSONDocument.decode(CollectorReport.self, from: text.utf8)
        #expect(report == CollectorReport(collector: "a", outcome: .complete))
        #expect(report.origin == nil && report.withheld == nil)
    }
}
