public import DiagCollect
internal import DiagFormats
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Asks one SCSI disk or enclosure what it is and how it is, with commands that only read.
///
/// Sends `scsi/<name>.json` and the pages as they came, `scsi/<name>/<page>.bin`. A sleeping disk
/// is not woken; a path that is passive is asked for its identity alone.
public struct SCSIProbe: Probe {
    static let kindName = "scsi"
    /// Seconds from which on an answer counts as slow.
    static let slowSeconds = 2.0

    /// `scsi`.
    public let kind = SCSIProbe.kindName
    /// Five seconds: two dozen commands of some milliseconds each.
    public let deadlineSeconds: Double = 5
    /// It sends commands.
    public let commandsDevices = true

    /// A probe of SCSI devices.
    public init() {}

    /// Asks the device that the request names: `/dev/sda`, or `/dev/sg3` for an enclosure.
    public func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord {
        let start = MonotonicTime.now
        var target = SCSITarget(request, in: context.root)
        var record = ProbeRecord(kind: kind, target: request.target, outcome: .ok, seconds: 0)
        record.facts = target.facts
        if let reason = target.skipReason {
            record.outcome = .skipped
            record.reason = reason
            return record
        }
        let transport: DeviceFileTransport
        do throws(SystemCallError) {
            transport = try target.open(
                in: context.root, until: start.advanced(bySeconds: deadlineSeconds))
        } catch {
            (record.outcome, record.reason) = Self.verdict(on: error)
            record.seconds = MonotonicTime.now.seconds(since: start)
            return record
        }
        try examine(target, over: transport, into: sink, record: &record)
        let seconds = MonotonicTime.now.seconds(since: start)
        if record.outcome == .ok, seconds > Self.slowSeconds {
            record.outcome = .slow
            record.reason = "it took longer than \(Self.slowSeconds) s to answer"
        }
        record.seconds = seconds
        return record
    }

    /// Asks the device behind `transport`, sends what it said, and completes `record`.
    func examine(
        _ target: SCSITarget, over transport: any SCSITransport, into sink: any CollectionSink,
        record: inout ProbeRecord
    ) throws {
        var interview = SCSIInterview(
            session: SCSISession(transport),
            document: SCSIDocument(
                device: record.target, opened: target.opened, address: target.address))
        interview.run(target.limits)
        var document = interview.document
        var pages = interview.session.pages.map { (name: $0.name, bytes: $0.bytes) }
        record.facts.merge(SCSIFacts.facts(of: document)) { $1 }
        record.facts["artifact"] = .string("storage/scsi/\(target.name).json")
        if document.isATA, document.limitedBecause == nil {
            let reading = ATAReader.read(transport)
            document.ata = reading.document
            record.facts.merge(reading.facts) { $1 }
            pages += reading.pages
        }
        for (name, bytes) in pages {
            try sink.send(
                "scsi/\(target.name)/\(name).bin", bytes, source: target.opened,
                mediaType: "application/octet-stream", privacy: .identity)
        }
        try sink.sendJSON(
            "scsi/\(target.name).json", document, source: target.opened, privacy: .identity)
        guard document.inquiry == nil else { return }
        if let refusal = interview.session.refusal {
            (record.outcome, record.reason) = Self.verdict(on: refusal)
        } else {
            record.outcome = .failed
            record.reason =
                "INQUIRY to \(target.opened): "
                + (document.commands.last?.problem ?? interview.session.deadReason
                    ?? "no answer")
        }
    }

    /// What a refusal means.
    static func verdict(on error: SystemCallError) -> (ProbeRecord.Outcome, String) {
        let said = "\(error.operation) \(error.object): \(error.errno)"
        return switch error.errno {
        case .permissionDenied, .notPermitted:
            (.skipped, "\(said); " + DeviceRefusal.words("CAP_SYS_ADMIN and CAP_SYS_RAWIO"))
        case .noSuchFileOrDirectory, .noSuchAddressOrDevice, .operationNotSupportedByDevice:
            (.failed, "\(said): the device is gone, or offline")
        case .resourceBusy: (.failed, "\(said): another program holds it for itself")
        default: (.failed, said)
        }
    }
}
