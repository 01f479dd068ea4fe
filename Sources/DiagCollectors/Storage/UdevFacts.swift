internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What the graph needs of one udev record.
struct UdevFacts {
    /// The properties that the graph uses.
    var properties: [String: String]
    /// The links to the device below /dev, without that prefix.
    var links: [String]

    /// `EFI system` of `EFI\x20system`; what is not UTF-8 then is escaped as everywhere.
    static func plain(_ text: String) -> String {
        guard text.utf8.contains(0x5C) else { return text }
        let bytes = Array(text.utf8)
        var plain = [UInt8]()
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x5C, index + 3 < bytes.count, bytes[index + 1] == 0x78,
                let value = UInt8(
                    String(decoding: bytes[(index + 2)...(index + 3)], as: UTF8.self), radix: 16)
            {
                plain.append(value)
                index += 4
            } else {
                plain.append(bytes[index])
                index += 1
            }
        }
        return UntrustedText.escapingInvalidUTF8(plain)
    }

    private static let used: Set<String> = [
        "DM_LV_NAME", "DM_VG_NAME", "ID_BUS", "ID_CDROM_MEDIA", "ID_FS_LABEL", "ID_FS_TYPE",
        "ID_FS_USAGE",
        "ID_FS_UUID", "ID_FS_VERSION", "ID_MODEL", "ID_PART_ENTRY_NAME", "ID_PART_ENTRY_TYPE",
        "ID_PART_ENTRY_UUID", "ID_PART_TABLE_TYPE", "ID_PART_TABLE_UUID", "ID_PATH",
        "ID_REVISION", "ID_SERIAL", "ID_SERIAL_SHORT", "ID_VENDOR", "ID_WWN",
        "ID_WWN_WITH_EXTENSION", "MD_LEVEL", "MD_NAME", "MD_UUID",
    ]

    /// What the graph needs of `record`.
    init(_ record: UdevRecord) {
        properties = record.properties.filter { Self.used.contains($0.key) && !$0.value.isEmpty }
        // udev writes what it does not trust as \xNN; the label has such a form beside it.
        if let label = record.properties["ID_FS_LABEL_ENC"], !label.isEmpty {
            properties["ID_FS_LABEL"] = Self.plain(label)
        }
        if let name = properties["ID_PART_ENTRY_NAME"] {
            properties["ID_PART_ENTRY_NAME"] = Self.plain(name)
        }
        links = record.links
    }
}

/// The block devices in udev's database.
struct UdevDatabase {
    /// What it knows of each device.
    private(set) var facts: [DeviceNumber: UdevFacts] = [:]

    /// Reads the records of all block devices and sends them as one text, each under its path.
    init(in context: CollectionContext, into sink: any CollectionSink) throws {
        let folder = "/run/udev/data"
        let directory: Directory
        let entries: [Directory.Entry]
        do throws(SystemCallError) {
            directory = try context.root.directory("/run/udev/data")
            entries = try directory.entries()
        } catch {
            try context.report(error, on: "/run/udev/data", into: sink)
            return
        }
        try sink.open(
            .init(
                path: "udev-database.txt", source: folder, mediaType: "text/plain",
                privacy: .identity))
        let limit = context.byteBudget / 3
        var sent: Int64 = 0
        var page = [UInt8](repeating: 0, count: 32_768)
        for entry in entries {
            let name = entry.name.string
            guard name.utf8.first == 0x62,  // b
                let number = DeviceNumber(parsing: Array(name.utf8.dropFirst())[...]),
                let count = directory.attribute(name, into: &page), count > 0
            else { continue }
            let text = Array(page[..<count])
            facts[number] = UdevFacts(UdevRecord(parsing: text))
            guard sent < limit else { continue }
            var bytes = Array("# \(folder)/\(name)\n".utf8) + text
            if bytes.last != 0x0A { bytes.append(0x0A) }
            bytes.append(0x0A)
            sent += Int64(bytes.count)
            try sink.write(bytes.span)
            if sent >= limit {
                try sink.send(.truncated(.init(why: "only the first \(sent) bytes are kept")))
            }
        }
    }
}
