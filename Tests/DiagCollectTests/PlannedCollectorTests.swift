import DiagModel
import Foundation
import SystemPackage
import Testing

@testable import DiagCollect
@testable import DiagSystem

/// Runs what a test gives it.
private struct ScriptedReader: Collector {
    let says: @Sendable (CollectionContext, any CollectionSink) throws -> Void

    var descriptor: CollectorDescriptor {
        CollectorDescriptor(
            name: "reader", subject: "", risk: .mayBlock, confinement: .reader, deadlineSeconds: 9,
            byteBudget: 1 << 20)
    }

    func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        try says(context, sink)
    }
}

@Suite("A collector of code and its plan")
final class PlannedCollectorTests {
    private let path = NSTemporaryDirectory() + "planned-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Live, and procfs stands in for autofs: it is mounted everywhere.
    private func liveTree() throws -> RootedTree {
        try RootedTree(
            "/", followsLinksOfOthers: true, scope: nil, marks: .init(automountTypes: [0x9FA0]))
    }

    /// What a collector sends that is held to a plan with these files.
    private func run(
        _ files: [String], folders: [String]? = nil, unreadable: [CollectionPlan.Unreadable]? = nil,
        leftOutCount: Int? = nil, in tree: RootedTree? = nil,
        says: (@Sendable (CollectionContext, any CollectionSink) throws -> Void)? = nil
    ) throws -> MemorySink {
        var item = CollectionPlan.Item(kind: .reads, number: 1, title: "all", risk: "R1")
        item.files = files.map { CollectionPlan.File(path: $0, byteCount: 1) }
        item.folders = folders
        item.unreadable = unreadable
        item.leftOutCount = leftOutCount
        // The same files in two items are told once.
        var other = item
        other.number = 2
        let plan = CollectionPlan.Collector(
            name: "reader", subject: "", origin: "built in", risk: "R1", confinement: "reader",
            capabilities: [], deadlineSeconds: 9, byteLimit: 1, items: [item, other])
        let sink = MemorySink()
        let collector = PlannedCollector(ScriptedReader(says: says ?? { _, _ in }), plan: plan)
        let root = try tree ?? RootedTree(FilePath(path))
        try collector.collect(in: CollectionContext(root: root), into: sink)
        return sink
    }

