import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("Commands of a declared collector")
struct DeclaredCommandTests {
    /// A program of the test: a script with a first line that names its interpreter.
    private final class Program {
        let path: String
        private let folder: String

        init(_ script: String, permissions: Int = 0o755) throws {
            // As root only what root alone can change is run: not from a folder such as /tmp.
            folder = NSTemporaryDirectory() + "diag-program-" + UUID().uuidString
            path = folder + "/program"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            chmod(folder, 0o755)
            try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes(
                [.posixPermissions: permissions], ofItemAtPath: path)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }

    private func run(
        _ script: String, more: String = "", permissions: Int = 0o755, since: Timestamp? = nil,
        seconds: Double = 60
    ) throws -> MemorySink {
        let program = try Program(script, permissions: permissions)
        return try declared(
            "  - command: [\(program.path), one, \"two words\", \"$HOME;*\"]\n    to: said.txt\n"
                + more, since: since, seconds: seconds)
    }

    private func record(_ sink: MemorySink) throws -> CommandRecord {
        let document = try #require(sink[CommandRecord.artifact])
        let list = try JSONDocument.decode(CommandRecord.List.self, from: document.bytes)
        return try #require(list.commands.first)
    }

    @Test("Arguments reach the program as they are: no shell sees them")
    func arguments() throws {
        let sink = try run(#"for word in "$@"; do echo "<$word>"; done"#)
        #expect(sink["said.txt"]?.text == "<one>\n<two words>\n<$HOME;*>\n")
        let record = try record(sink)
        #expect(record.exitCode == 0 && record.errors == nil && !record.isLate)
        #expect(record.artifact == "test/said.txt" && record.outputByteCount == 28)
        #expect(sink.missing.isEmpty && sink.notes.isEmpty)
    }

    /// Whether this kernel can take the right to write away.
    private static let canForbidWriting: Bool =
        (try? BackgroundValue.start(name: "asking") { Confinement.forbidWriting() })?.wait()
        .isEmpty ?? false

    @Test(
        "A command that is read-only opens no file for writing, and others do as before",
        .enabled(if: canForbidWriting))
    func readOnly() throws {
        let file = NSTemporaryDirectory() + "diag-written-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: file) }
        let script = "(: >'\(file)') && echo written || echo refused"
        #expect(
            try run(script, more: "    read-only: true\n")["said.txt"]?.text == "refused\n")
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try run(script)["said.txt"]?.text == "written\n")
        #expect(FileManager.default.fileExists(atPath: file))
    }

    @Test("Only a collector with a read-only command may let a file grow, by an index")
    func growth() throws {
        func descriptor(_ more: String) throws -> CollectorDescriptor {
            let text = yaml("  - command: [x]\n    to: said.txt\n" + more)
            return DeclaredCollector(
                try CollectorDeclaration(parsing: Array(text.utf8), named: "test.yaml")
            ).descriptor
        }
        #expect(try descriptor("").fileGrowthByteCount == 0)
        #expect(try descriptor("    read-only: false\n").fileGrowthByteCount == 0)
        #expect(try descriptor("    read-only: true\n").fileGrowthByteCount == 65_536)
    }

    @Test("The environment is plain, standard input is empty, and there is no terminal")
    func surroundings() throws {
        let sink = try run("env | sort; cat; tty; pwd; ( : </dev/tty ) 2>&1")
        let lines = try #require(sink["said.txt"]?.text).split(separator: "\n").map(String.init)
        #expect(lines.contains("LC_ALL=C") && lines.contains("PAGER=cat"))
        #expect(!lines.contains { $0.hasPrefix("DIAGBUNDLE") || $0.hasPrefix("SHLVL=2") })
        #expect(lines.contains("not a tty") && lines.contains("/"))
        #expect(lines.last?.contains("/dev/tty") == true)
    }

    @Test("A last command that does not end leaves time to tell of all, before the process ends")
    func softDeadline() throws {
        let began = MonotonicTime.now
        let sink = try run(
            "trap '' TERM; echo begun; while :; do sleep 1; done",
            more: "    limits: {seconds: 60}\n  - files: [/etc/hostname]", seconds: 6)
        let took = MonotonicTime.now.seconds(since: began)
        #expect(took < 5.7, "\(took) s of 6 were used")
        let record = try record(sink)
        #expect(record.isLate && record.seconds > 3.5)
        #expect(sink["said.txt"]?.text == "begun\n")
        #expect(sink["said.txt"]?.truncation?.hasPrefix("it was ended after") == true)
        #expect(sink["etc/hostname"] == nil)
        #expect(sink.missing.count == 2)
    }

