internal import DiagSystem
internal import SystemPackage

/// Sends SCSI commands to an open device, none when its time is nearly over.
///
/// The kernel is always given a minute: when its time runs out it aborts the command and resets the
/// device, the target and the bus, which a disk that is only slow does not deserve. Whoever cannot
/// wait gives this process up.
final class DeviceFileTransport: SCSITransport {
    private static let timeoutMilliseconds: UInt32 = 60_000
    /// With less than this left nothing more is sent.
    private static let leastSeconds = 1.0

    private let device: DeviceFile
    private let filter: SCSICommandFilter
    private let end: MonotonicTime

    /// A transport to `device` that sends nothing in the last second before `end`, and only what
    /// `filter` allows.
    init(
        _ device: consuming DeviceFile, until end: MonotonicTime,
        filter: SCSICommandFilter = .standard
    ) {
        self.device = device
        self.filter = filter
        self.end = end
    }

    /// Sends `command` and takes up to `byteCount` bytes.
    func execute(
        _ command: [UInt8], reading byteCount: Int
    ) throws(SystemCallError) -> SCSIResponse {
        guard end.seconds(since: .now) >= Self.leastSeconds else {
            throw SystemCallError(
                operation: "SG_IO", object: device.path.string, errno: .timedOut)
        }
        return try device.execute(
            command, reading: byteCount,
            timeoutMilliseconds: Self.timeoutMilliseconds, filter: filter)
    }
}