    @Test("What is gone is missing, but for what comes and goes while a host runs")
    func gone() throws {
        let sink = try run(
            [
                "/etc/a", "/boot/vmlinuz-1", "/etc/exports.d/b.exports", "/proc/drbd",
                "/run/systemd/sessions/1", "/var/log/journal/x/system.journal",
            ], folders: ["/boot", "/etc/exports.d", "/var/log/journal"])
        #expect(
            sink.missing.map(\.what) == ["/etc/a", "/boot/vmlinuz-1", "/etc/exports.d/b.exports"])
        #expect(sink.absent.map(\.what) == ["/proc/drbd and 2 more"])
        let reasons = Set((sink.missing + sink.absent).map(\.why))
        #expect(reasons == ["it is in the plan, and no longer there"])
    }

    @Test(
        "What comes and goes is of the kernel, of /run or a log",
        arguments: [
            ("/proc/7/status", true), ("/sys/block/sda/size", true), ("/dev/kmsg", true),
            ("/run/utmp", true), ("/var/run/utmp", true), ("/var/log/syslog.1", true),
            ("/run/log/journal/x/system.journal", true), ("/var/logs/a", false),
            ("/etc/fstab", false), ("/boot/loader/entries/a.conf", false),
            ("/var/crash/1/dmesg", false), ("/processes", false),
        ])
    func rule(path: String, comesAndGoes: Bool) {
        #expect(GoneSincePlan.comesAndGoes(path) == comesAndGoes)
    }

    @Test("Of much that is gone the first is named, and the rest is counted")
    func many() throws {
        let sink = try run((0..<120).map { "/etc/\($0)" })
        #expect(sink.missing.count == 101)
        #expect(sink.missing.last?.what == "20 more of the plan")
    }

    @Test("Of one path one thing is said, that of the plan")
    func once() throws {
        let sink = try run(["/etc/a", "/var/log/b", "/etc/c"]) { _, sink in
            for path in ["/etc/a", "/etc/a", "/var/log/b", "/etc/other"] { try sink.absent(path) }
            try sink.missing("/etc/c", why: "read: it failed")
        }
        #expect(sink.missing.map(\.what) == ["/etc/a", "/etc/c"])
        #expect(sink.missing.map(\.why) == [GoneSincePlan.reason, "read: it failed"])
        #expect(sink.absent.map(\.what) == ["/var/log/b", "/etc/other"])
        #expect(sink.absent.map(\.why) == [GoneSincePlan.reason, nil])
    }

    @Test("What a collector says of a file that is there stays as it is")
    func there() throws {
        try FileManager.default.createDirectory(
            atPath: path + "/etc", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: path + "/etc/a"))
        let sink = try run(["/etc/a"]) { _, sink in
            try sink.absent("/etc/a", why: "the kernel has it switched off")
        }
        #expect(sink.missing.isEmpty)
        #expect(sink.absent.map(\.why) == ["the kernel has it switched off"])
    }

    @Test("What could not be looked at when the plan was made is missing, once")
    func unreadable() throws {
        let sink = try run([], unreadable: [.init(path: "/efi", why: "it was left alone")])
        #expect(sink.missing.map(\.what) == ["/efi"])
        #expect(
            sink.missing.first?.why
                == "it could not be looked at when the plan was made: it was left alone")
    }

    @Test("Files beyond those that a plan has are missing, once", arguments: [nil, -1, 0, 7])
    func leftOut(count: Int?) throws {
        let sink = try run([], leftOutCount: count)
        #expect(sink.missing.map(\.what) == (count == 7 ? ["all: 7 more files"] : []))
        #expect(sink.missing.allSatisfy { $0.why?.contains("the first 20000, and no") == true })
    }

    @Test("Planned files behind an automount point are left alone, and never told as gone")
    func automount() throws {
        let files = ["/proc/version", "/proc/no-such-file", path + "/gone"]
        let sink = try run(files, in: liveTree())
        #expect(sink.missing.map(\.what) == ["/proc", path + "/gone"])
        #expect(sink.missing.map(\.why) == [AutomountPoint.reason, GoneSincePlan.reason])
        #expect(sink.absent.isEmpty)
        // The collector has said it.
        let told = try run(Array(files.prefix(2)), in: liveTree()) { _, sink in
            try sink.missing("/proc", why: AutomountPoint.reason)
        }
        #expect(told.missing.map(\.what) == ["/proc"])
    }

    @Test("A plan goes past automount points, and names them as not looked at")
    func planned() throws {
        let folder = path + "/folder"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("12".utf8).write(to: URL(fileURLWithPath: folder + "/a"))
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/link", withDestinationPath: "/proc/version")
        var plan = PlanBuilder(CollectionContext(root: try liveTree()))
        plan.reads("some", files: ["/proc/version"], below: [.init(folder), .init("/proc/sys")])
        plan.reads("none", below: [.init("/proc", depth: 3)], listed: ["/proc/fs"])
        let alone = [CollectionPlan.Unreadable(path: "/proc", why: AutomountPoint.reason)]
        let (some, none) = (plan.work.items[0], plan.work.items[1])
        #expect(some.files?.map(\.path) == [folder + "/a"])
        #expect(some.folders == [folder])
        #expect(some.unreadable == alone && none.unreadable == alone)
        #expect(some.doesNotApply == nil)
        #expect(none.doesNotApply == "/proc: " + AutomountPoint.reason)
        #expect(none.files == nil && none.folders == nil)
    }
}
