import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors

@Suite("The plan of a live dump")
struct LiveDumpPlanTests {
    /// A machine with 64 GiB (of pages of 4 KiB) on which a dump could be made: 32 GiB are free, 8
    /// of processes, 4 of files, of these 1 of shared memory.
    private static let host: [String: TemporaryHost.Node] = [
        "/proc/kcore": .text("\u{7F}ELF" + String(repeating: "\0", count: 60)),
        "/proc/kpageflags": .text(""),
        "/proc/self/status": .text("Name:\tx\nCapEff:\t000001ffffffffff\n"),
        "/proc/self/uid_map": .text("         0          0 4294967295\n"),
        "/proc/self/mountinfo": .text("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"),
        "/proc/meminfo": .text(
            "MemTotal: 66000000 kB\nMemFree: 33554432 kB\nMemAvailable: 33554432 kB\n"
                + "Cached: 4194304 kB\nAnonPages: 8388608 kB\nShmem: 1048576 kB\n"),
        "/proc/zoneinfo": .text(zones(pageCount: 16_777_216)),
        "/proc/loadavg": .text("0.1 0.2 0.3 1/234 567\n"),
    ]
    private static let page = Int64(HostFacts.pageByteCount)
    /// That of the stacks of 234 threads.
    private static let stacks = CollectionPlan.Estimate(
        byteCount: 234 << 10, seconds: 0.1 + 234 * 1e-4)

    /// One zone with `pageCount` pages, and one without any.
    private static func zones(pageCount: Int) -> String {
        "Node 0, zone   Normal\n  pages free     5\n        spanned  \(pageCount)\n"
            + "        present  \(pageCount)\n        managed  1\n      nr_free_pages 5\n"
            + "  start_pfn:           1024\nNode 0, zone  Movable\n        spanned  0\n"
            + "        present  0\n        managed  0\n"
    }

    /// The most bytes of a dump that leaves `gibibytes` out, with the stacks.
    private static func most(leavingOut gibibytes: Int64) -> Int64 {
        let pages = 16_777_216 - (gibibytes << 30) / page
        return pages * (page + 24) + (16_777_216 + 1024 + 7) / 8 * 2 + (1 << 20) + stacks.byteCount
    }

    private static func options(_ change: [String: JSONValue] = [:]) -> [String: JSONValue] {
        let options: [String: JSONValue] = [
            "kind": "full", "level": 27, "compression": "zstd", "format": "kdump",
            "includesUserPages": false, "includesGuestPages": false, "onPressure": "abort",
            "originator": "diagbndl", "isThrottled": true,
        ]
        return ["options": .object(options.merging(change) { $1 })]
    }

    private func plan(
        _ change: [String: JSONValue] = [:], without: Set<String> = [],
        with: [String: TemporaryHost.Node] = [:]
    ) throws -> PlannedWork {
        let nodes = Self.host.filter { !without.contains($0.key) }.merging(with) { $1 }
        let host = try TemporaryHost(nodes)
        return try LiveDumpCollector().plan(
            in: CollectionContext(
                root: try RootedTree(FilePath(host.path)), options: Self.options(change)))
    }

    private func item(_ work: PlannedWork) throws -> CollectionPlan.Item {
        #expect(work.items.count == 1)
        return try #require(work.items.first)
    }

    // MARK: - Bytes and seconds

    @Test("Where counting would take long the bytes are bounded by what the level leaves out")
    func bound() throws {
        // Free pages, those of processes, shared memory.
        let item = try item(plan())
        #expect(item.knownEstimate?.byteCount == Self.most(leavingOut: 32 + 8 + 1))
        #expect(item.knownEstimate?.isBound == true)
        #expect(item.knownEstimate.map { 0 < $0.seconds && $0.seconds <= 600 } == true)
        #expect(item.notCounted == nil)
        // Files as well.
        let level31 = try self.item(plan(["level": 31]))
        #expect(level31.knownEstimate?.byteCount == Self.most(leavingOut: 32 + 8 + 4))
        // The memory of a machine may be of a process, or shared.
        let guests = try self.item(plan(["includesGuestPages": true]))
        #expect(guests.knownEstimate?.byteCount == Self.most(leavingOut: 32))
        let level0 = try self.item(plan(["level": 0]))
        #expect(level0.knownEstimate?.byteCount == Self.most(leavingOut: 0))
    }