    @Test("An exit code that means no good is told, and what the command said is kept")
    func exitCode() throws {
        let sink = try run("echo useful; echo broken >&2; exit 1")
        #expect(sink["said.txt"]?.text == "useful\n")
        #expect(sink.notes.count == 1)
        #expect(sink.notes[0].hasSuffix("exit code 1: broken; what it said is kept"))
        #expect(try record(sink).exitCode == 1)
        #expect(try run("echo x; exit 1", more: "    exit-codes: [0, 1]").notes.isEmpty)
        let silent = try run("echo broken >&2; exit 2")
        #expect(silent.missing.first?.why == "exit code 2: broken")
        #expect(silent["said.txt"] == nil)
    }

    @Test("What a command that ends well says on standard error alone is kept")
    func errorsAlone() throws {
        let sink = try run("echo version 1 >&2")
        #expect(sink["said.txt"]?.text == "version 1\n")
        #expect(sink.absent.isEmpty && sink.missing.isEmpty)
    }

    @Test(
        "One that could not write the file of its own that it needs gives no answer, though it ends well",
        arguments: [
            // A child that the signal ends, and one that goes on without.
            "(echo x >\"$file\")", "trap '' XFSZ; (echo x | sort >\"$file\")",
        ])
    func temporaryFile(script: String) throws {
        // As in a worker: no file may grow.
        let start = "ulimit -f 0; file=$(mktemp)\n"
        let end = "\nrm -f \"$file\"; exit 0"
        let sink = try run(start + script + end)
        #expect(sink["said.txt"] == nil && sink.absent.isEmpty)
        try #require(sink.missing.count == 1)
        let why = sink.missing[0].why
        #expect(why?.hasPrefix("it wanted to write a file, which it may not: ") == true)
        let record = try record(sink)
        #expect(record.exitCode == 0 && record.artifact == nil && record.errors != nil)
        // What it says all the same is kept.
        #expect(try run(start + script + "\necho said" + end)["said.txt"]?.text == "said\n")
    }

    @Test("One that says nothing is absent")
    func silent() throws {
        let sink = try run("exit 0")
        #expect(sink.absent.first?.why == "it says nothing")
        #expect(sink["said.txt"] == nil)
    }

    @Test("One that never ends, and ignores SIGTERM, is ended; what it said is kept")
    func endless() throws {
        let sink = try run(
            "trap '' TERM; echo early; while :; do sleep 1; done", more: "    limits: {seconds: 1}")
        #expect(sink["said.txt"]?.text == "early\n")
        #expect(sink.missing.first?.why?.contains("did not end in") == true)
        #expect(try record(sink).isLate)
    }

    @Test("The collector's own time bounds every command, and what no longer fits is missing")
    func deadline() throws {
        let program = try Program("sleep 60")
        let items = ["a", "b"].map { "  - command: [\(program.path)]\n    to: \($0).txt\n" }
        let sink = try declared(items.joined(), seconds: 2)
        try #require(sink.missing.count == 2)
        #expect(sink.missing[0].why?.contains("did not end") == true)
        #expect(sink.missing[1].why == "the time of the collector was used up before")
    }

    @Test("A child that keeps the pipe open is not waited for")
    func keepsPipe() throws {
        let start = MonotonicTime.now
        let sink = try run("echo said; sleep 600 &")
        #expect(sink["said.txt"]?.text == "said\n")
        #expect(MonotonicTime.now.seconds(since: start) < 30)
        #expect(sink.notes.contains { $0.contains("left a process behind that kept its output") })
        #expect(try run("echo said | cat; sleep 600 >/dev/null 2>&1 & sleep 0.5").notes.isEmpty)
    }

    @Test("One that closes its output and goes on is waited for")
    func closesPipe() throws {
        let sink = try run("echo said; exec >&- 2>&-; sleep 1")
        #expect(sink["said.txt"]?.text == "said\n")
        #expect(try record(sink).seconds >= 1)
        #expect(sink.notes.isEmpty)
    }

