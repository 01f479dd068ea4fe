public import DiagModel

extension MetadataProbe {
    /// The faults that the records show, of each device and of each array.
    public func findings(in records: [ProbeRecord]) -> [Finding] {
        let answered = records.filter { $0.kind == kind && $0.outcome != .skipped }
        var findings = [Finding?]()
        for record in answered {
            findings += [
                unreadable(record), damagedTable(record), differingTables(record),
                displacedBackup(record), extents(record), damagedSuperblock(record),
                damagedEncryption(record),
            ]
        }
        for array in MetadataArray.arrays(of: answered) {
            findings.append(missingSlots(array))
            findings += array.staleMembers.map { stale($0, in: array) }
        }
        return findings.compactMap(\.self)
    }

    private func unreadable(_ record: ProbeRecord) -> Finding? {
        if record.outcome == .hung {
            return finding(
                "storage.device.hung", .critical, record,
                "\(record.target) did not answer a read of its first sectors within "
                    + "\(Int(deadlineSeconds)) s.",
                [
                    "Look in the kernel log for timeouts and resets of the device, its controller "
                        + "or its paths.",
                    "Do not start programs that read it: they would hang as well.",
                ])
        }
        let places = record.list("unreadableOffsets")
        guard !places.isEmpty || record.outcome == .failed else { return nil }
        var reason =
            "\(record.target) cannot be read: \(record.reason ?? "no reason was given")."
        if !places.isEmpty, record.outcome != .failed {
            reason =
                "\(record.target) has metadata that cannot be read, at byte "
                + places.prefix(8).joined(separator: ", ")
                + (places.count > 8 ? " and more" : "")
                + ": \(record.reason ?? "no reason was given")."
        }
        return finding(
            "storage.metadata.unreadable", .major, record, reason,
            [
                "Copy the data away while it can be read.",
                "Look at the health of the disk below (`smartctl -x`, `nvme smart-log`) and in "
                    + "the kernel log for medium errors.",
            ])
    }

    private func damagedTable(_ record: ProbeRecord) -> Finding? {
        guard record.facts["partitionTable"] == "gpt", !isHybridImage(record) else { return nil }
        let isPrimaryValid = record.facts["isPrimaryTableValid"] == true
        let isBackupValid = record.facts["isBackupTableValid"] == true
        if isPrimaryValid, isBackupValid || isInsideArray(record) { return nil }
        let which =
            isPrimaryValid ? "backup copy" : isBackupValid ? "primary copy" : "primary and backup"
        return finding(
            "storage.partition-table.damaged", isPrimaryValid ? .minor : .major, record,
            "The partition table (GPT) of \(record.target) is damaged, the \(which): "
                + "\(problems(record, "partitionTableProblems")).",
            [
                "Save what is there: `sgdisk --backup=FILE \(record.target)`.",
                isPrimaryValid || isBackupValid
                    ? "Let `gdisk \(record.target)` write the damaged copy anew from the good one "
                        + "(`v` verifies, `w` writes)."
                    : "Restore the table from a backup, or search for partitions with testdisk.",
            ])
    }

    private func differingTables(_ record: ProbeRecord) -> Finding? {
        guard record.facts["isPrimaryTableValid"] == true,
            record.facts["isBackupTableValid"] == true, !isInsideArray(record)
        else { return nil }
        let differences = record.list("tableDifferences")
        guard !differences.isEmpty else { return nil }
        return finding(
            "storage.partition-table.copies-differ", .minor, record,
            "The two copies of the partition table (GPT) of \(record.target) are both whole, but "
                + "disagree on \(differences.joined(separator: ", ")).",
            [
                "Find out which one is right: `sgdisk --print \(record.target)` shows the "
                    + "primary copy, which the kernel uses.",
                "Write both anew with `gdisk \(record.target)` (`v`, then `w`).",
            ])
    }

    private func displacedBackup(_ record: ProbeRecord) -> Finding? {
        guard record.facts["partitionTable"] == "gpt",
            record.facts["isBackupTableAtEnd"] == false,
            record.facts["isBackupTableValid"] == true, !isInsideArray(record),
            !isHybridImage(record)
        else { return nil }
        return finding(
            "storage.partition-table.backup-displaced", .minor, record,
            "The backup copy of the partition table of \(record.target) is not at the end of the "
                + "device: the device was enlarged, or the table copied from a smaller one.",
            ["Move it to the end: `sgdisk --move-second-header \(record.target)`."])
    }

    private func extents(_ record: ProbeRecord) -> Finding? {
        guard !record.list("partitionExtentProblems").isEmpty else { return nil }
        return finding(
            "storage.partition-table.extents", .major, record,
            "The partition table of \(record.target) cannot be right: "
                + "\(problems(record, "partitionExtentProblems")).",
            [
                "Compare with what the kernel uses: `lsblk --bytes \(record.target)`.",
                "If the device shrank, or another one answers under its name, do not write to it.",
            ])
    }

