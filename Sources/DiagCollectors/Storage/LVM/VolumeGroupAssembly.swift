internal import DiagFormats
internal import DiagModel

/// Puts the volume groups together from the metadata that each physical volume holds.
///
/// Every volume of a group may hold a copy of the text. The newest, by its seqno, counts, as LVM
/// takes it; whoever holds an older one was away when the group was changed.
struct VolumeGroupAssembly {
    /// What was read from one device.
    struct Volume {
        /// The kernel's name of the device.
        var device: String
        /// The physical volume's UUID from its label.
        var pvUUID: String
        /// The metadata text; none on a volume that holds no copy.
        var metadataText: [UInt8]?
        /// Whether the text has the checksum that its head gives.
        var isTextValid: Bool? = nil
        /// Whether another device stands on this one, a multipath map or an array, so that it
        /// only seems to be a physical volume.
        var isHeld = false
    }

    /// The document.
    private(set) var document = LVMDocument()
    /// What is wrong.
    private(set) var findings: [Finding] = []

    private struct Copy {
        var group: LVMVolumeGroup
        var device: String
        var pvUUID: String
    }

    /// Joins what `volumes` hold.
    ///
    /// `isComplete` says that every block device was looked at: only then is a physical volume
    /// that was not found said to be missing.
    init(_ volumes: [Volume], isComplete: Bool = true) {
        let volumes = volumes.filter { !$0.isHeld }.sorted { $0.device < $1.device }
        let devices = Dictionary(grouping: volumes, by: \.pvUUID).mapValues { $0.map(\.device) }
        for (id, names) in devices.sorted(by: { $0.key < $1.key }) where names.count > 1 {
            addDuplicate(id, names)
        }
        var copies = [String: [Copy]]()
        for volume in volumes {
            guard let text = volume.metadataText else { continue }
            do throws(FormatError) {
                let group = try LVMVolumeGroup(parsing: text.span)
                copies[group.id, default: []].append(
                    Copy(group: group, device: volume.device, pvUUID: volume.pvUUID))
                if volume.isTextValid == false { addUnreadable(volume, "its checksum is wrong") }
            } catch {
                addUnreadable(volume, error.description)
            }
        }
        var names = [String: [String]]()
        var used = Set<String>()
        for (id, copies) in copies.sorted(by: { $0.key < $1.key }) {
            guard let newest = copies.max(by: { $0.group.seqno < $1.group.seqno }) else { continue }
            names[newest.group.name, default: []].append(id)
            used.formUnion(newest.group.physicalVolumes.map(\.id))
            add(newest.group, copies: copies, devices: devices, isComplete: isComplete)
        }
        for (name, ids) in names.sorted(by: { $0.key < $1.key }) where ids.count > 1 {
            addSameName(name, ids, copies: copies)
        }
        for (id, names) in devices where !used.contains(id) {
            document.orphans[id] = names.first
        }
        document.volumeGroups.sort { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    private mutating func add(
        _ group: LVMVolumeGroup, copies: [Copy], devices: [String: [String]], isComplete: Bool
    ) {
        for copy in copies where copy.group.seqno < group.seqno { addStale(copy, of: group) }
        // A volume that was taken out of the group does not count, though it has an old copy.
        var missing = Set<String>()
        for volume in group.physicalVolumes {
            let found = devices[volume.id]
            let isMissing = volume.isMissing || found == nil && isComplete
            if isMissing { missing.insert(volume.name) }
            document.physicalVolumes.append(
                .init(
                    volumeGroup: group.name, volumeGroupID: group.id, name: volume.name,
                    id: volume.id, device: found?.first, deviceHint: volume.deviceHint,
                    deviceID: volume.deviceID, deviceIDType: volume.deviceIDType,
                    status: volume.status, flags: volume.flags, tags: volume.tags,
                    isMissing: isMissing, deviceByteCount: volume.deviceByteCount,
                    byteCount: volume.byteCount, usedByteCount: volume.usedByteCount,
                    freeByteCount: volume.freeByteCount, extentCount: volume.extentCount,
                    usedExtentCount: volume.usedExtentCount,
                    firstExtentOffset: volume.firstExtentOffset,
                    bootloaderAreaOffset: volume.bootloaderAreaOffset,
                    bootloaderAreaByteCount: volume.bootloaderAreaByteCount))
        }
        let partial = Self.partial(group, missing: missing)
        let snapshots = Dictionary(
            group.logicalVolumes.flatMap(\.segments).compactMap { segment in
                segment.cowStore.map { ($0, segment) }
            }, uniquingKeysWith: { first, _ in first })
        let groupID = group.id.filter { $0 != "-" }
        for volume in group.logicalVolumes {
            var types = [String]()
            for segment in volume.segments where !types.contains(segment.type) {
                types.append(segment.type)
            }
            let snapshot = snapshots[volume.name]
            document.logicalVolumes.append(
                .init(
                    volumeGroup: group.name, volumeGroupID: group.id, name: volume.name,
                    id: volume.id,
                    deviceMapperUUID: "LVM-" + groupID + volume.id.filter { $0 != "-" },
                    status: volume.status, flags: volume.flags, tags: volume.tags,
                    isVisible: volume.isVisible, isPartial: partial.contains(volume.name),
                    byteCount: volume.byteCount, extentCount: volume.extentCount,
                    allocationPolicy: volume.allocationPolicy, creationHost: volume.creationHost,
                    creationTime: volume.creationTime, types: types,
                    origin: snapshot?.origin
                        ?? (types == ["snapshot"] ? nil : volume.segments.first?.origin),
                    pool: volume.segments.first?.pool, segments: volume.segments))
        }
        let seenPartial = group.logicalVolumes.filter {
            $0.isVisible && partial.contains($0.name)
        }.map(\.name)
        let isExported = group.isExported
        document.volumeGroups.append(
            .init(
                name: group.name, id: group.id, seqno: group.seqno, status: group.status,
                flags: group.flags, tags: group.tags, systemID: group.systemID,
                lockType: group.lockType, extentByteCount: group.extentByteCount,
                extentCount: group.extentCount, freeExtentCount: group.freeExtentCount,
                byteCount: group.byteCount, freeByteCount: group.freeByteCount,
                maximumLogicalVolumes: group.maximumLogicalVolumes,
                maximumPhysicalVolumes: group.maximumPhysicalVolumes,
                metadataCopies: group.metadataCopies,
                physicalVolumeCount: group.physicalVolumes.count,
                missingPhysicalVolumeCount: missing.count,
                logicalVolumeCount: group.visibleLogicalVolumeCount,
                snapshotCount: snapshots.count, isPartial: !missing.isEmpty,
                isExported: isExported, creationHost: group.creationHost,
                creationTime: group.creationTime,
                metadataDevices: copies.filter { $0.group.seqno == group.seqno }.map(\.device)))
        if !missing.isEmpty { addMissing(group, missing, devices, lost: seenPartial) }
        if isExported { addExported(group) }
    }

    /// The logical volumes that need a missing physical volume, themselves or through others.
    private static func partial(_ group: LVMVolumeGroup, missing: Set<String>) -> Set<String> {
        guard !missing.isEmpty else { return [] }
        var users = [String: [String]]()
        for volume in group.logicalVolumes {
            for segment in volume.segments {
                let parts =
                    segment.places.map(\.name) + segment.metadataVolumes
                    + [
                        segment.origin, segment.cowStore, segment.pool, segment.dataVolume,
                        segment.metadataVolume, segment.mirrorLog,
                    ].compactMap(\.self)
                for part in parts { users[part, default: []].append(volume.name) }
                // A thick snapshot needs its origin, but not the other way round; a hidden volume
                // joins the two.
                if let origin = segment.origin, let store = segment.cowStore {
                    users[origin, default: []].append(store)
                }
            }
        }
        var partial = Set<String>()
        var pending = Array(missing)
        while let name = pending.popLast() {
            for user in users[name] ?? [] where partial.insert(user).inserted {
                pending.append(user)
            }
        }
        return partial
    }
}

extension VolumeGroupAssembly {
    private static let evidence = [Finding.Evidence(artifact: "storage/lvm.json")]

    private mutating func addDuplicate(_ id: String, _ devices: [String]) {
        let list = devices.joined(separator: " and ")
        document.conflicts.append(
            .init(
                kind: .duplicatePhysicalVolume, volumeGroup: nil, id: id, devices: devices,
                explanation: "one UUID on \(devices.count) devices"))
        addFinding(
            "duplicate-physical-volume", .major, object: id, device: devices.first,
            "The physical volume \(id) is on \(list): a copy of a disk, or paths to one disk "
                + "that are not joined by multipath. LVM refuses to use the group, or picks one.",
            [
                "Where they are paths to one disk, start multipath for it; where one is a copy, "
                    + "hide it with the devices file or a filter, or take it out.",
                "A copy that is to be used beside the original: `vgimportclone DEVICE`.",
            ])
    }

    private mutating func addUnreadable(_ volume: Volume, _ why: String) {
        document.conflicts.append(
            .init(
                kind: .unreadableMetadata, volumeGroup: nil, id: volume.pvUUID,
                devices: [volume.device], explanation: why))
        addFinding(
            "metadata-unreadable", .major, object: volume.device, device: volume.device,
            "The LVM metadata on \(volume.device) cannot be used: \(why).",
            [
                "See with `pvck --dump metadata /dev/\(volume.device)` what is there.",
                "While another volume of the group has a good copy, `vgck --updatemetadata VG` "
                    + "writes it anew; else `vgcfgrestore` takes one from /etc/lvm/archive.",
            ])
    }

    private mutating func addStale(_ copy: Copy, of group: LVMVolumeGroup) {
        document.conflicts.append(
            .init(
                kind: .staleMetadata, volumeGroup: group.name, id: copy.pvUUID,
                devices: [copy.device],
                explanation: "seqno \(copy.group.seqno), where the newest is \(group.seqno)"))
        addFinding(
            "stale-metadata", .minor, object: group.name, device: copy.device,
            "The physical volume \(copy.device) holds an old description of the volume group "
                + "\(group.name) (seqno \(copy.group.seqno), the newest is \(group.seqno)): it "
                + "was away when the group was changed.",
            [
                "Find out why it was away. Data on it may be old where it is part of a mirror.",
                "`vgck --updatemetadata \(group.name)` writes the newest description to it; a "
                    + "volume marked missing comes back by `vgextend --restoremissing "
                    + "\(group.name) /dev/\(copy.device)`.",
            ])
    }

    private mutating func addSameName(
        _ name: String, _ ids: [String], copies: [String: [Copy]]
    ) {
        let devices = ids.flatMap { copies[$0]?.map(\.device) ?? [] }
        document.conflicts.append(
            .init(
                kind: .duplicateVolumeGroupName, volumeGroup: name, id: ids.first,
                devices: devices, explanation: "one name, UUIDs \(ids.joined(separator: ", "))"))
        addFinding(
            "duplicate-volume-group", .minor, object: name, device: devices.first,
            "\(ids.count) volume groups are called \(name); commands that name it may take the "
                + "wrong one.",
            ["Rename one by its UUID: `vgrename \(ids.last ?? "UUID") NEWNAME`."])
    }

    private mutating func addMissing(
        _ group: LVMVolumeGroup, _ missing: Set<String>, _ devices: [String: [String]],
        lost: [String]
    ) {
        let volumes = group.physicalVolumes.filter { missing.contains($0.name) }
        for volume in volumes {
            document.conflicts.append(
                .init(
                    kind: .missingPhysicalVolume, volumeGroup: group.name, id: volume.id,
                    devices: devices[volume.id] ?? [],
                    explanation: devices[volume.id] == nil ? "not found" : "marked missing"))
        }
        let list = volumes.prefix(5).map { volume in
            let hint = volume.deviceHint.map { ", last on \($0)" } ?? ""
            return "\(volume.id) (\(devices[volume.id]?.first ?? "not found")\(hint))"
        }.joined(separator: "; ")
        let more = volumes.count > 5 ? "; and \(volumes.count - 5) more" : ""
        let shown = lost.prefix(8).joined(separator: ", ")
        let lostMore = lost.count > 8 ? " and \(lost.count - 8) more" : ""
        addFinding(
            "physical-volume-missing", lost.isEmpty ? .major : .critical, object: group.name,
            device: nil,
            "The volume group \(group.name) lacks \(volumes.count) of its "
                + "\(group.physicalVolumes.count) physical volumes: \(list)\(more). "
                + (lost.isEmpty
                    ? "No visible logical volume has a part there."
                    : "These logical volumes have a part there: \(shown)\(lostMore)."),
            [
                "Look for the disk: cables, paths, multipath, and filters or the devices file of "
                    + "LVM.",
                "Where it is back but marked missing: `vgextend --restoremissing \(group.name) "
                    + "DEVICE`. RAID volumes: `lvconvert --repair \(group.name)/NAME`.",
                "Do not run `vgreduce --removemissing --force` before there is a backup: it "
                    + "removes logical volumes that have a part there.",
            ])
    }

    private mutating func addExported(_ group: LVMVolumeGroup) {
        addFinding(
            "exported", .notice, object: group.name, device: nil,
            "The volume group \(group.name) is exported: no host activates it.",
            ["`vgimport \(group.name)` takes it into use, when no other host has it."])
    }

    private mutating func addFinding(
        _ fault: String, _ severity: Finding.Severity, object: String, device: String?,
        _ reason: String, _ actions: [String]
    ) {
        findings.append(
            Finding(
                fault: "storage.lvm.\(fault)", severity: severity, collector: "storage",
                object: object, place: device.map { "/dev/" + $0 }, reason: reason,
                recommendedActions: actions, evidence: Self.evidence))
    }
}
