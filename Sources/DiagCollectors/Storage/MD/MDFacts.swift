internal import DiagFormats
internal import DiagModel

/// The essentials of an array, for its node and for those of its members.
enum MDFacts {
    /// The facts of one array, each by a name that says its unit.
    static func facts(of array: MDDocument) -> [String: JSONValue] {
        var facts = [String: JSONValue]()
        facts["level"] = array.level.map { .string($0) }
        facts["state"] = array.state.map { .string($0) }
        facts["memberCount"] = array.memberCount.map { .integer($0) }
        facts["degradedCount"] = array.degradedCount.map { .integer($0) }
        facts["syncAction"] = array.syncAction.map { .string($0) }
        facts["syncPercent"] = array.syncedSectors?.percent.map { .number($0) }
        facts["syncSpeedKibibytesPerSecond"] = array.syncSpeedKibibytesPerSecond.map {
            .integer($0)
        }
        facts["mismatchCount"] = array.mismatchCount.map { .integer($0) }
        facts["uuid"] = array.uuid.map { .string($0) }
        facts["metadataVersion"] = array.metadataVersion.map { .string($0) }
        facts["consistencyPolicy"] = array.attributes["consistency_policy"].map { .string($0) }
        facts["reshapePosition"] = array.attributes["reshape_position"].map { .string($0) }
        facts["lastSyncAction"] = array.attributes["last_sync_action"].map { .string($0) }
        facts["emptySlots"] = .array(array.emptySlots.map { .integer($0) })
        facts["members"] = .object(
            Dictionary(
                array.members.map { ($0.name, self.facts(of: $0)) },
                uniquingKeysWith: { first, _ in first }))
        return facts
    }

    private static func facts(of member: MDDocument.Member) -> JSONValue {
        var facts: [String: JSONValue] = ["state": .string(member.states.joined(separator: ","))]
        facts["slot"] = member.slot.map { .integer($0) }
        facts["errors"] = member.correctedErrorCount.map { .integer($0) }
        if !member.badBlocks.isEmpty {
            facts["badBlockRanges"] = .integer(member.badBlocks.count)
            facts["badSectors"] = .integer(
                member.badBlocks.reduce(UInt64(0)) { $0 &+ $1.sectorCount })
            facts["firstBadSector"] = member.badBlocks.first.map { .integer($0.sector) }
        }
        if !member.unacknowledgedBadBlocks.isEmpty {
            facts["unacknowledgedBadBlockRanges"] = .integer(member.unacknowledgedBadBlocks.count)
        }
        facts["recoveryStartSector"] = member.recoveryStartSector.map { .integer($0) }
        return .object(facts)
    }

    /// The facts of an array as /proc/mdstat shows it.
    static func facts(of array: MDStatusTable.Array) -> JSONValue {
        var facts: [String: JSONValue] = ["state": .string(array.state)]
        facts["level"] = array.level.map { .string($0) }
        facts["health"] = array.health.map { .string($0) }
        facts["restriction"] = array.restriction.map { .string($0) }
        facts["bitmap"] = array.bitmap.map { .string($0) }
        facts["action"] = array.progress.map { .string($0.action) }
        facts["percent"] = array.progress?.percent.map { .number($0) }
        facts["waiting"] = array.progress?.waiting.map { .string($0) }
        facts["minutesLeft"] = array.progress?.minutesLeft.map { .number($0) }
        return .object(facts)
    }
}
