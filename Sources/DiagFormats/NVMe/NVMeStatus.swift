/// How an NVMe command ended.
///
/// Source: NVM Express Base Specification 2.0c, section 3.3.3.2.1 and figures 93 to 98: bits 7:0 the
/// status code (SC), 10:8 its type (SCT), 12:11 the retry delay (CRD), 13 more (M), 14 do not retry
/// (DNR). This is the form in which Linux returns it, without the phase tag.
public struct NVMeStatus: Hashable, Sendable {
    /// The 15 bits.
    public let rawValue: UInt16

    /// The status that Linux gives for a command: the field without its phase tag.
    public init(rawValue: UInt16) { self.rawValue = rawValue & 0x7FFF }

    /// The status field of a log, whose lowest bit is the phase tag.
    public init(statusField: UInt16) { self.init(rawValue: statusField >> 1) }

    /// The status code type (SCT): 0 generic, 1 command specific, 2 media and data integrity,
    /// 3 path related, 7 of the vendor.
    public var codeType: UInt8 { UInt8(rawValue >> 8 & 7) }
    /// The status code (SC) within its type.
    public var code: UInt8 { UInt8(truncatingIfNeeded: rawValue) }
    /// Whether the same command would fail again (DNR).
    public var isFinal: Bool { rawValue >> 14 & 1 != 0 }
    /// Whether the command succeeded.
    public var isSuccess: Bool { rawValue & 0x7FF == 0 }
}

extension NVMeStatus: CustomStringConvertible {
    /// For example `invalid log page (SCT 1, SC 09h)`.
    public var description: String {
        let digits = Hexadecimal.padded(code, 2)
        return "\(meaning) (SCT \(codeType), SC \(digits)h)"
    }

    /// What it means, in the words of the specification.
    public var meaning: String {
        switch codeType {
        case 0: Self.generic[code] ?? "an unknown generic status"
        case 1: Self.commandSpecific[code] ?? "an unknown status of this command"
        case 2: Self.media[code] ?? "an unknown media error"
        case 3: Self.path[code] ?? "an unknown path error"
        case 7: "a status of the vendor's own"
        default: "an unknown status"
        }
    }

    private static let generic: [UInt8: String] = [
        0x00: "success", 0x01: "invalid command opcode", 0x02: "invalid field in command",
        0x03: "command identifier conflict", 0x04: "data transfer error",
        0x05: "aborted due to power loss", 0x06: "internal error", 0x07: "abort requested",
        0x08: "aborted due to queue deletion", 0x09: "aborted due to failed fused command",
        0x0A: "aborted due to missing fused command", 0x0B: "invalid namespace or format",
        0x0C: "command sequence error", 0x0D: "invalid segment descriptor",
        0x0E: "invalid number of descriptors", 0x0F: "invalid data length",
        0x10: "invalid metadata length", 0x11: "invalid descriptor type",
        0x12: "invalid use of controller memory buffer", 0x13: "invalid PRP offset",
        0x14: "atomic write unit exceeded", 0x15: "operation denied", 0x16: "invalid SGL offset",
        0x18: "inconsistent host identifier", 0x19: "keep alive timer expired",
        0x1A: "invalid keep alive timeout", 0x1B: "aborted by preempt and abort",
        0x1C: "sanitize failed", 0x1D: "sanitize in progress",
        0x1E: "invalid granularity of SGL data blocks", 0x1F: "command not supported in the CMB",
        0x20: "namespace is write protected", 0x21: "command interrupted",
        0x22: "transient transport error", 0x23: "prohibited by command and feature lockdown",
        0x24: "admin command media not ready", 0x80: "LBA out of range",
        0x81: "capacity exceeded", 0x82: "namespace not ready", 0x83: "reservation conflict",
        0x84: "format in progress", 0x85: "invalid value size", 0x86: "invalid key size",
        0x87: "key does not exist", 0x88: "unrecovered error", 0x89: "key exists",
    ]
    private static let commandSpecific: [UInt8: String] = [
        0x00: "invalid completion queue", 0x01: "invalid queue identifier",
        0x02: "invalid queue size", 0x03: "abort command limit exceeded",
        0x05: "asynchronous event request limit exceeded", 0x06: "invalid firmware slot",
        0x07: "invalid firmware image", 0x08: "invalid interrupt vector",
        0x09: "invalid log page", 0x0A: "invalid format",
        0x0B: "firmware activation requires conventional reset",
        0x0C: "invalid queue deletion", 0x0D: "feature identifier not saveable",
        0x0E: "feature not changeable", 0x0F: "feature not namespace specific",
        0x10: "firmware activation requires NVM subsystem reset",
        0x11: "firmware activation requires controller level reset",
        0x12: "firmware activation requires maximum time violation",
        0x13: "firmware activation prohibited", 0x14: "overlapping range",
        0x15: "insufficient capacity for the namespace",
        0x16: "namespace identifier unavailable", 0x18: "namespace already attached",
        0x19: "namespace is private", 0x1A: "namespace not attached",
        0x1B: "thin provisioning not supported", 0x1C: "invalid controller list",
        0x1D: "device self-test in progress", 0x1E: "boot partition write prohibited",
        0x1F: "invalid controller identifier", 0x20: "invalid secondary controller state",
        0x21: "invalid number of controller resources", 0x22: "invalid resource identifier",
        0x23: "sanitize prohibited while persistent memory region is enabled",
        0x24: "invalid ANA group identifier", 0x25: "ANA attach failed",
        0x26: "insufficient capacity", 0x27: "namespace attachment limit exceeded",
        0x28: "command lockdown not supported", 0x29: "I/O command set not supported",
        0x2A: "I/O command set not enabled", 0x2B: "I/O command set combination rejected",
        0x2C: "invalid I/O command set", 0x2D: "identifier unavailable",
        0x80: "conflicting attributes", 0x81: "invalid protection information",
        0x82: "attempted write to a read-only range", 0x83: "command size limit exceeded",
    ]
    private static let media: [UInt8: String] = [
        0x80: "write fault", 0x81: "unrecovered read error", 0x82: "end-to-end guard check error",
        0x83: "end-to-end application tag check error",
        0x84: "end-to-end reference tag check error", 0x85: "compare failure",
        0x86: "access denied", 0x87: "deallocated or unwritten logical block",
        0x88: "end-to-end storage tag check error",
    ]
    private static let path: [UInt8: String] = [
        0x00: "internal path error", 0x01: "asymmetric access persistent loss",
        0x02: "asymmetric access inaccessible", 0x03: "asymmetric access transition",
        0x60: "controller pathing error", 0x70: "host pathing error",
        0x71: "command aborted by host",
    ]
}
