import DiagCollect
import DiagModel
import DiagSystem
import DiagYAML
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("Commands that run for each of several things")
struct ForEachTests {
    /// An item that runs `printf` for each of `things` below `host`.
    private func item(_ host: DeclaredHost, _ things: String = "/things/*", more: String = "")
        -> String
    {
        """
          - command: [printf, "<%s>", "{name}", "--of={name}"]
            for-each: "\(host.path)\(things)"
            to: "said/{name}.txt"
        \(more)
        """
    }

    private func collector(
        _ items: String, planned: CollectionPlan.Collector? = nil
    ) throws -> DeclaredCollector {
        DeclaredCollector(
            try CollectorDeclaration(parsing: Array(yaml(items).utf8), named: "test.yaml"),
            planned: planned)
    }

    private func plan(_ items: String, root: FilePath = "/") throws -> CollectionPlan.Collector {
        let work = try collector(items).plan(in: .init(root: try RootedTree(root)))
        return CollectionPlan.Collector(
            name: "test", subject: "", origin: "", risk: "R1", confinement: "inspector",
            capabilities: [], deadlineSeconds: 1, byteLimit: 1, items: work.items)
    }

    private func run(_ items: String, _ plan: CollectionPlan.Collector) throws -> MemorySink {
        let sink = MemorySink()
        try collector(items, planned: plan).collect(
            in: .init(root: try RootedTree("/")), into: sink)
        return sink
    }

    private func records(_ sink: MemorySink) throws -> [CommandRecord] {
        guard let document = sink[CommandRecord.artifact] else { return [] }
        return try JSONDocument.decode(CommandRecord.List.self, from: document.bytes).commands
    }

    private func artifacts(_ sink: MemorySink) -> [String] {
        sink.paths.filter { $0 != CommandRecord.artifact }
    }

