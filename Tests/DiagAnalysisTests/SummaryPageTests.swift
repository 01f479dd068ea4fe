import DiagModel
import Foundation
import Testing

@testable import DiagAnalysis

private let start = Timestamp(microsecondsSince1970: 1_795_276_197_000_123)  // 2026-11-21T15:49:57Z

private func fixture(_ name: String) throws -> String {
    let folder = try #require(Bundle.module.resourceURL)
    return try String(
        contentsOf: folder.appendingPathComponent("Fixtures/\(name)"), encoding: .utf8)
}

private func manifest(
    host: String = "web01", user: Int = 0, root: String = "/", caseIdentifier: String? = nil,
    interrupted: Bool = false, reports: [CollectorReport] = [], artifacts: [Artifact] = [],
    absent: [Absent] = [], missing: [Missing] = []
) -> Manifest {
    Manifest(
        tool: .init(name: "diagbundle", version: "0.1.0"),
        host: .init(
            name: host, kernelRelease: "6.1.0-18-amd64", architecture: "x86_64",
            operatingSystem: "Debian GNU/Linux 12 (bookworm)", uptimeSeconds: 1_483_200),
        caseIdentifier: caseIdentifier, userIdentifier: user, started: start,
        collected: Timestamp(microsecondsSince1970: start.microsecondsSince1970 + 12_500_000),
        options: .init(
            root: root, collectors: reports.map(\.collector),
            since: caseIdentifier == nil
                ? nil
                : Timestamp(microsecondsSince1970: start.microsecondsSince1970 - 86_400_000_000),
            deadlineSeconds: 300, sealDeadlineSeconds: 60, jobs: 4, maxByteCount: 1 << 30),
        isInterrupted: interrupted, reports: reports, artifacts: artifacts, absent: absent,
        missing: missing)
}

private func artifact(_ path: String, byteCount: Int64, truncated: String? = nil) -> Artifact {
    Artifact(
        collector: "logs", path: path, byteCount: byteCount, sha256: "",
        isTruncated: truncated != nil,
        truncationReason: truncated)
}

private let findings = FindingList([
    Finding(
        fault: "storage.smart.reallocated", severity: .minor, collector: "storage", object: "sdb",
        reason: "12 sectors were replaced since the disk was made."),
    Finding(
        fault: "storage.mount.hung", severity: .critical, collector: "storage", object: "/mnt/nfs",
        place: "mount:/mnt/nfs",
        reason: "The server did not answer within 2 s; 14 tasks wait for it without end, and "
            + "everything that looks into this folder will wait too.",
        recommendedActions: [
            "Check that the server filer7 answers: rpcinfo -t filer7 nfs",
            "Unmount it lazily, where its data is not needed: umount -l /mnt/nfs",
        ],
        evidence: [
            .init(artifact: "storage/mounts.json"), .init(artifact: "logs/dmesg.txt", line: 1204),
        ]),
])

@Suite("summary.txt")
struct SummaryPageTests {
    private static let partial = manifest(
        user: 1000, root: "/mnt/sysroot", caseIdentifier: "CASE-2026-17", interrupted: true,
        reports: [
            .init(
                collector: "storage", outcome: .complete, seconds: 2.19, artifactCount: 40,
                byteCount: 1_300_000),
            .init(
                collector: "logs", outcome: .timedOut, reason: "missed its deadline of 10 s",
                seconds: 10,
                artifactCount: 2, byteCount: 104_857_600),
            .init(
                collector: "boot", outcome: .overBudget,
                reason:
                    "sent more than its 8.0 MiB; the log of the boot loader alone has more than "
                    + "that, so ask for it with a larger budget", seconds: 0.04),
        ],
        artifacts: [
            artifact(
                "logs/journal.export", byteCount: 104_857_600, truncated: "the byte budget of logs"),
            artifact("logs/dmesg.txt", byteCount: 17),
        ], absent: [.init(collector: "boot", what: "/sys/firmware/efi")],
        missing: [
            .init(
                collector: "storage", what: "/dev/sda: SMART", why: "Permission denied (EACCES)",
                remedy: "root, or CAP_SYS_RAWIO"),
            .init(
                collector: "logs", what: "/var/log/kern.log", why: "Permission denied (EACCES)",
                remedy: "root, or CAP_DAC_READ_SEARCH"),
            .init(collector: "storage", what: "/mnt/nfs", why: "no answer within 2 s"),
        ])

