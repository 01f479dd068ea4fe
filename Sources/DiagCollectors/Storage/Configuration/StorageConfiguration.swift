internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Copies the configuration of multipath, md, LVM, crypttab, NVMe, iSCSI and NFS, without its
/// secrets, each as `config/` and its path.
///
/// Never read: /etc/multipath/prkeys and whatever crypttab names as a key file. Of LVM's archive
/// only names, sizes and times are kept.
struct StorageConfiguration {
    static let byteLimit = 1 << 20
    /// Bytes of all files together; what is beyond is told as missing.
    static let totalByteLimit = 8 << 20
    static let fileLimit = 500

    struct Source {
        var path: String
        var privacy: PrivacyClass = .content
    }

    static let files = [
        Source(path: "/etc/multipath.conf"),
        Source(path: "/etc/multipath/wwids", privacy: .identity),
        Source(path: "/etc/multipath/bindings", privacy: .identity),
        Source(path: "/etc/mdadm.conf"), Source(path: "/etc/mdadm/mdadm.conf"),
        Source(path: "/etc/default/mdadm"),
        Source(path: "/run/mdadm/map", privacy: .identity),
        Source(path: "/etc/lvm/lvm.conf"), Source(path: "/etc/lvm/lvmlocal.conf"),
        Source(path: "/etc/lvm/devices/system.devices", privacy: .identity),
        Source(path: "/etc/crypttab", privacy: .sensitive),
        Source(path: "/etc/nvme/hostnqn", privacy: .identity),
        Source(path: "/etc/nvme/hostid", privacy: .identity),
        Source(path: "/etc/nvme/discovery.conf", privacy: .sensitive),
        Source(path: "/etc/nvme/config.json", privacy: .sensitive),
        Source(path: "/etc/iscsi/iscsid.conf", privacy: .sensitive),
        Source(path: "/etc/iscsi/initiatorname.iscsi", privacy: .identity),
        Source(path: "/etc/nfs.conf"), Source(path: "/etc/nfsmount.conf"),
        Source(path: "/etc/idmapd.conf", privacy: .sensitive),
        Source(path: "/etc/exports", privacy: .identity),
        Source(path: "/var/lib/nfs/etab", privacy: .identity),
        Source(path: "/proc/net/rpc/nfs", privacy: .technical),
        Source(path: "/proc/net/rpc/nfsd", privacy: .technical),
        Source(path: "/proc/scsi/scsi", privacy: .identity),
        Source(path: "/run/mount/utab", privacy: .sensitive),
    ]
    /// Folders whose files are taken to a depth of three: a node of iSCSI is a file below its
    /// target and its portal.
    static let trees: [(path: String, privacy: PrivacyClass)] = [
        ("/etc/iscsi/nodes", .sensitive), ("/var/lib/iscsi/nodes", .sensitive),
        ("/sys/module/zswap/parameters", .technical),
    ]
    /// Folders of which the names alone are kept: the attributes of an NVMe target hold keys.
    /// A folder whose files are listed, and never read.
    static let archive = "/etc/lvm/archive"
    static let listed = ["/sys/kernel/config/nvmet", "/run/lvm"]
    /// Folders whose files are taken when their name ends so; hidden ones never.
    static let folders: [(path: String, ending: String, privacy: PrivacyClass)] = [
        ("/etc/multipath/conf.d", ".conf", .content), ("/etc/mdadm.conf.d", ".conf", .content),
        ("/etc/mdadm/mdadm.conf.d", ".conf", .content), ("/etc/lvm/profile", ".profile", .content),
        ("/etc/lvm/backup", "", .identity), ("/etc/nfs.conf.d", ".conf", .content),
        ("/etc/nfsmount.conf.d", ".conf", .content), ("/etc/exports.d", ".exports", .identity),
    ]

    private let context: CollectionContext
    private let sink: any CollectionSink
    private var fileCount = 0
    private var byteCount = 0

