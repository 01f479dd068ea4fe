internal import DiagModel

/// Gives every node an id: what the thing itself claims to be, made unique where two claim it.
///
/// Two devices with one identity are not a fault: the paths of a multipath disk have it, and so
/// has a snapshot of a file system. All that claim one identity get a suffix, so that none of
/// them passes for the one.
struct NodeIdentities {
    /// What a node would be called.
    struct Claim {
        /// The kind, which the id begins with.
        var kind: Topology.Kind
        /// What it claims to be, for example `naa.5000c500a1b2c3d4`.
        var identity: String
        /// What tells it from another with the same identity, best first; the last is unique
        /// among the devices of a host: its name.
        var distinctions: [String]
    }

    private var given: Set<String> = []

    /// The ids for `claims`, in their order; none is equal to another or to one given before.
    mutating func assign(_ claims: [Claim]) -> [String] {
        var groups = [String: [Int]](minimumCapacity: claims.count)
        let bases = claims.map { "\($0.kind.rawValue):\(Self.plain($0.identity))" }
        for (index, base) in bases.enumerated() { groups[base, default: []].append(index) }
        var ids = bases
        // Those that are alone first, so that nobody's suffix takes their id away.
        for (index, base) in bases.enumerated() where groups[base]?.count == 1 {
            ids[index] = unique(base)
        }
        for base in groups.keys.sorted() {
            guard let group = groups[base], group.count > 1 else { continue }
            let rank = Self.distinguishing(group.map { claims[$0].distinctions })
            let named = group.map { index -> (suffix: String, name: String, index: Int) in
                let distinctions = claims[index].distinctions
                let suffix = rank < distinctions.count ? distinctions[rank] : ""
                return (Self.plain(suffix), distinctions.last ?? "", index)
            }
            for entry in named.sorted(by: { ($0.suffix, $0.name) < ($1.suffix, $1.name) }) {
                ids[entry.index] = unique("\(base)@\(entry.suffix)")
            }
        }
        return ids
    }

    /// The first distinction that all have and that is different for each; else the last.
    private static func distinguishing(_ distinctions: [[String]]) -> Int {
        let count = distinctions.map(\.count).min() ?? 0
        for rank in 0..<count {
            let values = Set(distinctions.map { $0[rank] })
            if values.count == distinctions.count, !values.contains("") { return rank }
        }
        return max(0, count - 1)
    }

    private mutating func unique(_ id: String) -> String {
        if given.insert(id).inserted { return id }
        var number = 2
        while !given.insert("\(id)#\(number)").inserted { number += 1 }
        return "\(id)#\(number)"
    }

    /// `text` without control characters and with each run of blanks as one `_`.
    static func plain(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 >= 0x80 }) else {
            return text
        }
        var plain = ""
        var isAfterBlank = false
        for scalar in text.unicodeScalars {
            let isBlank = scalar.value <= 0x20 || (0x7F..<0xA0).contains(scalar.value)
            if !isBlank {
                plain.unicodeScalars.append(scalar)
            } else if !isAfterBlank {
                plain += "_"
            }
            isAfterBlank = isBlank
        }
        return plain
    }
}

extension BlockDevice {
    /// What the device claims to be. `diskID` is the id of a partition's disk.
    func claim(diskID: String?) -> NodeIdentities.Claim {
        NodeIdentities.Claim(
            kind: kind, identity: identity(diskID: diskID),
            distinctions: [property("ID_PATH") ?? "", facts["scsi_address"] ?? "", name])
    }

    private func identity(diskID: String?) -> String {
        if let uuid = facts["dm/uuid"] { return "dm.\(uuid)" }
        if let name = facts["dm/name"] { return "dm-name.\(name)" }
        switch kind {
        case .partition:
            if let uuid = property("ID_PART_ENTRY_UUID") ?? facts["PARTUUID"] {
                return "uuid.\(uuid.lowercased())"
            }
            let disk = diskID.map { $0.drop { $0 != ":" }.dropFirst() } ?? ""
            return "\(disk)-part\(facts["partition"] ?? name)"
        case .array:
            if let uuid = property("MD_UUID") ?? facts["md/uuid"] { return "uuid.\(uuid)" }
        case .disk:
            if let identity = facts["wwid"] { return identity }
            if let name = property("ID_WWN_WITH_EXTENSION") ?? property("ID_WWN") {
                return "wwn.\(name)"
            }
            if let serial = property("ID_SERIAL") { return "serial.\(serial)" }
            if let serial = facts["serial"] {
                return "serial.\(serial)" + (facts["nsid"].map { "-ns\($0)" } ?? "")
            }
        default: break
        }
        return "name.\(name)"
    }
}
