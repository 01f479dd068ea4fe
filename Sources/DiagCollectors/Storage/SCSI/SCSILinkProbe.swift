public import DiagCollect
public import DiagModel
public import DiagSystem
internal import SystemPackage

/// Reads the error counters of one adapter's SAS links or of one Fibre Channel port.
///
/// To read them, the kernel asks the adapter, and through it the expanders: it may wait. Source:
/// drivers/scsi/scsi_transport_sas.c and scsi_transport_fc.c of Linux 6.12.
public struct SCSILinkProbe: Probe {
    static let kindName = "scsi-link"
    private static let phyLimit = 512

    private static let phyCounters = [
        "invalid_dword_count", "running_disparity_error_count", "loss_of_dword_sync_count",
        "phy_reset_problem_count",
    ]

    /// `scsi-link`.
    public let kind = SCSILinkProbe.kindName
    /// Five seconds.
    public let deadlineSeconds: Double = 5

    /// A probe of links.
    public init() {}

    /// One request for each adapter with SAS links and each Fibre Channel port below `root`.
    public static func requests(in root: RootedTree) -> [ProbeRequest] {
        ["fc_host", "sas_host"].flatMap { name in
            let folder = try? root.directory(FilePath("/sys/class/\(name)"))
            let entries = (try? folder?.entries(limit: 10_000)) ?? []
            return entries.map(\.name.string).sorted(by: NaturalOrder.precedes).map {
                ProbeRequest(kind: kindName, target: "/sys/class/\(name)/\($0)")
            }
        }
    }

    /// Reads the counters of the port or adapter that the request names.
    public func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord {
        let start = MonotonicTime.now
        var record = ProbeRecord(kind: kind, target: request.target, outcome: .ok, seconds: 0)
        let parts = request.target.split(separator: "/").map(String.init)
        if parts.count == 4, parts[2] == "fc_host" {
            record.facts = channel(parts[3], in: context.root)
        } else if parts.count == 4, parts[2] == "sas_host", parts[3].hasPrefix("host") {
            record.facts = links(ofHost: String(parts[3].dropFirst(4)), in: context.root)
        }
        if record.facts.isEmpty {
            record.outcome = .failed
            record.reason = "read \(request.target): there are no counters"
        }
        record.seconds = MonotonicTime.now.seconds(since: start)
        return record
    }

    private func channel(_ name: String, in root: RootedTree) -> [String: JSONValue] {
        let path = FilePath("/sys/class/fc_host").appending(name).appending("statistics")
        guard name != "..", let folder = try? root.directory(path),
            let entries = try? folder.entries(limit: 1000)
        else { return [:] }
        var reader = AttributeReader()
        var facts = [String: JSONValue]()
        // `reset_statistics` takes a write alone; all ones is what the adapter does not count.
        for entry in entries where entry.name.string != "reset_statistics" {
            guard let text = reader.text(entry.name.string, of: folder),
                let count = SCSISysfs.number(text), count != .max
            else { continue }
            facts[entry.name.string] = .integer(count)
        }
        return facts
    }

    private func links(ofHost number: String, in root: RootedTree) -> [String: JSONValue] {
        guard let entries = try? root.directory("/sys/class/sas_phy").entries(limit: 100_000)
        else { return [:] }
        var reader = AttributeReader()
        let names = entries.map(\.name.string).filter { $0.hasPrefix("phy-\(number):") }
            .sorted(by: NaturalOrder.precedes)
        let phys = names.prefix(Self.phyLimit).compactMap { name -> JSONValue? in
            guard let folder = try? root.directory(FilePath("/sys/class/sas_phy").appending(name))
            else { return nil }
            var members: [String: JSONValue] = ["name": .string(name)]
            for counter in Self.phyCounters {
                guard let text = reader.text(counter, of: folder),
                    let count = SCSISysfs.number(text)
                else { continue }
                members[counter] = .integer(count)
            }
            return members.count > 1 ? .object(members) : nil
        }
        return phys.isEmpty ? [:] : ["phyCount": .integer(names.count), "phys": .array(phys)]
    }

    /// The links with many errors.
    public func findings(in records: [ProbeRecord]) -> [Finding] {
        records.filter { $0.kind == kind }.flatMap { record -> [Finding] in
            if record.outcome == .hung { return [hung(record)] }
            if record.target.contains("/fc_host/") { return [frames(record)].compactMap(\.self) }
            guard case .array(let phys)? = record.facts["phys"] else { return [] }
            return phys.compactMap { link($0) }
        }
    }

    private func finding(
        _ fault: String, _ severity: Finding.Severity, _ place: String, _ reason: String,
        _ actions: [String]
    ) -> Finding {
        Finding(
            fault: fault, severity: severity, collector: "storage",
            object: String(place.split(separator: "/").last ?? "link"), place: place,
            reason: reason, recommendedActions: actions,
            evidence: [.init(artifact: "storage/scsi-link.json")])
    }

    private func hung(_ record: ProbeRecord) -> Finding {
        finding(
            "storage.scsi.adapter-hung", .major, record.target,
            "The adapter behind \(record.target) did not tell its counters within 5 s.",
            ["Look in the kernel log for faults and resets of this adapter."])
    }

    private func frames(_ record: ProbeRecord) -> Finding? {
        guard case .integer(let count)? = record.facts["invalid_crc_count"], count >= 10 else {
            return nil
        }
        return finding(
            "storage.fc.damaged-frames", .minor, record.target,
            "The Fibre Channel port counts \(count) frames with a wrong checksum.",
            ["Check its cable and transceivers; compare the count with an older bundle."])
    }

    private func link(_ phy: JSONValue) -> Finding? {
        func value(_ name: String) -> Int64 {
            guard case .integer(let value)? = phy[name] else { return 0 }
            return value
        }
        let invalid = value("invalid_dword_count")
        let losses = value("loss_of_dword_sync_count")
        let resets = value("phy_reset_problem_count")
        guard let name = phy["name"]?.text,
            invalid >= Int64(SCSIProbe.phyErrorLimit) || losses >= 100 || resets >= 10
        else { return nil }
        return finding(
            "storage.sas.phy-errors", .minor, "/sys/class/sas_phy/\(name)",
            "The SAS link \(name) counts \(invalid) invalid words, \(losses) losses of "
                + "synchronisation and \(resets) failed resets.",
            [
                "Compare with an older bundle: when the counts grow, exchange cable, backplane "
                    + "slot or expander on this way."
            ])
    }
}
