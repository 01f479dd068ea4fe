public import DiagCollect
internal import DiagFormats
public import DiagModel
internal import DiagSystem
internal import FoundationEssentials
internal import SystemPackage

/// Asks one mounted file system how it is: its space, and whether it answers at all.
///
/// Source: statx(2) without synchronising and without triggering an automount, then statfs(2).
public struct MountHealthProbe: Probe {
    static let kindName = "mount-health"
    /// Seconds from which on an answer counts as slow.
    private static let slowSeconds = 0.5

    /// `mount-health`.
    public let kind = MountHealthProbe.kindName
    /// Two seconds: a file system that is well answers in a thousandth.
    public let deadlineSeconds: Double = 2

    /// A probe of mounts.
    public init() {}

    /// Asks the file system at the request's mount point, below the root.
    ///
    /// A mount point that is gone, or that we may not look at, is skipped; and so is one where our
    /// own mount namespace has another file system than the mount table that the request is from.
    public func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord {
        var record = ProbeRecord(
            kind: kind, target: request.target, outcome: .ok, seconds: 0)
        // Kept with every outcome: by the number, the mounts of one file system are known as such.
        for name in ["device", "fileSystemType"] { record.facts[name] = request.facts?[name] }
        guard let path = Self.path(of: request) else {
            record.outcome = .skipped
            record.reason = "the request does not name an absolute path"
            return record
        }
        let start = MonotonicTime.now
        do throws(SystemCallError) {
            let space = try context.root.fileSystemSpace(at: path)
            record.seconds = MonotonicTime.now.seconds(since: start)
            if Self.isAnother(space, than: request.facts ?? [:]) {
                record.outcome = .skipped
                record.reason =
                    "another file system is mounted there in diagbundle's own mount namespace"
                return record
            }
            record.facts.merge(Self.facts(space)) { $1 }
            if record.seconds > Self.slowSeconds {
                record.outcome = .slow
                record.reason = "it took longer than \(Self.slowSeconds) s to answer"
            }
        } catch {
            record.seconds = MonotonicTime.now.seconds(since: start)
            (record.outcome, record.reason) = Self.verdict(on: error)
        }
        return record
    }

    /// Whether the answer is that of another file system than the mount table has there.
    ///
    /// The number of the device decides, except where types give the number of a part of theirs:
    /// a subvolume, a layer, a share below a share. Of those only another type is a sign.
    static func isAnother(_ space: FileSystemSpace, than facts: [String: JSONValue]) -> Bool {
        guard let text = facts["device"]?.text,
            let device = DeviceNumber(parsing: Array(text.utf8)[...]),
            device != DeviceNumber(major: space.deviceMajor, minor: space.deviceMinor)
        else { return false }
        let answered = FileSystemMagic.name(of: space.magic).flatMap(FileSystemMagic.name(ofType:))
        let listed = facts["fileSystemType"]?.text.flatMap(FileSystemMagic.name(ofType:))
        if let answered, let listed, answered != listed { return true }
        if [answered, listed].compactMap(\.self).contains(where: numberedByPart.contains) {
            return false
        }
        // A type that this program does not know may number its parts as well.
        return answered != nil && listed != nil || device.major != 0
    }

    private static let numberedByPart: Set<String> = [
        "afs", "bcachefs", "btrfs", "ceph", "cifs", "nfs", "overlay", "smb3",
    ]

    /// The bytes of the path; `nil` for one that is relative, cut by a NUL or not base64.
    static func path(of request: ProbeRequest) -> FilePath? {
        let bytes: [UInt8]
        if let text = request.targetBytes {
            guard let data = Data(base64Encoded: text) else { return nil }
            bytes = Array(data)
        } else {
            bytes = Array(request.target.utf8)
        }
        guard bytes.first == 0x2F, !bytes.contains(0) else { return nil }
        let terminated: [CChar] = bytes.map { CChar(bitPattern: $0) } + [0]
        return FilePath(platformString: terminated)
    }

    /// What a refusal means.
    static func verdict(on error: SystemCallError) -> (ProbeRecord.Outcome, String) {
        let said = "\(error.operation): \(error.errno)"
        return switch error.errno {
        case .permissionDenied, .notPermitted:
            (.skipped, "\(said); only root, or for FUSE only the user who mounted it, may look")
        case .noSuchFileOrDirectory, .notDirectory:
            (.skipped, "\(said); it was unmounted meanwhile, or lies in another namespace")
        case .staleNFSFileHandle: (.failed, "\(said) (ESTALE): the server no longer knows it")
        case .ioError: (.failed, "\(said) (EIO): the device fails or the file system shut down")
        case .socketNotConnected: (.failed, "\(said) (ENOTCONN): the serving process is gone")
        case .connectionAbort:
            (.failed, "\(said) (ECONNABORTED): the connection to the serving process was cut")
        case .timedOut: (.failed, "\(said) (ETIMEDOUT): the server does not answer")
        case .hostIsDown: (.failed, "\(said) (EHOSTDOWN): the server does not answer")
        case .noRouteToHost: (.failed, "\(said) (EHOSTUNREACH): no way leads to the server")
        case .operationNotSupportedByDevice, .noSuchAddressOrDevice:
            (.failed, "\(said): the device under it is gone")
        default: (.failed, said)
        }
    }

    static func facts(_ space: FileSystemSpace) -> [String: JSONValue] {
        var facts: [String: JSONValue] = [
            "dev": .string("\(space.deviceMajor):\(space.deviceMinor)"),
            "magic": .string("0x" + String(space.magic, radix: 16)),
            "byteCount": .integer(space.byteCount(ofBlocks: space.blockCount)),
            "freeByteCount": .integer(space.byteCount(ofBlocks: space.freeBlockCount)),
            "availableByteCount": .integer(space.byteCount(ofBlocks: space.availableBlockCount)),
            "inodeCount": .integer(space.inodeCount),
            "freeInodeCount": .integer(space.freeInodeCount),
            "isReadOnly": .bool(space.isReadOnly),
        ]
        if let name = FileSystemMagic.name(of: space.magic) { facts["type"] = .string(name) }
        let used = space.blockCount - min(space.blockCount, space.freeBlockCount)
        // As df(1) counts: what only root may use is neither used nor free.
        if let percent = percent(used, of: used.addingReportingOverflow(space.availableBlockCount))
        {
            facts["usedPercent"] = .number(percent)
        }
        let usedInodes = space.inodeCount - min(space.inodeCount, space.freeInodeCount)
        if let percent = percent(usedInodes, of: (space.inodeCount, false)) {
            facts["usedInodesPercent"] = .number(percent)
        }
        return facts
    }

    /// Rounded to a tenth; `nil` of nothing.
    private static func percent(
        _ part: UInt64, of whole: (partialValue: UInt64, overflow: Bool)
    ) -> Double? {
        guard !whole.overflow, whole.partialValue > 0 else { return nil }
        return (Double(part) / Double(whole.partialValue) * 1000).rounded() / 10
    }
}
