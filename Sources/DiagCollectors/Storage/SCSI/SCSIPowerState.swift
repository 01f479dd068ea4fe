internal import DiagFormats

/// Whether a device is awake, by what it says without being woken.
enum SCSIPowerState {
    /// What the sense data that `command` gave tell. Source: SPC-6, sections 5.12 and F.2, code 5Eh.
    static func of(_ sense: SCSISense, by command: String) -> SCSIDocument.Power {
        let pair = SCSISenseText.pair(
            sense.additionalSenseCode, sense.additionalSenseCodeQualifier)
        let (state, isSleeping): (String, Bool) =
            switch (sense.additionalSenseCode, sense.additionalSenseCodeQualifier) {
            case (0x5E, 1), (0x5E, 3): ("idle", false)
            // Idle_b and idle_c: heads unloaded, or slower.
            case (0x5E, 5...8): ("idle", true)
            case (0x5E, 2), (0x5E, 4), (0x5E, 9), (0x5E, 10): ("standby", true)
            case (0x5E, _): ("low power", true)
            case (0x04, 0x02), (0x04, 0x11), (0x04, 0x1C): ("stopped", true)
            default: ("active", false)
            }
        return .init(state: state, isSleeping: isSleeping, source: "\(command) \(pair)")
    }

    /// What CHECK POWER MODE tells. Source: ACS-5, section 7.3, the COUNT field.
    static func of(_ registers: SCSISense.ATARegisters) -> SCSIDocument.Power {
        let digits = String(registers.count, radix: 16, uppercase: true)
        let (state, isSleeping): (String, Bool) =
            switch registers.count {
            case 0x00, 0x01: ("standby", true)
            case 0x40, 0x41: ("active", false)
            case 0x80...0x83: ("idle", false)
            case 0xFF: ("active", false)
            default: ("unknown", false)
            }
        return .init(
            state: state, isSleeping: isSleeping, source: "CHECK POWER MODE count \(digits)h")
    }
}
