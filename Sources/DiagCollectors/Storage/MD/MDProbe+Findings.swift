public import DiagModel

extension MDProbe {
    /// The faults that the records show, array by array.
    public func findings(in records: [ProbeRecord]) -> [Finding] {
        records.flatMap { record -> [Finding] in
            if record.outcome == .hung { return [hung(record)] }
            guard record.facts["members"] != nil else { return [] }
            return MDFindings(record).all
        }
    }

    private func hung(_ record: ProbeRecord) -> Finding {
        let isDevice = record.target.hasPrefix("/dev/")
        let waiting = (record.kernelStack ?? []).prefix(4)
            .map { UntrustedText.escapingControls($0) }.joined(separator: " < ")
        return Finding(
            fault: "storage.md.hung", severity: .major, collector: "storage",
            object: isDevice ? String(record.target.dropFirst("/dev/".utf8.count)) : record.target,
            place: isDevice ? record.target : nil,
            reason: "\(record.target) did not answer in time: md holds a lock of an array, as it "
                + "does while a member does not answer or a reshape is stuck."
                + (waiting.isEmpty ? "" : " The kernel waits in: \(waiting)."),
            recommendedActions: [
                "Look in the kernel log for hung tasks named md…_raid and for errors of the members.",
                "Do not run `mdadm` on that array before: it would wait as well.",
            ])
    }
}
