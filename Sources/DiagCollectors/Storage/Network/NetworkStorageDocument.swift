internal import DiagFormats

/// `storage/network-storage.json`: what the host has of other hosts' storage.
struct NetworkStorageDocument: Codable, Hashable {
    static let path = "network-storage.json"

    var schema = "diagbundle.network-storage/1"
    var nfs: NFS?
    var smb: SMB?
    var iscsi: ISCSI?
    /// Ceph's block devices, each the attributes of one.
    var rbd: [[String: String]]?
    /// Network block devices that are in use, each the attributes of one.
    var nbd: [[String: String]]?
    var drbd: DRBDStatus?

    struct NFS: Codable, Hashable {
        var mounts: [NFSMountStatistics.Mount] = []
        var servers: [NFSServerTable.Entry] = []
        var volumes: [NFSVolumeTable.Entry] = []
        var transports: [Transport] = []
    }

    /// One connection of the kernel's RPC client, as sysfs has it from Linux 5.14 on.
    struct Transport: Codable, Hashable {
        /// For example `switch-1/xprt-2-tcp`.
        var name: String
        /// The server's address.
        var address: String?
        /// `CONNECTED`, `CONNECTING`, `BOUND` and others.
        var states: [String]
        /// Tasks that wait in its queues.
        var queuedTaskCount: UInt64?
    }

    struct SMB: Codable, Hashable {
        var state: SMBClientState?
        var statistics: SMBClientStatistics?
    }

    struct ISCSI: Codable, Hashable {
        var sessions: [Item] = []
        var connections: [Item] = []
        var hosts: [Item] = []
    }

    /// One entry of a class in sysfs, with the attributes that are named in ``NetworkStorageReader``.
    struct Item: Codable, Hashable {
        var name: String
        var attributes: [String: String]
    }

    /// Whether the host has none of it.
    var isEmpty: Bool {
        nfs == nil && smb == nil && iscsi == nil && rbd == nil && nbd == nil && drbd == nil
    }
}
