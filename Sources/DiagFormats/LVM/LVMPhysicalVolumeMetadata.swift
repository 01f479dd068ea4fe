public import DiagModel

/// A physical volume as it is read from one device: a part of a document.
public struct LVMPhysicalVolumeMetadata: Codable, Hashable, Sendable {
    /// The label and the header behind it.
    public let label: LVMLabel
    /// The heads of the metadata areas that could be read.
    public let metadataAreas: [LVMMetadataArea]
    /// Whether the text that counts has the checksum that its head gives; `nil` without a text.
    public let isTextChecksumValid: Bool?
    /// What the text says, in short; `nil` when there is none or it cannot be read.
    public let volumeGroup: Summary?
    /// Why the text cannot be read.
    public let fault: String?

    /// Which volume group the volume is of.
    public struct Summary: Codable, Hashable, Sendable {
        /// The group's name.
        public let name: String
        /// The group's UUID.
        public let id: String
        /// Counts the changes of the metadata.
        public let seqno: Int64
    }

    /// Reads what is on the device that `source` reads, and gives the metadata text with it.
    ///
    /// Of several areas the first with a text counts. `nil` when it is no physical volume.
    public static func read(
        _ source: FileSystemSource
    ) -> (metadata: LVMPhysicalVolumeMetadata, text: [UInt8]?)? {
        guard let head = source.read(LVMLabel.region.offset, LVMLabel.region.count),
            let label = try? LVMLabel(parsing: head.span)
        else { return nil }
        var areas = [LVMMetadataArea]()
        var text: [UInt8]?
        var isValid: Bool?
        for area in label.metadataAreas {
            guard let bytes = source.read(area.offset, LVMMetadataArea.headerByteCount),
                let head = try? LVMMetadataArea(parsing: bytes.span)
            else { continue }
            areas.append(head)
            guard isValid != true, head.offset == area.offset else { continue }
            let regions = head.textRegions
            let pieces = regions.compactMap { source.read($0.offset, $0.count) }
            guard !regions.isEmpty, pieces.count == regions.count else { continue }
            let joined = Array(pieces.joined())
            let isSound = head.isValid(text: joined)
            if text == nil || isSound {
                text = joined
                isValid = isSound
            }
        }
        var summary: Summary?
        var fault: String?
        if let text {
            do throws(FormatError) {
                let group = try LVMVolumeGroup(parsing: text.span)
                summary = Summary(name: group.name, id: group.id, seqno: group.seqno)
            } catch {
                fault = error.description
            }
        }
        let metadata = LVMPhysicalVolumeMetadata(
            label: label, metadataAreas: areas, isTextChecksumValid: isValid,
            volumeGroup: summary, fault: fault)
        return (metadata, text)
    }

    /// What the graph needs, flat: `lvmPhysicalVolumeUUID`, `lvmVolumeGroup`, and so on.
    public var facts: [String: JSONValue] {
        var facts: [String: JSONValue] = [
            "lvmPhysicalVolumeUUID": .string(label.uuid),
            "lvmDeviceByteCount": .integer(label.deviceByteCount),
            "isLVMLabelChecksumValid": .bool(label.isChecksumValid),
            "lvmMetadataAreaCount": .integer(label.metadataAreas.count),
        ]
        if let volumeGroup {
            facts["lvmVolumeGroup"] = .string(volumeGroup.name)
            facts["lvmVolumeGroupUUID"] = .string(volumeGroup.id)
            facts["lvmSeqno"] = .integer(volumeGroup.seqno)
        }
        if let isTextChecksumValid {
            facts["isLVMMetadataChecksumValid"] = .bool(isTextChecksumValid)
        }
        if let fault { facts["lvmFault"] = .string(fault) }
        return facts
    }
}
