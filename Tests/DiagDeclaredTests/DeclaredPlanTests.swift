import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("Plans of declared collectors")
struct DeclaredPlanTests {
    private func collector(
        _ items: String, planned: CollectionPlan.Collector? = nil
    ) throws -> DeclaredCollector {
        DeclaredCollector(
            try CollectorDeclaration(parsing: Array(yaml(items).utf8), named: "test.yaml"),
            planned: planned)
    }

    private func plan(_ items: String, of host: DeclaredHost) throws -> CollectionPlan.Collector {
        let work = try collector(items).plan(in: .init(root: try RootedTree(FilePath(host.path))))
        var plan = CollectionPlan.Collector(
            name: "test", subject: "", origin: "", risk: "R1", confinement: "reader",
            capabilities: [], deadlineSeconds: 1, byteLimit: 1, items: work.items)
        plan.notes = work.notes
        return plan
    }

    private func run(
        _ items: String, of host: DeclaredHost, _ plan: CollectionPlan.Collector
    ) throws -> MemorySink {
        let sink = MemorySink()
        try collector(items, planned: plan).collect(
            in: .init(root: try RootedTree(FilePath(host.path))), into: sink)
        return sink
    }

    @Test("A plan has the files that a run would collect, each once, without those with secrets")
    func files() throws {
        let host = try DeclaredHost(["/etc/a": "12", "/etc/b": "3", "/etc/key": "k"])
        let items = """
              - files: ["/etc/*"]
              - files: [/etc/a, /no]
              - files: [/etc/key]
                secrets: true
            """
        let plan = try plan(items, of: host)
        #expect(plan.items.map { $0.files?.map(\.path) } == [["/etc/a", "/etc/b"], []])
        #expect(plan.items.map(\.number) == [1, 2])
        #expect(plan.items[0].estimate.byteCount == 3)
        #expect(plan.items[1].doesNotApply == "nothing of it is on this host")
        #expect(plan.notes == ["not collected, for they may hold secrets: /etc/key"])
        #expect(try run(items, of: host, plan).paths == ["etc/a", "etc/b"])
    }

    @Test(
        "A command is assumed to give and take what is typical of it, else as usual, within limits",
        arguments: [
            ("", Int64(1024), 0.03), ("typically: {bytes: 64KiB, seconds: 0.4}", 65_536, 0.4),
            ("typically: {bytes: 0, seconds: 2}", 0, 2), ("typically: {bytes: 7}", 7, 0.03),
            ("typically: {seconds: 7}", 1024, 7), ("limits: {bytes: 100}", 100, 0.03),
        ])
    func typical(more: String, byteCount: Int64, seconds: Double) throws {
        let expected = CollectionPlan.Estimate(
            byteCount: byteCount, seconds: seconds, isAssumed: true)
        let work = try collector("  - command: [uname]\n    to: a\n    \(more)\n").plan(
            in: .init(root: try RootedTree("/")))
        #expect(work.items.map(\.doesNotApply) == [nil])
        #expect(work.items.map(\.knownEstimate) == [expected])
    }

    @Test("What does not run here is estimated as nothing, and nothing of that is assumed")
    func notRun() throws {
        let host = try DeclaredHost()
        let plan = try plan("  - command: [uname]\n    to: a\n  - files: [/no]", of: host)
        #expect(plan.items.map(\.knownEstimate) == [.init(), .init()])
    }

    @Test(
        "The sizes of regular files are known; those of procfs, of names and of lines are assumed",
        arguments: [
            ("files: [/etc/a]", nil), ("files: [/etc/a, /run/udev/data/b1:1]", nil),
            ("files: [/etc/a, /proc/7/status]", true), ("files: [/sys/a]", true),
            ("files: [/etc/a]\n    limits: {lines: 9}", true),
            ("listing: [/etc]\n    to: a", true), ("listing: [/none]\n    to: a", nil),
        ])
    func assumed(item: String, isAssumed: Bool?) throws {
        let host = try DeclaredHost([
            "/etc/a": "12", "/proc/7/status": "s", "/sys/a": "1", "/run/udev/data/b1:1": "1",
        ])
        let plan = try plan("  - " + item, of: host)
        #expect(plan.items.map(\.estimate.isAssumed) == [isAssumed])
    }