    @Test("A bound is said to be one")
    func words() throws {
        #expect(try plan().notes.contains { $0.contains("an upper bound") })
    }

    @Test("The small dump has a bound of its own")
    func smallBound() throws {
        let item = try item(plan(["kind": "stacks"]))
        #expect(item.knownEstimate?.byteCount == Self.most(leavingOut: 32 + 8 + 4))
        #expect(item.knownEstimate?.isBound == true)
    }

    @Test("A dump is no larger than its own limit")
    func limited() throws {
        let item = try item(plan(["maxByteCount": 5_242_880]))
        #expect(item.byteLimit == 5_242_880)
        #expect(item.knownEstimate?.byteCount == 5_242_880 + Self.stacks.byteCount)
    }

    @Test("Where nobody knows how much memory there is nothing is counted, and no 0 is told")
    func unknown() throws {
        let item = try item(plan(without: ["/proc/zoneinfo"]))
        #expect(item.knownEstimate == nil)
        #expect(item.notCounted?.contains("/proc/zoneinfo") == true)
        let limited = try self.item(plan(["maxByteCount": 4096], without: ["/proc/zoneinfo"]))
        #expect(limited.knownEstimate?.byteCount == 4096 + Self.stacks.byteCount)
        #expect(limited.knownEstimate?.isBound == true)
        #expect(limited.notCounted == nil)
    }

