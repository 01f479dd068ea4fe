internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads what procfs and sysfs know of network storage; nothing is asked of a server.
///
/// Of sysfs only the attributes that are named here are read: never `username`, `password` and
/// their incoming twins of an iSCSI session, nor the options of a Ceph device, which hold keys.
struct NetworkStorageReader {
    /// Entries of one folder that are read at most.
    private static let entryLimit = 10_000

    private static let sessionAttributes = [
        "targetname", "target_state", "state", "recovery_tmo", "tpgt", "abort_tmo",
        "lu_reset_tmo", "tgt_reset_tmo", "creator", "ifacename", "initiatorname", "target_id",
    ]
    private static let connectionAttributes = [
        "persistent_address", "persistent_port", "address", "port", "state", "ping_tmo",
        "recv_tmo", "header_digest", "data_digest", "max_recv_dlength", "max_xmit_dlength",
        "exp_statsn",
    ]
    private static let hostAttributes = [
        "initiatorname", "hwaddress", "ipaddress", "netdev", "port_state", "port_speed",
    ]

    let context: CollectionContext
    let sink: any CollectionSink
    private var attributes = AttributeReader()

    init(_ context: CollectionContext, _ sink: any CollectionSink) {
        self.context = context
        self.sink = sink
    }

    /// All there is.
    mutating func read() throws -> NetworkStorageDocument {
        var document = NetworkStorageDocument()
        document.nfs = try nfs()
        document.smb = try smb()
        let iscsi = NetworkStorageDocument.ISCSI(
            sessions: items("/sys/class/iscsi_session", Self.sessionAttributes),
            connections: items("/sys/class/iscsi_connection", Self.connectionAttributes),
            hosts: items("/sys/class/iscsi_host", Self.hostAttributes))
        if iscsi != NetworkStorageDocument.ISCSI() { document.iscsi = iscsi }
        document.rbd = listed(
            items(
                "/sys/bus/rbd/devices",
                [
                    "pool", "pool_ns", "name", "image_id", "current_snap", "cluster_fsid",
                    "client_id", "client_addr", "size", "features", "major", "minor",
                ]))
        document.nbd = listed(
            items("/sys/block", ["pid", "size", "backend"]) { $0.hasPrefix("nbd") }
                .filter { $0.attributes["pid"] != nil })
        if let bytes = try bytes("/proc/drbd") { document.drbd = DRBDStatus(parsing: bytes) }
        return document
    }

    private mutating func nfs() throws -> NetworkStorageDocument.NFS? {
        var nfs = NetworkStorageDocument.NFS()
        // Our own mount namespace may lack what the first process sees.
        var source: FilePath = "/proc/1/mountstats"
        var statistics = try? context.root.read(source, limit: 8 << 20)
        if statistics?.isEmpty != false {
            source = "/proc/self/mountstats"
            statistics = try bytes(source)
        }
        if let statistics {
            nfs.mounts = NFSMountStatistics(parsing: statistics).mounts
            if !nfs.mounts.isEmpty {
                try sink.send(
                    "mountstats.txt", MountOptionSecrets.masking(statistics),
                    source: source.string, mediaType: "text/plain", privacy: .identity)
            }
        }
        if let servers = try bytes("/proc/fs/nfsfs/servers") {
            nfs.servers = NFSServerTable(parsing: servers).entries
        }
        if let volumes = try bytes("/proc/fs/nfsfs/volumes") {
            nfs.volumes = NFSVolumeTable(parsing: volumes).entries
        }
        nfs.transports = transports()
        return nfs == NetworkStorageDocument.NFS() ? nil : nfs
    }

    private mutating func smb() throws -> NetworkStorageDocument.SMB? {
        var smb = NetworkStorageDocument.SMB()
        if let text = try bytes("/proc/fs/cifs/DebugData") {
            smb.state = SMBClientState(parsing: text)
        }
        if let text = try bytes("/proc/fs/cifs/Stats") {
            smb.statistics = SMBClientStatistics(parsing: text)
        }
        return smb.state == nil && smb.statistics == nil ? nil : smb
    }

    /// The content of a file; `nil` when it is not there, or was told to be missing.
    private func bytes(_ path: FilePath) throws -> [UInt8]? {
        do throws(SystemCallError) {
            return try context.root.read(path, limit: 8 << 20)
        } catch {
            // Most hosts have none of these: that is told once, for all of them.
            guard error.errno != .noSuchFileOrDirectory, error.errno != .notDirectory else {
                return nil
            }
            try context.report(error, on: path, into: sink)
            return nil
        }
    }

    /// The entries of a folder whose names pass, with those of `names` that can be read.
    private mutating func items(
        _ folder: FilePath, _ names: [String], where passes: (String) -> Bool = { _ in true }
    ) -> [NetworkStorageDocument.Item] {
        entries(of: folder).filter(passes).compactMap { name in
            guard let entry = try? context.root.directory(folder.appending(name)) else {
                return nil
            }
            return NetworkStorageDocument.Item(
                name: UntrustedText.escapingControls(name), attributes: values(names, of: entry))
        }
    }

    private mutating func values(_ names: [String], of directory: Directory) -> [String: String] {
        var values = [String: String]()
        for name in names {
            // The kernel writes a value that was never set so.
            guard let text = attributes.text(name, of: directory), text != "(null)",
                text != "<NULL>"
            else { continue }
            values[name] = UntrustedText.escapingControls(text)
        }
        return values
    }

    private func entries(of folder: FilePath) -> [String] {
        guard let directory = try? context.root.directory(folder),
            let entries = try? directory.entries(limit: Self.entryLimit)
        else { return [] }
        return entries.map(\.name.string).sorted(by: NaturalOrder.precedes)
    }

    private func listed(_ items: [NetworkStorageDocument.Item]) -> [[String: String]]? {
        items.isEmpty ? nil : items.map { $0.attributes.merging(["device": $0.name]) { $1 } }
    }

    /// Source: net/sunrpc/sysfs.c of Linux 6.12.
    private mutating func transports() -> [NetworkStorageDocument.Transport] {
        var transports = [NetworkStorageDocument.Transport]()
        let folder: FilePath = "/sys/kernel/sunrpc/xprt-switches"
        for group in entries(of: folder) {
            for name in entries(of: folder.appending(group)) where name.hasPrefix("xprt-") {
                let path = folder.appending(group).appending(name)
                guard let directory = try? context.root.directory(path),
                    let state = attributes.text("xprt_state", of: directory),
                    state.hasPrefix("state=")
                else { continue }
                let address = attributes.text("dstaddr", of: directory)
                let queued = attributes.text("xprt_info", of: directory)?
                    .split { $0 == "\n" || $0 == " " }
                    .first { $0.hasPrefix("tasks_queuelen=") }
                transports.append(
                    NetworkStorageDocument.Transport(
                        name: UntrustedText.escapingControls("\(group)/\(name)"),
                        address: address.map(UntrustedText.escapingControls),
                        states: state.dropFirst(6).split(separator: " ")
                            .map { UntrustedText.escapingControls(String($0)) },
                        queuedTaskCount: queued.flatMap { UInt64($0.dropFirst(15)) }))
            }
        }
        return transports
    }
}
