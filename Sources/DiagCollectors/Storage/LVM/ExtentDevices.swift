internal import DiagFormats
internal import DiagModel

/// Finds the devices that hold the extents of a group's logical volumes.
struct ExtentDevices {
    private var devices: [String: String] = [:]
    private var parts: [String: [String]] = [:]

    /// Over the group with that UUID.
    init(_ document: LVMDocument, of group: String) {
        for volume in document.physicalVolumes where volume.volumeGroupID == group {
            devices[volume.name] = volume.device
        }
        for volume in document.logicalVolumes where volume.volumeGroupID == group {
            parts[volume.name] = volume.segments.flatMap(Self.parts)
        }
    }

    /// The kernel's names of the devices, in order, that the volume called `name` has extents on,
    /// itself or through its pool, cache or images. A device that was not found is left out.
    func devices(of name: String) -> [String] {
        var seen: Set<String> = [name]
        var found = Set<String>()
        var pending = [name]
        while let next = pending.popLast() {
            for part in parts[next] ?? [] where seen.insert(part).inserted {
                if let device = devices[part] { found.insert(device) } else { pending.append(part) }
            }
        }
        return found.sorted(by: NaturalOrder.precedes)
    }

    private static func parts(of segment: LVMSegment) -> [String] {
        // A thin snapshot's origin is in the same pool, and may be one of a long chain.
        let origin =
            segment.type == "thin" ? segment.settings["external_origin"]?.text : segment.origin
        return segment.places.map(\.name) + segment.metadataVolumes
            + [
                origin, segment.cowStore, segment.pool, segment.dataVolume, segment.metadataVolume,
                segment.mirrorLog,
            ].compactMap(\.self)
    }
}
