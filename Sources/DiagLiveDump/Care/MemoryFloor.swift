/// How much memory must be left to the host, before a dump and while it is made.
///
/// Small machines keep an eighth of their memory, so that one with 512 MiB can be dumped; from
/// 4 GiB on it is 512 MiB, from 10 GiB on a twentieth, and from 80 GiB on 4 GiB: a database host
/// whose memory is nearly all in use is in order, and a dump takes no more of it. What the dump
/// itself sets aside must be there three times.
public enum MemoryFloor {
    /// Bytes that must be available before a dump that sets `budget` bytes aside, on a machine
    /// with `total` bytes.
    public static func beforeDump(total: UInt64, budget: UInt64) -> UInt64 {
        let (threefold, overflows) = budget.multipliedReportingOverflow(by: 3)
        return max(overflows ? .max : threefold, reserve(total: total))
    }

    /// Bytes that must stay available while it is made: half of the reserve. What the dump set
    /// aside is taken by then.
    public static func whileDumping(total: UInt64) -> UInt64 { reserve(total: total) / 2 }

    private static func reserve(total: UInt64) -> UInt64 {
        max(min(total / 8, 512 << 20), min(total / 20, 4 << 30))
    }
}

/// How much of a file system must stay free.
public enum DiskFloor {
    /// Bytes that stay free beside a dump: 1 GiB, on small file systems a twentieth.
    public static func reserve(fileSystemByteCount: UInt64) -> UInt64 {
        min(1 << 30, fileSystemByteCount / 20)
    }

    /// Bytes that must be free for a dump of about `estimate` bytes: a fifth more, and the reserve.
    public static func needed(
        estimate: UInt64, limit: UInt64?, fileSystemByteCount: UInt64
    ) -> UInt64 {
        let (more, overflows) = estimate.addingReportingOverflow(estimate / 5)
        let file = min(overflows ? .max : more, limit ?? .max)
        let (sum, isTooLarge) = file.addingReportingOverflow(
            reserve(fileSystemByteCount: fileSystemByteCount))
        return isTooLarge ? .max : sum
    }
}
