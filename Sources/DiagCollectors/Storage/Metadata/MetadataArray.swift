internal import DiagModel

/// The records of the members of one md array.
struct MetadataArray {
    /// The members, in the order of the records.
    let members: [ProbeRecord]
    /// The most events that any member has.
    let events: UInt64

    private init(_ members: [ProbeRecord]) {
        self.members = members
        events = members.map(Self.events).max() ?? 0
    }

    /// The arrays whose members are among `records`, by their UUIDs.
    ///
    /// A superblock with a wrong checksum says nothing, and one that was read through a path or
    /// a partition of the same end counts once, by the member's own UUID.
    static func arrays(of records: [ProbeRecord]) -> [MetadataArray] {
        var groups = [String: [ProbeRecord]]()
        var seen = Set<String>()
        for record in records where record.facts["mdIsChecksumValid"] == true {
            guard let uuid = record.facts["mdArrayUUID"]?.text else { continue }
            if let own = record.facts["mdDeviceUUID"]?.text, !seen.insert(uuid + own).inserted {
                continue
            }
            groups[uuid, default: []].append(record)
        }
        return groups.sorted { $0.key < $1.key }.map { MetadataArray($0.value) }
    }

    static func events(of record: ProbeRecord) -> UInt64 {
        switch record.facts["mdEvents"] {
        case .integer(let value): UInt64(clamping: value)
        case .unsigned(let value): value
        default: 0
        }
    }

    /// The members with the most events: what they say of the array is true.
    var newest: [ProbeRecord] { members.filter { Self.events(of: $0) == events } }

    /// What people call the array.
    var name: String {
        newest.first?.facts["mdArrayName"]?.text ?? newest.first?.facts["mdArrayUUID"]?.text ?? "md"
    }

    /// Its level.
    var level: String { newest.first?.facts["mdLevel"]?.text ?? "" }

    /// Whether it has copies or parity that a missing member takes away.
    var isRedundant: Bool { ["raid1", "raid4", "raid5", "raid6", "raid10"].contains(level) }

    /// A letter for each slot, as the newest superblock has it.
    var state: String { newest.first?.facts["mdArrayState"]?.text ?? "" }

    /// How many slots have no member.
    var missingSlotCount: Int { state.utf8.count { $0 == 0x2E } }

    /// How many slots there are.
    var raidDisks: Int { state.utf8.count }

    /// The members that were left behind.
    ///
    /// The superblocks of a running array are read one after the other while it counts on, so that
    /// being behind counts only with an older time of writing, or where the newest say that a
    /// member is missing. Spares are not always written.
    var staleMembers: [ProbeRecord] {
        let time = newest.compactMap(Self.updateTime).max()
        return members.filter { record in
            guard Self.events(of: record).addingReportingOverflow(1).partialValue < events,
                record.facts["mdRole"]?.text != "spare"
            else { return false }
            if missingSlotCount > 0 { return true }
            guard let time, let own = Self.updateTime(of: record) else { return false }
            return time.microsecondsSince1970 - own.microsecondsSince1970 >= 10_000_000
        }
    }

    private static func updateTime(of record: ProbeRecord) -> Timestamp? {
        record.facts["mdUpdateTime"]?.text.flatMap { Timestamp($0) }
    }
}
