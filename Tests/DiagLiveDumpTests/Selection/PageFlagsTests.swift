import DiagFormats
import DiagModel
import Dispatch
import Testing

@testable import DiagLiveDump

@Suite("Selection by page flags")
struct PageFlagsTests {
    static func bits(_ numbers: Int...) -> UInt64 {
        numbers.reduce(0) { $0 | 1 << UInt64($1) }
    }

    @Test(
        "A word has the class that its bits say; what may be the kernel's is never excluded",
        arguments: [
            (bits(), PageClass.kernel), (bits(15), .kernel), (bits(16), .kernel),
            (bits(24), .kernel), (bits(35), .kernel), (bits(2, 3, 4), .kernel),
            (bits(7), .slab), (bits(7, 5, 12), .slab), (bits(26), .pageTable),
            (bits(26, 12), .pageTable), (bits(32), .reserved), (bits(32, 5), .reserved),
            (bits(10), .free), (bits(5), .cache), (bits(5, 14), .cache), (bits(13), .cache),
            (bits(5, 35), .cachePrivate), (bits(13, 35), .cachePrivate), (bits(12, 5), .user),
            (bits(12), .user), (bits(17), .user), (bits(17, 16), .user), (bits(12, 21), .user),
            (bits(19, 12), .poison), (bits(19, 7), .poison), (bits(23), .offline),
            (bits(20), .absent), (bits(20, 19, 23, 10), .absent), (bits(63, 12), .guest),
            (bits(63, 7), .slab),
        ])
    func classes(word: UInt64, expected: PageClass) {
        #expect(PageClass.of(word: word) == expected)
    }