    @Test("One that says 10 GiB is cut; of the newest the end is kept")
    func tooMuch() throws {
        let first = try run("yes", more: "    limits: {bytes: 64KiB, seconds: 30}")
        #expect(first["said.txt"]?.bytes.count == 65_536)
        #expect(first["said.txt"]?.truncation == "only the first 65536 bytes are kept")
        #expect(try !record(first).isLate)
        let newest = try run(
            "yes | head -c 3000000; echo last",
            more: "    limits: {bytes: 64KiB, seconds: 60, newest: true}")
        let text = try #require(newest["said.txt"]?.text)
        #expect(text.hasSuffix("y\nlast\n") && text.hasPrefix("y\n") && text.utf8.count <= 65_536)
    }

    @Test("One line without an end takes no more memory than its limit")
    func longLine() throws {
        let sink = try run(
            "head -c 1073741824 /dev/zero | tr '\\000' x",
            more: "    limits: {bytes: 1MiB, lines: 5, newest: true, seconds: 60}")
        #expect(sink["said.txt"]?.bytes.count == 1 << 20)
        #expect(try record(sink).outputByteCount == 1 << 30)
    }

    @Test("Lines are counted from the start, or from the end")
    func lines() throws {
        #expect(
            try run("seq 9", more: "    limits: {lines: 2}")["said.txt"]?.text == "1\n2\n")
        #expect(
            try run("seq 9", more: "    limits: {lines: 2, newest: true}")["said.txt"]?.text
                == "8\n9\n")
    }

    @Test("One that is not installed is absent; one that cannot be started is missing")
    func notThere() throws {
        let sink = try declared("  - command: [no-such-tool-here]\n    to: a")
        #expect(sink.absent.first?.why?.hasPrefix("no-such-tool-here is not installed") == true)
        let folder = try DeclaredHost(["/tool": "no program"])
        chmod(folder.path + "/tool", 0o755)
        let broken = try declared("  - command: [\(folder.path)/tool]\n    to: a")
        #expect(broken.missing.first?.why?.contains("/tool is no program: ") == true)
        let plain = try run("echo x", permissions: 0o644)
        #expect(plain.absent.isEmpty && plain.artifacts.isEmpty)
        #expect(plain.missing.first?.why?.hasSuffix(" may not be executed") == true)
        #expect(plain.missing.first?.remedy?.contains("chmod") == true)
    }

    @Test(
        "One that the kernel does not execute is told with what is usually wrong",
        arguments: [
            (
                "#!/bin/sh\r\necho a\r\n", "tool has the line ends of DOS: a line ends",
                Errno.noSuchFileOrDirectory
            ),
            (
                "#!/no/such -x\n",
                "tool is interpreted by /no/such, and that, or what it needs, does not exist here",
                .noSuchFileOrDirectory
            ),
            ("#!/etc\n", "tool cannot be executed", .permissionDenied),
            ("echo a\n", "tool is no program: a script begins with the line", .execFormatError),
            (
                "\u{7F}ELF", "tool is broken, or a program for another machine (Exec format error)",
                .execFormatError
            ),
        ])
    func notExecuted(content: String, what: String, errno: Errno) throws {
        let host = try DeclaredHost(["/tool": content])
        chmod(host.path + "/tool", 0o755)
        let sink = try declared("  - command: [\(host.path)/tool]\n    to: a")
        #expect(sink.absent.isEmpty && sink.missing.count == 1)
        #expect(sink.paths == [CommandRecord.artifact])
        let why = try #require(sink.missing.first?.why)
        #expect(why.hasPrefix(host.path) && why.contains(what), "\(why)")
        let record = try record(sink)
        #expect(record.failure == "\(errno)")
        #expect(record.arguments == [host.path + "/tool"])
        #expect(record.exitCode == nil && record.signal == nil && record.artifact == nil)
    }

    @Test("One with more arguments than the kernel takes is missing, and recorded with its words")
    func tooLong() throws {
        // A single argument has at most 32 pages: MAX_ARG_STRLEN of linux/binfmts.h.
        let word = String(repeating: "a", count: 32 * HostFacts.pageByteCount)
        let sink = try declared(
            "  - command: [uname, \(word)]\n    to: a\n  - command: [uname]\n    to: b")
        #expect(sink.paths == ["b", CommandRecord.artifact])
        #expect(sink.missing.first?.why?.hasSuffix("Argument list too long") == true)
        let record = try record(sink)
        #expect(record.failure == "\(Errno.argListTooLong)")
        #expect(record.outputByteCount == 0 && !record.isLate)
    }

    @Test("One that could not be looked at is told with what the kernel said, and no rights help")
    func loop() throws {
        let host = try DeclaredHost()
        try host.link("/tool", to: "tool")
        let sink = try declared("  - command: [\(host.path)/tool]\n    to: a")
        #expect(sink.absent.isEmpty && sink.missing.count == 1)
        let lack = try #require(sink.missing.first)
        let why = try #require(lack.why)
        #expect(why.hasPrefix("\(host.path)/tool could not be looked at: "), "\(why)")
        #expect(lack.remedy == nil)
    }

    @Test("What a refused program needs is told once, and is not root")
    func remedies() throws {
        let refusals = [
            "/x is there, but is not run: /x may be written by others", "/x may not be executed",
        ]
        for refusal in refusals {
            let remedy = try #require(InstalledProgram.remedy(for: refusal))
            let lack = Missing(collector: "a", what: "/x", why: refusal, remedy: remedy)
            #expect(!lack.wantsRoot && lack.advice == remedy)
        }
    }

    @Test(
        "A remedy asks for root by its words, and not by what a path in it is called",
        arguments: [
            ("root, or CAP_SYSLOG", true), ("run as root", true),
            ("Make a new plan as root.", true),
            ("diagbundle collectors check /root/.x/plugin", false), ("chown root", false),
            ("mount \"/srv/as root\" and collect again", false),
        ])
    func wantsRoot(remedy: String, expected: Bool) {
        let lack = Missing(collector: "a", what: "b", why: "c", remedy: remedy)
        #expect(lack.wantsRoot == expected)
    }

    @Test("As root a program that somebody else could change is not run")
    func untrusted() throws {
        guard geteuid() == 0 else { return }
        let sink = try run("echo x", permissions: 0o775)
        #expect(sink.artifacts.isEmpty && sink.absent.isEmpty && sink.missing.count == 1)
        let lack = try #require(sink.missing.first)
        #expect(lack.why?.contains(" is there, but is not run: ") == true)
        #expect(lack.why?.hasSuffix("may be written by others") == true)
        #expect(lack.remedy?.contains("chmod go-w") == true)
    }

    @Test(
        "As root a program is not run that a link leads to where somebody else could change it",
        .enabled(if: geteuid() == 0), arguments: ["/others/tool", "/above/deep/tool"])
    func untrustedWay(target: String) throws {
        let host = try DeclaredHost([target: "#!/bin/sh\necho ran\n", "/own/x": ""])
        chmod(host.path + target, 0o755)
        try host.link("/own/tool", to: host.path + target)
        let items = "  - command: [\(host.path)/own/tool]\n    to: said.txt"
        #expect(try declared(items)["said.txt"]?.text == "ran\n")
        let folder = try #require(target.split(separator: "/").first)
        #expect(chown("\(host.path)/\(folder)", 65534, 65534) == 0)
        let sink = try declared(items)
        #expect(sink.artifacts.isEmpty && sink.absent.isEmpty && sink.missing.count == 1)
        let why = try #require(sink.missing.first?.why)
        #expect(why.contains("/own/tool is there, but is not run: "))
        #expect(why.contains("/\(folder) "), "\(why)")
    }

    @Test("With --since the arguments for it are added, and without they are not")
    func since() throws {
        let more = "    since: [--since, \"{since}\", \"{since-epoch}\"]"
        let moment = Timestamp("2026-11-21T09:30:00.500000Z")
        let script = #"for word in "$@"; do echo "$word"; done | tail -n +4"#
        #expect(
            try run(script, more: more, since: moment)["said.txt"]?.text
                == "--since\n2026-11-21 09:30:00\n1795253400\n")
        #expect(try run(script, more: more)["said.txt"] == nil)
    }

    @Test("A command whose output may hold secrets does not run, and a note says so")
    func secrets() throws {
        let sink = try run("echo hunter2", more: "    secrets: true")
        #expect(sink.artifacts.isEmpty && sink.missing.isEmpty)
        #expect(
            sink.notes.first?.hasPrefix("not run, for what it says may hold secrets: /") == true)
    }

    @Test("For another root no command runs, and the report says so")
    func otherRoot() throws {
        let host = try DeclaredHost()
        let mark = host.path + "/mark"
        let sink = try host.collect("  - command: [touch, \(mark)]\n    to: a")
        #expect(sink.absent.first?.why?.contains("not the running host's") == true)
        #expect(!FileManager.default.fileExists(atPath: mark))
    }
}