    @Test("A condition that does not hold is the reason; one that changed since is missing")
    func conditions() throws {
        let host = try DeclaredHost(["/etc/a": "1", "/etc/mark": ""])
        let items = """
              - files: [/etc/a]
                when: {files: [/etc/mark]}
              - files: [/etc/a]
                when: {files: [/etc/other]}
            """
        let plan = try plan(items, of: host)
        #expect(plan.items.map(\.doesNotApply) == [nil, "/etc/other does not exist"])
        try FileManager.default.removeItem(atPath: host.path + "/etc/mark")
        let sink = try run(items, of: host, plan)
        #expect(sink.artifacts.isEmpty)
        #expect(sink.missing.map(\.why) == ["it is in the plan, but now /etc/mark does not exist"])
        #expect(sink.absent.map(\.why) == ["/etc/other does not exist"])
    }

    @Test("A run of a plan takes nothing that is new, and says what is gone")
    func changes() throws {
        let host = try DeclaredHost([
            "/etc/a": "1", "/etc/b": "2", "/proc/7/status": "s", "/proc/8/status": "s",
        ])
        let items = "  - files: [\"/etc/*\", \"/proc/*/status\"]"
        let plan = try plan(items, of: host)
        for path in ["/etc/a", "/proc/7"] {
            try FileManager.default.removeItem(atPath: host.path + path)
        }
        try host.write("new", to: "/etc/c")
        let sink = try run(items, of: host, plan)
        #expect(sink.paths == ["etc/b", "proc/8/status"])
        #expect(sink.missing.map(\.what) == ["/etc/a"])
        #expect(sink.missing.map(\.why) == ["it is in the plan, and no longer there"])
        #expect(sink.absent.map(\.what) == ["/proc/7/status"])
    }

    @Test(
        "What comes and goes while a host runs is absent when it is gone, all else missing",
        arguments: ["files: [\"/*/**\"]", "listing: [\"/*/**/{a,1,app.1}\"]\n    to: list.txt"])
    func comesAndGoes(item: String) throws {
        let host = try DeclaredHost([
            "/etc/a": "1", "/etc/b/a": "1", "/run/systemd/sessions/1": "s", "/var/log/app.1": "l",
        ])
        let plan = try plan("  - " + item, of: host)
        for path in ["/etc", "/run", "/var"] {
            try FileManager.default.removeItem(atPath: host.path + path)
        }
        let sink = try run("  - " + item, of: host, plan)
        #expect(sink.missing.map(\.what).sorted() == ["/etc/a", "/etc/b/a"])
        #expect(sink.absent.map(\.what) == ["/run/systemd/sessions/1 and 1 more"])
        #expect(Set((sink.missing + sink.absent).map(\.why)) == [GoneSincePlan.reason])
    }