    @Test("Tails of a compound page have their head's class, and no page behind them")
    func tails() throws {
        let host = try SyntheticHost()
        let tail = Self.bits(16)
        try host.write(flags: [
            Self.bits(15, 5), tail, tail, 0, tail, Self.bits(15, 7), tail, Self.bits(12),
            tail, Self.bits(15, 17, 19), Self.bits(16, 17), Self.bits(15, 19, 12), tail,
            Self.bits(15, 5, 35), tail, Self.bits(15),
        ])
        let selection = try LivePageSelection(source: BareMemory([0..<16]), tree: host.tree)
        var expected = PageTally()
        for (pageClass, present, kept) in [
            (PageClass.cache, 3, 0), (.kernel, 4, 4), (.slab, 2, 2), (.user, 2, 0),
            (.poison, 3, 0), (.cachePrivate, 2, 2),
        ] {
            expected.count(pageClass, isKept: true, by: kept)
            expected.count(pageClass, isKept: false, by: present - kept)
        }
        #expect(selection.tally == expected)
        #expect(selection.dumpedCount == 8)
        #expect(
            (0..<8).map { PageClass.of(word: selection.flagWords[$0]) } == [
                .kernel, .kernel, .slab, .slab, .kernel, .cachePrivate, .cachePrivate, .kernel,
            ])
    }

    @Test("A tail whose head lies in another unit, or in no range, takes its bits all the same")
    func distantHead() throws {
        let host = try SyntheticHost()
        var words = [UInt64](repeating: 1 << 16, count: 4096)
        words[0] = 1 << 15 | 1 << 12
        try host.write(flags: words)
        let selection = try LivePageSelection(
            source: BareMemory([1027..<1100, 2048..<4096]), tree: host.tree)
        #expect(selection.tally.present[Int(PageClass.user.rawValue)] == 73 + 2048)
        #expect(selection.dumpedCount == 0)
        words[0] = 1 << 15 | 1 << 7
        try host.write(flags: words)
        let slab = try LivePageSelection(
            source: BareMemory([1027..<1100, 2048..<4096]), tree: host.tree)
        #expect(slab.dumpedCount == 73 + 2048)
    }

    private static func random(_ count: Int, seed: UInt64) -> [UInt64] {
        var state = seed
        let kinds: [UInt64] = [
            0, bits(10), bits(5), bits(5, 35), bits(12, 5), bits(7), bits(26), bits(32), bits(19),
            bits(23), bits(20), bits(17), bits(13),
        ]
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return kinds[Int(state >> 33) % kinds.count]
        }
    }

    @Test(
        "Bitmaps, words and tally are those of the plain rule, whatever the threads and ranges",
        arguments: [(27, 1), (0, 2), (31, 3), (16, 3), (8, 2), (1, 1)])
    func model(level: Int, threads: Int) throws {
        let host = try SyntheticHost()
        let words = Self.random(270_000, seed: 11)
        try host.write(flags: words)
        let ranges: [Range<UInt64>] = [
            3..<9, 9..<12, 13..<131_070, 131_073..<131_080, 131_081..<262_150, 262_151..<270_000,
        ]
        var choice = LivePageSelection.Choice()
        choice.level = level
        choice.threadCount = threads
        let selection = try LivePageSelection(
            source: BareMemory(ranges), tree: host.tree, choice: choice)
        var tally = PageTally()
        var kept = [UInt64]()
        var differing = 0
        for frame in 0..<270_000 {
            let isPresent = ranges.contains { $0.contains(UInt64(frame)) }
            let pageClass = PageClass.of(word: words[frame])
            let isKept = isPresent && pageClass.isKept(at: level)
            if isPresent { tally.count(pageClass, isKept: isKept) }
            if isKept { kept.append(words[frame]) }
            if selection.present[frame] != isPresent { differing += 1 }
            if selection.dumped[frame] != isKept { differing += 1 }
        }
        #expect(differing == 0)
        #expect(selection.tally == tally)
        #expect(selection.dumpedCount == kept.count)
        #expect((0..<selection.flagWords.count).map { selection.flagWords[$0] } == kept)
        #expect(selection.pageFrameLimit == 270_000)
        #expect(selection.appliedLevel == level & ~1)
    }

    @Test("Pages of which the kernel says nothing are kept")
    func short() throws {
        let host = try SyntheticHost()
        try host.write(flags: [1 << 10, 1 << 10])
        let selection = try LivePageSelection(source: BareMemory([0..<5]), tree: host.tree)
        #expect(selection.dumpedCount == 3)
        #expect(
            selection.warnings == ["/proc/kpageflags says nothing of 3 pages: they are kept"])
    }

    @Test("Levels that there are not, and a kernel without page flags, are refused")
    func refusals() throws {
        let host = try SyntheticHost()
        func cause(_ level: Int) -> LiveDumpReport.Obstacle.Cause? {
            var choice = LivePageSelection.Choice()
            choice.level = level
            let made = Result<LivePageSelection, any Error> {
                try LivePageSelection(
                    source: BareMemory([0..<1]), tree: host.tree, choice: choice)
            }
            guard case .failure(let error as LiveDumpError) = made else { return nil }
            return error.obstacle.cause
        }
        #expect(cause(27) == .unsupported)
        try host.write(flags: [0])
        #expect(cause(27) == nil)
        #expect(cause(32) == .unsupported)
        #expect(cause(-1) == .unsupported)
        try host.write("flags\t: fpu tdx_guest\n", to: "proc/cpuinfo")
        #expect(cause(0) == .unsupported)
        #expect(cause(15) == .unsupported)
        #expect(cause(16) == nil)
        try host.write("flags\t: fpu sev_snp\n", to: "proc/cpuinfo")
        #expect(cause(0) == nil)
        try host.write("flags\t: fpu hypervisor sev_snp\n", to: "proc/cpuinfo")
        #expect(cause(0) == .unsupported)
    }

    @Test("Memory of virtual machines is told by the page map of who holds them")
    func guests() throws {
        let host = try SyntheticHost()
        let user: UInt64 = 1 << 12
        try host.write(flags: [0, user, user, user, 1 << 5, 1 << 7, user])
        var map = [UInt8]()
        for entry: UInt64 in [1 << 63 | 2, 3, 1 << 63 | 900, 1 << 63 | 1, 1 << 63 | 4, 1 << 63 | 5]
        { map += entry.littleEndianBytes }
        try host.write(map, to: "proc/77/pagemap")
        try host.write("", to: "proc/78/maps")
        try host.link("proc/77/fd/9", to: "/dev/stand-in")
        try host.link("proc/78/fd/0", to: "/dev/null")
        let maps = """
            00000000-00003000 rw-p 00000000 00:00 0
            00003000-00004000 r--p 00000000 00:00 0 /lib/libc.so
            00004000-00006000 rw-s 00000000 00:05 9 /memfd:guest

            """
        try host.write(maps, to: "proc/77/maps")
        func select(
            level: Int = 27, user: Bool = false, guest: Bool = false
        ) throws -> LivePageSelection {
            var choice = LivePageSelection.Choice()
            choice.level = level
            choice.includesUserPages = user
            choice.includesGuestPages = guest
            choice.isMachineDescriptor = { $0 == "/dev/stand-in" }
            return try LivePageSelection(
                source: BareMemory([0..<7]), tree: host.tree, choice: choice)
        }
        func kept(_ selection: LivePageSelection) -> [Int] {
            (0..<7).filter { selection.dumped[$0] }
        }
        let guestIndex = Int(PageClass.guest.rawValue)
        let without = try select()
        // Mappings of files alone are looked at when anonymous pages are left out all the same.
        #expect(without.tally.present[guestIndex] == 1)
        #expect(kept(without) == [0, 5])
        #expect(try select(guest: true).tally.present[guestIndex] == 2)
        #expect(kept(try select(guest: true)) == [0, 2, 4, 5])
        #expect(kept(try select(user: true)) == [0, 1, 3, 5, 6])
        #expect(kept(try select(user: true, guest: true)) == [0, 1, 2, 3, 4, 5, 6])
        #expect(kept(try select(level: 16)) == [0, 1, 2, 3, 4, 5, 6])
        let marked = try select(guest: true)
        #expect(
            (0..<4).map { PageClass.of(word: marked.flagWords[$0]) }
                == [.kernel, .guest, .guest, .slab])
        #expect(try select(user: true).appliedLevel == 18)
    }

    @Test("A page map that ends too soon is a warning")
    func shortMap() throws {
        let host = try SyntheticHost()
        try host.write(flags: [0, 0])
        try host.write("00000000-00003000 rw-p 00000000 00:00 0\n", to: "proc/5/maps")
        try host.write([1], to: "proc/5/pagemap")
        try host.link("proc/5/fd/3", to: "anon_inode:kvm-vm")
        var choice = LivePageSelection.Choice()
        let unread = try LivePageSelection(
            source: BareMemory([0..<2]), tree: host.tree, choice: choice)
        #expect(unread.warnings == [])
        choice.includesGuestPages = true
        let selection = try LivePageSelection(
            source: BareMemory([0..<2]), tree: host.tree, choice: choice)
        #expect(
            selection.warnings == ["the page map of process 5 could not be read to its end"])
    }

    @Test("Where it makes no difference whose pages are, no list of mappings is read")
    func unaskedMappings() throws {
        let host = try SyntheticHost()
        try host.write(flags: [0, 1 << 5 | 1 << 35])
        try host.link("proc/5/fd/3", to: "anon_inode:kvm-vm")
        func warnings(_ level: Int, guest: Bool = false, user: Bool = false) throws -> Int {
            var choice = LivePageSelection.Choice()
            choice.level = level
            choice.includesGuestPages = guest
            choice.includesUserPages = user
            return try LivePageSelection(
                source: BareMemory([0..<2]), tree: host.tree, choice: choice
            ).warnings.count
        }
        // The process has no list of mappings: whoever asks for it warns.
        #expect(try warnings(31) == 0)
        #expect(try warnings(16) == 0)
        #expect(try warnings(27) == 1)
        #expect(try warnings(31, guest: true) == 1)
        #expect(try warnings(31, user: true) == 1)
    }

    @Test("A process whose list of mappings does not come is given up")
    func hangingMappings() throws {
        let host = try SyntheticHost()
        try host.link("proc/5/fd/3", to: "/dev/kvm")
        try host.link("proc/6/fd/3", to: "/dev/kvm")
        try host.write((1 << 63 | UInt64(3)).littleEndianBytes, to: "proc/6/pagemap")
        let end = DispatchSemaphore(value: 0)
        defer { end.signal() }
        let pages = try GuestPages(
            tree: host.tree, frameLimit: 8, pageByteCount: 4096, scope: .all,
            limits: .init(seconds: 30, stuckSeconds: 0.05), isMachine: GuestPages.isMachine,
            isStopped: { false }
        ) { path in
            if path == "/proc/5/maps" { end.wait() }
            return Array("00000000-00001000 rw-p 00000000 00:00 0\n".utf8)
        }
        #expect(pages.processes.sorted() == [5, 6])
        #expect(
            pages.warnings == ["the page map of process 5 could not be read to its end"])
        #expect((0..<8).filter { pages.frames?[$0] == true } == [3])
    }

    @Test("Processes are not asked any more when nobody wants the answer, and that is said")
    func stoppedMachines() throws {
        let host = try SyntheticHost()
        try host.link("proc/5/fd/3", to: "/dev/kvm")
        let pages = try GuestPages(
            tree: host.tree, frameLimit: 8, pageByteCount: 4096, isStopped: { true })
        #expect(pages.processes == [])
        #expect(
            pages.warnings == ["not all processes were asked whether they run a machine"])
    }

    @Test("A selection that nobody wants any more ends")
    func stopped() throws {
        let host = try SyntheticHost()
        try host.write(flags: [0, 0])
        do {
            _ = try LivePageSelection(
                source: BareMemory([0..<2]), tree: host.tree, isStopped: { true })
            Issue.record("it went on")
        } catch { #expect(error.obstacle.cause == .interrupted) }
    }

    @Test(
        "Descriptors of virtual machines are known by name",
        arguments: [
            ("/dev/kvm", true), ("anon_inode:kvm-vm", true), ("anon_inode:kvm-vcpu:0", true),
            ("anon_inode:[kvm-vm]", true), ("/dev/kvm2", false), ("anon_inode:[eventfd]", false),
            ("kvm-vm", false),
        ])
    func descriptors(target: String, expected: Bool) {
        #expect(GuestPages.isMachine(target) == expected)
    }

    @Test("Before the selection, what the level leaves out for sure is not counted")
    func mostPages() {
        let statistics = MemoryStatistics(
            parsing:
                "MemFree: 40 kB\nAnonPages: 80 kB\nCached: 120 kB\nShmem: 20 kB\nHugetlb: 16 kB\n")
        func most(_ level: Int, _ change: (inout LiveDumpOptions) -> Void = { _ in }) -> Int {
            var options = LiveDumpOptions()
            options.level = level
            change(&options)
            return options.mostPages(of: 100, pageByteCount: 4096, statistics: statistics)
        }
        #expect(most(0) == 100)
        #expect(most(27) == 61, "free, of processes, huge and shared")
        #expect(most(31) == 36, "shared memory is cache and counts once")
        #expect(most(27) { $0.includesGuestPages = true } == 90, "a guest may have either")
        #expect(most(31) { $0.includesUserPages = true } == 60)
        #expect(most(0) { $0.kind = .stacks } == 36)
        #expect(
            LiveDumpOptions().mostPages(
                of: 5, pageByteCount: 4096,
                statistics: .init(parsing: "MemFree: 99999999 kB\n")) == 0)
    }

    @Test(
        "The threads of a host are those of /proc/loadavg",
        arguments: [
            ("0.1 0.2 0.3 1/234 567\n", 234), ("0.1 0.2 0.3\n", nil), ("a b c d e\n", nil),
            ("", nil),
        ] as [(String, Int?)])
    func threads(text: String, count: Int?) throws {
        let root = try CareRoot(isEmpty: true)
        try root.write("proc/loadavg", text)
        #expect(LiveDumpOptions.threadCount(in: try root.tree) == count)
    }

    @Test("An estimate counts what the selection keeps")
    func estimate() throws {
        let host = try SyntheticHost()
        try host.write(flags: [0, 1 << 7, 1 << 10, 1 << 10])
        let selection = try LivePageSelection(source: BareMemory([0..<4]), tree: host.tree)
        var options = LiveDumpOptions()
        options.compression = .none
        let history = DumpHistory(path: host.path.appending("livedump.json"))
        history.recordRate(
            .full, compression: "none", threadCount: 2, pages: 10_000, seconds: 2500)
        let estimate = DumpEstimate(
            selection: selection, options: options, pageByteCount: 4096, threadCount: 2,
            history: history, memoryByteCount: 100)
        #expect(
            estimate.rows == [
                .init(name: "kernel", pages: 1, keptPages: 1, pageByteCount: 4096),
                .init(name: "slab", pages: 1, keptPages: 1, pageByteCount: 4096),
                .init(name: "free", pages: 2, keptPages: 0, pageByteCount: 4096),
            ])
        #expect(estimate.total.keptByteCount == 8192)
        #expect(estimate.fileByteCount == 8192 + 48 + 8192)
        #expect(estimate.seconds == 0.5)
        #expect(estimate.isRateMeasured)
        #expect(estimate.level == 26)
        #expect(estimate.memoryByteCount == 100 + 0 + 32 + 2 * 1_048_576 + 4)
    }
}
