import DiagLiveDump
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@Suite("Which dumps are kept")
struct CareStoreTests {
    private let root: CareRoot

    init() throws { root = try CareRoot(isEmpty: true) }

    private func store(_ change: (inout DumpSettings) -> Void = { _ in }) -> DumpStore {
        var settings = DumpSettings()
        settings.keep = .always
        change(&settings)
        return DumpStore(settings: settings, folder: root.path.appending("dumps"))
    }

    /// A dump that began in that minute.
    private func make(
        _ name: String, minute: Int, kind: String = "full", hasFile: Bool = true,
        isComplete: Bool = true, collectors: String = #""livedump""#,
        others: [String] = []
    ) throws {
        let time = Timestamp(microsecondsSince1970: Int64(minute) * 60_000_000)
        try root.write(
            "dumps/\(name)/manifest.json",
            #"{"schema": "diagbundle.manifest/1", "started": "\#(time)", "more": [1], "#
                + #""options": {"collectors": [\#(collectors)], "root": "/"}}"#)
        let file = #", "file": {"name": "LiveDump.kdump", "isComplete": \#(isComplete)}"#
        try root.write(
            "dumps/\(name)/LiveDump.json",
            #"{"schema": "diagbundle.live-dump/1", "kind": "\#(kind)"\#(hasFile ? file : "")}"#)
        try root.write("dumps/\(name)/LiveDump-stacks.txt", "stacks")
        if hasFile { try root.write("dumps/\(name)/LiveDump.kdump", "0123456789") }
        for other in others { try root.write("dumps/\(name)/\(other)", "mine") }
    }

    /// What the files of a dump take on the disk.
    private func size(_ name: String) throws -> Int64 {
        try root.names("dumps/\(name)").reduce(0) {
            var status = stat()
            let path = root.path.appending("dumps").appending(name).appending($1)
            let outcome = stat(path.string, &status)
            try #require(outcome == 0)
            return $0 + Int64(status.st_blocks) * 512
        }
    }

    private func trim(
        _ store: DumpStore, current: String? = nil, madeDump: Bool = true
    ) throws -> DumpStore.Outcome {
        try store.trim(current: current, madeDump: madeDump) {
            () throws(SystemCallError) in CareRoot.place("/dumps")
        }
    }

    @Test("Dumps are listed oldest first, with their bytes; others are passed over")
    func list() throws {
        #expect(try store().list() == [])
        try make("b", minute: 2, isComplete: false, others: ["analysis.txt"])
        try make("a.partial", minute: 3)
        try make("c", minute: 1)
        try make("d", minute: 4, hasFile: false)
        try make("e", minute: 5, kind: "stacks")
        try make("host", minute: 0, collectors: #""system", "livedump""#)
        try root.write("dumps/no-manifest/LiveDump.kdump", "x")
        try root.write("dumps/file", "x")
        try root.write("dumps/nonsense/manifest.json", "{")
        try root.write("outside/manifest.json", try root.read("dumps/b/manifest.json"))
        try root.link("dumps/link", to: "../outside")
        try root.write("dumps/linked/x", "")
        try root.link("dumps/linked/manifest.json", to: "../b/manifest.json")
        let kept = try store().list()
        #expect(kept.map(\.name) == ["c", "b", "d", "e"])
        #expect(kept.map(\.holdsMemory) == [true, true, false, false])
        #expect(kept.map(\.isComplete) == [true, false, false, true])
        #expect(kept.map(\.otherNames) == [[], ["analysis.txt"], [], []])
        #expect(kept[0].allocatedByteCount == (try size("c")))
    }

    @Test("The oldest go first; the newest, foreign and unfinished ones stay")
    func oldestFirst() throws {
        for index in 1...5 { try make("d\(index)", minute: index) }
        try make("host", minute: 0, collectors: #""system", "livedump""#)
        try root.write("outside/manifest.json", try root.read("dumps/d1/manifest.json"))
        try root.link("dumps/link", to: "../outside")
        let outcome = try trim(store { $0.keepCount = 2 })
        #expect(outcome.removed == ["d1", "d2", "d3"])
        #expect(outcome.warnings == [])
        #expect(try root.names("dumps") == ["d4", "d5", "host", "link"])
        #expect(root.exists("outside/manifest.json"))
        #expect(try trim(store { $0.keepCount = 0 }).removed == ["d4"])
        #expect(try trim(store { $0.keepCount = 0 }).removed == [])
    }

    @Test("A run that made no dump removes none; folders of stacks count for themselves")
    func refused() throws {
        for index in 1...3 { try make("d\(index)", minute: index) }
        for index in 4...7 { try make("s\(index)", minute: index, hasFile: false) }
        try make("s8", minute: 8, kind: "stacks")
        let outcome = try trim(store { $0.keepCount = 2 }, current: "s8", madeDump: false)
        #expect(outcome.removed == ["s4", "s5", "s6"])
        #expect(try root.names("dumps") == ["d1", "d2", "d3", "s7", "s8"])
    }

    @Test("A dump beside which a person has put a file stays, and that is said")
    func otherFiles() throws {
        try make("d1", minute: 1, others: ["analysis.txt"])
        try root.write("dumps/d2/LiveDump-stacks.json/x", "a folder of a file's name")
        for index in 2...4 { try make("d\(index)", minute: index) }
        let outcome = try trim(store { $0.keepCount = 1 })
        #expect(outcome.removed == ["d3"])
        let why = "stays, since it has files that are not this program's:"
        #expect(
            outcome.warnings == [
                "the older dump d1 \(why) analysis.txt",
                "the older dump d2 \(why) LiveDump-stacks.json",
            ])
        #expect(try root.read("dumps/d1/analysis.txt") == "mine")
    }

    @Test("The dump just made stays, even when its clock ran behind; so does the newest whole one")
    func current() throws {
        for index in 1...3 { try make("d\(index)", minute: index) }
        let outcome = try trim(store { $0.keepCount = 1 }, current: "d1")
        #expect(outcome.removed == ["d2"])
        #expect(try root.names("dumps") == ["d1", "d3"])
        try make("d4", minute: 4, isComplete: false)
        #expect(try trim(store { $0.keepCount = 1 }, current: "d4").removed == ["d1"])
        #expect(try root.names("dumps") == ["d3", "d4"])
    }

    @Test("Kept only while there is room: old ones make room for one more like the newest")
    func whileRoom() throws {
        for index in 1...4 { try make("d\(index)", minute: index) }
        let bytes = UInt64(try size("d4"))
        let store = store {
            $0.keep = .whileRoom
            $0.freeSpaceFloor = 100
        }
        var free = 80 + bytes
        let outcome = try store.trim(current: "d4", madeDump: true) {
            () throws(SystemCallError) in
            defer { free += 10 }
            return CareRoot.place("/dumps", free: free)
        }
        #expect(outcome.removed == ["d1", "d2"])
        #expect(outcome.warnings == [])
        let full = try store.trim(current: "d4", madeDump: true) { () throws(SystemCallError) in
            CareRoot.place("/dumps", free: 100)
        }
        #expect(full.removed == ["d3"])
        #expect(full.warnings.map { $0.contains("no room for one more dump") } == [true])
        let none = try store.trim(current: "d4", madeDump: true) { () throws(SystemCallError) in
            CareRoot.place("/dumps", free: 0)
        }
        #expect(none.removed == [])
        #expect(none.warnings.map { $0.contains("less room left") } == [true])
        #expect(try root.names("dumps") == ["d4"])
    }

    @Test("A sparse file counts with the blocks that it takes, and not with its holes")
    func sparse() throws {
        for index in 1...3 { try make("d\(index)", minute: index) }
        try root.write("dumps/d3/LiveDump.elf", String(repeating: "x", count: 5000))
        let file = root.path.appending("dumps").appending("d3").appending("LiveDump.elf")
        try #require(truncate(file.string, 64 << 30) == 0)
        let bytes = try size("d3")
        try #require(bytes < 1 << 20)
        #expect(try store().list().map(\.allocatedByteCount).last == bytes)
        func trimmed(free: UInt64) throws -> DumpStore.Outcome {
            try store {
                $0.keep = .whileRoom
                $0.freeSpaceFloor = 100
            }.trim(current: "d3", madeDump: true) { () throws(SystemCallError) in
                CareRoot.place("/dumps", free: free)
            }
        }
        let roomy = try trimmed(free: 100 + UInt64(bytes))
        #expect(roomy.removed == [])
        #expect(roomy.warnings == [])
        let narrow = try trimmed(free: 99 + UInt64(bytes))
        #expect(narrow.removed == ["d1", "d2"])
        #expect(
            narrow.warnings == [
                "\(root.path.appending("dumps")) has no room for one more dump of"
                    + " \(ByteCountText.describe(bytes)), and nothing more that may be removed"
            ])
    }

    @Test("What killed runs left goes when a newer dump is whole; files of others stay")
    func unfinished() throws {
        try root.write("dumps/k1.partial/LiveDump.kdump", "half")
        try root.write("dumps/k2.partial/LiveDump.kdump", "half")
        try root.write("dumps/k2.partial/notes.txt", "mine")
        try root.write("dumps/k3.partial/summary.txt", "anybody's")
        try make("old", minute: 1)
        #expect(try trim(store()).removedUnfinished == [])
        let later = Timestamp.now.microsecondsSince1970 / 60_000_000 + 2
        try make("part", minute: Int(later), isComplete: false)
        #expect(try trim(store()).removedUnfinished == [])
        try make("new", minute: Int(later))
        #expect(try trim(store(), madeDump: false).removedUnfinished == [])
        #expect(try trim(store()).removedUnfinished == ["k1.partial"])
        #expect(try root.names("dumps") == ["k2.partial", "k3.partial", "new", "old", "part"])
    }

    @Test("An interrupted removal is finished, and nothing else with it")
    func interrupted() throws {
        try root.write("dumps/.removing-a/LiveDump-stacks.txt", "x")
        try root.write("dumps/.removing-b/x", "")
        try root.remove("dumps/.removing-b/x")
        try root.write("dumps/.removing-foreign/data", "keep me")
        try make("d", minute: 2)
        #expect(try trim(store()).removed == [])
        #expect(try root.names("dumps") == [".removing-foreign", "d"])
    }

    @Test("A dump that would not be kept is not made")
    func admit() throws {
        func refusal(
            _ free: UInt64, _ estimate: UInt64, _ change: (inout DumpSettings) -> Void
        ) -> LiveDumpReport.Obstacle.Cause? {
            do throws(LiveDumpError) {
                try store(change).admit(
                    estimatedByteCount: estimate, space: CareRoot.place("/dumps", free: free))
                return nil
            } catch { return error.obstacle.cause }
        }
        func whileRoom(_ settings: inout DumpSettings) {
            settings.keep = .whileRoom
            settings.freeSpaceFloor = 100
        }
        #expect(refusal(0, 1 << 30, { _ in }) == nil)
        #expect(refusal(0, 0, { $0.keepCount = 0 }) == .throttled)
        #expect(refusal(150, 50, whileRoom) == nil)
        #expect(refusal(149, 50, whileRoom) == .noSpace)
        #expect(refusal(.max, .max, whileRoom) == .noSpace)
    }

    @Test("Who has no room for a dump learns what the kept ones take")
    func admitNames() throws {
        for index in 1...2 { try make("d\(index)", minute: index) }
        let bytes = ByteCountText.describe(try size("d1") * 2)
        do throws(LiveDumpError) {
            try store { $0.keep = .whileRoom }.admit(
                estimatedByteCount: 1, space: CareRoot.place("/dumps", free: 0))
            Issue.record("it was admitted")
        } catch {
            #expect(
                error.obstacle.remedy?.hasSuffix(
                    "2 of them hold \(bytes), the oldest is d1.") == true)
        }
    }
}