    @Test(
        "What could not be looked at is in the plan, and a run of it tells it as missing, once",
        arguments: [
            "files: [\"/etc/loop/*\"]", "files: [/etc/a, \"/etc/loop/*\"]",
            "listing: [\"/etc/loop/*\"]\n    to: list.txt",
            "listing: [/etc/a, \"/etc/loop/*\"]\n    to: list.txt",
        ])
    func unreadable(item: String) throws {
        let host = try DeclaredHost(["/etc/a": "1"])
        try host.link("/etc/loop", to: "loop")
        let plan = try plan("  - " + item, of: host)
        let named = try #require(plan.items[0].unreadable)
        #expect(named.map(\.path) == ["/etc/loop"])
        let why = try #require(named.first?.why)
        #expect(why.hasPrefix("open: "))
        #expect(plan.items[0].moreUnreadableCount == nil)
        let hasMore = item.contains("/etc/a")
        #expect(plan.items[0].doesNotApply == (hasMore ? nil : "/etc/loop: \(why)"))
        let sink = try run("  - " + item, of: host, plan)
        #expect(sink.missing.map(\.what) == ["/etc/loop"])
        #expect(
            sink.missing.first?.why
                == "it could not be looked at when the plan was made: \(why)")
        #expect(sink.absent.isEmpty && sink.artifacts.isEmpty != hasMore)
    }

    @Test("Of much that could not be looked at the first is named, and the rest is counted")
    func muchUnreadable() throws {
        let host = try DeclaredHost(["/etc/a": "1"])
        for number in 10..<35 { try host.link("/etc/l\(number)", to: "l\(number)") }
        let items = "  - files: [/etc/a, \"/etc/l*/*\"]"
        let plan = try plan(items, of: host)
        #expect(plan.items[0].unreadable?.map(\.path) == (10..<30).map { "/etc/l\($0)" })
        #expect(plan.items[0].moreUnreadableCount == 5)
        let sink = try run(items, of: host, plan)
        #expect(sink.missing.count == 21)
        #expect(
            sink.missing.last?.why
                == "5 more paths could not be looked at when the plan was made")
    }

    @Test(
        "More files than the limit are missing from a run of a plan, in the words of one without",
        arguments: ["", "newest: true, "])
    func leftOut(newest: String) throws {
        let host = try DeclaredHost(["/etc/a": "1", "/etc/b": "2", "/etc/c": "3"])
        let items = "  - files: [\"/etc/*\"]\n    limits: {\(newest)files: 1}"
        var plan = try plan(items, of: host)
        #expect(plan.items[0].leftOutCount == 2 && plan.items[0].leftOutIsLeast == nil)
        let sink = try run(items, of: host, plan)
        let which = newest.isEmpty ? "first" : "newest"
        #expect(
            sink.missing.map(\.why) == [
                "2 more files match than the 1 that are kept, the \(which)"
            ])
        #expect(try host.collect(items).missing == sink.missing)
        #expect(sink.artifacts.count == 1)
        plan.items[0].leftOutIsLeast = true
        #expect(
            try run(items, of: host, plan).missing.first?.why?.hasPrefix("at least 2 more files")
                == true)
        plan.items[0].leftOutCount = -2
        #expect(try run(items, of: host, plan).missing.isEmpty)
    }

    @Test("More places of a listing than a plan names are missing from its run")
    func manyPlaces() throws {
        let names = (1...1002).map { "/etc/a\($0)" }
        let host = try DeclaredHost(Dictionary(uniqueKeysWithValues: names.map { ($0, "") }))
        let items = "  - listing: [\"/etc/*\"]\n    to: list.txt"
        let plan = try plan(items, of: host)
        #expect(plan.items[0].leftOutCount == 2)
        let sink = try run(items, of: host, plan)
        #expect(
            sink.missing.map(\.why) == ["2 more match than the 1000 that a plan lists, the first"])
        #expect(sink.paths == ["list.txt"])
    }

    @Test("Of much that is no file the first is named, and the rest is counted")
    func manyMisfits() throws {
        let names = (1...102).map { "/etc/d\($0)" }
        let host = try DeclaredHost(Dictionary(uniqueKeysWithValues: names.map { ($0 + "/x", "") }))
        let items = "  - files: [\(names.joined(separator: ", "))]"
        let plan = try plan(items, of: host)
        #expect(plan.items[0].misfits?.count == 100 && plan.items[0].moreMisfitCount == 2)
        let sink = try run(items, of: host, plan)
        #expect(sink.missing.count == 101)
        #expect(sink.missing.last?.what.hasSuffix(": 2 more paths") == true)
        #expect(sink.missing.last?.why == "are no files to copy")
    }

    @Test("Folders that are too deep are in the plan, too")
    func tooDeep() throws {
        let host = try DeclaredHost([
            "/d/a": "", "/d" + String(repeating: "/x", count: 25) + "/far": "",
        ])
        let why = "1 folder is deeper than 24 levels below, and was not looked into"
        let items = "  - files: [\"/d/**\"]\n  - listing: [\"/d/**/far\"]\n    to: list.txt"
        let plan = try plan(items, of: host)
        let expected = ["/d/**", "/d/**/far"].map { CollectionPlan.Unreadable(path: $0, why: why) }
        #expect(plan.items.flatMap { $0.unreadable ?? [] } == expected)
        let sink = try run(items, of: host, plan)
        #expect(sink.missing.map(\.what) == ["/d/**", "/d/**/far"])
        #expect(sink.absent.isEmpty)
    }

    @Test("Whoever wrote it, what could not be looked at is told short and without controls")
    func strangeUnreadable() throws {
        let host = try DeclaredHost(["/etc/a": "1"])
        let items = "  - files: [/etc/a]"
        var plan = try plan(items, of: host)
        plan.items[0].unreadable = Array(
            repeating: CollectionPlan.Unreadable(
                path: "/\u{1B}[2J", why: String(repeating: "x", count: 9000)), count: 100)
        plan.items[0].moreUnreadableCount = .max
        #expect(try collector(items).stranger(in: plan, since: nil) == nil)
        let sink = try run(items, of: host, plan)
        #expect(sink.paths == ["etc/a"])
        #expect(sink.missing.count == 21)
        #expect(sink.missing.allSatisfy { !$0.what.unicodeScalars.contains("\u{1B}") })
        #expect(sink.missing.allSatisfy { ($0.why ?? "").utf8.count < 1100 })
        plan.items[0].unreadable = nil
        plan.items[0].moreUnreadableCount = nil
        #expect(try run(items, of: host, plan).missing.isEmpty)
    }

    @Test("What is named as a file and is none stands in the plan with what it is, and in its run")
    func misfits() throws {
        let host = try DeclaredHost(["/etc/a": "1", "/etc/ssh/x": ""])
        let why = "is a folder; write `/etc/ssh/*`, or use `listing`"
        let items = "  - files: [/etc/ssh]\n  - files: [/etc/a, /etc/ssh]"
        let plan = try plan(items, of: host)
        let misfit = CollectionPlan.Misfit(path: "/etc/ssh", why: why)
        #expect(plan.items.map(\.misfits) == [[misfit], [misfit]])
        #expect(plan.items.allSatisfy { $0.unreadable == nil })
        #expect(plan.items.map(\.doesNotApply) == ["/etc/ssh " + why, nil])
        let sink = try run(items, of: host, plan)
        #expect(sink.missing.map(\.what) == ["/etc/ssh", "/etc/ssh"])
        #expect(sink.missing.map(\.why) == [why, why])
        #expect(sink.absent.isEmpty && sink.paths == ["etc/a"])
    }

    @Test("A program that a plan refuses is not told as refused now, but a new plan is asked for")
    func staleRefusal() throws {
        let host = try DeclaredHost(["/etc/a": "1"])
        let items = "  - files: [/etc/a]"
        var plan = try plan(items, of: host)
        let refusal = "/x/tool may not be executed"
        plan.items[0].doesNotApply = refusal
        plan.items[0].files = nil
        let sink = try run(items, of: host, plan)
        #expect(sink.missing.map(\.why) == ["when the plan was made: " + refusal])
        #expect(sink.missing.map(\.remedy) == ["Make a new plan."])
        plan.items = []
        plan.doesNotApply = refusal
        let whole = try run(items, of: host, plan)
        #expect(whole.missing.map(\.what) == ["test"] && whole.notes.isEmpty)
        #expect(whole.missing.map(\.why) == ["when the plan was made: " + refusal])
    }

    @Test("What the plan could not find out in its time is missing from a run of it")
    func cut() throws {
        let host = try DeclaredHost(["/etc/a": "1"])
        let items = "  - files: [/etc/a]\n    when: {files: [\"/etc/*\"]}"
        let work = try collector(items).plan(
            in: .init(
                root: try RootedTree(FilePath(host.path)),
                deadline: .now.advanced(bySeconds: -1)))
        #expect(work.items.map(\.doesNotApply) == [Condition.outOfTime])
        var plan = try plan(items, of: host)
        plan.items = work.items
        let sink = try run(items, of: host, plan)
        #expect(sink.missing.map(\.why) == [Condition.outOfTime])
        #expect(sink.absent.isEmpty && sink.artifacts.isEmpty)
    }

    @Test("What was taken out is not collected, and is named")
    func takenOut() throws {
        let host = try DeclaredHost(["/etc/a": "1", "/etc/b": "2"])
        let items = "  - files: [/etc/a]\n  - files: [/etc/b]"
        var plan = try plan(items, of: host)
        plan.items.removeFirst()
        let sink = try run(items, of: host, plan)
        #expect(sink.paths == ["etc/b"])
        #expect(sink.notes == ["not collected, for the plan does not have it: /etc/a"])
    }

    @Test(
        "What a plan has and the declaration does not is found",
        arguments: [
            ("/etc/shadow", false), ("/etc/a", true), ("/etc/../etc/a", false), ("etc/a", false),
            ("/etc/x.key", false), ("/etc/sub/b", true), ("", false),
        ])
    func strangers(path: String, isOwn: Bool) throws {
        let host = try DeclaredHost(["/etc/a": "1"])
        let items = "  - files: [/etc/a, \"/etc/sub/*\"]\n    exclude: [\"*.key\"]"
        var plan = try plan(items, of: host)
        plan.items[0].files = [.init(path: path, byteCount: 0)]
        #expect((try collector(items).stranger(in: plan, since: nil) == nil) == isOwn)
    }

    @Test("Items of another kind, number or command are strangers")
    func strangeItems() throws {
        let host = try DeclaredHost(["/etc/a": "1"])
        let items = "  - files: [/etc/a]\n  - command: [echo, a]\n    to: a.txt"
        let plan = try plan(items, of: host)
        #expect(try collector(items).stranger(in: plan, since: nil) == nil)
        for change in 0..<3 {
            var other = plan
            switch change {
            case 0: other.items[0].kind = .listing
            case 1: other.items[0].number = 9
            default: other.items[1].arguments = ["echo", "b"]
            }
            #expect(try collector(items).stranger(in: other, since: nil) != nil)
        }
    }
}
