internal import DiagModel

/// What udev knows of one device: a file below /run/udev/data.
///
/// Source: `device_update_db` and `handle_db_line`, src/libsystemd/sd-device of systemd 257.
public struct UdevRecord: Hashable, Sendable {
    /// The links to the device below /dev, without that prefix, in the record's order.
    public let links: [String]
    /// The properties (`E:` lines); of two with one name the last counts.
    public let properties: [String: String]
    /// The tags (`G:` lines), in the record's order.
    public let tags: [String]
    /// Microseconds after the start of the kernel when udev first finished the device.
    public let initializedMicroseconds: UInt64?
    /// Which of several devices gets a link that they all claim: the highest.
    public let linkPriority: Int64?

    /// Reads a record; lines of a kind that is not known here are passed over.
    public init(parsing bytes: [UInt8]) {
        var links = [String]()
        var properties = [String: String]()
        var tags = [String]()
        var initialized: UInt64?
        var priority: Int64?
        TableText.forEachLine(of: bytes) { _, line in
            guard line.count > 2, line[line.startIndex + 1] == 0x3A else { return }
            let value = line.dropFirst(2)
            switch line[line.startIndex] {
            case 0x53: links.append(UntrustedText.escapingInvalidUTF8(value))  // S
            case 0x47: tags.append(UntrustedText.escapingInvalidUTF8(value))  // G
            case 0x49: initialized = TableText.integer(value)  // I
            case 0x4C: priority = TableText.integer(value)  // L
            case 0x45:  // E
                guard let equals = value.firstIndex(of: 0x3D), equals > value.startIndex else {
                    return
                }
                properties[UntrustedText.escapingInvalidUTF8(value[..<equals])] =
                    UntrustedText.escapingInvalidUTF8(value[(equals + 1)...])
            default: return
            }
        }
        self.links = links
        self.properties = properties
        self.tags = tags
        initializedMicroseconds = initialized
        linkPriority = priority
    }

    /// The property called `name`, unless it is empty.
    public subscript(name: String) -> String? {
        guard let value = properties[name], !value.isEmpty else { return nil }
        return value
    }
}