    @Test("A partial run is told as this page")
    func partial() throws {
        let page = SummaryPage.render(manifest: Self.partial, findings: findings)
        #expect(page == (try fixture("partial.txt")))
    }

    @Test("A complete run of root is told as this page")
    func complete() throws {
        let page = SummaryPage.render(
            manifest: manifest(
                reports: [
                    .init(
                        collector: "storage", outcome: .complete, seconds: 1, artifactCount: 1,
                        byteCount: 2048)
                ], artifacts: [artifact("storage/topology.json", byteCount: 2048)]),
            findings: FindingList([]))
        #expect(page == (try fixture("complete.txt")))
    }

    @Test("Findings stand worst first, even when the list was not in order")
    func order() throws {
        var mixed = findings
        mixed.findings.reverse()
        #expect(
            SummaryPage.render(manifest: Self.partial, findings: mixed)
                == SummaryPage.render(manifest: Self.partial, findings: findings))
    }

    @Test("Long lists are cut after 20, and say where the rest is")
    func bounded() {
        let page = SummaryPage.render(
            manifest: manifest(
                artifacts: (0..<50).map { artifact("logs/\($0)", byteCount: 1, truncated: "x") },
                missing: (0..<50).map { Missing(collector: "c", what: "w\($0)", why: "y") }
                    + (0..<21).map { Missing(collector: "d", what: "v\($0)", why: "y") }),
            findings: FindingList(
                (0..<33).map {
                    Finding(
                        fault: "f\($0)", severity: .notice, collector: "c", object: "o", reason: "r"
                    )
                }))
        let lines = page.split(separator: "\n")
        #expect(
            lines.filter { $0.contains("more: see") } == [
                "and 13 more: see findings.json", "  and 30 more: see manifest.json",
                "  and 1 more: see manifest.json", "  and 30 more: see manifest.json",
            ])
        #expect(lines.count { $0.hasPrefix("  - w") } == 20)
        #expect(lines.count { $0.hasPrefix("  - v") } == 20)
    }

    /// Too long a word to stand on a line with others.
    private static let long = String(repeating: "x", count: 80) + "."

    @Test("A remedy that is a sentence stands on lines of its own; another one says what is needed")
    func remedies() {
        let page = SummaryPage.render(
            manifest: manifest(missing: [
                .init(
                    collector: "livedump", what: "LiveDump.kdump", why: "there is no /proc/kcore",
                    remedy: "The kernel's memory can be had by the hypervisor. " + Self.long),
                .init(
                    collector: "livedump", what: "/dev/kmsg", why: "denied",
                    remedy: "root, or CAP_SYSLOG"),
            ]), findings: FindingList([]))
        #expect(
            page.contains(
                """
                livedump: 2 items
                  - LiveDump.kdump: there is no /proc/kcore
                    -> The kernel's memory can be had by the hypervisor.
                       \(Self.long)
                  - /dev/kmsg: denied (needs: root, or CAP_SYSLOG)

                """))
    }

    private static func dumpReport(_ outcome: LiveDumpReport.Outcome) -> LiveDumpReport {
        LiveDumpReport(
            kind: .full, outcome: outcome, originator: "diagbndl",
            parameters: ["0x0", "0x1", "0x1b", "0x0"], host: "h",
            kernel: .init(release: "6.1.0", version: "v", machine: "m"), started: start,
            ended: start, level: 26)
    }

    private static func dumpPage(_ report: LiveDumpReport, _ artifacts: [Artifact]) -> String {
        SummaryPage.render(
            manifest: manifest(artifacts: artifacts), findings: FindingList([]),
            dump: LiveDumpOutline(of: report, in: artifacts))
    }

    private static let stacks = Artifact(
        collector: "livedump", path: "LiveDump-stacks.txt", byteCount: 1, sha256: "")

    @Test("A live dump has a section of its own, which says what it is and how it is opened")
    func dump() {
        let file = Artifact(
            collector: "livedump", path: "LiveDump.kdump", byteCount: 20 << 20, sha256: "",
            mediaType: Artifact.kdumpMediaType)
        let page = Self.dumpPage(Self.dumpReport(.complete), [file, Self.stacks])
        #expect(
            page.contains(
                """

                Live kernel dump
                ----------------
                File              LiveDump.kdump, 20.0 MiB
                Level             27
                Pages             complete
                Consistency       smeared: pages were copied while the kernel ran
                How to open it    diagbundle dump info LiveDump.kdump
                Threads' stacks   LiveDump-stacks.txt

                """))
        let partial = Self.dumpPage(Self.dumpReport(.partial), [file])
        #expect(partial.contains("\nPages             partial: pages are missing\n"))
        #expect(!partial.contains("Threads' stacks"))
    }

    @Test("Of a dump that was refused the stacks are told, and nothing without them")
    func refusedDump() {
        let page = Self.dumpPage(Self.dumpReport(.refused), [Self.stacks])
        #expect(
            page.contains(
                """

                Live kernel dump
                ----------------
                File              none; under "Missing" stands why
                Threads' stacks   LiveDump-stacks.txt

                """))
        #expect(!Self.dumpPage(Self.dumpReport(.refused), []).contains("Live kernel dump"))
    }

    private static let hostileTexts = [
        "controls": "\u{1B}[2J\nfoo\u{9B}x\r", "nothing": "", "reversed": "\u{202E}abc",
        "wide": String(repeating: "日本語", count: 5000),
        "marks": "e" + String(repeating: "\u{301}", count: 10_000),
        "spaces": String(repeating: "x ", count: 5000),
    ]

    @Test("Text from the host cannot break the page", arguments: hostileTexts.keys.sorted())
    func hostile(name: String) throws {
        let text = try #require(Self.hostileTexts[name])
        let report = CollectorReport(
            collector: text, outcome: .crashed, reason: text, seconds: .nan, byteCount: .min)
        let finding = Finding(
            fault: text, severity: .major, collector: text, object: text, place: text, reason: text,
            recommendedActions: Array(repeating: text, count: 100),
            evidence: Array(repeating: .init(artifact: text, line: .min), count: 100))
        var hostile = manifest(
            host: text, root: text, caseIdentifier: text, reports: [report],
            artifacts: [
                artifact(text, byteCount: .max, truncated: text),
                artifact(text, byteCount: .max, truncated: text),
            ], missing: [Missing(collector: text, what: text, why: text, remedy: text)])
        hostile.host.uptimeSeconds = -.infinity
        hostile.host.operatingSystem = text
        hostile.started = Timestamp(microsecondsSince1970: .max)
        hostile.collected = Timestamp(microsecondsSince1970: .min)
        let page = SummaryPage.render(manifest: hostile, findings: FindingList([finding]))
        #expect(
            !page.unicodeScalars.contains {
                $0 != "\n" && ($0.value < 0x20 || (0x7F..<0xA0).contains($0.value))
            })
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { DisplayText.cellCount(of: String($0)) <= 100 })
        #expect(lines.allSatisfy { $0.last != " " })
        #expect(page.hasSuffix("\n"))
        #expect(lines.count < 500)
        #expect(page.utf8.count < 100_000)
    }

    @Test(
        "The last section says what root would add",
        arguments: [
            (0, false, nil),
            (0, true, "- 1 missing item asks for a capability that root had not here"),
            (
                7, false,
                "- This run was not made by root, but nothing that is missing asks for root."
            ),
            (7, true, "- Run it again as root: that is what 1 of 1 missing item asks for."),
        ] as [(Int, Bool, String?)])
    func root(user: Int, wantsRoot: Bool, expected: String?) {
        let missing =
            wantsRoot ? [Missing(collector: "c", what: "w", why: "y", remedy: "root")] : []
        let page = SummaryPage.render(
            manifest: manifest(user: user, missing: missing), findings: FindingList([]))
        let lines = page.split(separator: "\n").filter { $0.contains("root") && $0.hasPrefix("- ") }
        #expect(lines.count == (expected == nil ? 0 : 1))
        if let expected { #expect(lines.first?.hasPrefix(expected) == true) }
    }
}
