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

    private func make(
        _ name: String, minute: Int, schema: String = "diagbundle.live-dump/1",
        files: [String] = ["LiveDump.kdump"]
    ) throws {
        let time = Timestamp(microsecondsSince1970: Int64(minute) * 60_000_000)
        try root.write(
            "dumps/\(name)/LiveDump.json",
            #"{"schema": "\#(schema)", "started": "\#(time)", "more": [1]}"#)
        for file in files { try root.write("dumps/\(name)/\(file)", "0123456789") }
    }

    private func room() -> FileSystemPlace { CareRoot.place("/dumps") }

    private func trim(_ store: DumpStore, current: String? = nil) throws -> DumpStore.Outcome {
        try store.trim(current: current) { () throws(SystemCallError) in room() }
    }

    @Test("Dumps are listed oldest first, with their bytes; others are passed over")
    func list() throws {
        #expect(try store().list() == [])
        try make("b", minute: 2)
        try make("a", minute: 3, files: ["LiveDump.kdump.partial"])
        try make("c", minute: 1)
        try make("foreign", minute: 0, schema: "someone.else/1")
        try root.write("dumps/no-report/LiveDump.kdump", "x")
        try root.write("dumps/file", "x")
        try root.write("dumps/nonsense/LiveDump.json", "{")
        try root.write("outside/LiveDump.json", try root.read("dumps/b/LiveDump.json"))
        try root.link("dumps/link", to: "../outside")
        try root.write("dumps/linked/x", "")
        try root.link("dumps/linked/LiveDump.json", to: "../b/LiveDump.json")
        let kept = try store().list()
        #expect(kept.map(\.name) == ["c", "b", "a"])
        #expect(kept.map(\.isUnfinished) == [false, false, true])
        #expect(
            kept[0].byteCount == 10 + Int64(try root.read("dumps/c/LiveDump.json").utf8.count))
    }

    @Test("The oldest go first; the newest, foreign and unfinished ones stay")
    func oldestFirst() throws {
        for index in 1...5 { try make("d\(index)", minute: index) }
        try make("old-unfinished", minute: 0, files: ["LiveDump.kdump.partial"])
        try make("foreign", minute: 0, schema: "someone.else/1")
        try root.write("outside/LiveDump.json", try root.read("dumps/d1/LiveDump.json"))
        try root.link("dumps/link", to: "../outside")
        let outcome = try trim(store { $0.keepCount = 2 })
        #expect(outcome.removed == ["d1", "d2", "d3"])
        #expect(outcome.warnings == [])
        #expect(try root.names("dumps") == ["d4", "d5", "foreign", "link", "old-unfinished"])
        #expect(root.exists("outside/LiveDump.json"))
        #expect(try trim(store { $0.keepCount = 0 }).removed == ["d4"])
        #expect(try trim(store { $0.keepCount = 0 }).removed == [])
    }

    @Test("The dump just made stays, even when its clock ran behind")
    func current() throws {
        for index in 1...3 { try make("d\(index)", minute: index) }
        let outcome = try trim(store { $0.keepCount = 1 }, current: "d1")
        #expect(outcome.removed == ["d2"])
        #expect(try root.names("dumps") == ["d1", "d3"])
    }

    @Test("Kept only while there is room: old ones make room for the newest")
    func whileRoom() throws {
        for index in 1...4 { try make("d\(index)", minute: index) }
        let store = store {
            $0.keep = .whileRoom
            $0.freeSpaceFloor = 100
        }
        var free: UInt64 = 80
        let outcome = try store.trim(current: "d4") { () throws(SystemCallError) in
            defer { free += 10 }
            return CareRoot.place("/dumps", free: free)
        }
        #expect(outcome.removed == ["d1", "d2"])
        #expect(outcome.warnings == [])
        let full = try store.trim(current: "d4") { () throws(SystemCallError) in
            CareRoot.place("/dumps", free: 0)
        }
        #expect(full.removed == ["d3"])
        #expect(full.warnings.count == 1)
        #expect(try root.names("dumps") == ["d4"])
    }

    @Test("An interrupted removal is finished, and nothing else with it")
    func interrupted() throws {
        try make(".removing-a", minute: 1, files: ["LiveDump-stacks.txt"])
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
}
