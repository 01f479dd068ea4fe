internal import DiagModel

/// The records of the mounts of one file system.
struct MountGroup {
    /// The records, in their order.
    private(set) var records: [ProbeRecord]

    /// The target with the shortest path of `records`, and which others there are in words.
    ///
    /// - Returns: for example `/srv` and ` (also mounted at 2 more places)`.
    static func place(of records: [ProbeRecord]) -> (object: String, more: String)? {
        let targets = Set(records.map(\.target))
        let first = targets.min {
            ($0.utf8.count, $0) < ($1.utf8.count, $1)
        }
        guard let first else { return nil }
        let others = targets.count - 1
        let more =
            others == 0
            ? "" : " (also mounted at \(others) more \(others == 1 ? "place" : "places"))"
        return (first, more)
    }

    /// `records` by file system, in the order of each one's first record.
    ///
    /// The number of the device tells them apart: that of the mount table where it is known, for
    /// the subvolumes of btrfs have a number each when they are asked. An overlay counts to the
    /// file system that its layers lie on, whose space it gives as its own.
    static func groups(of records: [ProbeRecord]) -> [MountGroup] {
        let bases = Dictionary(grouping: records.filter { !isOverlay($0) }) {
            integer("byteCount", $0) ?? 0
        }
        var order = [Key]()
        var groups = [Key: MountGroup]()
        for (index, record) in records.enumerated() {
            let key = key(of: base(of: record, among: bases) ?? record, at: index)
            if groups[key] == nil { order.append(key) }
            groups[key, default: MountGroup(records: [])].records.append(record)
        }
        return order.compactMap { groups[$0] }
    }

    private enum Key: Hashable {
        case device(String, type: String)
        case space(type: String, byteCount: Int64?, freeByteCount: Int64?)
        /// A record that tells nothing of its file system.
        case alone(Int)
    }

    private static func key(of record: ProbeRecord, at index: Int) -> Key {
        let type = record.facts["magic"]?.text
        if let type, isOverlay(record) || type == btrfs && record.facts["device"] == nil {
            return .space(
                type: type, byteCount: integer("byteCount", record),
                freeByteCount: integer("freeByteCount", record))
        }
        guard let device = (record.facts["device"] ?? record.facts["dev"])?.text else {
            return .alone(index)
        }
        return .device(device, type: type ?? record.facts["fileSystemType"]?.text ?? "")
    }

    private static let btrfs = "0x9123683e"

    private static func isOverlay(_ record: ProbeRecord) -> Bool {
        record.facts["magic"]?.text == "0x794c7630"
    }

    /// The record of the file system that an overlay lies on.
    ///
    /// It has the same size; what is free may have changed between the two answers, a little.
    private static func base(
        of record: ProbeRecord, among bases: [Int64: [ProbeRecord]]
    ) -> ProbeRecord? {
        guard isOverlay(record), let byteCount = integer("byteCount", record), byteCount > 0,
            let free = integer("freeByteCount", record)
        else { return nil }
        let candidates = (bases[byteCount] ?? []).compactMap { base in
            integer("freeByteCount", base).map { (base, max($0, free) - min($0, free)) }
        }
        return candidates.min { $0.1 < $1.1 }.flatMap { $0.1 <= byteCount / 100 ? $0.0 : nil }
    }

    private static func integer(_ name: String, _ record: ProbeRecord) -> Int64? {
        guard case .integer(let value)? = record.facts[name], value >= 0 else { return nil }
        return value
    }
}
