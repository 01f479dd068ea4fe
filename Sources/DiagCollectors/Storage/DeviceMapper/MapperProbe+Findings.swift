public import DiagModel

extension MapperProbe {
    /// The faults that the records show, device by device.
    public func findings(in records: [ProbeRecord]) -> [Finding] {
        records.flatMap { record -> [Finding] in
            if record.outcome == .hung { return [hung(record)] }
            guard case .object(let devices)? = record.facts["devices"] else { return [] }
            let evidence = record.facts["artifact"]?.text.map { Finding.Evidence(artifact: $0) }
            return devices.sorted { NaturalOrder.precedes($0.key, $1.key) }.flatMap {
                MapperFindings(device: $0.key, facts: $0.value, evidence: evidence).all
            }
        }
    }

    private func hung(_ record: ProbeRecord) -> Finding {
        let waiting = (record.kernelStack ?? []).prefix(4)
            .map { UntrustedText.escapingControls($0) }.joined(separator: " < ")
        return Finding(
            fault: "storage.mapper.hung", severity: .major, collector: "storage",
            object: record.target,
            place: record.target.hasPrefix("/dev/dm-") ? record.target : nil,
            reason: "The device mapper did not tell the state of the devices of \(record.target) "
                + "in time: one of them holds a lock while it waits for a device below it."
                + (waiting.isEmpty ? "" : " The kernel waits in: \(waiting)."),
            recommendedActions: [
                "Find the dead device below: look in the kernel log for path failures, timeouts "
                    + "and hung tasks, and in storage/topology.txt for suspended devices.",
                "`dmsetup info -c` and /sys/block/dm-*/dm/suspended answer without that lock.",
            ])
    }
}

/// The facts of one device, read by name.
struct MapperFactReader {
    let facts: JSONValue

    func text(_ name: String) -> String? { facts[name]?.text }
    func isSet(_ name: String) -> Bool { facts[name] == true }

    /// A number that is not negative.
    func count(_ name: String) -> UInt64? {
        switch facts[name] {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    /// A number; JSON does not tell 80.0 from 80.
    func number(_ name: String) -> Double? {
        switch facts[name] {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
}
