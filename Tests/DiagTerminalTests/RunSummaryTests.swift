import DiagModel
import Testing

@testable import DiagTerminal

@Suite("The summary of a run")
struct RunSummaryTests {
    private static let findings = [
        Finding(
            fault: "a", severity: .minor, collector: "c", object: "/var", reason: "92 % full"),
        Finding(
            fault: "b", severity: .critical, collector: "c", object: "/mnt/nfs",
            reason: "does not answer"),
    ]

    @Test("A partial run says where the bundle is, what was found and what is missing")
    func partial() {
        let missing =
            (0..<12).map {
                Missing(
                    collector: "storage", what: "/dev/sd\($0)", why: "Permission denied",
                    remedy: "root, or CAP_SYS_RAWIO")
            } + [Missing(collector: "logs", what: "kern.log", why: "byte budget")]
        let result = RunResult(
            exitCode: 3, bundlePath: "logs/web01-20261121T154957Z.tar.xz",
            bundleByteCount: 12_897_600,
            bundleSHA256: "ab12", folderPath: "logs/web01", artifactCount: 214,
            artifactByteCount: 128_976_000, missing: missing, findings: Self.findings,
            collectSeconds: 9, sealSeconds: 4)
        #expect(
            RunSummary.lines(of: result) == [
                "Partial: what was collected is valid, but something is missing.",
                "logs/web01-20261121T154957Z.tar.xz",
                "12.3 MiB; 214 artifacts, 123.0 MiB, collected in 9.0 s, sealed in 4.0 s",
                "SHA-256 ab12", "2 findings: 1 critical, 1 minor:",
                "  critical: /mnt/nfs: does not answer", "  minor: /var: 92 % full",
                "13 items missing; run as root for 12 of them:",
                "  storage: /dev/sd0 and 11 more: Permission denied",
                "  logs: kern.log: byte budget",
            ])
        #expect(RunSummary.lines(of: result, isRoot: true).contains("13 items missing:"))
    }

    @Test("A complete run is four lines")
    func complete() {
        let result = RunResult(
            exitCode: 0, bundlePath: "b.tar.xz", bundleByteCount: 1024, bundleSHA256: "00",
            artifactCount: 1, artifactByteCount: 17, completeness: .complete)
        #expect(
            RunSummary.lines(of: result) == [
                "Complete: all that exists was collected.", "b.tar.xz",
                "1.0 KiB; 1 artifact, 17 bytes, collected in 0.0 s, sealed in 0.0 s",
                "SHA-256 00",
            ])
    }

    @Test("Volumes are told by the first and the last, with who can read them and the signature")
    func volumes() {
        var result = RunResult(
            exitCode: 0, bundlePath: "b.tar.xz.age", bundleByteCount: 2048, bundleSHA256: "00",
            artifactCount: 1, artifactByteCount: 17, completeness: .complete,
            volumes: (1...3).map {
                BundleVolume(path: "b.tar.xz.age.00\($0)", byteCount: 700, sha256: "1\($0)")
            }, encryption: BundleRecipients(program: "age", recipients: ["age1x", "team.txt"]),
            signaturePath: "b.tar.xz.age.sig")
        let ending = [
            "SHA-256 joined 00", "Encrypted by age to age1x, team.txt",
            "Signature b.tar.xz.age.sig",
        ]
        let facts = "1 artifact, 17 bytes, collected in 0.0 s, sealed in 0.0 s"
        #expect(
            RunSummary.lines(of: result) == [
                "Complete: all that exists was collected.", "b.tar.xz.age.001",
                "to b.tar.xz.age.003", "3 volumes; 2.0 KiB; \(facts)",
            ] + ending)
        result.volumes = result.volumes.map { Array($0.prefix(1)) }
        #expect(
            RunSummary.lines(of: result) == [
                "Complete: all that exists was collected.", "b.tar.xz.age.001",
                "2.0 KiB; \(facts)",
            ] + ending)
    }

    @Test("A run that withholds something is not told as one that collected all")
    func withheld() {
        let result = RunResult(
            exitCode: 0, bundlePath: "b.tar.xz", completeness: .complete,
            withheld: ["processes": .init(commands: 1), "scheduled": .init(files: 5)])
        let lines = RunSummary.lines(of: result)
        #expect(
            lines.first
                == "Complete, but for what is withheld: all else that exists was collected.")
        #expect(
            lines.last
                == "5 files and 1 command withheld until they can be redacted: scheduled 5,"
                + " processes 1; see manifest.json")
        #expect(
            RunSummary.lines(of: result, width: 60).suffix(2) == [
                "5 files and 1 command withheld until they can be redacted:",
                "  scheduled 5, processes 1; see manifest.json",
            ])
    }

    @Test("What is withheld is told beside what is missing, and takes two lines at most")
    func withheldBesideMissing() {
        let missing = (0..<40).map { Missing(collector: "c\($0)", what: "w", why: "y") }
        let result = RunResult(
            exitCode: 3, bundlePath: "b", missing: missing,
            withheld: ["scheduled": .init(files: 1)])
        let lines = RunSummary.lines(of: result, width: 20)
        #expect(lines.count == RunSummary.mostLines)
        let told = RunSummary.lines(of: result)
        #expect(told.first == "Partial: what was collected is valid, but something is missing.")
        #expect(
            told[3] == "1 file withheld until it can be redacted: scheduled 1; see manifest.json")
        #expect(told[4] == "40 items missing:")
    }

    @Test("An error stands first, in words")
    func failed() {
        let result = RunResult(
            exitCode: 73, error: "create logs/x: No space left on device;\nuse --output")
        #expect(
            RunSummary.lines(of: result) == [
                #"Error: create logs/x: No space left on device;\nuse --output"#,
                "Failed: the output cannot be created.",
            ])
    }

    @Test("Without a bundle the folder's path stands alone")
    func folder() {
        let result = RunResult(
            exitCode: 74, folderPath: "logs/web01", artifactCount: 2, artifactByteCount: 2048,
            error: "seal: disk full")
        #expect(
            RunSummary.lines(of: result) == [
                "Error: seal: disk full", "Failed: input/output error.",
                "There is no bundle. What was collected is in this folder:", "logs/web01",
                "2 artifacts, 2.0 KiB, collected in 0.0 s",
            ])
    }

    @Test("Of a dump that ended before its report no bundle is spoken of")
    func unfinishedDump() {
        let result = RunResult(
            exitCode: 74, folderPath: "/srv/dump/web01.partial", error: "write: disk full")
        #expect(
            RunSummary.lines(of: result, isOfDump: true) == [
                "Error: write: disk full", "Failed: input/output error.",
                "The dump did not come to its end. What was written is in this folder:",
                "/srv/dump/web01.partial",
            ])
    }

    @Test("What does not fit is counted, and said where it stands")
    func counted() {
        let findings = (0..<30).map {
            Finding(
                fault: "f", severity: .major, collector: "c", object: "o\($0)", reason: "r")
        }
        let missing = (0..<40).map { Missing(collector: "c\($0)", what: "w", why: "y") }
        let result = RunResult(
            exitCode: 3, bundlePath: "b", bundleByteCount: 1, bundleSHA256: "0", missing: missing,
            findings: findings)
        #expect(
            RunSummary.lines(of: result).dropFirst(4) == [
                "30 findings: 30 major:", "  major: o0: r", "  major: o1: r", "  major: o2: r",
                "  major: o3: r", "  and 26 more: see summary.txt", "40 items missing:",
                "  c0: w: y", "  c1: w: y", "  c2: w: y", "  and 37 more: see summary.txt",
            ])
    }

    private static let stacks = Artifact(
        collector: "livedump", path: "LiveDump-stacks.txt", byteCount: 1, sha256: "")

    private static func outline(
        _ outcome: LiveDumpReport.Outcome, _ artifacts: [Artifact]
    ) -> LiveDumpOutline? {
        let time = Timestamp(microsecondsSince1970: 1_800_000_000_000_000)
        return LiveDumpOutline(
            of: LiveDumpReport(
                kind: .full, outcome: outcome, originator: "diagbndl",
                parameters: ["0x0", "0x1", "0x1b", "0x0"], host: "h",
                kernel: .init(release: "6.1.0", version: "v", machine: "m"), started: time,
                ended: time, level: 26), in: artifacts)
    }

    @Test("A live dump in a bundle is told, with what opens it")
    func dump() {
        let file = Artifact(
            collector: "livedump", path: "LiveDump.kdump", byteCount: 20 << 20, sha256: "",
            mediaType: Artifact.kdumpMediaType)
        let result = RunResult(
            exitCode: 0, bundlePath: "/srv/b.tar.xz", folderPath: "/srv/web01",
            completeness: .complete)
        let dump = Self.outline(.complete, [file, Self.stacks])
        #expect(
            RunSummary.lines(of: result, dump: dump).suffix(3) == [
                "Live kernel dump: LiveDump.kdump, 20.0 MiB, level 27, complete",
                "  smeared: pages were copied while the kernel ran",
                "  diagbundle dump info /srv/web01/LiveDump.kdump",
            ])
        // What is to be copied is not cut.
        #expect(
            RunSummary.lines(of: result, width: 20, dump: dump).last
                == "  diagbundle dump info /srv/web01/LiveDump.kdump")
    }

    @Test("A refused dump is told with what helps, before what else is missing")
    func refusedDump() {
        let missing =
            (0..<20).map { Missing(collector: "c\($0)", what: "w", why: "y", remedy: "root") }
            + [
                Missing(
                    collector: "livedump", what: "LiveDump.kdump", why: "there is no /proc/kcore",
                    remedy: "The kernel's memory can be had by kdump.")
            ]
        let result = RunResult(exitCode: 3, bundlePath: "b", missing: missing)
        let lines = RunSummary.lines(of: result, dump: Self.outline(.refused, [Self.stacks]))
        #expect(
            lines.dropFirst(3).prefix(5) == [
                "Live kernel dump: none; the stacks of all threads are in LiveDump-stacks.txt",
                "21 items missing; run as root for 20 of them:",
                "  livedump: LiveDump.kdump: there is no /proc/kcore",
                "    -> The kernel's memory can be had by kdump.", "  c0: w: y",
            ])
        #expect(lines.count == RunSummary.mostLines)
        #expect(lines.last == "  and 13 more: see summary.txt")
    }

    @Test("Where there is no room for what helps, what is missing is told all the same")
    func noRoom() {
        let missing = (0..<20).map {
            Missing(collector: "c\($0)", what: "w", why: "y", remedy: "Do it.")
        }
        let result = RunResult(
            exitCode: 3, bundlePath: "b", missing: missing, findings: Self.findings)
        let lines = RunSummary.lines(of: result)
        #expect(lines.count == RunSummary.mostLines)
        #expect(
            lines.suffix(3) == ["    -> Do it.", "  c3: w: y", "  and 16 more: see summary.txt"])
    }

    @Test(
        "Whatever the result, there are at most 15 lines, none too wide but the path, no controls",
        arguments: 0..<100)
    func bounded(seed: UInt64) {
        var dice = Dice(state: seed)
        func pick<Element>(_ elements: [Element]) -> Element {
            elements[Int.random(in: 0..<elements.count, using: &dice)]
        }
        func text() -> String { pick(hostileTexts) }
        let path = pick([nil, "/tmp/" + text()])
        let folder = pick([nil, "/tmp/f" + text()])
        let number: Int = pick([0, 1, .max, .min])
        let withheld: [String: Withheld.Count]? = pick([
            nil, [:], [text(): Withheld.Count(files: number, commands: 1)],
        ])
        let result = RunResult(
            exitCode: pick([0, 1, 3, 64, 69, 73, 74, 75, 77, 130, .min, .max]), bundlePath: path,
            bundleByteCount: pick([nil, 0, .max, .min]), bundleSHA256: pick([nil, text()]),
            folderPath: folder, artifactCount: pick([0, 1, .max]),
            artifactByteCount: pick([0, .max, .min]),
            missing: (0..<pick([0, 1, 2, 9, 300])).map { _ in
                Missing(
                    collector: text(), what: text(), why: text(),
                    remedy: pick([nil, "root", "Do " + text() + "."]))
            },
            findings: (0..<pick([0, 1, 2, 9, 300])).map { _ in
                Finding(
                    fault: text(), severity: pick(Finding.Severity.allCases), collector: text(),
                    object: text(), reason: text())
            }, collectSeconds: pick([0, .nan, .infinity, 1e300]),
            sealSeconds: pick([0, -.infinity]), error: pick([nil, text()]), withheld: withheld)
        let file = Artifact(
            collector: text(), path: "LiveDump." + text(), byteCount: pick([0, .max, .min]),
            sha256: nil, mediaType: Artifact.kdumpMediaType)
        let dump = pick([
            nil, Self.outline(.refused, [Self.stacks]), Self.outline(.partial, [file]),
        ])
        let width = pick([nil, 1, 10, 20, 79, 200])
        let unicode = pick([true, false])
        let lines = RunSummary.lines(
            of: result, width: width, usesUnicode: unicode, dump: dump)
        #expect(lines.count <= RunSummary.mostLines)
        let shown = ShownText(usesUnicode: unicode)
        if let place = path ?? folder {
            #expect(lines.contains(shown.escape(place, limit: .max)))
        }
        for line in lines {
            #expect(
                !line.unicodeScalars.contains {
                    $0.value < 0x20 || (0x7F..<0xA0).contains($0.value)
                })
            #expect(unicode || line.utf8.allSatisfy { $0 < 0x80 })
            let isPath = [path, folder].contains {
                $0.map { shown.escape($0, limit: .max) } == line
            }
            let isCommand = line.hasPrefix("  diagbundle dump info ")
            #expect(isPath || isCommand || DisplayText.cellCount(of: line) <= width ?? .max)
        }
    }
}

