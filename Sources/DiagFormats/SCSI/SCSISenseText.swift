/// Sense keys and codes in words. Source: SPC-6, table 49 and annex F.2.
public enum SCSISenseText {
    /// What the sense data say, for example `medium error (11/00): a block cannot be read`.
    static func text(of sense: SCSISense) -> String {
        let pair = pair(sense.additionalSenseCode, sense.additionalSenseCodeQualifier)
        let key = keys[Int(sense.senseKey & 0xF)]
        guard let words = words(sense.additionalSenseCode, sense.additionalSenseCodeQualifier)
        else { return "\(key) (\(pair))" }
        return "\(key) (\(pair)): \(words)"
    }

    /// Code and qualifier as everybody writes them, for example `5D/10`.
    public static func pair(_ code: UInt8, _ qualifier: UInt8) -> String {
        Hexadecimal.padded(code, 2) + "/" + Hexadecimal.padded(qualifier, 2)
    }

    /// What an additional sense code means; `nil` for one that is not common.
    public static func words(_ code: UInt8, _ qualifier: UInt8) -> String? {
        let exact = codes[UInt16(code) << 8 | UInt16(qualifier)]
        if let exact { return exact }
        switch code {
        case 0x04: return "not ready"
        case 0x0B: return "warning"
        case 0x0C: return "write error"
        case 0x11: return "a block cannot be read"
        case 0x15: return "positioning error"
        case 0x29: return "it was reset"
        case 0x31: return "the format of the medium is damaged"
        case 0x3E: return "self-test or logical unit failed"
        case 0x3F: return "what can be asked of it has changed"
        case 0x44: return "internal failure"
        case 0x5D: return "failure predicted: " + predicted(qualifier)
        case 0x5E: return "it saves power"
        default: return nil
        }
    }

    /// What kind of failure is predicted. Source: SPC-6, annex F.2, code 5Dh.
    private static func predicted(_ qualifier: UInt8) -> String {
        switch qualifier {
        case 0x00: return "threshold exceeded"
        case 0x01: return "medium"
        case 0x02: return "logical unit"
        case 0x03: return "spare area exhausted"
        case 0x73: return "endurance limit of the medium reached"
        case 0xFF: return "a false alarm, as a test"
        default: break
        }
        let parts = [
            1: "hardware", 2: "controller", 3: "data channel", 4: "servo", 5: "spindle",
            6: "firmware",
        ]
        let causes = [
            "general hard drive failure", "drive error rate too high", "data error rate too high",
            "seek error rate too high", "too many block reassigns", "access times too high",
            "start unit times too high", "channel parametrics", "controller detected",
            "throughput performance", "seek time performance", "spin-up retry count",
            "drive calibration retry count",
        ]
        guard let part = parts[Int(qualifier >> 4)], causes.indices.contains(Int(qualifier & 0xF))
        else { return "vendor specific" }
        return "\(part), \(causes[Int(qualifier & 0xF)])"
    }

    private static let keys = [
        "no sense", "recovered error", "not ready", "medium error", "hardware error",
        "illegal request", "unit attention", "data protect", "blank check", "vendor specific",
        "copy aborted", "aborted command", "reserved", "volume overflow", "miscompare", "completed",
    ]

    private static let codes: [UInt16: String] = [
        0x0000: "nothing more to say", 0x001D: "ATA registers follow",
        0x0400: "not ready, no cause told", 0x0401: "becoming ready",
        0x0402: "needs a start command", 0x0403: "a person must act", 0x0404: "being formatted",
        0x0407: "an operation is running", 0x0409: "a self-test is running",
        0x040A: "access state is changing", 0x040B: "its ports are in standby",
        0x040C: "its ports are unavailable", 0x0411: "waits for a notification to spin up",
        0x0414: "its memory of parts failed", 0x041B: "a sanitize is running",
        0x041C: "needs a start command to end a low power state", 0x0500: "does not answer",
        0x0800: "communication failure", 0x0801: "communication time-out",
        0x0803: "checksum error on the link", 0x0B01: "temperature too high",
        0x0B02: "enclosure degraded", 0x0B03: "background self-test failed",
        0x0B04: "background scan found a medium error",
        0x0B06: "non-volatile cache is now volatile",
        0x0B07: "power for the non-volatile cache is low", 0x0B08: "power loss expected",
        0x1000: "guard check failed", 0x1001: "guard check failed",
        0x1002: "application tag check failed", 0x1003: "reference tag check failed",
        0x1100: "a block cannot be read", 0x1101: "retries exhausted",
        0x1104: "a block cannot be read, automatic reassignment failed",
        0x110B: "a block cannot be read, reassignment recommended",
        0x110C: "a block cannot be read, rewriting recommended",
        0x1114: "a block was marked as lost", 0x1800: "recovered by error correction",
        0x1A00: "parameter list has a wrong length", 0x1C00: "the defect list cannot be found",
        0x2000: "the command is not known", 0x2100: "the block does not exist",
        0x2400: "a field of the command is not supported", 0x2500: "logical unit not supported",
        0x2600: "a field of the parameters is invalid", 0x2700: "write protected",
        0x2701: "write protected by hardware", 0x2800: "the medium may have changed",
        0x2900: "power on or reset", 0x2901: "power on", 0x2902: "bus reset",
        0x2903: "device reset", 0x2A01: "mode parameters have changed",
        0x2A06: "asymmetric access state has changed", 0x2A09: "its capacity has changed",
        0x3100: "the format of the medium is damaged", 0x3200: "no place left for defects",
        0x3500: "enclosure services failure", 0x3501: "unsupported enclosure function",
        0x3502: "enclosure services unavailable", 0x3700: "a value was rounded",
        0x3900: "saving of parameters is not supported", 0x3A00: "no medium",
        0x3E01: "logical unit failed", 0x3E03: "self-test failed",
        0x3F01: "its firmware has changed", 0x3F03: "its inquiry data have changed",
        0x3F0E: "its logical units have changed", 0x4400: "internal failure",
        0x4700: "checksum error on the link", 0x4B00: "data phase error",
        0x5500: "out of resources", 0x5D00: "failure predicted: threshold exceeded",
        0x5E00: "a low power state is on", 0x5E01: "idle, by its timer",
        0x5E02: "standby, by its timer", 0x5E03: "idle, by command", 0x5E04: "standby, by command",
        0x5E05: "idle_b, by its timer", 0x5E06: "idle_b, by command",
        0x5E07: "idle_c, by its timer", 0x5E08: "idle_c, by command",
        0x5E09: "standby_y, by its timer", 0x5E0A: "standby_y, by command",
        0x7400: "a security error",
    ]
}
