import DiagLiveDump
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@Suite("How often dumps are made")
struct CareThrottleTests {
    private let root: CareRoot
    private let state: FilePath

    init() throws {
        root = try CareRoot(isEmpty: true)
        state = root.path.appending("var").appending("livedump.json")
    }

    private func time(_ seconds: Int) -> Timestamp {
        Timestamp(microsecondsSince1970: 1_800_000_000_000_000 + Int64(seconds) * 1_000_000)
    }

    private var throttle: DumpThrottle { throttle(.full) }

    private func throttle(_ kind: LiveDumpReport.Kind) -> DumpThrottle {
        DumpThrottle(settings: DumpSettings(), kind: kind, history: DumpHistory(path: state))
    }

    private func refusal(
        _ originator: String, _ seconds: Int, _ kind: LiveDumpReport.Kind = .full
    ) -> LiveDumpError? {
        do throws(LiveDumpError) {
            _ = try throttle(kind).check(originator: originator, now: time(seconds))
            return nil
        } catch { return error }
    }

    @Test("The first dump is allowed, and the check leaves nothing behind")
    func first() throws {
        #expect(try throttle.check(originator: "a", now: time(0)) == [])
        #expect(!root.exists("var"))
    }

    @Test("Ten minutes between dumps, an hour for one originator, and the next moment is told")
    func intervals() throws {
        _ = throttle.recordBegin(originator: "a", now: time(0))
        let error = try #require(refusal("b", 1))
        #expect(error.obstacle.cause == .throttled)
        #expect(
            error.description
                == "begin the dump: the last dump began at 2027-01-15T08:00:00.000000Z, and 10 min"
                + " 0 s must lie between two: the next is allowed at 2027-01-15T08:10:00.000000Z")
        #expect(error.obstacle.remedy == "Wait until then, or use --no-throttle.")
        #expect(refusal("b", 599) != nil)
        #expect(refusal("b", 600) == nil)
        let own = try #require(refusal("a", 600))
        #expect(own.description.contains("for the originator a began"))
        #expect(own.description.hasSuffix("allowed at 2027-01-15T09:00:00.000000Z"))
        #expect(refusal("a", 3600) == nil)
        #expect(
            try throttle.check(originator: "a", isThrottled: false, now: time(1)) == [])
    }

    @Test("Who dumps by hand waits ten minutes, never an hour")
    func byHand() throws {
        let nobody = LiveDumpOptions().originator
        _ = throttle.recordBegin(originator: nobody, now: time(0))
        #expect(refusal(nobody, 599) != nil)
        #expect(refusal(nobody, 600) == nil)
    }

    @Test("A dump of stacks does not forbid one of memory, nor the other way round")
    func kinds() throws {
        _ = throttle(.stacks).recordBegin(originator: "a", now: time(0))
        #expect(refusal("a", 1) == nil)
        #expect(refusal("a", 1, .stacks) != nil)
        _ = throttle(.full).recordBegin(originator: "a", now: time(700))
        #expect(refusal("b", 701, .stacks) == nil)
        #expect(refusal("a", 701, .stacks) != nil)
        #expect(refusal("b", 701) != nil)
    }

    @Test("A dump that left no file is taken back, and what was before holds again")
    func withdrawn() throws {
        _ = throttle.recordBegin(originator: "a", now: time(0))
        _ = throttle.recordBegin(originator: "a", now: time(4000))
        #expect(throttle(.stacks).withdrawBegin(since: time(4000)) == [])
        #expect(throttle.withdrawBegin(since: time(4001)) == [])
        #expect(refusal("b", 4002) != nil)
        #expect(throttle.withdrawBegin(since: time(4000)) == [])
        #expect(refusal("b", 4002) == nil)
        #expect(refusal("a", 3599) != nil)
        #expect(throttle.withdrawBegin(since: time(0)) == [])
        #expect(refusal("a", 3599) != nil)
    }

    @Test("A FIFO in the place of the state holds nobody up", .timeLimit(.minutes(1)))
    func fifo() throws {
        try root.write("var/x", "")
        try #require(mkfifo(state.string, 0o600) == 0)
        let warnings = try throttle.check(originator: "a", now: time(0))
        #expect(warnings.map { $0.contains("(a FIFO)") } == [true])
    }

    @Test("A damaged state forbids nothing, and is said and replaced")
    func damaged() throws {
        for text in ["", "{", "[]", "{\"version\":2,\"dumps\":{}}", "\u{0}\u{1}"] {
            try root.write("var/livedump.json", text)
            let warnings = try throttle.check(originator: "a", now: time(0))
            #expect(
                warnings == ["\(state) is damaged, so it is not known when the last dump was made"])
        }
        _ = throttle.recordBegin(originator: "a", now: time(0))
        #expect(refusal("b", 1) != nil)
        #expect(try root.names("var") == ["livedump.json"])
    }

    @Test("Every truncation of the state is allowed or refused, never a trap")
    func truncations() throws {
        _ = throttle.recordBegin(originator: "a", now: time(0))
        let whole = try root.read("var/livedump.json")
        for length in 0..<whole.utf8.count - 1 {
            try root.write("var/livedump.json", String(whole.prefix(length)))
            let error = refusal("b", 1)
            #expect(error == nil || error?.obstacle.cause == .throttled)
        }
    }

    @Test("A clock that was set back does not lock dumps out")
    func clockBack() throws {
        _ = throttle.recordBegin(originator: "a", now: time(100_000))
        let warnings = try throttle.check(originator: "a", now: time(0))
        #expect(warnings.count == 2)
        #expect(warnings[0].contains("in the future"))
        _ = throttle.recordBegin(originator: "b", now: time(0))
        #expect(refusal("a", 700) == nil)
    }

    @Test("Only the latest originators are remembered")
    func bounded() throws {
        for index in 0..<70 { _ = throttle.recordBegin(originator: "o\(index)", now: time(index)) }
        #expect(refusal("o5", 700) == nil)
        #expect(refusal("o6", 700) != nil)
        #expect(refusal("o69", 700) != nil)
    }

    @Test("What cannot be written is a warning, and forbids no dump")
    func unwritable() throws {
        try root.write("file", "")
        let blocked = DumpThrottle(
            settings: DumpSettings(), kind: .full,
            history: DumpHistory(path: root.path.appending("file").appending("x")))
        let warnings = blocked.recordBegin(originator: "a", now: time(0))
        #expect(warnings.count == 1)
        #expect(warnings.first?.hasPrefix("note the begin of the dump in \(root.path)") == true)
    }

    @Test("The rate of a complete dump is known to the next with the same compression and threads")
    func rate() throws {
        let history = DumpHistory(path: state)
        #expect(history.pagesPerSecond(.full, compression: "zstd", threadCount: 2) == nil)
        history.recordRate(.full, compression: "zstd", threadCount: 2, pages: 9_999, seconds: 1)
        #expect(!root.exists("var"), "so few pages tell nothing")
        history.recordRate(.full, compression: "zstd", threadCount: 2, pages: 90_000, seconds: 4)
        history.recordRate(.full, compression: "zlib", threadCount: 2, pages: 10_000, seconds: 4)
        _ = throttle.recordBegin(originator: "a", now: time(0))
        _ = throttle.withdrawBegin(since: time(0))
        #expect(history.pagesPerSecond(.full, compression: "zstd", threadCount: 2) == 22_500)
        #expect(history.pagesPerSecond(.full, compression: "zlib", threadCount: 2) == 2500)
        #expect(history.pagesPerSecond(.full, compression: "zstd", threadCount: 1) == nil)
        #expect(history.pagesPerSecond(.stacks, compression: "zstd", threadCount: 2) == nil)
        history.recordRate(.full, compression: "zstd", threadCount: 2, pages: 10_000, seconds: 1)
        #expect(history.pagesPerSecond(.full, compression: "zstd", threadCount: 2) == 10_000)
        #expect(refusal("b", 1) == nil, "what it says of the time between dumps is untouched")
    }

    @Test("A rate within a tenth of what is known leaves the file as it is")
    func sameRate() throws {
        let history = DumpHistory(path: state)
        func record(_ pages: Int) -> Double? {
            history.recordRate(
                .full, compression: "zstd", threadCount: 2, pages: pages, seconds: 1)
            return history.pagesPerSecond(.full, compression: "zstd", threadCount: 2)
        }
        #expect(record(20_000) == 20_000)
        func file() throws -> [UInt8] {
            try OwnedDescriptor.open(state, .readOnly).readAll(limit: 1 << 16)
        }
        let bytes = try file()
        for pages in [18_000, 19_999, 20_000, 22_000] {
            #expect(record(pages) == 20_000)
            #expect(try file() == bytes)
        }
        #expect(record(22_001) == 22_001)
        #expect(record(19_000) == 19_000)
        history.recordRate(.full, compression: "zstd", threadCount: 1, pages: 19_000, seconds: 1)
        #expect(history.pagesPerSecond(.full, compression: "zstd", threadCount: 1) == 19_000)
    }

    @Test(
        "A history without rates, or with impossible ones, gives none",
        arguments: [
            "{}", "null", "{\"zstd/2\": 0}", "{\"zstd/2\": -5}", "{\"zstd/2\": 1e-300}",
            "{\"zstd/2\": 1.1e9}", "{\"zstd/2\": 9.3e18}", "{\"zstd/2\": 1e300}",
            "{\"zstd/2\": 1e999}",
        ])
    func noRate(rates: String) throws {
        try root.write(
            "var/livedump.json",
            #"{"version": 1, "dumps": {"full": {"originators": {}, "rates": \#(rates)}}}"#)
        #expect(
            DumpHistory(path: state)
                .pagesPerSecond(.full, compression: "zstd", threadCount: 2) == nil)
    }

    @Test("A rate that no host has is not noted")
    func impossibleRate() {
        let history = DumpHistory(path: state)
        for seconds in [1e-300, 1e-6, 1e300] {
            history.recordRate(
                .full, compression: "zstd", threadCount: 2, pages: 10_000, seconds: seconds)
        }
        #expect(!root.exists("var"))
    }

    @Test("A rest of an interrupted replacement does not hinder the next")
    func interrupted() throws {
        try root.write("var/.livedump.json.new", "half")
        _ = throttle.recordBegin(originator: "a", now: time(0))
        #expect(try root.names("var") == ["livedump.json"])
    }

    @Test("The floor of free space is a tenth of the file system, at most 25 GB")
    func floor() {
        #expect(DumpSettings().floor(fileSystemByteCount: 10 << 30) == 1 << 30)
        #expect(DumpSettings().floor(fileSystemByteCount: 1 << 50) == 25_000_000_000)
        var settings = DumpSettings()
        settings.freeSpaceFloor = 5
        #expect(settings.floor(fileSystemByteCount: 10 << 30) == 5)
    }
}
