internal import DiagFormats
internal import DiagModel

extension MetadataReader {
    /// The superblock of a file system, or the head of a swap area.
    static let fileSystem = MetadataReader("fileSystem") { source in
        guard let file = FileSystemMetadata.identify(reading(source)) else { return nil }
        return MetadataPart(
            members: ["fileSystem": JSONValue(encoding: file)], facts: file.facts,
            problems: file.faults)
    }

    /// The label and the metadata of an LVM physical volume.
    ///
    /// The text of the metadata is kept as it is; it holds no secret. The collector is told it too,
    /// to put the volume group together.
    static let lvmPhysicalVolume = MetadataReader("lvmPhysicalVolume") { source in
        guard let (volume, text) = LVMPhysicalVolumeMetadata.read(reading(source)) else {
            return nil
        }
        var part = MetadataPart(
            members: ["lvmPhysicalVolume": JSONValue(encoding: volume)], facts: volume.facts)
        part.problems = [volume.fault].compactMap(\.self)
        if volume.isTextChecksumValid == false {
            part.problems.append("the checksum of the LVM metadata is wrong")
        }
        if let text {
            let offset = volume.metadataAreas.first?.offset ?? 0
            part.raw.append(("lvm-metadata", offset, text))
            if text.count <= textLimit {
                part.details["lvmMetadataText"] = .string(String(decoding: text, as: UTF8.self))
            } else {
                part.problems.append(
                    "the LVM metadata have \(text.count) bytes: too many to be joined")
            }
        }
        return part
    }

    /// One record may have a MiB, and text grows by its escapes.
    private static let textLimit = 512 << 10

    private static func reading(_ source: any MetadataSource) -> FileSystemSource {
        FileSystemSource { offset, count in
            guard offset < source.byteCount else { return nil }
            let rest = source.byteCount - offset
            return source.bytes(Int(min(UInt64(count), rest)), at: offset)
        }
    }
}
