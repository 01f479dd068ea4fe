public import DiagCollect
internal import DiagFormats
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads what stands at the start and at the end of one block device: partition table, RAID
/// superblock, headers of encrypted volumes, and the marks of others.
///
/// At most 4 MiB are read, mostly about 100 KiB; nothing is written, and no command is sent.
public struct MetadataProbe: Probe {
    static let kindName = "metadata"
    /// How many bytes of a device are read at most.
    static let readLimit = 4 << 20

    /// `metadata`.
    public let kind = MetadataProbe.kindName
    /// Five seconds.
    public let deadlineSeconds: Double = 5

    /// What is looked for, in this order.
    let readers: [MetadataReader]

    /// Every format that is looked for.
    static let readers: [MetadataReader] = [
        .partitionTable, .raid, .encryption, .lvmPhysicalVolume, .fileSystem, .signatures,
    ]

    /// A probe for every format.
    public init() { self.init(readers: Self.readers) }

    /// A probe for some formats.
    init(readers: [MetadataReader]) { self.readers = readers }

    /// Reads the device at the request's target, below the root, and sends
    /// `metadata/<name>.json` and the bytes of its tables and superblocks.
    ///
    /// What of it cannot be read costs the parts that stand there. A device that is gone or has no
    /// medium, or that we may not open, is skipped.
    public func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord {
        var record = ProbeRecord(kind: kind, target: request.target, outcome: .ok, seconds: 0)
        let start = MonotonicTime.now
        defer { record.seconds = MonotonicTime.now.seconds(since: start) }
        guard let path = MountHealthProbe.path(of: request) else {
            record.outcome = .skipped
            record.reason = "the request does not name an absolute path"
            return record
        }
        let source: DeviceMetadataSource
        do throws(SystemCallError) {
            source = try open(path, request.facts ?? [:], in: context)
        } catch {
            (record.outcome, record.reason) = Self.verdict(on: error)
            record.seconds = MonotonicTime.now.seconds(since: start)
            return record
        }
        guard source.byteCount > 0 else {
            record.outcome = .skipped
            record.reason = "\(request.target) has no size: no medium, or nothing behind it"
            return record
        }
        let name = Self.fileName(of: request)
        let artifact = "metadata/\(name).json"
        source.prefetch()
        var document: [String: JSONValue] = [:]
        var problems = [String]()
        for reader in readers {
            guard let part = reader.read(source) else { continue }
            document.merge(part.members) { first, _ in first }
            record.facts.merge(part.facts) { $1 }
            if !part.details.isEmpty {
                record.details = (record.details ?? [:]).merging(part.details) { $1 }
            }
            problems += part.problems
            for piece in part.raw {
                try sink.send(
                    "metadata/\(name)/\(piece.name).bin", piece.bytes,
                    source: "\(request.target) at byte \(piece.offset)",
                    mediaType: "application/octet-stream", privacy: .identity)
            }
        }
        for failure in source.failures {
            problems.append("byte \(failure.offset) cannot be read: \(failure.error.errno)")
        }
        if source.isExhausted {
            problems.append("not all was read: the limit is \(Self.readLimit) bytes")
        }
        document["schema"] = "diagbundle.device-metadata/1"
        document["device"] = .string(request.target)
        document["byteCount"] = .integer(source.byteCount)
        document["logicalBlockSize"] = .integer(source.logicalBlockSize)
        document["readByteCount"] = .integer(source.readByteCount)
        document["unreadableOffsets"] = .array(source.failures.map { .integer($0.offset) })
        document["problems"] = .array(problems.map { .string($0) })
        try sink.sendJSON(
            artifact, JSONValue.object(document), source: request.target, privacy: .identity)
        record.facts["artifact"] = .string("storage/\(artifact)")
        if let serial = Self.serial(of: request, in: context.root) {
            record.facts["serial"] = .string(serial)
        }
        conclude(&record, source)
        record.seconds = MonotonicTime.now.seconds(since: start)
        return record
    }

    /// The serial number that the kernel asks a virtio disk for when the attribute is read.
    private static func serial(of request: ProbeRequest, in root: RootedTree) -> String? {
        let folder = FilePath("/sys/block").appending(fileName(of: request))
        guard let directory = try? root.directory(folder) else { return nil }
        var reader = AttributeReader()
        return reader.text("serial", of: directory).map { UntrustedText.escapingControls($0) }
    }

    private func open(
        _ path: FilePath, _ facts: [String: JSONValue], in context: CollectionContext
    ) throws(SystemCallError) -> DeviceMetadataSource {
        let number = facts["number"]?.text.flatMap { DeviceNumber(parsing: Array($0.utf8)[...]) }
        // A mounted file system is true in the page cache; md, LVM and multipath write past it.
        let isDirect = facts["isMember"] == true && facts["isMounted"] != true
        let device = try DeviceFile.open(
            path, in: context.root, number: number.map { ($0.major, $0.minor) },
            caching: isDirect ? .direct : .cached)
        var blockSize = 512
        if case .integer(let value)? = facts["logicalBlockSize"], (512...65536).contains(value),
            value.nonzeroBitCount == 1
        {
            blockSize = Int(value)
        }
        return try DeviceMetadataSource(device, logicalBlockSize: blockSize, limit: Self.readLimit)
    }

    /// A device that gave no byte at all has failed; one with bad places has answered.
    private func conclude(_ record: inout ProbeRecord, _ source: DeviceMetadataSource) {
        guard let first = source.failures.first else { return }
        record.facts["unreadableOffsets"] = .array(
            source.failures.prefix(64).map { .integer($0.offset) })
        record.reason = first.error.description
        if source.bytes(512, at: 0) == nil { record.outcome = .failed }
    }

    /// The name for the artifacts: the kernel's, with `!` for `/` as sysfs writes it.
    static func fileName(of request: ProbeRequest) -> String {
        var name = request.facts?["name"]?.text ?? request.target
        if name.hasPrefix("/dev/") { name.removeFirst(5) }
        let safe = name.utf8.map { byte -> UInt8 in
            switch byte {
            case 0x2F: 0x21
            case 0x00..<0x21, 0x7F...0xFF: 0x5F
            default: byte
            }
        }
        let text = String(decoding: safe, as: UTF8.self)
        return text.isEmpty || text == "." || text == ".." ? "device" : text
    }

    /// What a refusal means.
    static func verdict(on error: SystemCallError) -> (ProbeRecord.Outcome, String) {
        switch error.errno {
        case .permissionDenied: (.skipped, "\(error); needs root (CAP_DAC_READ_SEARCH)")
        case .notPermitted:
            (.skipped, "\(error); the device rules of a container or a security module forbid it")
        case .noSuchFileOrDirectory, .notDirectory, .noSuchAddressOrDevice:
            (.skipped, "\(error); it is gone, or its name means another device now")
        case .noMedium: (.skipped, "\(error); there is no medium in the drive")
        default: (.failed, error.description)
        }
    }
}

extension Errno {
    /// ENOMEDIUM of Linux, which SystemPackage has no name for.
    fileprivate static var noMedium: Errno { Errno(rawValue: 123) }
}
