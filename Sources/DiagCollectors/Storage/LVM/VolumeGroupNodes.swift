internal import DiagFormats
internal import DiagModel

/// Puts volume groups into the graph, between the devices that carry them and their volumes.
struct VolumeGroupNodes {
    private let assembly: VolumeGroupAssembly

    /// The groups that the records of the metadata probe tell of; `devices` are all block devices.
    ///
    /// A physical volume on a logical volume is a guest's, unless this host uses it. `isNarrowed`
    /// says that only some devices were asked.
    ///
    /// - Returns: `nil` when no device is a physical volume.
    init?(_ records: [ProbeRecord], devices: [BlockDevice], isNarrowed: Bool = false) {
        let places = PhysicalVolumePlaces(devices)
        let read = records.filter { $0.kind == MetadataProbe.kindName }
        let volumes = read.compactMap { record -> VolumeGroupAssembly.Volume? in
            guard let id = record.facts["lvmPhysicalVolumeUUID"]?.text else { return nil }
            let name = String(record.target.dropFirst("/dev/".utf8.count))
            guard !places.guests.contains(name) else { return nil }
            var isValid: Bool?
            if case .bool(let value)? = record.facts["isLVMMetadataChecksumValid"] {
                isValid = value
            }
            return .init(
                device: name, pvUUID: id,
                metadataText: record.details?["lvmMetadataText"]?.text.map { Array($0.utf8) },
                isTextValid: isValid, isHeld: places.held.contains(name))
        }
        guard !volumes.isEmpty else { return nil }
        assembly = VolumeGroupAssembly(
            volumes, isComplete: !isNarrowed && places.isComplete(read))
    }

    /// `lvm.json`.
    var document: LVMDocument { assembly.document }
    /// What is wrong with the groups.
    var findings: [Finding] { assembly.findings }

    /// Adds the groups, and the volumes that are not active.
    func add(to graph: inout StorageGraph) {
        let artifact = "storage/lvm.json"
        for group in document.volumeGroups {
            let id = "volumeGroup:uuid.\(group.id)"
            graph.add(
                .init(
                    id: id, kind: .volumeGroup, name: group.name, byteCount: group.byteCount,
                    attributes: [
                        "lvm/uuid": .string(group.id), "lvm/seqno": .integer(group.seqno),
                        "lvm/freeByteCount": .integer(group.freeByteCount),
                        "lvm/extentByteCount": .integer(group.extentByteCount),
                        "lvm/isPartial": .bool(group.isPartial),
                    ], artifacts: ["lvm": artifact]))
            graph.name(group.name, id)
            let key = "LVM-" + group.id.filter { $0 != "-" }
            let volumes = document.logicalVolumes.filter { $0.volumeGroupID == group.id }
            let extents = ExtentDevices(document, of: group.id)
            let ids = volumes.compactMap {
                add($0, in: group, on: extents.devices(of: $0.name), artifact, to: &graph)
            }
            // A snapshot stands on another volume alone, and is no direct part of the group.
            var direct = Set(ids.filter { graph[$0]?.attributes["active"] == false })
            for volume in document.physicalVolumes where volume.volumeGroupID == group.id {
                guard let device = volume.device.flatMap({ graph.id(of: $0) }) else { continue }
                graph.connect(device, .carries, id)
                for node in graph.carried(by: device)
                where graph[node]?.kind == .logicalVolume && node.contains(key) {
                    direct.insert(node)
                }
            }
            for volume in direct { graph.connect(id, .contains, volume) }
        }
    }

    private func add(
        _ volume: LVMDocument.LogicalVolume, in group: LVMDocument.VolumeGroup,
        on devices: [String], _ artifact: String, to graph: inout StorageGraph
    ) -> String? {
        let plain = "logicalVolume:dm.\(volume.deviceMapperUUID)"
        // A pool is known by the device over it, other hidden layers by what they are.
        let id =
            ["", "-pool", "-tpool", "-vpool", "-real", "-cow"].map { plain + $0 }
            .first { graph[$0] != nil } ?? plain
        if graph[id] == nil {
            // Hidden parts of volumes that are not active are in the document.
            guard volume.isVisible else { return nil }
            graph.add(
                .init(
                    id: id, kind: .logicalVolume, name: "\(group.name)/\(volume.name)",
                    byteCount: volume.byteCount, attributes: ["active": false]))
        }
        var facts: [String: JSONValue] = [
            "uuid": .string(volume.id), "name": .string(volume.name),
            "volumeGroup": .string(group.name), "byteCount": .integer(volume.byteCount),
            "types": .array(volume.types.map { .string($0) }),
            "isPartial": .bool(volume.isPartial),
            "devices": .array(devices.map { .string($0) }),
        ]
        facts["origin"] = volume.origin.map { .string($0) }
        facts["pool"] = volume.pool.map { .string($0) }
        graph.add(facts, under: "lvm", artifact: artifact, to: id)
        return id
    }
}
