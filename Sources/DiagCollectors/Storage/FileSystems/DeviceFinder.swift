internal import DiagFormats
internal import DiagModel

/// Finds the device that a line of /etc/fstab means, from udev's database and links.
struct DeviceFinder {
    /// What was found.
    enum Answer: Equatable {
        /// The kernel's name of the device.
        case found(String)
        /// There is no such device.
        case missing
        /// The source names no device, or nothing is known of the host's devices.
        case unknown
    }

    private var names: Set<String> = []
    private var byPath: [String: String] = [:]
    private var byTag: [String: String] = [:]
    private let knowsTags: Bool

    init(_ devices: [BlockDevice], links: DeviceLinks) {
        var knowsTags = !links.links.isEmpty
        for device in devices {
            names.insert(device.name)
            for link in device.udev?.links ?? [] { byPath["/dev/" + link] = device.name }
            for (tag, property) in [
                ("UUID", "ID_FS_UUID"), ("LABEL", "ID_FS_LABEL"),
                ("PARTUUID", "ID_PART_ENTRY_UUID"), ("PARTLABEL", "ID_PART_ENTRY_NAME"),
            ] {
                guard let value = device.property(property) else { continue }
                knowsTags = true
                // Members of one btrfs share their UUID; any of them will do.
                byTag[Self.key(tag, value)] = byTag[Self.key(tag, value)] ?? device.name
            }
            if let name = device.facts["dm/name"] { byPath["/dev/mapper/" + name] = device.name }
            if let group = device.property("DM_VG_NAME"), let volume = device.property("DM_LV_NAME")
            {
                byPath["/dev/\(group)/\(volume)"] = device.name
            }
        }
        for link in links.links { byPath[link.path] = link.device }
        self.knowsTags = knowsTags
    }

    /// The device that `source` means.
    func find(_ source: String) -> Answer {
        guard !names.isEmpty else { return .unknown }
        for tag in ["UUID", "LABEL", "PARTUUID", "PARTLABEL"] where source.hasPrefix(tag + "=") {
            var value = String(source.dropFirst(tag.utf8.count + 1))
            if value.utf8.count >= 2, let mark = value.first, mark == "\"" || mark == "'",
                value.last == mark
            {
                value = String(value.dropFirst().dropLast())
            }
            if let name = byTag[Self.key(tag, value)] { return .found(name) }
            let link = "/dev/disk/by-\(tag.lowercased())/\(Self.encoded(value))"
            if let name = byPath[link] ?? byPath[link.lowercased()] { return .found(name) }
            return knowsTags ? .missing : .unknown
        }
        guard source.hasPrefix("/dev/") else { return .unknown }
        let name = String(source.dropFirst(5))
        if names.contains(name) { return .found(name) }
        if let name = byPath[source] { return .found(name) }
        // What udev did not name may still be a node that somebody made.
        let isKnownPlace =
            source.hasPrefix("/dev/disk/") || source.hasPrefix("/dev/mapper/")
            || !name.utf8.contains(0x2F)
        return isKnownPlace && (knowsTags || !name.utf8.contains(0x2F)) ? .missing : .unknown
    }

    /// UUIDs are compared without regard to case.
    private static func key(_ tag: String, _ value: String) -> String {
        tag + "=" + (tag.hasSuffix("UUID") ? value.lowercased() : value)
    }

    /// A label as udev writes it in a link's name. Source: `encode_devnode_name`,
    /// src/shared/device-nodes.c of systemd 257.
    private static func encoded(_ text: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars {
            let byte = scalar.value
            let isPlain =
                byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || "#+-.:=@_".unicodeScalars.contains(scalar)
            if isPlain {
                name.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16)
                name += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return name
    }
}
