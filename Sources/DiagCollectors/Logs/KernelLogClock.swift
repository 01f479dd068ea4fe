internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What it takes to turn the times of kernel records into times of day.
struct KernelLogClock: Hashable {
    /// The moment of the boot in microseconds since 1970, as `dmesg -T` takes it: where the host
    /// was suspended, the kernel's clock stood still and later times come out too early.
    let bootTime: UInt64?
    /// For how many microseconds the host was suspended since.
    let suspended: UInt64

    init(bootTime: UInt64?, suspended: UInt64 = 0) {
        self.bootTime = bootTime
        self.suspended = suspended
    }

    /// The clock of the host below `root`.
    init(of root: RootedTree) {
        guard root.isLiveHost else {
            self.init(bootTime: Self.recordedBootTime(in: root))
            return
        }
        let offsets = Self.offsets((try? root.read("/proc/self/timens_offsets")) ?? [])
        let sinceBoot = MonotonicTime.now.nanoseconds &- offsets.sinceBoot
        let awake = MonotonicTime.nanosecondsAwake &- offsets.awake
        self.init(
            bootTime: UInt64(exactly: Timestamp.now.microsecondsSince1970 &- sinceBoot / 1000),
            suspended: UInt64(max(0, (sinceBoot &- awake) / 1000)))
    }

    /// The least time of a record, in microseconds of the kernel's clock, that may have been
    /// written at `since` or later; `nil` when the moment of the boot is not known.
    ///
    /// When the host was suspended is not known, only for how long: all of it may lie before.
    func earliest(since: Timestamp) -> UInt64? {
        guard let bootTime else { return nil }
        let since = UInt64(clamping: since.microsecondsSince1970)
        let (latestStart, overflow) = bootTime.addingReportingOverflow(suspended)
        return overflow || latestStart >= since ? 0 : since - latestStart
    }

    /// By how many nanoseconds the clocks of this time namespace are ahead of the host's: what
    /// counts since the boot, and what stands still in suspend. Source: time_namespaces(7).
    static func offsets(_ file: [UInt8]) -> (sinceBoot: Int64, awake: Int64) {
        var result: (sinceBoot: Int64, awake: Int64) = (0, 0)
        for line in String(decoding: file, as: UTF8.self).split(separator: "\n") {
            let fields = line.split { $0 == " " || $0 == "\t" }
            guard fields.count == 3, let seconds = Int64(fields[1]),
                let nanoseconds = Int64(fields[2]), seconds.magnitude < 1 << 32,
                nanoseconds.magnitude < 1_000_000_000
            else { continue }
            let offset = seconds * 1_000_000_000 + nanoseconds
            switch fields[0] {
            case "boottime", "7": result.sinceBoot = offset
            case "monotonic", "1": result.awake = offset
            default: break
            }
        }
        return result
    }

    /// proc_stat(5): `btime`, in seconds.
    private static func recordedBootTime(in root: RootedTree) -> UInt64? {
        guard let stat = try? root.read("/proc/stat") else { return nil }
        for line in stat.split(separator: 0x0A) where line.starts(with: "btime ".utf8) {
            let seconds = UInt64(String(decoding: line.dropFirst(6), as: UTF8.self))
            return seconds.flatMap { $0 < 1 << 40 ? $0 * 1_000_000 : nil }
        }
        return nil
    }
}
