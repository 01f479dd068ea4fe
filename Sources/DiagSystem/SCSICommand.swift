internal import CLinux
internal import Glibc
internal import SystemPackage

/// SCSI commands that only tell something, as the bytes of their command descriptor blocks.
public enum SCSICommand {
    /// INQUIRY, for the standard data or for a page of vital product data. Source: SPC-6, 6.7.
    public static func inquiry(page: UInt8? = nil, byteCount: UInt16) -> [UInt8] {
        [
            0x12, page == nil ? 0 : 1, page ?? 0, UInt8(byteCount >> 8),
            UInt8(truncatingIfNeeded: byteCount), 0,
        ]
    }

    /// TEST UNIT READY. Source: SPC-6, section 6.53.
    public static let testUnitReady: [UInt8] = [0, 0, 0, 0, 0, 0]

    /// REQUEST SENSE, in fixed form. Source: SPC-6, section 6.45.
    public static func requestSense(byteCount: UInt8) -> [UInt8] { [3, 0, 0, 0, byteCount, 0] }

    /// READ CAPACITY (10). Source: SBC-4, section 5.20.
    public static let readCapacity10: [UInt8] = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    /// READ CAPACITY (16) for 32 bytes. Source: SBC-4, section 5.21.
    public static let readCapacity16: [UInt8] = [
        0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0,
    ]

    /// LOG SENSE for the cumulative values of a page. Source: SPC-6, section 6.9.
    public static func logSense(page: UInt8, subpage: UInt8 = 0, byteCount: UInt16) -> [UInt8] {
        [
            0x4D, 0, 0x40 | page & 0x3F, subpage, 0, 0, 0, UInt8(byteCount >> 8),
            UInt8(truncatingIfNeeded: byteCount), 0,
        ]
    }

    /// MODE SENSE (6) for the current values of a page, without block descriptors.
    /// Source: SPC-6, section 6.14.
    public static func modeSense6(page: UInt8, byteCount: UInt8) -> [UInt8] {
        [0x1A, 8, page & 0x3F, 0, byteCount, 0]
    }

    /// MODE SENSE (10) for the current values of a page, without block descriptors.
    /// Source: SPC-6, section 6.15.
    public static func modeSense10(page: UInt8, byteCount: UInt16) -> [UInt8] {
        [
            0x5A, 8, page & 0x3F, 0, 0, 0, 0, UInt8(byteCount >> 8),
            UInt8(truncatingIfNeeded: byteCount), 0,
        ]
    }

    /// RECEIVE DIAGNOSTIC RESULTS for a page. Source: SPC-6, section 6.31.
    public static func receiveDiagnostic(page: UInt8, byteCount: UInt16) -> [UInt8] {
        [0x1C, 1, page, UInt8(byteCount >> 8), UInt8(truncatingIfNeeded: byteCount), 0]
    }

    /// REPORT TARGET PORT GROUPS. Source: SPC-6, section 6.37.
    public static func reportTargetPortGroups(byteCount: UInt16) -> [UInt8] {
        [
            0xA3, 0x0A, 0, 0, 0, 0, 0, 0, UInt8(byteCount >> 8),
            UInt8(truncatingIfNeeded: byteCount), 0, 0,
        ]
    }

    /// ATA CHECK POWER MODE, whose answer is in the count register. Source: ACS-5, section 7.3.
    public static let ataCheckPowerMode: [UInt8] = [
        0x85, 3 << 1, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE5, 0,
    ]
}

extension DeviceFile {
    /// Sends a SCSI command that only tells something, and takes up to `byteCount` bytes, at most
    /// 65,536.
    ///
    /// The data go from the device to us or nowhere. Source: scsi/sg.h, `SG_IO`. When
    /// `timeoutMilliseconds` are over the kernel aborts the command and may reset the device, so
    /// that whoever cannot wait is better given up.
    ///
    /// - Throws: `EPERM` for a command that `filter` does not allow, before the kernel sees it;
    ///   what the device refuses is a response.
    public func execute(
        _ command: [UInt8], reading byteCount: Int, timeoutMilliseconds: UInt32 = 60_000,
        filter: SCSICommandFilter = .standard
    ) throws(SystemCallError) -> SCSIResponse {
        guard filter.allows(command, reading: byteCount), byteCount <= 1 << 16 else {
            let code = command.first.map { "0x" + String($0, radix: 16) } ?? "without a code"
            throw SystemCallError(
                operation: "send the SCSI command \(code)", object: path.string,
                errno: .notPermitted)
        }
        var data = [UInt8](repeating: 0, count: byteCount)
        var sense = [UInt8](repeating: 0, count: 252)
        var results = [CUnsignedInt](repeating: 0, count: 6)
        try systemCall("SG_IO", on: path.string) {
            unsafe data.withUnsafeMutableBytes { data in
                unsafe diag_scsi_read(
                    descriptor.rawValue, command, UInt8(command.count), data.baseAddress,
                    CUnsignedInt(byteCount), &sense, UInt8(sense.count), timeoutMilliseconds,
                    &results)
            }
        }
        sense.removeLast(sense.count - min(sense.count, Int(results[3])))
        data.removeLast(min(data.count, Int(results[4])))
        return SCSIResponse(
            status: UInt8(truncatingIfNeeded: results[0]),
            hostStatus: UInt16(truncatingIfNeeded: results[1]),
            driverStatus: UInt16(truncatingIfNeeded: results[2]), sense: sense, data: data)
    }
}
