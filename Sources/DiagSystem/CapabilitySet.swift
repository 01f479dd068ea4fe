/// Capabilities of a process. Source: capabilities(7), linux/capability.h.
public struct CapabilitySet: OptionSet, Hashable, Sendable {
    /// Bit n is capability n.
    public let rawValue: UInt64

    /// The capabilities whose bits are set.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Open any file for writing, sockets of daemons included.
    public static let dacOverride = CapabilitySet(rawValue: 1 << 1)
    /// Read any file, and look into any folder.
    public static let dacReadSearch = CapabilitySet(rawValue: 1 << 2)
    /// Network administration: firewall rules, state of network devices.
    public static let netAdmin = CapabilitySet(rawValue: 1 << 12)
    /// Raw sockets.
    public static let netRaw = CapabilitySet(rawValue: 1 << 13)
    /// Lock memory beyond the limit.
    public static let ipcLock = CapabilitySet(rawValue: 1 << 14)
    /// Raw access: /proc/kcore.
    public static let sysRawIO = CapabilitySet(rawValue: 1 << 17)
    /// Look into other processes.
    public static let sysPtrace = CapabilitySet(rawValue: 1 << 19)
    /// Administration: kernel stacks of other processes, physical addresses.
    public static let sysAdmin = CapabilitySet(rawValue: 1 << 21)
    /// Resource limits beyond the hard ones.
    public static let sysResource = CapabilitySet(rawValue: 1 << 24)
    /// The state and the rules of the audit system.
    public static let auditControl = CapabilitySet(rawValue: 1 << 30)
    /// The kernel ring buffer and kernel addresses.
    public static let syslog = CapabilitySet(rawValue: 1 << 34)
    /// Performance events of the whole system; from Linux 5.8 on.
    public static let perfmon = CapabilitySet(rawValue: 1 << 38)

    /// Programs that the kernel runs; from Linux 5.8 on.
    public static let bpf = CapabilitySet(rawValue: 1 << 39)

    /// What a collector's process keeps, where the run has it: see
    /// ``Confinement/boundCapabilities(isInspector:commandsDevices:locksMemory:adding:)``.
    public static func kept(
        isInspector: Bool, commandsDevices: Bool = false, locksMemory: Bool = false,
        adding: CapabilitySet = []
    ) -> CapabilitySet {
        var kept: CapabilitySet = [.dacReadSearch, .sysPtrace, .syslog]
        if isInspector || commandsDevices { kept.formUnion([.sysAdmin, .sysRawIO]) }
        if isInspector { kept.formUnion([.perfmon, .bpf]) }
        if locksMemory { kept.insert(.ipcLock) }
        return kept.union(adding)
    }

    /// The names of those that this program knows, by their numbers.
    public var names: [String] {
        let known: [(CapabilitySet, String)] = [
            (.dacOverride, "CAP_DAC_OVERRIDE"), (.dacReadSearch, "CAP_DAC_READ_SEARCH"),
            (.netAdmin, "CAP_NET_ADMIN"), (.netRaw, "CAP_NET_RAW"), (.ipcLock, "CAP_IPC_LOCK"),
            (.sysRawIO, "CAP_SYS_RAWIO"), (.sysPtrace, "CAP_SYS_PTRACE"),
            (.sysAdmin, "CAP_SYS_ADMIN"), (.sysResource, "CAP_SYS_RESOURCE"),
            (.auditControl, "CAP_AUDIT_CONTROL"), (.syslog, "CAP_SYSLOG"),
            (.perfmon, "CAP_PERFMON"), (.bpf, "CAP_BPF"),
        ]
        return known.filter { contains($0.0) }.map(\.1)
    }

    /// The effective set in the text of /proc/PID/status; `nil` when the line is not there.
    public init?(effectiveInStatus text: String) {
        let name = "CapEff:"
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
            return nil
        }
        let digits = line.dropFirst(name.count).drop { $0 == "\t" || $0 == " " }
        guard let value = UInt64(digits, radix: 16) else { return nil }
        self.init(rawValue: value)
    }
}
