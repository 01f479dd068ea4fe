internal import DiagModel

/// The servers that the NFS client knows: /proc/fs/nfsfs/servers.
///
/// Source: `nfs_server_list_show`, fs/nfs/client.c of Linux 6.12.
public struct NFSServerTable: Codable, Hashable, Sendable {
    /// One server.
    public struct Entry: Codable, Hashable, Sendable {
        /// The version of NFS, for example `v4`.
        public var version: String
        /// The address, in hexadecimal digits.
        public var address: String
        /// The port.
        public var port: UInt16
        /// How many use it.
        public var useCount: UInt64
        /// The host's name or address as it was given to mount(8).
        public var hostName: String
    }

    /// The servers, in the kernel's order.
    public let entries: [Entry]

    /// Reads the table; lines that make no sense are passed over.
    public init(parsing bytes: [UInt8]) {
        var entries = [Entry]()
        TableText.forEachLine(of: bytes) { _, line in
            let fields = TextFields.words(UntrustedText.escapingInvalidUTF8(line))
            guard fields.count == 5, let port = UInt16(fields[2], radix: 16),
                let useCount = UInt64(fields[3])
            else { return }
            entries.append(
                Entry(
                    version: UntrustedText.escapingControls(fields[0]),
                    address: UntrustedText.escapingControls(fields[1]), port: port,
                    useCount: useCount, hostName: UntrustedText.escapingControls(fields[4])))
        }
        self.entries = entries
    }
}

/// The file systems that the NFS client knows: /proc/fs/nfsfs/volumes.
///
/// Source: `nfs_volume_list_show`, fs/nfs/client.c of Linux 6.12.
public struct NFSVolumeTable: Codable, Hashable, Sendable {
    /// One file system of a server.
    public struct Entry: Codable, Hashable, Sendable {
        /// The version of NFS, for example `v4`.
        public var version: String
        /// The server's address, in hexadecimal digits.
        public var address: String
        /// The server's port.
        public var port: UInt16
        /// The number of its device here, `major:minor`.
        public var device: String
        /// The server's identifier of it, two hexadecimal numbers.
        public var fileSystemID: String
        /// Whether it is cached on a local disk.
        public var isCached: Bool
    }

    /// The file systems, in the kernel's order.
    public let entries: [Entry]

    /// Reads the table; lines that make no sense are passed over.
    public init(parsing bytes: [UInt8]) {
        var entries = [Entry]()
        TableText.forEachLine(of: bytes) { _, line in
            let fields = TextFields.words(UntrustedText.escapingInvalidUTF8(line))
            guard fields.count == 6, let port = UInt16(fields[2], radix: 16),
                DeviceNumber(parsing: Array(fields[3].utf8)[...]) != nil
            else { return }
            entries.append(
                Entry(
                    version: UntrustedText.escapingControls(fields[0]),
                    address: UntrustedText.escapingControls(fields[1]), port: port,
                    device: fields[3], fileSystemID: UntrustedText.escapingControls(fields[4]),
                    isCached: fields[5] == "yes"))
        }
        self.entries = entries
    }
}
