internal import DiagCollect
internal import DiagFormats
internal import DiagModel

/// Network storage of the host: NFS, SMB, iSCSI, Ceph and network block devices, DRBD.
///
/// Source: procfs and sysfs alone, which answer from memory.
enum NetworkStorage {
    private static let artifact = "storage/\(NetworkStorageDocument.path)"

    /// Reads it, sends `network-storage.json` when the host has any, and gives the faults.
    static func send(
        in context: CollectionContext, into sink: any CollectionSink
    ) throws -> [Finding] {
        var reader = NetworkStorageReader(context, sink)
        let document = try reader.read()
        guard !document.isEmpty else {
            try sink.absent(
                NetworkStorageDocument.path,
                why: "no NFS, SMB, iSCSI, rbd, nbd or DRBD is in use")
            return []
        }
        try sink.sendJSON(
            NetworkStorageDocument.path, document, source: "procfs and sysfs", privacy: .identity)
        return findings(in: document)
    }

    /// The faults that the document shows.
    static func findings(in document: NetworkStorageDocument) -> [Finding] {
        var findings = [Finding?]()
        if let nfs = document.nfs {
            findings += nfs.mounts.map(timeouts)
            findings += nfs.transports.map(transport)
        }
        if let servers = document.smb?.state?.servers { findings += servers.map(server) }
        if let iscsi = document.iscsi {
            findings += iscsi.sessions.map { session($0, in: iscsi) }
        }
        if let drbd = document.drbd { findings += drbd.devices.map(replica) }
        return findings.compactMap(\.self)
    }

    private static func timeouts(_ mount: NFSMountStatistics.Mount) -> Finding? {
        let count = mount.operations.reduce(UInt64(0)) {
            let (sum, overflows) = $0.addingReportingOverflow($1.majorTimeoutCount)
            return overflows ? .max : sum
        }
        guard count > 0 else { return nil }
        let names = mount.operations.filter { $0.majorTimeoutCount > 0 }.map(\.name)
        let age = mount.ageSeconds.map { " in the \($0) s since it was mounted" } ?? ""
        return finding(
            "nfs.major-timeouts", .minor, mount.mountPoint, mount.mountPoint,
            "The server of \(mount.source) did not answer \(count) times over a whole round of "
                + "repetitions\(age) (\(names.prefix(8).joined(separator: ", "))). Each time "
                + "programs waited, or with a soft mount got an error.",
            [
                "Look in the kernel log for `nfs: server … not responding` and when it was.",
                "See the times of each operation: `nfsiostat 1 3 \(mount.mountPoint)`.",
                "Look at the server's load and at the network between.",
            ])
    }

    /// A connection that is idle is closed after some minutes, and that is well; one that is being
    /// made, or that has tasks waiting, is not.
    private static func transport(_ transport: NetworkStorageDocument.Transport) -> Finding? {
        guard !transport.states.contains("CONNECTED"),
            transport.states.contains("CONNECTING") || transport.queuedTaskCount ?? 0 > 0
                || transport.states.contains("OFFLINE")
        else { return nil }
        let tasks = transport.queuedTaskCount.map { "; \($0) tasks wait for it" } ?? ""
        let address = transport.address ?? transport.name
        return finding(
            "nfs.transport-down", .major, address, transport.name,
            "The connection to the NFS server \(address) is not up: "
                + "\(transport.states.joined(separator: " "))\(tasks).",
            [
                "See whether the server answers: `rpcinfo -t \(address) nfs`.",
                "Look at the route and the firewall to it.",
            ])
    }

    private static func server(_ server: SMBClientState.Server) -> Finding? {
        let shares = server.sessions.flatMap(\.shares).filter(\.isDisconnected).map(\.name)
        let isLost = [.needReconnect, .needNegotiate, .inNegotiate].contains(server.state)
        guard isLost || !shares.isEmpty else { return nil }
        let name = server.hostName ?? server.sessions.first?.address ?? "SMB server"
        let state = server.state.map { " (\($0.rawValue))" } ?? ""
        let list = shares.isEmpty ? "" : " Not connected: \(shares.joined(separator: ", "))."
        return finding(
            "smb.reconnecting", .major, name, name,
            "The connection to the SMB server \(name) was lost and is being made again\(state)."
                + list,
            [
                "Look in the kernel log for `CIFS: VFS` messages.",
                "See whether the server answers on port 445: `smbclient -L \(name) -N`.",
            ])
    }

    private static func session(
        _ session: NetworkStorageDocument.Item, in iscsi: NetworkStorageDocument.ISCSI
    ) -> Finding? {
        guard let state = session.attributes["state"], state != "LOGGED_IN" else { return nil }
        let target = session.attributes["targetname"] ?? session.name
        // connection1:0 is the first connection of session1.
        let number = session.name.drop { !("0"..."9").contains($0) }
        let portal = iscsi.connections.first { $0.name.hasPrefix("connection\(number):") }
        let address = portal?.attributes["persistent_address"].map { " at \($0)" } ?? ""
        let wait = session.attributes["recovery_tmo"].map {
            " Its requests fail \($0) s after the connection was lost."
        }
        return finding(
            "iscsi.session-down", .major, target, session.name,
            "The iSCSI session to \(target)\(address) is \(state), not LOGGED_IN.\(wait ?? "")",
            [
                "See the session: `iscsiadm -m session -P 1`.",
                "Look at the network to the portal, and in the kernel log for `connection` errors.",
            ])
    }

    private static func replica(_ device: DRBDStatus.Device) -> Finding? {
        let isWhole = device.disks.map { $0 == "UpToDate/UpToDate" } ?? true
        guard device.connection != "Connected" || !isWhole else { return nil }
        let isSyncing = device.connection.hasPrefix("Sync")
        let difference = device.outOfSyncBytes.map { ", \($0) bytes differ" } ?? ""
        return finding(
            "drbd.degraded", isSyncing ? .minor : .major, "drbd\(device.minor)",
            "/dev/drbd\(device.minor)",
            "The replica drbd\(device.minor) is not whole: connection \(device.connection), disks "
                + "\(device.disks ?? "unknown")\(difference).",
            ["See both sides: `drbdadm status`.", "Look at the network between the two hosts."])
    }

    private static func finding(
        _ what: String, _ severity: Finding.Severity, _ object: String, _ place: String,
        _ reason: String, _ actions: [String]
    ) -> Finding {
        Finding(
            fault: "storage.\(what)", severity: severity, collector: "storage", object: object,
            place: place, reason: reason, recommendedActions: actions,
            evidence: [.init(artifact: artifact)])
    }
}
