import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("Files of a declared collector")
struct DeclaredFilesTests {
    @Test("Files land under their own path, each once, in the order of the patterns")
    func files() throws {
        let host = try DeclaredHost([
            "/etc/b.conf": "b", "/etc/a.conf": "a", "/etc/sub/c.conf": "c", "/etc/x.key": "k",
        ])
        let sink = try host.collect(
            "  - files: [/etc/b.conf, \"/etc/**/*.conf\", \"/etc/*\"]\n    exclude: [\"*.key\"]")
        #expect(sink.paths == ["etc/b.conf", "etc/a.conf", "etc/sub/c.conf"])
        #expect(sink["etc/sub/c.conf"]?.text == "c")
        #expect(sink["etc/a.conf"]?.opening.source == "/etc/a.conf")
        #expect(sink.missing.isEmpty && sink.absent.isEmpty)
    }

    @Test("What does not exist is absent, once for its item")
    func absent() throws {
        let host = try DeclaredHost(["/etc/folder/x": ""])
        let sink = try host.collect("  - files: [/no, /etc/folder/no, \"/nowhere/*\"]")
        #expect(sink.artifacts.isEmpty && sink.missing.isEmpty)
        #expect(sink.absent.map(\.what) == ["/no and 2 others"])
    }

    @Test("What is named and is no file is not opened, and told with what it is")
    func noFile() throws {
        let host = try DeclaredHost(["/etc/folder/x": ""])
        #expect(mkfifo(host.path + "/etc/pipe", 0o644) == 0)
        let sink = try host.collect("  - files: [/etc/pipe, /etc/folder, /no]")
        #expect(sink.artifacts.isEmpty && sink.absent.isEmpty)
        #expect(
            sink.missing.map { "\($0.what) \($0.why ?? "")" } == [
                "/etc/pipe is a pipe and is not read",
                "/etc/folder is a folder; write `/etc/folder/*`, or use `listing`",
            ])
    }

    @Test(
        "What a pattern finds and is no file is told where nothing else is there",
        arguments: [
            ("[\"/etc/*\"]", "only 1 folder and 1 pipe are there"),
            ("[\"/etc/p*\"]", "only 1 pipe is there"),
            ("[/etc/folder, \"/etc/folder/y*\"]", "only 1 folder is there"),
            (
                "[\"/etc/folder/*\"]\n    exclude: [\"x\"]",
                "only what `exclude` leaves out is there"
            ),
            ("[\"/etc/n*\"]", nil),
        ] as [(String, String?)])
    func onlyOthers(item: String, why: String?) throws {
        let host = try DeclaredHost(["/etc/folder/x": ""])
        #expect(mkfifo(host.path + "/etc/pipe", 0o644) == 0)
        let sink = try host.collect("  - files: " + item)
        #expect(sink.artifacts.isEmpty && sink.missing.isEmpty && sink.absent.count == 1)
        #expect(sink.absent.first?.why == why)
    }

    @Test("A link is followed below the root, and never out of it")
    func links() throws {
        let host = try DeclaredHost(["/run/real": "inside", "/etc/hosts": "fixture"])
        try host.link("/etc/link", to: "/run/real")
        try host.link("/etc/out", to: "../../../../../../etc/hosts")
        let sink = try host.collect("  - files: [/etc/link, /etc/out]")
        #expect(sink["etc/link"]?.text == "inside")
        #expect(sink["etc/out"]?.text == "fixture")
    }

    @Test("A link that a service has made is not followed, neither as a file nor on the way")
    func linksOfOthers() throws {
        guard geteuid() == 0 else { return }
        let host = try DeclaredHost(["/etc/shadow": "hash", "/var/log/app/own.log": "log"])
        try host.link("/var/log/app/x.log", to: "/etc/shadow")
        try host.link("/var/log/app/way", to: "/etc")
        for name in ["/var/log/app/x.log", "/var/log/app/way"] {
            #expect(lchown(host.path + name, 12345, 12345) == 0)
        }
        let sink = try host.collect(
            "  - files: [\"/var/log/app/*.log\", /var/log/app/way/shadow]")
        #expect(sink.paths == ["var/log/app/own.log"])
        #expect(sink.missing.count == 1)
        #expect(sink.missing.first?.why?.hasPrefix("follow a link of user 12345: ") == true)
        // One of root is.
        try host.link("/var/log/app/y.log", to: "/etc/shadow")
        let again = try host.collect("  - files: [/var/log/app/y.log]")
        #expect(again["var/log/app/y.log"]?.text == "hash")
    }

    @Test("An attribute of sysfs, which says that it has 4096 bytes, is whole")
    func sysfs() throws {
        let sink = try declared("  - files: [/sys/class/net/lo/mtu, /proc/version]")
        #expect(sink.paths == ["sys/class/net/lo/mtu", "proc/version"])
        #expect(sink.artifacts.allSatisfy { $0.truncation == nil })
    }

    @Test("What may hold secrets is withheld in every profile, and whatever its condition is")
    func secretsAnyway() throws {
        let host = try DeclaredHost(["/etc/a": "hunter2", "/etc/b": "hunter2", "/etc/c": ""])
        let sink = try host.collect(
            """
              - files: ["/etc/*"]
              - files: [/etc/a]
                secrets: true
                profiles: [full]
              - files: [/etc/b]
                secrets: true
                when: {files: [/no]}
            """)
        #expect(sink.paths == ["etc/c"])
    }

    @Test("The limit of files is kept: the first, or the newest, and it says how many are left out")
    func limit() throws {
        let host = try DeclaredHost()
        for number in 0..<20 {
            try host.write("\(number)", to: "/log/\(number)", modified: Double(1000 + number))
        }
        let first = try host.collect("  - files: [\"/log/*\"]\n    limits: {files: 3}")
        #expect(first.paths == ["log/0", "log/1", "log/10"])
        #expect(first.missing.first?.why?.hasPrefix("17 more files match") == true)
        let newest = try host.collect(
            "  - files: [\"/log/*\"]\n    limits: {files: 3, newest: true}")
        #expect(newest.paths == ["log/19", "log/18", "log/17"])
    }

    @Test("Bytes and lines of a file are cut, and it says so")
    func cut() throws {
        let host = try DeclaredHost(["/a": "one\ntwo\nthree\n"])
        func text(_ limits: String) throws -> (String?, String?) {
            let sink = try host.collect("  - files: [/a]\n    limits: {\(limits)}")
            return (sink["a"]?.text, sink["a"]?.truncation)
        }
        #expect(try text("bytes: 5") == ("one\nt", "only the first 5 of 14 bytes are kept"))
        #expect(try text("bytes: 8, newest: true").0 == "three\n")
        #expect(try text("lines: 2") == ("one\ntwo\n", "only the first 2 lines are kept"))
        #expect(
            try text("lines: 2, newest: true")
                == ("two\nthree\n", "only the last 2 lines are kept"))
        #expect(try text("lines: 3") == ("one\ntwo\nthree\n", nil))
    }

    @Test("The bytes of the collector are kept, and what no longer fits is missing")
    func budget() throws {
        let host = try DeclaredHost(["/a": "12345", "/b": "12345", "/c": "12345"])
        let sink = try host.collect("  - files: [/a, /b, /c]", head: "limit: 8")
        #expect(sink["a"]?.text == "12345" && sink["b"]?.text == "123")
        #expect(sink.missing.map(\.what) == ["/c"])
    }

    @Test("With --since, files that did not change are left out where the item says so")
    func since() throws {
        let host = try DeclaredHost()
        try host.write("old", to: "/old", modified: 1000)
        try host.write("new", to: "/new", modified: 2_000_000_000)
        let items = "  - files: [/old, /new]\n    since: mtime"
        let since = try #require(Timestamp("2026-01-01T00:00:00.000000Z"))
        #expect(try host.collect(items, since: since).paths == ["new"])
        #expect(try host.collect(items).paths == ["old", "new"])
    }

    @Test("What may hold secrets is not collected by any item, and a note names it")
    func secrets() throws {
        let host = try DeclaredHost(["/etc/a/password": "hunter2", "/etc/a/plain": "x"])
        let sink = try host.collect(
            "  - files: [\"/etc/**\"]\n  - files: [/etc/a/password]\n    secrets: true")
        #expect(sink.paths == ["etc/a/plain"])
        #expect(sink.notes == ["not collected, for they may hold secrets: /etc/a/password"])
        #expect(sink.missing.isEmpty)
    }

    @Test("Another name of what may hold secrets is withheld, too, and one that it excludes")
    func secretsByOtherNames() throws {
        let host = try DeclaredHost([
            "/etc/a/password": "hunter2", "/etc/a/old.save": "hunter1", "/etc/b": "x",
        ])
        try host.link("/etc/alias", to: "a/password")
        try FileManager.default.linkItem(
            atPath: host.path + "/etc/a/password", toPath: host.path + "/etc/hard")
        let sink = try host.collect(
            "  - files: [\"/etc/**\"]\n  - files: [\"/etc/a/*\"]\n    exclude: [\"*.save\"]\n"
                + "    secrets: true")
        #expect(sink.paths == ["etc/b"])
    }

    @Test("Files that are withheld from one item leave what another has not absent")
    func absentBesideSecrets() throws {
        let host = try DeclaredHost(["/etc/password": "hunter2"])
        let sink = try host.collect(
            "  - files: [/etc/none]\n  - files: [/etc/pass*]\n"
                + "  - files: [/etc/password]\n    secrets: true")
        #expect(sink.absent.map(\.what) == ["/etc/none"])
    }

    @Test("Only what is there and would be collected counts as left out")
    func leftOut() throws {
        let host = try DeclaredHost(["/d/1": "", "/d/2": "", "/d/3": "", "/d/sub/x": ""])
        let three = try host.collect(
            "  - files: [\"/d/*\", \"/etc/{a,b,c}\", \"/d/[123]\"]\n    limits: {files: 3}")
        #expect(three.paths == ["d/1", "d/2", "d/3"])
        #expect(three.missing.isEmpty)
        let two = try host.collect("  - files: [\"/d/*\", \"/e*\"]\n    limits: {files: 2}")
        #expect(two.missing.first?.why?.hasPrefix("1 more files match") == true)
    }

    @Test("An excluded folder leaves out all below it, and none above the pattern's own part")
    func excludedFolder() throws {
        let host = try DeclaredHost(["/etc/x/private/deep/key": "", "/etc/x/open/conf": ""])
        func paths(_ excluded: String) throws -> [String] {
            try host.collect("  - files: [\"/etc/x/**\"]\n    exclude: [\(excluded)]").paths
        }
        #expect(try paths("private") == ["etc/x/open/conf"])
        #expect(try paths("/etc/x/private") == ["etc/x/open/conf"])
        #expect(try paths("x") == ["etc/x/open/conf", "etc/x/private/deep/key"])
    }

    @Test("The newest of many are kept, whatever their order, and the rest is counted")
    func newestOfMany() throws {
        let host = try DeclaredHost()
        for number in 0..<2500 {
            let age = Double((number * 1009) % 2500)
            try host.write("", to: "/log/\(number)", modified: 10_000 + age)
        }
        let sink = try host.collect(
            "  - files: [\"/log/*\"]\n    limits: {files: 3, newest: true}")
        let newest = (0..<2500).sorted { ($0 * 1009) % 2500 > ($1 * 1009) % 2500 }.prefix(3)
        #expect(sink.paths == newest.map { "log/\($0)" })
        #expect(sink.missing.first?.why?.hasPrefix("2497 more files match") == true)
    }

    @Test("Items of another profile are passed over")
    func profile() throws {
        let host = try DeclaredHost(["/a": "", "/b": ""])
        let items = "  - files: [/a]\n  - files: [/b]\n    profiles: [full]"
        #expect(try host.collect(items).paths == ["a"])
        #expect(try host.collect(items, profile: .full).paths == ["a", "b"])
    }

    @Test("20,000 files end within the limit, and are counted")
    func manyFiles() throws {
        let host = try DeclaredHost(["/d/x": ""])
        for number in 0..<20_000 {
            let descriptor = open(host.path + "/d/\(number)", O_CREAT | O_WRONLY, 0o644)
            #expect(descriptor >= 0)
            close(descriptor)
        }
        let sink = try host.collect("  - files: [\"/d/[0-9]*\"]\n    limits: {files: 5}")
        #expect(sink.artifacts.count == 5)
        #expect(sink.missing.first?.why?.hasPrefix("19995 more files match") == true)
    }

    @Test("Folders that are deeper than ** looks are counted and told, those left out are not")
    func tooDeep() throws {
        let way = String(repeating: "/x", count: 25)
        let host = try DeclaredHost(["/d/near": "", "/d\(way)/far": "", "/d/y\(way)/far": ""])
        let two = "2 folders are deeper than 24 levels below, and were not looked into"
        let all = try host.collect("  - files: [\"/d/**\", \"/d/**/far\"]")
        #expect(all.paths == ["d/near"])
        #expect(all.missing.map(\.why) == [two])
        let excluding = try host.collect("  - files: [\"/d/**\"]\n    exclude: [y]")
        #expect(
            excluding.missing.map(\.why)
                == ["1 folder is deeper than 24 levels below, and was not looked into"])
        let none = try host.collect("  - files: [\"/d/**/far\"]")
        #expect(none.missing.map(\.why) == [two] && none.absent.isEmpty)
        let listing = try host.collect("  - listing: [\"/d/**/far\"]\n    to: list.txt")
        #expect(listing.missing.map(\.why) == [two] && listing.absent.isEmpty)
    }

    @Test("A name that is not UTF-8 keeps its bytes")
    func bytes() throws {
        let host = try DeclaredHost(["/d/x": ""])
        let name = Array((host.path + "/d/a").utf8) + [0xFF, 0]
        let descriptor = name.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
            open($0.baseAddress!, O_CREAT | O_WRONLY, 0o644)
        }
        #expect(descriptor >= 0)
        close(descriptor)
        let sink = try host.collect("  - files: [\"/d/a*\"]")
        let opening = try #require(sink.artifacts.first?.opening)
        #expect(opening.path == #"d/a\xFF"#)
        #expect(opening.pathBytes == Data(Array("d/a".utf8) + [0xFF]).base64EncodedString())
    }

    @Test("A listing tells names, kinds, sizes and targets without opening a file")
    func listing() throws {
        let host = try DeclaredHost(["/d/a": "12345", "/d/sub/deep/x": ""])
        try host.link("/d/link", to: "/nowhere")
        let sink = try host.collect("  - listing: [/d, /no]\n    depth: 2\n    to: list.txt")
        let lines = try #require(sink["list.txt"]?.text).split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        #expect(lines[1].hasPrefix("-rw-r--r-- ") && lines[1].hasSuffix(" /d/a"))
        #expect(lines[1].contains(" 5 2023-11-14T22:13:20.000000Z "))
        #expect(lines[2].hasSuffix(" /d/link -> /nowhere"))
        #expect(lines[4].hasSuffix(" /d/sub/deep"))
        let short = try host.collect(
            "  - listing: [/d]\n    depth: 9\n    limits: {files: 2}\n    to: list.txt")
        #expect(short["list.txt"]?.text.split(separator: "\n").count == 2)
        #expect(short["list.txt"]?.truncation?.contains("at least 2 more") == true)
    }

    @Test("A listing that the bytes of the collector cut ends with a whole line, and says so")
    func listingBudget() throws {
        let host = try DeclaredHost(["/d/a": "1", "/d/b": "2"])
        let items = "  - listing: [/d]\n    to: list.txt"
        let whole = try host.collect(items)
        let text = try #require(whole["list.txt"]?.text)
        let limit = text.utf8.count - 1
        let cut = try host.collect(items, head: "limit: \(limit)")
        let lines = text.split(separator: "\n").dropLast().map { "\($0)\n" }
        #expect(cut["list.txt"]?.text == lines.joined())
        #expect(cut["list.txt"]?.truncation == "the \(limit) bytes of the collector are used up")
        #expect(cut.missing.isEmpty)
        let none = try host.collect(items, head: "limit: 10")
        #expect(none.artifacts.isEmpty)
        #expect(none.missing.map(\.why) == ["the 10 bytes of the collector are used up"])
    }

    @Test("A listing whose search was cut before it found anything is missing, not absent")
    func cutListing() throws {
        let host = try DeclaredHost(["/d/a": ""])
        let tree = try RootedTree(FilePath(host.path))
        let declaration = try CollectorDeclaration(
            parsing: Array(yaml("  - listing: [\"/d/*\"]\n    to: list.txt").utf8),
            named: "test.yaml")
        let item = declaration.items[0]
        guard case .listing(let listing) = item.source else {
            Issue.record("the item is no listing")
            return
        }
        let context = CollectionContext(root: tree, deadline: .now.advanced(bySeconds: -9))
        let sink = MemorySink()
        let run = DeclaredRun(
            declaration, profile: .default, host: HostTraits(tree, until: context.deadline),
            context: context, sink: sink)
        try run.list(listing, item, plan: nil)
        #expect(sink.missing.map(\.why) == [DeclaredRun.outOfTime])
        #expect(sink.absent.isEmpty && sink.artifacts.isEmpty)
    }
}
