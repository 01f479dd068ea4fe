internal import DiagModel

/// The resources of DRBD 8: /proc/drbd. DRBD 9 tells only its version there.
///
/// Source: `drbd_seq_show`, drivers/block/drbd/drbd_proc.c of Linux 6.12.
public struct DRBDStatus: Codable, Hashable, Sendable {
    /// One device.
    public struct Device: Codable, Hashable, Sendable {
        /// Its minor number: 0 for /dev/drbd0.
        public var minor: UInt32
        /// The state of the connection, for example `Connected`.
        public var connection: String
        /// Our role and the peer's, for example `Primary/Secondary`.
        public var roles: String?
        /// The state of our disk and of the peer's, for example `UpToDate/UpToDate`.
        public var disks: String?
        /// How much the two differ, in bytes.
        public var outOfSyncBytes: UInt64?
    }

    /// The version of the driver.
    public let version: String?
    /// The devices, in the kernel's order.
    public let devices: [Device]

    /// Reads the text; what it does not know is passed over.
    public init(parsing bytes: [UInt8]) {
        var version: String?
        var devices = [Device]()
        TableText.forEachLine(of: bytes) { _, line in
            let words = TextFields.words(UntrustedText.escapingInvalidUTF8(line))
                .map(UntrustedText.escapingControls)
            guard let first = words.first else { return }
            func value(_ name: String) -> String? {
                words.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
            }
            if first == "version:", words.count > 1, version == nil { version = words[1] }
            if first.hasSuffix(":"), let minor = UInt32(first.dropLast()),
                let connection = value("cs:")
            {
                devices.append(
                    Device(
                        minor: minor, connection: connection, roles: value("ro:"),
                        disks: value("ds:")))
            } else if !devices.isEmpty, let kibibytes = value("oos:").flatMap({ UInt64($0) }),
                kibibytes <= .max >> 10
            {
                devices[devices.count - 1].outOfSyncBytes = kibibytes << 10
            }
        }
        self.version = version
        self.devices = devices
    }
}
