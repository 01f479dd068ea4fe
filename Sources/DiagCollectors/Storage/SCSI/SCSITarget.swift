internal import DiagModel
internal import DiagFormats
internal import DiagSystem
internal import SystemPackage

/// The device that a probe asks: its nodes, and what sysfs says of it at this moment.
struct SCSITarget {
    /// States in which the kernel sends nothing to a device, so that to ask would wait.
    static let deadStates: Set<String> = [
        "offline", "transport-offline", "blocked", "created-blocked", "quiesce", "cancel",
        "deleted",
    ]
    private static let passiveStates: Set<String> = [
        "standby", "unavailable", "offline", "transitioning",
    ]

    /// The last part of the target's path: `sda`.
    let name: String
    /// Host, channel, target and logical unit: `0:0:0:0`.
    let address: String?
    /// The node that is opened: the generic one where there is one.
    private(set) var opened: String
    /// What is known before the device is asked.
    private(set) var facts: [String: JSONValue] = [:]
    /// Why it is not asked at all.
    private(set) var skipReason: String?
    /// How much may be asked.
    private(set) var limits = SCSIInterview.Limits()

    /// Whether it is an ATA device behind a translation, as far as the kernel knows.
    private(set) var isATA = false

    private let node: String
    private let number: DeviceNumber?
    private let generic: String?
    private let genericNumber: DeviceNumber?

    /// The device that `request` names, below `root`.
    init(_ request: ProbeRequest, in root: RootedTree) {
        let known = request.facts ?? [:]
        func number(_ name: String) -> DeviceNumber? {
            known[name]?.text.flatMap { DeviceNumber(parsing: Array($0.utf8)[...]) }
        }
        node = request.target
        name = String(request.target.split(separator: "/").last ?? "unknown")
        address = known["address"]?.text
        generic = known["generic"]?.text
        self.number = number("number")
        genericNumber = number("genericNumber")
        opened = generic ?? node
        guard Self.isNode(node), generic.map(Self.isNode) ?? true else {
            skipReason = "the request does not name a device below /dev"
            return
        }
        guard let address, let folder = Self.folder(of: address, in: root) else { return }
        readState(of: folder, address: address, in: root)
    }

    private mutating func readState(
        of folder: Directory, address: String, in root: RootedTree
    ) {
        var reader = AttributeReader()
        func text(_ name: String) -> String? { reader.text(name, of: folder) }
        facts["address"] = .string(address)
        for (fact, attribute) in [
            ("vendor", "vendor"), ("model", "model"), ("revision", "rev"), ("state", "state"),
        ] {
            facts[fact] = text(attribute).map { .string($0) }
        }
        isATA = text("vendor") == "ATA" || folder.text("vpd_pg89") != nil
        let access = text("access_state")
        facts["accessState"] = access.map { .string($0) }
        let host = "/sys/class/scsi_host/host\(address.prefix { $0 != ":" })"
        let driver = (try? root.directory(FilePath(host)))
            .flatMap { reader.text("proc_name", of: $0) }
        facts["driver"] = driver.map { .string($0) }
        if let state = text("state"), Self.deadStates.contains(state) {
            skipReason = "the kernel has the device in state \(state): a command would wait"
        } else if text("power/runtime_status") == "suspended" {
            facts["power"] = "suspended"
            facts["isSleeping"] = true
            skipReason = "the kernel has suspended the device: to open it would wake it"
        }
        if let access, Self.passiveStates.contains(access) {
            limits.identityOnlyBecause = "the path is \(access): only its identity is asked"
        } else if text("dh_state") == "passive" {
            limits.identityOnlyBecause = "the path is passive: only its identity is asked"
        }
        if driver == "usb-storage", folder.text("vpd_pg83") == nil, folder.text("vpd_pg80") == nil {
            limits.inquiryOnlyBecause =
                "it is behind a USB bridge that the kernel asks for no more than INQUIRY"
        }
    }

    /// The folder of the device in sysfs; `nil` for an address that is not one.
    static func folder(of address: String, in root: RootedTree) -> Directory? {
        guard address.utf8.allSatisfy({ (0x30...0x3A).contains($0) }) else { return nil }
        return try? root.directory(FilePath("/sys/class/scsi_device/\(address)/device"))
    }

    private static func isNode(_ path: String) -> Bool {
        path.hasPrefix("/dev/") && !path.contains("..") && !path.contains("\0")
    }

    /// Opens the generic node, else the disk's own.
    ///
    /// The generic one does not look for a medium and takes no part in the disk's open count.
    mutating func open(
        in root: RootedTree, until end: MonotonicTime
    ) throws(SystemCallError) -> DeviceFileTransport {
        if let generic {
            do throws(SystemCallError) {
                return DeviceFileTransport(
                    try DeviceFile.open(FilePath(generic), in: root, number: pair(genericNumber)),
                    until: end)
            } catch {
                guard error.errno == .noSuchFileOrDirectory, generic != node else { throw error }
            }
        }
        opened = node
        return DeviceFileTransport(
            try DeviceFile.open(FilePath(node), in: root, number: pair(number)), until: end)
    }

    private func pair(_ number: DeviceNumber?) -> (major: UInt32, minor: UInt32)? {
        number.map { ($0.major, $0.minor) }
    }
}
