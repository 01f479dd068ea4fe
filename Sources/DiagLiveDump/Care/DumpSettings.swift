/// How often dumps are made, and which are kept.
///
/// Beside each, the setting of Windows that it corresponds to, below
/// HKLM\SYSTEM\CurrentControlSet\Control\CrashControl. Source: Microsoft, "WER Settings", section
/// "WER Live Kernel Reports Settings".
public struct DumpSettings: Codable, Hashable, Sendable {
    /// When a dump is kept.
    public enum Keep: String, Codable, Hashable, Sendable, CaseIterable {
        /// Whatever room the disk has.
        case always
        /// Only while the disk has room.
        case whileRoom = "room"
    }

    /// The least seconds between two dumps: `FullLiveKernelReports\SystemThrottleThreshold`.
    public var systemIntervalSeconds: Int64 = 600
    /// The least seconds between two dumps for one originator:
    /// `FullLiveKernelReports\ComponentThrottleThreshold`.
    public var originatorIntervalSeconds: Int64 = 3600
    /// How many dumps are kept, the newest; 0 makes none at all:
    /// `FullLiveKernelReports\FullLiveReportsMax`.
    public var keepCount = 10
    /// Whether a dump is kept when the disk has little room: `AlwaysKeepMemoryDump`.
    public var keep = Keep.whileRoom
    /// Bytes that must stay free beside the dumps; none for a tenth of the file system, at most
    /// 25 GB, which is what Windows wants free.
    public var freeSpaceFloor: Int64?
    /// Where dumps are kept: `LiveKernelReports\LiveKernelReportsPath`.
    public var folder = "/var/lib/diagbundle/dumps"

    /// The defaults.
    public init() {}

    /// Bytes that must stay free on a file system with `byteCount` bytes.
    public func floor(fileSystemByteCount byteCount: UInt64) -> UInt64 {
        freeSpaceFloor.map { UInt64(clamping: $0) } ?? min(25_000_000_000, byteCount / 10)
    }
}