    /// Sends every file that exists. What does not is not told one by one: a host has few of them.
    static func send(in context: CollectionContext, into sink: any CollectionSink) throws {
        var configuration = StorageConfiguration(context: context, sink: sink)
        for file in files { try configuration.copy(FilePath(file.path), privacy: file.privacy) }
        for (path, ending, privacy) in folders {
            for entry in try configuration.entries(path)
            where entry.name.string.hasSuffix(ending) && !entry.name.string.hasPrefix(".")
                && entry.kind != .directory
            {
                try configuration.copy(FilePath(path).appending(entry.name), privacy: privacy)
            }
        }
        for (path, privacy) in trees {
            try configuration.copyTree(FilePath(path), privacy: privacy, depth: 3)
        }
        try configuration.listArchive(archive)
        for path in listed { try configuration.listTree(path) }
    }

    private init(context: CollectionContext, sink: any CollectionSink) {
        self.context = context
        self.sink = sink
    }

    private func entries(_ path: String) throws -> [Directory.Entry] {
        do throws(SystemCallError) {
            return try context.root.directory(FilePath(path)).entries(limit: 100_000)
        } catch {
            try report(error, FilePath(path))
            return []
        }
    }

    private func report(_ error: SystemCallError, _ path: FilePath) throws {
        guard error.errno != .noSuchFileOrDirectory, error.errno != .notDirectory else { return }
        try context.report(error, on: path, into: sink)
    }

    private mutating func copy(_ path: FilePath, privacy: PrivacyClass) throws {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try context.root.read(path, limit: Self.byteLimit + 1)
        } catch {
            return try report(error, path)
        }
        let source = UntrustedText.escapingForPath(path.string.utf8)
        guard fileCount < Self.fileLimit, byteCount + bytes.count <= Self.totalByteLimit else {
            return try sink.missing(
                source, why: "there is more than \(Self.totalByteLimit) bytes of configuration")
        }
        fileCount += 1
        byteCount += bytes.count
        try sink.send(
            "config" + source,
            MountOptionSecrets.masking(
                StorageSecretMask.masking(Array(bytes.prefix(Self.byteLimit)))),
            source: source,
            mediaType: "text/plain", privacy: privacy)
        if bytes.count > Self.byteLimit {
            try sink.send(
                .truncated(.init(why: "only the first \(Self.byteLimit) bytes are kept")))
        }
    }

    private mutating func copyTree(
        _ path: FilePath, privacy: PrivacyClass, depth: Int
    ) throws {
        for entry in try entries(path.string) where !entry.name.string.hasPrefix(".") {
            let inner = path.appending(entry.name)
            if entry.kind == .directory {
                if depth > 1 { try copyTree(inner, privacy: privacy, depth: depth - 1) }
            } else if entry.kind == .regular {
                try copy(inner, privacy: privacy)
            }
        }
    }

    /// The names below `path`, to a depth of six, at most a thousand.
    private func listTree(_ path: String) throws {
        var names = [String]()
        var pending = [(FilePath(path), 6)]
        while let (folder, depth) = pending.popLast(), names.count < 1000 {
            for entry in (try? context.root.directory(folder).entries(limit: 10_000)) ?? [] {
                let inner = folder.appending(entry.name)
                names.append(UntrustedText.escapingForPath(inner.string.utf8))
                if entry.kind == .directory, depth > 1 { pending.append((inner, depth - 1)) }
            }
        }
        guard !names.isEmpty else { return }
        try sink.send(
            "config\(path).txt", Array((names.sorted().joined(separator: "\n") + "\n").utf8),
            source: path, mediaType: "text/plain", privacy: .identity)
    }

    /// Names, sizes and times of the files in LVM's archive; the newest five hundred by name.
    private func listArchive(_ path: String) throws {
        let names = try entries(path)
        guard !names.isEmpty, let folder = try? context.root.directory(FilePath(path)) else {
            return
        }
        var text = [UInt8]()
        for entry in names.suffix(Self.fileLimit) {
            guard let status = try? folder.status(of: entry.name) else { continue }
            let name = UntrustedText.escapingForPath(entry.name.string.utf8)
            text += "\(status.byteCount)\t\(status.modified)\t\(name)\n".utf8
        }
        try sink.send(
            "config\(path).txt", text, source: path, mediaType: "text/plain", privacy: .identity)
        if names.count > Self.fileLimit {
            try sink.send(
                .truncated(.init(why: "only \(Self.fileLimit) of \(names.count) are listed")))
        }
    }
}
