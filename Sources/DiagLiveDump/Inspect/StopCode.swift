internal import DiagModel

/// Windows's stop codes by number, and what their parameters spell.
///
/// Source: Microsoft, "Bug check code reference" and "Kernel live dump code reference".
enum StopCode {
    /// The codes that mark a dump of a system that went on.
    private static let live: [UInt64: String] = [
        0x117: "VIDEO_TDR_TIMEOUT_DETECTED", 0x141: "VIDEO_ENGINE_TIMEOUT_DETECTED",
        0x156: "WINSOCK_DETECTED_HUNG_CLOSESOCKET_LIVEDUMP",
        0x15C: "PDC_WATCHDOG_TIMEOUT_LIVEDUMP", 0x15E: "BUGCODE_NDIS_DRIVER_LIVE_DUMP",
        0x15F: "CONNECTED_STANDBY_WATCHDOG_TIMEOUT_LIVEDUMP", 0x161: "LIVE_SYSTEM_DUMP",
        0x165: "CLUSTER_CSV_STATUS_IO_TIMEOUT_LIVEDUMP",
        0x16B: "CLUSTER_CSV_CLUSTER_WATCHDOG_LIVEDUMP", 0x188: "CLUSTER_CSVFS_LIVEDUMP",
        0x193: "VIDEO_DXGKRNL_LIVEDUMP", 0x198: "UFX_LIVEDUMP",
        0x1A1: "WIN32K_CALLOUT_WATCHDOG_LIVEDUMP",
        0x1A8: "VIDEO_DXGKRNL_BLACK_SCREEN_LIVEDUMP", 0x1B0: "VIDEO_MINIPORT_FAILED_LIVEDUMP",
        0x1B8: "VIDEO_MINIPORT_BLACK_SCREEN_LIVEDUMP",
    ]

    private static let stop: [UInt64: String] = [
        0x0A: "IRQL_NOT_LESS_OR_EQUAL", 0x19: "BAD_POOL_HEADER", 0x1A: "MEMORY_MANAGEMENT",
        0x1E: "KMODE_EXCEPTION_NOT_HANDLED", 0x24: "NTFS_FILE_SYSTEM",
        0x3B: "SYSTEM_SERVICE_EXCEPTION", 0x4E: "PFN_LIST_CORRUPT",
        0x50: "PAGE_FAULT_IN_NONPAGED_AREA", 0x77: "KERNEL_STACK_INPAGE_ERROR",
        0x7A: "KERNEL_DATA_INPAGE_ERROR", 0x7B: "INACCESSIBLE_BOOT_DEVICE",
        0x7E: "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED", 0x7F: "UNEXPECTED_KERNEL_MODE_TRAP",
        0x80: "NMI_HARDWARE_FAILURE", 0x9C: "MACHINE_CHECK_EXCEPTION",
        0x9F: "DRIVER_POWER_STATE_FAILURE", 0xA0: "INTERNAL_POWER_ERROR",
        0xC1: "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION", 0xC2: "BAD_POOL_CALLER",
        0xC4: "DRIVER_VERIFIER_DETECTED_VIOLATION", 0xC5: "DRIVER_CORRUPTED_EXPOOL",
        0xD1: "DRIVER_IRQL_NOT_LESS_OR_EQUAL", 0xE2: "MANUALLY_INITIATED_CRASH",
        0xEF: "CRITICAL_PROCESS_DIED", 0xF4: "CRITICAL_OBJECT_TERMINATION",
        0xFC: "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY", 0x101: "CLOCK_WATCHDOG_TIMEOUT",
        0x109: "CRITICAL_STRUCTURE_CORRUPTION", 0x116: "VIDEO_TDR_FAILURE",
        0x119: "VIDEO_SCHEDULER_INTERNAL_ERROR", 0x124: "WHEA_UNCORRECTABLE_ERROR",
        0x133: "DPC_WATCHDOG_VIOLATION", 0x139: "KERNEL_SECURITY_CHECK_FAILURE",
        0x144: "BUGCODE_USB3_DRIVER", 0x154: "UNEXPECTED_STORE_EXCEPTION",
        0x18B: "SECURE_KERNEL_ERROR",
    ]

    static func describe(
        _ code: UInt64, _ parameters: [UInt64], isWindows: Bool
    ) -> DumpDescription.Code {
        let isLiveSystem = code == 0x161
        let digits = isWindows || isLiveSystem ? 16 : 1
        let described = parameters.enumerated().map { index, value in
            var text: String?
            if isLiveSystem, index == 0 {
                text =
                    value == 0 && isWindows ? "PowerShell: Get-StorageDiagnosticInfo" : spelt(value)
            } else if isLiveSystem, !isWindows {
                text = LiveSystemDumpCode.text(of: value, at: index, in: parameters)
            } else if isWindows {
                // Fewer than four letters are as likely a number.
                text = spelt(value).flatMap { $0.utf8.count >= 4 ? $0 : nil }
            }
            return DumpDescription.Parameter(
                value: HexadecimalText.describe(value, digits: digits), text: text)
        }
        let name = live[code] ?? stop[code]
        return DumpDescription.Code(
            number: HexadecimalText.describe(code), name: name,
            isLive: live[code] != nil ? true : name == nil ? nil : false, parameters: described)
    }

    /// The text that the bytes of a number spell, the most significant first; `nil` unless all are
    /// printable, but for zeros before or behind.
    static func spelt(_ value: UInt64) -> String? {
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }[...]
        while bytes.first == 0 { bytes.removeFirst() }
        while bytes.last == 0 { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
