internal import DiagSystem
internal import SystemPackage

/// Sends SCSI commands to an open device, each in at most the time that is left.
final class DeviceFileTransport: SCSITransport {
    /// The longest that one command may take.
    private static let longestMilliseconds = 4000.0

    private let device: DeviceFile
    private let filter: SCSICommandFilter
    private let end: MonotonicTime

    /// A transport to `device` that sends nothing after `end`, and only what `filter` allows.
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
        let left = end.seconds(since: .now) * 1000
        guard left >= 50 else {
            throw SystemCallError(
                operation: "SG_IO", object: device.path.string, errno: .timedOut)
        }
        return try device.execute(
            command, reading: byteCount,
            timeoutMilliseconds: UInt32(min(left, Self.longestMilliseconds)), filter: filter)
    }
}
