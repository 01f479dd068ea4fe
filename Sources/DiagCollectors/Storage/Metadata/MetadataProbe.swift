public import DiagCollect
internal import DiagFormats
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads what stands at the start and at the end of one block device: partition table, RAID
/// superblock, headers of encrypted volumes, and the marks of others.
///
/// At most 4 MiB are read, mostly about 100 KiB; nothing is written. SCSI disks that turn are first
/// asked whether they sleep, and are not read then: that would wake them.
public struct MetadataProbe: Probe {
    static let kindName = "metadata"
    /// How many bytes of a device are read at most.
    static let readLimit = 4 << 20

    /// `metadata`.
    public let kind = MetadataProbe.kindName
    /// Five seconds.
    public let deadlineSeconds: Double = 5
    /// It asks disks whether they sleep.
    public let commandsDevices = true

    /// Seconds that the question whether a disk sleeps may take of all the time.
    private static let secondsOfAsking = 2.0

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
        // The last second of it is for the answer alone.
        let end = start.advanced(bySeconds: Self.secondsOfAsking + 1)
        if let why = SCSISleepCheck(request, in: context.root).sleeping(until: end) {
            record.outcome = .skipped
            record.reason = "the disk sleeps: \(why), and to read it would wake it"
            record.seconds = MonotonicTime.now.seconds(since: start)
            return record
        }
        let isRemovable = request.facts?["isRemovable"] == true
        let source: DeviceMetadataSource
        do throws(SystemCallError) {
            source = try open(path, request.facts ?? [:], in: context)
        } catch {
            (record.outcome, record.reason) = Self.verdict(on: error, isRemovable: isRemovable)
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
        // The tables inside a partition are none of this host's: a disk image, or an old one.
        let isPartition = request.facts?["isPartition"] == true
        for reader in readers where !(isPartition && reader.name == "partitionTable") {
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
        if isRemovable { record.facts["isRemovable"] = true }
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
        guard source.bytes(512, at: 0) == nil else { return }
        record.outcome = .failed
        guard record.facts["isRemovable"] == true else { return }
        (record.outcome, record.reason) = Self.verdict(on: first.error, isRemovable: true)
        if record.outcome == .skipped { record.facts["unreadableOffsets"] = nil }
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
    ///
    /// A drive for removable media that has none fails with `EIO` or `ENOMEDIUM`, as its driver
    /// wants.
    static func verdict(
        on error: SystemCallError, isRemovable: Bool = false
    ) -> (ProbeRecord.Outcome, String) {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            (.skipped, "\(error); " + DeviceRefusal.words("CAP_DAC_READ_SEARCH"))
        case .noSuchFileOrDirectory, .notDirectory, .noSuchAddressOrDevice:
            (.skipped, "\(error); it is gone, or its name means another device now")
        case .noMedium: (.skipped, "\(error); no medium is in the drive")
        case .ioError where isRemovable, .wrongMedium where isRemovable:
            (.skipped, "\(error); no medium is in the drive, or none that it can read")
        default: (.failed, error.description)
        }
    }
}

extension Errno {
    /// ENOMEDIUM of Linux, which SystemPackage has no name for.
    fileprivate static var noMedium: Errno { Errno(rawValue: 123) }
    /// EMEDIUMTYPE of Linux.
    fileprivate static var wrongMedium: Errno { Errno(rawValue: 124) }
}
