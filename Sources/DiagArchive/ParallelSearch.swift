internal import DiagCodec
internal import DiagSystem

/// Searches members of a bundle side by side, and gives what is found in their order.
///
/// Members that share a block make one job, so that each block is decoded once.
final class ParallelSearch: Sendable {
    /// What ends the search when nobody wants more.
    private static let stopped = ArchiveError(
        .cancelled, operation: "search", object: "the bundle", reason: "stopped")
    /// Bytes of hits of one job that may wait to be read.
    private static let hitsByteLimit = 1 << 20
    /// Hits are handed on when so many bytes of them are there.
    private static let handedByteCount = 64 << 10

    private let query: BundleSearch.Query
    private let stream: IndexedBundle.Stream
    private let members: [IndexedMember]
    /// Which members belong to which job.
    private let jobs: [Range<Int>]
    private let parts: OrderedParts<[BundleSearch.Hit]>

    private init(
        _ query: BundleSearch.Query, _ stream: IndexedBundle.Stream, _ members: [IndexedMember],
        threadCount: Int
    ) {
        self.query = query
        self.stream = stream
        self.members = members
        jobs = Self.jobs(of: members, in: stream.table)
        // A few jobs more, so that those behind a large one go on.
        parts = OrderedParts(
            jobCount: jobs.count, aheadCount: threadCount * 4, byteLimit: Self.hitsByteLimit)
    }

    /// Starts to search `members`, which are sorted by their places.
    static func start(
        _ query: BundleSearch.Query, _ stream: IndexedBundle.Stream, _ members: [IndexedMember]
    ) throws(ArchiveError) -> ParallelSearch {
        _ = try BundleSearch.compile(query, stream.file.object)
        let table = stream.table
        let largest = (0..<table.count).reduce(Int64(1)) {
            max($0, table[$1].uncompressedByteCount)
        }
        let count = BlockReadAhead.threadCount(largestBlock: largest)
        let search = ParallelSearch(query, stream, members, threadCount: count)
        for index in 0..<min(count, search.jobs.count) {
            do throws(SystemCallError) {
                _ = try BackgroundThread.start(name: "bundle-search") { search.run() }
            } catch {
                if index > 0 { break }  // Fewer do it, too.
                throw ArchiveError(error, kind: .resource)
            }
        }
        return search
    }

    /// The next hits; `nil` behind the last.
    func next() throws(ArchiveError) -> [BundleSearch.Hit]? { try parts.next()?.part }

    /// Lets the threads end soon.
    func stop() { parts.stop() }

    /// Rows of members, each with blocks that no other row needs.
    static func jobs(of members: [IndexedMember], in table: BlockTable) -> [Range<Int>] {
        var jobs = [Range<Int>]()
        var start = 0
        var lastBlock = -1
        for (index, member) in members.enumerated() {
            let first = table.index(holding: member.headerOffset) ?? lastBlock
            if index > start, first > lastBlock {
                jobs.append(start..<index)
                start = index
            }
            lastBlock = max(lastBlock, table.index(holding: member.endOffset - 1) ?? lastBlock)
        }
        if start < members.count { jobs.append(start..<members.count) }
        return jobs
    }

    // MARK: - Threads

    private func run() {
        while let number = parts.take() {
            do throws(ArchiveError) {
                try search(members[jobs[number]], number)
                parts.end(number)
            } catch { parts.end(number, error) }
        }
    }

    private func search(
        _ members: ArraySlice<IndexedMember>, _ number: Int
    ) throws(ArchiveError) {
        let pattern = try BundleSearch.compile(query, stream.file.object)
        // One thread decodes while this one searches.
        let sweep = try MemberSweep(stream, members, threadCount: 1)
        let waiting = WaitingHits(parts, job: number)
        for member in members {
            guard parts.isWanted else { throw Self.stopped }
            var search = MemberSearch(query, pattern, path: stream.path(of: member))
            try sweep.read(member) { bytes throws(ArchiveError) in
                try search.take(bytes, waiting.add)
            }
            try search.finish(waiting.add)
        }
        try waiting.hand()
    }

    /// Hits of one job that were not handed on yet.
    private final class WaitingHits {
        private let parts: OrderedParts<[BundleSearch.Hit]>
        private let job: Int
        private var hits = [BundleSearch.Hit]()
        private var byteCount = 0

        init(_ parts: OrderedParts<[BundleSearch.Hit]>, job: Int) {
            self.parts = parts
            self.job = job
        }

        func add(_ hit: BundleSearch.Hit) throws(ArchiveError) {
            hits.append(hit)
            byteCount += hit.line.count + 128
            if byteCount >= ParallelSearch.handedByteCount { try hand() }
        }

        func hand() throws(ArchiveError) {
            guard !hits.isEmpty else { return }
            let handed = hits
            hits = []
            guard parts.give(handed, byteCount: byteCount, of: job) else {
                throw ParallelSearch.stopped
            }
            byteCount = 0
        }
    }
}