    @Test("It runs once for each, in natural order, with a record of each run")
    func runs() throws {
        let host = try DeclaredHost(["/things/e10": "", "/things/e2": "", "/things/e1.5": ""])
        let sink = try declared(item(host))
        #expect(artifacts(sink) == ["said/e1.5.txt", "said/e2.txt", "said/e10.txt"])
        #expect(sink["said/e2.txt"]?.text == "<e2><--of=e2>")
        let records = try records(sink)
        #expect(records.map(\.arguments.last) == ["--of=e1.5", "--of=e2", "--of=e10"])
        #expect(
            records.map(\.artifact) == [
                "test/said/e1.5.txt", "test/said/e2.txt", "test/said/e10.txt",
            ])
        #expect(sink.missing.isEmpty && sink.absent.isEmpty && sink.notes.isEmpty)
    }

    @Test(
        "A thing with the name of another is told with both paths, once, and by a plan as well",
        arguments: ["/{net,more}/e*", "/{net,more}/eth1", "/{net/*/device,more/*,more/e*}"])
    func sameName(things: String) throws {
        let host = try DeclaredHost(["/net/eth1/device/x": "", "/more/eth1": ""])
        let sink = try declared(item(host, things))
        #expect(artifacts(sink) == ["said/eth1.txt"])
        #expect(sink.missing.map(\.what) == ["\(host.path)/more/eth1"])
        #expect(
            sink.missing.map(\.why) == [
                "has the same name as \(host.path)/net/eth1, and for each name there is one run"
            ])
        let plan = try plan(item(host, things))
        #expect(plan.items[0].misfits?.count == 1)
        let planned = try run(item(host, things), plan)
        #expect(artifacts(planned) == ["said/eth1.txt"])
        #expect(planned.missing == sink.missing)
    }

    @Test(
        "A thing that several patterns find is one, and nothing is told of that",
        arguments: ["/net/{e*,*1}", "/net/{*/device,*}", "/net/{eth1,*/device}"])
    func sameThing(things: String) throws {
        let host = try DeclaredHost(["/net/eth1/device/x": ""])
        let sink = try declared(item(host, things))
        #expect(artifacts(sink) == ["said/eth1.txt"])
        #expect(sink.missing.isEmpty)
    }

    @Test("The name is what the component with anything to match stands for, each once")
    func names() throws {
        let host = try DeclaredHost([
            "/net/eth0/device/x": "", "/net/eth1/device/x": "", "/net/lo/y": "", "/more/eth1": "",
        ])
        #expect(
            try artifacts(declared(item(host, "/net/*/device"))) == [
                "said/eth0.txt", "said/eth1.txt",
            ])
        #expect(
            try artifacts(declared(item(host, "/{net,more}/e*"))) == [
                "said/eth0.txt", "said/eth1.txt",
            ])
        #expect(
            try artifacts(declared(item(host, "/{more/eth1,net/lo,no}"))) == [
                "said/eth1.txt", "said/lo.txt",
            ])
    }

    @Test("Of more than the limit the first run, and the rest is told")
    func limit() throws {
        let host = try DeclaredHost(
            Dictionary(uniqueKeysWithValues: (1...12).map { ("/things/d\($0)", "") }))
        let items = item(host, more: "    limits: {runs: 3}")
        let sink = try declared(items)
        #expect(artifacts(sink) == ["said/d1.txt", "said/d2.txt", "said/d3.txt"])
        #expect(
            sink.missing.map(\.why) == [
                "9 more match than the 3 that it runs for, the first"
            ])
        #expect(sink.missing.map(\.what) == ["printf <%s> {name} --of={name}"])
        let plan = try plan(items)
        #expect(plan.items[0].runs?.count == 3 && plan.items[0].leftOutCount == 9)
        let planned = try run(items, plan)
        #expect(artifacts(planned) == artifacts(sink))
        #expect(planned.missing == sink.missing)
    }

    @Test("Of many unfit names the first are told, and the rest is counted, by a plan as well")
    func manyUnfit() throws {
        let names = (1...103).map { "/things/a=\($0)" }
        let host = try DeclaredHost(Dictionary(uniqueKeysWithValues: names.map { ($0, "") }))
        let sink = try declared(item(host))
        #expect(sink.missing.count == 101)
        #expect(
            sink.missing.last?.what == "printf <%s> {name} --of={name}: 3 more paths")
        let plan = try plan(item(host))
        #expect(plan.items[0].misfits?.count == 100 && plan.items[0].moreMisfitCount == 3)
        #expect(try run(item(host), plan).missing == sink.missing)
    }

    @Test("That the search was cut is told, and what no longer has a place beside it is counted")
    func cut() throws {
        let host = try DeclaredHost(["/things/a": ""])
        let names = (10..<30).map { "l\($0)" }
        for name in names { try host.link("/\(name)", to: name) }
        let things = "/{" + names.map { "\($0)/x" }.joined(separator: ",") + ",things/*}"
        let own = try collector(item(host, things)).declaration.items[0]
        guard case .command(let command) = own.source else {
            Issue.record("it is no command")
            return
        }
        var planned = CollectionPlan.Item(
            kind: .command, number: 1, title: own.title, risk: "R1")
        try planned.addRuns(
            of: command, own,
            in: .init(root: try RootedTree("/"), deadline: .now.advanced(bySeconds: -1)))
        #expect(planned.unreadable?.count == 20)
        #expect(planned.unreadable?.first?.why == RunSelection.tookTooLong)
        #expect(planned.moreUnreadableCount == 1)
    }

    @Test(
        "A name that a program could take amiss is told, and given to no command",
        arguments: [
            "-rf", "--help", "a b", "a=b", "$(id)", "a,b", "@file", "+x", "a%s", "é", "a\nb",
        ])
    func unfit(name: String) throws {
        let host = try DeclaredHost(["/things/\(name)": "", "/things/good": ""])
        let sink = try declared(item(host))
        #expect(artifacts(sink) == ["said/good.txt"])
        #expect(try records(sink).count == 1)
        #expect(sink.missing.map(\.why) == [CollectorDeclaration.ForEach.unfit])
        #expect(sink.missing.first?.what.hasPrefix("\(host.path)/things/") == true)
        #expect(sink.missing.first?.what.contains("\n") == false)
        let plan = try plan(item(host))
        #expect(plan.items[0].runs?.map(\.name) == ["good"])
        #expect(plan.items[0].misfits?.map(\.why) == [CollectorDeclaration.ForEach.unfit])
        let planned = try run(item(host), plan)
        #expect(artifacts(planned) == ["said/good.txt"])
        #expect(planned.missing.map(\.why) == [CollectorDeclaration.ForEach.unfit])
    }

    @Test("A name with which the path of the artifact is none is told, too")
    func longName() throws {
        let name = String(repeating: "x", count: 253)
        let host = try DeclaredHost(["/things/\(name)": ""])
        let sink = try declared(item(host))
        #expect(artifacts(sink).isEmpty && sink.absent.isEmpty)
        #expect(sink.missing.first?.why?.contains("a name of more than 255 bytes") == true)
    }

    @Test("Where nothing is found it is absent, and so is a program that is not installed, once")
    func absent() throws {
        let host = try DeclaredHost(["/things/a": "", "/things/b": ""])
        let none = try declared(item(host, "/none/*"))
        #expect(
            none.absent.map(\.why) == ["there is nothing to run it for: \(host.path)/none/*"])
        #expect(none.missing.isEmpty)
        let items = item(host).replacing("printf", with: "diag-no-such-program")
        #expect(try declared(items).absent.map(\.why) == ["diag-no-such-program is not installed"])
    }

    @Test("Under another root nothing runs")
    func otherRoot() throws {
        let host = try DeclaredHost(["/things/a": ""])
        let items = item(host).replacing(host.path, with: "")
        let sink = try host.collect(items)
        #expect(sink.artifacts.isEmpty)
        #expect(sink.absent.count == 1)
        let plan = try plan(items, root: FilePath(host.path))
        #expect(plan.items[0].runs == nil && plan.items[0].doesNotApply != nil)
    }

    @Test("The limits of the item are those of each run, and the collector's hold over all")
    func budgets() throws {
        let host = try DeclaredHost(["/things/a": "", "/things/b": "", "/things/c": ""])
        let cut = try declared(item(host, more: "    limits: {bytes: 5}"))
        #expect(cut["said/a.txt"]?.text == "<a><-" && cut["said/c.txt"]?.text == "<c><-")
        let all = try declared(item(host, more: "    limits: {bytes: 11}"), head: "limit: 11")
        #expect(artifacts(all) == ["said/a.txt"])
        #expect(
            all.missing.map(\.why) == [
                "the 11 bytes of the collector are used up, before 2 of its runs"
            ])
    }

    @Test("A condition is asked once, and what does not hold is told once")
    func condition() throws {
        let host = try DeclaredHost(["/things/a": "", "/things/b": ""])
        let sink = try declared(item(host, more: "    when: {files: [/no/such]}"))
        #expect(sink.absent.map(\.why) == ["/no/such does not exist"])
        #expect(sink.artifacts.isEmpty)
    }

    // MARK: - Plans

    @Test("A plan has the arguments of each run, and a run of it takes nothing new")
    func plans() throws {
        let host = try DeclaredHost(["/things/a": "", "/things/b": "", "/things/c": ""])
        var plan = try plan(item(host))
        let named = try #require(plan.items[0].runs)
        #expect(named.map(\.name) == ["a", "b", "c"])
        #expect(named[1].arguments == ["printf", "<%s>", "b", "--of=b"])
        #expect(named[1].artifact == "said/b.txt")
        #expect(plan.items[0].arguments == ["printf", "<%s>", "{name}", "--of={name}"])
        #expect(plan.items[0].estimate.seconds == 3 * PlanCost.command.seconds)
        #expect(try collector(item(host)).stranger(in: plan, since: nil) == nil)
        plan.items[0].runs?.removeFirst()
        try host.write("", to: "/things/new")
        try FileManager.default.removeItem(atPath: host.path + "/things/c")
        let sink = try run(item(host), plan)
        #expect(artifacts(sink) == ["said/b.txt"])
        #expect(sink.missing.map(\.what) == ["printf <%s> c --of=c"])
        #expect(sink.missing.map(\.why) == [GoneSincePlan.reason])
        #expect(sink.absent.isEmpty)
    }

    @Test("A plan without anything to run for says so, and its run does, too")
    func emptyPlan() throws {
        let host = try DeclaredHost([:])
        let plan = try plan(item(host))
        #expect(plan.items[0].runs == [])
        #expect(plan.items[0].doesNotApply?.hasPrefix("there is nothing to run it for") == true)
        try host.write("", to: "/things/new")
        let sink = try run(item(host), plan)
        #expect(sink.artifacts.isEmpty && sink.missing.isEmpty && sink.absent.count == 1)
    }

    /// How a plan may be changed by hand.
    enum Change: CaseIterable {
        case arguments, artifact, option, otherName, twice, tooMany, since, onceOnly
    }

    @Test("Runs that the declaration does not have are found", arguments: Change.allCases)
    func strangers(change: Change) throws {
        let host = try DeclaredHost(["/things/a1": "", "/things/a2": ""])
        var items = item(host, "/things/a*", more: "    limits: {runs: 2}")
        var plan = try plan(items)
        var runs = try #require(plan.items[0].runs)
        func add(_ name: String) {
            runs[1] = .init(
                name: name, arguments: ["printf", "<%s>", name, "--of=\(name)"],
                artifact: "said/\(name).txt")
        }
        switch change {
        case .arguments: runs[1].arguments[2] = "/etc/shadow"
        case .artifact: runs[1].artifact = "said/other.txt"
        case .option: add("-rf")
        case .otherName: add("b1")
        case .twice: add("a1")
        case .tooMany:
            add("a3")
            runs.append(try #require(plan.items[0].runs?[1]))
        case .since: runs[1].arguments.append("--since")
        case .onceOnly: break
        }
        plan.items[0].runs = runs
        if change == .onceOnly {
            items = "  - command: [printf, a]\n    to: a.txt"
            plan.items = try self.plan(items).items
            plan.items[0].runs = runs
        }
        #expect(try collector(items).stranger(in: plan, since: nil) != nil)
    }

    @Test("No other kind of item has runs")
    func runsOfFiles() throws {
        let host = try DeclaredHost(["/etc/a": ""])
        let items = "  - files: [\"\(host.path)/etc/a\"]"
        var plan = try plan(items)
        #expect(try collector(items).stranger(in: plan, since: nil) == nil)
        plan.items[0].runs = []
        #expect(try collector(items).stranger(in: plan, since: nil) != nil)
    }

    @Test("Of many such items the one beyond what is compared is refused, and others are not")
    func many() throws {
        func items(_ count: Int) -> String {
            (0..<count).map {
                "  - {command: [a, \"{name}\"], for-each: /b/*, to: \"f\($0)/{name}\"}"
            }.joined(separator: "\n")
        }
        #expect(try collector(items(256)).declaration.items.count == 256)
        let error = #expect(throws: YAMLError.self) { try collector(items(257)) }
        #expect(error.map { "\($0)".contains("at most 256 items with `for-each`") } == true)
    }

    @Test("A run that is the declaration's and of which nothing is there does not run")
    func invented() throws {
        let host = try DeclaredHost(["/things/a1": ""])
        let items = item(host, "/things/a*")
        var plan = try plan(items)
        plan.items[0].runs?.append(
            .init(
                name: "a2", arguments: ["printf", "<%s>", "a2", "--of=a2"],
                artifact: "said/a2.txt"))
        #expect(try collector(items).stranger(in: plan, since: nil) == nil)
        let sink = try run(items, plan)
        #expect(artifacts(sink) == ["said/a1.txt"])
        #expect(sink.missing.map(\.why) == [GoneSincePlan.reason])
    }
}

@Suite("Paths that artifacts may have")
struct ArtifactTemplateTests {
    @Test(
        "Two may be in each other's way, or not",
        arguments: [
            ("a/{name}", "a/b", true), ("a/{name}", "a/b/c", true), ("a/{name}/b", "a", true),
            ("a/{name}/b", "a/{name}/c", false), ("a/{name}.txt", "a/b.json", false),
            ("a/{name}.txt", "a/.txt", false), ("a-{name}", "b-{name}", false),
            ("a-{name}", "a-b-{name}", true), ("{name}-a", "b-{name}", true),
            ("x{name}y{name}z", "xaz", true), ("x{name}y", "xy", false), ("a", "a", true),
            ("a", "b", false), ("a/b", "a/c", false), ("{name}/b", "c/b", true),
        ])
    func meeting(one: String, other: String, isSo: Bool) {
        #expect(ArtifactTemplate(one).mayMeet(ArtifactTemplate(other)) == isSo)
        #expect(ArtifactTemplate(other).mayMeet(ArtifactTemplate(one)) == isSo)
    }
}