@Suite("Tables")
struct TextTableTests {
    private func table() -> TextTable {
        var table = TextTable([
            .init("Name"), .init("Bytes", alignment: .right), .init("What it is", isFlexible: true),
        ])
        table.append(["日本", "5", "a long description of the thing"])
        table.append(["logs", "12345"])
        table.append(["x\u{1B}[m", "1", "short", "too many"])
        return table
    }

    @Test("Columns are aligned by cells, and nothing stands at the end of a line")
    func aligned() {
        #expect(
            table().lines() == [
                "Name     Bytes  What it is", "日本         5  a long description of the thing",
                "logs     12345", #"x\x1B[m      1  short"#,
            ])
    }

    @Test("A table too wide is cut in its flexible columns first")
    func cut() {
        #expect(
            table().lines(width: 30) == [
                "Name     Bytes  What it is", "日本         5  a long descri…", "logs     12345",
                #"x\x1B[m      1  short"#,
            ])
        #expect(
            table().lines(width: 10, usesUnicode: false).allSatisfy { $0.utf8.count <= 10 })
    }

    @Test("A table without columns or rows is no trap")
    func empty() {
        #expect(TextTable([]).lines(width: 0) == [""])
        #expect(TextTable([.init("A")]).lines() == ["A"])
    }
}
