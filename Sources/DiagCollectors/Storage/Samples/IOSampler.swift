internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Takes samples of the kernel's I/O counters while the run lasts, all on one clock.
///
/// A sample holds the counters of /proc/diskstats of each device whose counters changed since the
/// one before (the first and the last hold all), the stall times of /proc/pressure, what NFS mounts
/// did, from /proc/PID/mountstats, and the paging of /proc/vmstat.
struct IOSampler {
    /// Samples beyond this many bytes of text replace no others: only the rates go on.
    private static let byteLimit = 16 << 20

    private struct Sample {
        let moment: MonotonicTime
        let counters: [String: [UInt64]]
        let mounts: [String: NFSCounters]
    }

    private let root: RootedTree
    private let hasNFS: Bool
    private let mountStatistics: FilePath
    private let started = Timestamp.now
    private var first: Sample?
    private var last: Sample?
    private var text = JSONLineText()
    private var isCut = false
    private var sampleCount = 0

    /// A sampler of the counters below `root`.
    init(_ root: RootedTree) {
        self.root = root
        hasNFS = (try? root.status(of: "/proc/fs/nfsfs")) != nil
        let first: FilePath = "/proc/1/mountstats"
        let isOpen = (try? root.read(first, limit: 1))?.isEmpty == false
        mountStatistics = isOpen ? first : "/proc/self/mountstats"
    }

    /// Takes a sample; a host without the counters gives none.
    mutating func take(isLast: Bool = false) {
        guard let bytes = try? root.read("/proc/diskstats", limit: 8 << 20) else { return }
        let moment = MonotonicTime.now
        var counters = [String: [UInt64]]()
        for entry in DiskStatistics(parsing: bytes).entries where entry.counters.count >= 11 {
            counters[entry.name] = entry.counters
        }
        guard !counters.isEmpty else { return }
        let sample = Sample(moment: moment, counters: counters, mounts: mounts)
        add(sample, isWhole: first == nil || isLast)
        if first == nil { first = sample }
        last = sample
        sampleCount += 1
    }

    private mutating func add(_ sample: Sample, isWhole: Bool) {
        guard text.bytes.count < Self.byteLimit || isWhole else {
            isCut = true
            return
        }
        let changed = sample.counters.filter { isWhole || last?.counters[$0.key] != $0.value }
        let seconds = first.map { sample.moment.seconds(since: $0.moment) } ?? 0
        text.add("{\"devices\":")
        text.add(changed) { $0.add($1) { $0.add(number: $1) } }
        if !sample.mounts.isEmpty {
            text.add(",\"mounts\":")
            text.add(sample.mounts) { $0.add($1.values) { $0.add(number: $1) } }
        }
        let paging = self.paging
        if !paging.isEmpty {
            text.add(",\"paging\":")
            text.add(paging) { $0.add(number: $1) }
        }
        text.add(",\"seconds\":")
        text.add(fraction: (seconds * 1e6).rounded() / 1e6)
        let stalls = stalledMicroseconds
        if !stalls.isEmpty {
            text.add(",\"stalledMicroseconds\":")
            text.add(stalls) { $0.add(number: $1) }
        }
        text.add("}\n")
    }

    /// What NFS mounts have done, by their mount points; none on a host without NFS.
    private var mounts: [String: NFSCounters] {
        guard hasNFS, let bytes = try? root.read(mountStatistics, limit: 8 << 20) else {
            return [:]
        }
        return Dictionary(
            NFSMountStatistics(parsing: bytes).mounts.map { ($0.mountPoint, NFSCounters($0)) },
            uniquingKeysWith: { $1 })
    }

    /// The counters of /proc/vmstat that tell of paging and of writing back.
    private var paging: [String: UInt64] {
        let wanted: Set<String> = [
            "nr_dirty", "nr_writeback", "pgpgin", "pgpgout", "pswpin", "pswpout", "pgmajfault",
            "allocstall_normal", "allocstall_movable", "oom_kill",
        ]
        guard let bytes = try? root.read("/proc/vmstat", limit: 64 << 10) else { return [:] }
        var values = [String: UInt64]()
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let value = UInt64(words[1]) else { continue }
            let name = String(words[0])
            if wanted.contains(name) { values[name] = value }
        }
        return values
    }

    /// The stall totals by resource and kind, for example `io full`.
    private var stalledMicroseconds: [String: UInt64] {
        var totals = [String: UInt64]()
        for resource in ["cpu", "io", "memory"] {
            guard let bytes = try? root.read(FilePath("/proc/pressure/\(resource)"), limit: 4096),
                let stall = try? PressureStall(parsing: String(decoding: bytes, as: UTF8.self))
            else { continue }
            if let some = stall.some {
                totals["\(resource) some"] = some.totalMicroseconds
            }
            if let full = stall.full {
                totals["\(resource) full"] = full.totalMicroseconds
            }
        }
        return totals
    }

    /// The devices that had requests in flight at the last sample.
    var busyDevices: Set<String> {
        Set((last?.counters ?? [:]).filter { $0.value[8] > 0 }.keys)
    }

    /// What each device did from the first to the last sample; none when they are one.
    var rates: IORates? {
        guard let first, let last, last.moment > first.moment else { return nil }
        return IORates(
            started: started, seconds: last.moment.seconds(since: first.moment),
            sampleCount: sampleCount, from: first.counters, to: last.counters,
            mounts: last.mounts.compactMap { mountPoint, counters in
                first.mounts[mountPoint].map { (mountPoint, $0, counters) }
            })
    }

    /// Sends `io-samples.jsonl`, and as `io-rates.json` what ``rates`` has given.
    func send(_ rates: IORates?, into sink: any CollectionSink) throws {
        guard sampleCount > 0 else { return }
        let header = try JSONDocument.encode(
            JSONValue.object([
                "schema": "diagbundle.io-samples/1", "started": .string(started.description),
            ]), layout: .line)
        try sink.open(
            .init(
                path: "io-samples.jsonl",
                source: "/proc/diskstats, /proc/pressure, mountstats, /proc/vmstat",
                mediaType: "application/jsonl", privacy: .technical))
        try sink.write((header + [0x0A]).span)
        try sink.write(text.bytes.span)
        if isCut {
            try sink.send(.truncated(.init(why: "samples after the first 16 MiB are left out")))
        }
        if let rates {
            try sink.sendJSON(
                "io-rates.json", rates, source: "io-samples.jsonl", privacy: .technical)
        }
    }
}
