import DiagModel
import Testing

@testable import DiagAnalysis

@Suite("What summary.txt says of its collectors")
struct ReportPageTests {
    private static func page(_ reports: [CollectorReport], missing: [Missing] = []) -> String {
        let start = Timestamp(microsecondsSince1970: 1_795_276_197_000_123)
        return SummaryPage.render(
            manifest: Manifest(
                tool: .init(name: "diagbundle", version: "0.1.0"),
                host: .init(name: "web01", kernelRelease: "6.1.0", architecture: "x86_64"),
                userIdentifier: 0, started: start, collected: start,
                options: .init(
                    root: "/", collectors: reports.map(\.collector), deadlineSeconds: 300,
                    sealDeadlineSeconds: 60, jobs: 4, maxByteCount: 1 << 30),
                reports: reports, artifacts: [], absent: [], missing: missing),
            findings: FindingList([]))
    }

    /// A page without its line breaks.
    private static func words(_ page: String) -> String {
        page.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func named(files: [String], commands: [String] = []) -> Withheld {
        var withheld = Withheld()
        for file in files { withheld.add(file: file) }
        for command in commands { withheld.add(command: command) }
        return withheld
    }

    private static let reports = [
        CollectorReport(
            collector: "scheduled", outcome: .complete,
            withheld: named(files: ["/etc/crontab", "/etc/cron.d/a\u{1B}[2J"])),
        CollectorReport(collector: "boot", outcome: .complete),
        CollectorReport(
            collector: "mail", outcome: .complete,
            withheld: named(files: (1...7).map { "/etc/m\($0)" }, commands: ["ps -ef"])),
    ]

    @Test("A run that withholds something is not told as one that collected all")
    func withheld() {
        let page = Self.page(Self.reports)
        #expect(
            Self.words(page).contains(
                "Complete, but for 9 files and 1 command withheld until they can be redacted: all"
                    + " else that exists here was collected."))
        #expect(!page.contains("Complete: all that exists"))
        #expect(
            page.contains(
                #"""

                Withheld
                --------
                9 files and 1 command withheld until they can be redacted; see manifest.json
                  - scheduled: 2 files: /etc/crontab, /etc/cron.d/a\x1B[2J
                  - mail: 7 files and 1 command: /etc/m1,
                """#))
        #expect(
            Self.words(page).contains(
                "/etc/m1, /etc/m2, /etc/m3, /etc/m4, /etc/m5 and 3 more What to do next"))
    }

    @Test("Beside what is missing it is told, too")
    func partial() {
        let page = Self.page(
            [Self.reports[0]], missing: [.init(collector: "scheduled", what: "w", why: "y")])
        #expect(
            Self.words(page).contains(
                "Partial: 1 item missing; beside that, 2 files withheld until they can be"
                    + " redacted."))
    }

    @Test("Nothing is said of it where nothing is withheld")
    func nothing() {
        let page = Self.page([Self.reports[1]])
        #expect(page.contains("Complete: all that exists here was collected."))
        #expect(!page.contains("ithheld"))
    }

    private static func report(
        _ name: String, _ origin: String?, replaces: Bool = false
    ) -> CollectorReport {
        CollectorReport(
            collector: name, outcome: .complete, origin: origin,
            replacesBuiltIn: replaces ? true : nil)
    }

    @Test("Of those that are not built in it says where they come from, replacements first")
    func origins() {
        let page = Self.page([
            Self.report("boot", "built in"), Self.report("old", nil),
            Self.report("mine", "/srv/mine.yaml"),
            Self.report("kernel", "/etc/diagbundle/collectors.d/kernel.yaml", replaces: true),
        ])
        #expect(
            page.contains(
                """

                kernel: of /etc/diagbundle/collectors.d/kernel.yaml, in place of the program's
                mine: of /srv/mine.yaml

                What to do next
                """))
        #expect(!page.contains("boot: of") && !page.contains("old: of"))
    }

    @Test("They are bounded, and a hostile path breaks no line")
    func boundedOrigins() {
        let page = Self.page(
            (0..<30).map { Self.report("c\($0)", "/a\n\u{9B}") }
                + [Self.report("last", "/b", replaces: true)])
        #expect(page.contains("\nlast: of /b, in place of the program's\nc0: of /a\\n\\u{9b}\n"))
        #expect(page.contains("\nand 11 more: see manifest.json\n"))
        #expect(
            page.split(separator: "\n").allSatisfy { DisplayText.cellCount(of: String($0)) <= 100 })
    }
}