    @Test("Where no dump can be made its stacks are counted, and the reason is told")
    func refused() throws {
        let work = try plan(without: ["/proc/kcore"])
        #expect(try item(work).knownEstimate == Self.stacks)
        #expect(
            work.notes.contains {
                $0.hasPrefix("as things are, no dump would be made: ") && $0.contains("/proc/kcore")
            })
    }

    @Test("A small host's memory that cannot be read is no memory to be dumped")
    func damaged() throws {
        let work = try plan(with: ["/proc/zoneinfo": .text(Self.zones(pageCount: 65_536))])
        #expect(try item(work).knownEstimate == Self.stacks)
        #expect(work.notes.contains { $0.hasPrefix("as things are, no dump would be made: ") })
    }

    @Test("Without the right to read it the memory has a bound still: root may collect it")
    func unprivileged() throws {
        let work = try plan(
            with: ["/proc/self/status": .text("Name:\tx\nCapEff:\t0000000000000000\n")])
        #expect(try item(work).knownEstimate?.byteCount == Self.most(leavingOut: 41))
        #expect(work.notes.contains { $0.contains("CAP_SYS_RAWIO") })
    }

    @Test("What was counted is what the dry run says, with the stacks")
    func counted() throws {
        let row = DumpEstimate.Row(name: "slab", pages: 900, keptPages: 800, pageByteCount: 4096)
        let counted = DumpEstimate(
            kind: .full, level: 26, compression: "zstd", pageByteCount: 4096, rows: [row],
            fileByteCount: 1_000_000, pagesPerSecond: 400, isRateMeasured: true, threads: 2,
            memoryByteCount: 4096)
        func cost(_ byteLimit: Int64?, _ seconds: Double) -> LiveDumpCollector.Cost {
            .init(counted, stacks: Self.stacks, byteLimit: byteLimit, secondsLimit: seconds)
        }
        #expect(
            cost(nil, 600).estimate
                == CollectionPlan.Estimate(byteCount: 1_000_000, seconds: 2) + Self.stacks)
        #expect(cost(nil, 600).notes.first?.contains("the rate of the last dump") == true)
        #expect(cost(5000, 1).estimate?.byteCount == 5000 + Self.stacks.byteCount)
        #expect(cost(5000, 1).estimate?.seconds == 1)
    }

    // MARK: - What is said

    @Test("Without a limit of its own a dump has none in its plan")
    func unlimited() throws {
        let item = try item(plan())
        #expect(item.byteLimit == nil)
        #expect(item.secondsLimit == LiveDumpCollector().descriptor.deadlineSeconds)
    }

    @Test("A dump has as long as the run")
    func deadline() throws {
        let host = try TemporaryHost(Self.host)
        let options = Self.options().merging(["deadlineSeconds": .number(90)]) { $1 }
        let work = try LiveDumpCollector().plan(
            in: CollectionContext(root: try RootedTree(FilePath(host.path)), options: options))
        #expect(try item(work).secondsLimit == 90)
        #expect(try item(work).knownEstimate.map { $0.seconds <= 90 } == true)
    }

    @Test("A plan names the level, what is left out, the lock and the history")
    func full() throws {
        let item = try item(plan())
        #expect(item.title == "memory of the running kernel, level 27")
        let actions = item.actions ?? []
        #expect(
            actions.contains(
                "leave out cache without private data, pages of processes, memory of virtual"
                    + " machines, free pages"))
        #expect(actions.contains { $0.contains("/run/diagbundle/livedump.lock") })
        #expect(actions.contains { $0.contains("/var/lib/diagbundle/livedump.json") })
        let level0 = try self.item(plan(["level": 0]))
        #expect(level0.title == "memory of the running kernel, level 0")
        #expect(level0.actions?.contains("leave out nothing") == true)
        let users = try self.item(plan(["level": 31, "includesUserPages": true]))
        #expect(
            users.actions?.contains("leave out cache, memory of virtual machines, free pages")
                == true)
    }

    @Test("The item of a plan is that of the options that make the dump, but for its time")
    func difference() throws {
        let options = Self.options(["maxByteCount": 5_242_880])
        var item = try item(plan(["maxByteCount": 5_242_880]))
        item.secondsLimit = 7
        item.knownEstimate = nil
        #expect(try LiveDumpCollector.difference(of: item, options: options) == nil)
        // Other options under a reviewed item.
        let others: [(String, [String: JSONValue])] = [
            ("title", ["maxByteCount": 5_242_880, "level": 31]),
            ("list of actions", ["maxByteCount": 5_242_880, "includesUserPages": true]),
            ("limit of bytes", ["maxByteCount": 5_242_881]), ("limit of bytes", [:]),
        ]
        for (what, other) in others {
            let options = Self.options(other)
            #expect(try LiveDumpCollector.difference(of: item, options: options) == what)
        }
        // Another item above the options.
        let changes: [(String, (inout CollectionPlan.Item) -> Void)] = [
            ("title", { $0.title = "harmless" }), ("risk", { $0.risk = "R0" }),
            ("list of actions", { $0.actions = [] }), ("limit of bytes", { $0.byteLimit = nil }),
            ("limit of bytes", { $0.byteLimit = 1 }), ("artifact", { $0.artifact = "x" }),
            ("list of files", { $0.files = [] }), ("list of files", { $0.trees = nil }),
        ]
        for (what, change) in changes {
            var changed = item
            change(&changed)
            #expect(try LiveDumpCollector.difference(of: changed, options: options) == what)
        }
        // Without options it is the dump that is made without any.
        #expect(try LiveDumpCollector.difference(of: self.item(plan()), options: [:]) == nil)
    }

    @Test("A dump of the stacks is not called one of the memory")
    func small() throws {
        let item = try item(plan(["kind": "stacks", "level": 27]))
        #expect(
            item.title == "stacks of all threads, and the small dump that shows them (level 30)")
        #expect(item.actions?.contains { $0.contains("leave out") } == false)
    }
}
