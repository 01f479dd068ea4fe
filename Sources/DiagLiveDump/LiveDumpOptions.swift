internal import DiagFormats
public import DiagModel
public import DiagSystem
internal import SystemPackage

/// What a person wants of a dump. Everything has a default.
public struct LiveDumpOptions: Codable, Hashable, Sendable {
    /// How pages are stored.
    public enum Compression: String, Codable, Hashable, Sendable, CaseIterable {
        /// zstd, level -1: crash from 8.0.2 on, drgn; not Debian's makedumpfile 1.7.2.
        case zstd
        /// zlib, level 1: every reader.
        case zlib
        /// As they are.
        case none
    }

    /// What the file looks like.
    public enum Format: String, Codable, Hashable, Sendable, CaseIterable {
        /// kdump-compressed, version 6.
        case kdump
        /// A sparse ELF core file.
        case elf
    }

    /// What happens when memory runs short.
    public enum OnPressure: String, Codable, Hashable, Sendable, CaseIterable {
        /// No dump: what was written is removed.
        case abort
        /// The pages read so far, as a file that opens.
        case partial
        /// Go on.
        case ignore
    }

    /// Which of the two dumps.
    public var kind = LiveDumpReport.Kind.full
    /// Which classes of pages are left out: 1 zero, 2 cache, 4 cache with private data, 8 user,
    /// 16 free. 27 keeps what file systems attach to their pages.
    public var level = 27
    /// How pages are stored.
    public var compression = Compression.zstd
    /// What the file looks like.
    public var format = Format.kdump
    /// Keep the pages of processes, whatever the level.
    public var includesUserPages = false
    /// Keep the memory of virtual machines that this host runs.
    public var includesGuestPages = false
    /// What happens when memory runs short.
    public var onPressure = OnPressure.abort
    /// The most bytes that the file may have; none for no limit.
    public var maxByteCount: Int64?
    /// Who asks: at most eight characters of ASCII.
    public var originator = "diagbndl"
    /// Why, in the words of whoever asks.
    public var reason: String?
    /// Threads that copy; none for as many as serve.
    public var threadCount: Int?
    /// Whether the least time between dumps is kept.
    public var isThrottled = true

    /// The defaults.
    public init() {}
}

extension LiveDumpOptions {
    /// How many threads the host below `tree` has; `nil` when that is not told.
    ///
    /// Source: proc(5), /proc/loadavg: `0.1 0.2 0.3 1/234 567`.
    public static func threadCount(in tree: RootedTree) -> Int? {
        let text = (try? tree.read("/proc/loadavg", limit: 256)) ?? []
        let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
        guard fields.count > 3 else { return nil }
        return fields[3].split(separator: "/").last.flatMap { Int($0) }
    }

    /// How many of `pageCount` pages a dump has at most, by /proc/meminfo of `tree`.
    public func mostPages(of pageCount: Int, pageByteCount: Int, in tree: RootedTree) -> Int {
        let meminfo = (try? tree.read("/proc/meminfo", limit: 65_536)) ?? []
        return mostPages(
            of: pageCount, pageByteCount: pageByteCount,
            statistics: MemoryStatistics(parsing: String(decoding: meminfo, as: UTF8.self)))
    }

    /// How many of `pageCount` pages a dump has at most, by /proc/meminfo.
    ///
    /// Pages of files count where the level keeps those with private data, since nothing tells how
    /// many these are. Source: Linux 6.1 fs/proc/meminfo.c, `meminfo_proc_show`.
    func mostPages(
        of pageCount: Int, pageByteCount: Int, statistics: MemoryStatistics
    ) -> Int {
        // The small dump has pages of the kernel alone.
        let level = kind == .stacks ? 30 : level
        var names = [String]()
        if level & 16 != 0 { names.append("MemFree") }
        // A machine's memory may lie in files and in shared memory.
        let leavesOutGuests = level & 8 != 0 && (kind == .stacks || !includesGuestPages)
        let leavesOutProcesses = leavesOutGuests && (kind == .stacks || !includesUserPages)
        if leavesOutProcesses { names += ["AnonPages", "Hugetlb"] }
        // Shared memory is in the other number, too, and never has private data.
        if level & 4 != 0 {
            if leavesOutGuests { names.append("Cached") }
        } else if level & 2 != 0, leavesOutProcesses {
            names.append("Shmem")
        }
        let bytes = names.reduce(UInt64(0)) { sum, name in
            let (next, overflows) = sum.addingReportingOverflow(
                statistics.byteCounts[name] ?? 0)
            return overflows ? .max : next
        }
        return max(0, pageCount - Int(clamping: bytes / UInt64(max(1, pageByteCount))))
    }
}