    private func damagedSuperblock(_ record: ProbeRecord) -> Finding? {
        guard record.facts["mdIsChecksumValid"] == false else { return nil }
        return finding(
            "storage.md.superblock-damaged", .major, record,
            "The md superblock of \(record.target) has a wrong checksum: the array will not take "
                + "it in again.",
            [
                "Look at what is there: `mdadm --examine \(record.target)`.",
                "While the array runs without it, take it out and add it again: "
                    + "`mdadm /dev/mdN --re-add \(record.target)`, or `--add` for a full copy.",
            ])
    }

    private func damagedEncryption(_ record: ProbeRecord) -> Finding? {
        guard record.facts["encryption"] == "luks2" else { return nil }
        let problems = problems(record, "encryptionProblems")
        guard !problems.isEmpty else { return nil }
        let isPrimaryValid = record.facts["isPrimaryHeaderValid"] == true
        let isSecondaryValid = record.facts["isSecondaryHeaderValid"] == true
        return finding(
            "storage.luks.headers-differ",
            isPrimaryValid && isSecondaryValid
                ? .minor : isPrimaryValid || isSecondaryValid ? .major : .critical, record,
            "The two LUKS2 headers of \(record.target) are not both whole and equal: \(problems).",
            [
                "Save both: `cryptsetup luksHeaderBackup --header-backup-file FILE "
                    + "\(record.target)`.",
                "`cryptsetup repair \(record.target)` writes the damaged header anew from the "
                    + "good one.",
            ])
    }

    private func missingSlots(_ array: MetadataArray) -> Finding? {
        guard array.isRedundant, array.missingSlotCount > 0, let record = array.newest.first else {
            return nil
        }
        return finding(
            "storage.md.slot-missing", .major, record,
            "The superblocks of the array \(array.name) (\(array.level)) say that "
                + "\(array.missingSlotCount) of its \(array.raidDisks) members are missing: "
                + "\(array.state) (A is there, . is missing).",
            [
                "See which one is missing, and why it left: `mdadm --detail /dev/mdN`, and the "
                    + "kernel log.",
                "Replace or add it: `mdadm /dev/mdN --add DEVICE`.",
            ], object: array.name)
    }

    private func stale(_ record: ProbeRecord, in array: MetadataArray) -> Finding? {
        finding(
            "storage.md.member-stale", .major, record,
            "\(record.target) is a member of the array \(array.name), but its superblock stands at "
                + "\(MetadataArray.events(of: record)) events and those of its peers at "
                + "\(array.events): it was thrown out or was away, and its data is old.",
            [
                "Do not start the array from it alone: what was written since would be lost.",
                "Find out why it left, then add it again: "
                    + "`mdadm /dev/mdN --re-add \(record.target)`.",
            ])
    }

    /// Whether the table may rather be that of an array that has this device as a member: such
    /// an array ends before the device does.
    private func isInsideArray(_ record: ProbeRecord) -> Bool {
        record.facts["mdArrayUUID"] != nil || record.facts["firmwareRAID"] != nil
    }

    /// Whether it is an image of a CD that was written to a whole stick: such a table is that of
    /// the image, which is smaller.
    private func isHybridImage(_ record: ProbeRecord) -> Bool {
        record.facts["isRemovable"] == true && record.facts["fileSystemType"] == "iso9660"
    }

    private func problems(_ record: ProbeRecord, _ fact: String) -> String {
        let all = record.list(fact)
        return all.prefix(6).joined(separator: "; ") + (all.count > 6 ? "; and more" : "")
    }

    private func finding(
        _ fault: String, _ severity: Finding.Severity, _ record: ProbeRecord, _ reason: String,
        _ actions: [String], object: String? = nil
    ) -> Finding {
        let name =
            record.target.hasPrefix("/dev/") ? String(record.target.dropFirst(5)) : record.target
        return Finding(
            fault: fault, severity: severity, collector: "storage", object: object ?? name,
            place: record.target, reason: reason, recommendedActions: actions,
            evidence: [
                .init(artifact: record.facts["artifact"]?.text ?? "storage/metadata.json")
            ])
    }
}

extension ProbeRecord {
    /// The texts and numbers of a fact that is a list.
    func list(_ fact: String) -> [String] {
        guard case .array(let elements)? = facts[fact] else { return [] }
        return elements.compactMap {
            switch $0 {
            case .string(let text): text
            case .integer(let number): String(number)
            case .unsigned(let number): String(number)
            default: nil
            }
        }
    }
}
