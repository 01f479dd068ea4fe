/// What a table line says, as typed values: one member, for the kind of target.
///
/// A line of another kind, or one that this program does not understand, has none; its words are
/// kept in ``MapperLine``.
public struct MapperTable: Codable, Hashable, Sendable {
    /// Of `linear`.
    public var linear: MapperSegment?
    /// Of `striped`.
    public var striped: MapperStripedTable?
    /// Of `mirror`.
    public var mirror: MapperMirrorTable?
    /// Of `snapshot`, `snapshot-merge` and `snapshot-origin`.
    public var snapshot: MapperSnapshotTable?
    /// Of `thin-pool`.
    public var thinPool: MapperThinPoolTable?
    /// Of `thin`.
    public var thin: MapperThinTable?
    /// Of `cache`.
    public var cache: MapperCacheTable?
    /// Of `writecache`.
    public var writeCache: MapperWriteCacheTable?
    /// Of `raid`.
    public var raid: MapperRAIDTable?
    /// Of `crypt`.
    public var crypt: MapperCryptTable?
    /// Of `integrity`.
    public var integrity: MapperIntegrityTable?
    /// Of `verity`.
    public var verity: MapperVerityTable?
    /// Of `multipath`.
    public var multipath: MapperMultipath?
    /// Of `vdo`.
    public var vdo: MapperVDOTable?
    /// Of `delay`.
    public var delay: MapperDelayTable?
    /// Of `flakey`.
    public var flakey: MapperFlakeyTable?
    /// Of `era`.
    public var era: MapperEraTable?
    /// Of `clone`.
    public var clone: MapperCloneTable?

    /// Reads the parameters of a table line; `nil` for a kind of target without typed values.
    ///
    /// - Throws: when the words are not what the kind of target says.
    public init?(_ line: MapperLine) throws(FormatError) {
        var reader = MapperWordReader(line.words)
        switch line.type {
        case "linear": linear = try reader.segment("linear")
        case "striped": striped = try MapperStripedTable(&reader)
        case "mirror": mirror = try MapperMirrorTable(&reader)
        case "snapshot", "snapshot-merge", "snapshot-origin":
            snapshot = try MapperSnapshotTable(&reader, isOrigin: line.type == "snapshot-origin")
        case "thin-pool": thinPool = try MapperThinPoolTable(&reader)
        case "thin": thin = try MapperThinTable(&reader)
        case "cache": cache = try MapperCacheTable(&reader)
        case "writecache": writeCache = try MapperWriteCacheTable(&reader)
        case "raid": raid = try MapperRAIDTable(&reader)
        case "crypt": crypt = try MapperCryptTable(&reader)
        case "integrity": integrity = try MapperIntegrityTable(&reader)
        case "verity": verity = try MapperVerityTable(&reader)
        case "multipath": multipath = try MapperMultipath(&reader, form: .table)
        case "vdo": vdo = try MapperVDOTable(&reader)
        case "delay": delay = try MapperDelayTable(&reader)
        case "flakey": flakey = try MapperFlakeyTable(&reader)
        case "era": era = try MapperEraTable(&reader)
        case "clone": clone = try MapperCloneTable(&reader)
        default: return nil
        }
    }
}

/// What a status line says, as typed values: one member, for the kind of target.
public struct MapperStatus: Codable, Hashable, Sendable {
    /// Of `striped`.
    public var striped: MapperStripedStatus?
    /// Of `mirror`.
    public var mirror: MapperMirrorStatus?
    /// Of `snapshot` and `snapshot-merge`.
    public var snapshot: MapperSnapshotStatus?
    /// Of `thin-pool`.
    public var thinPool: MapperThinPoolStatus?
    /// Of `thin`.
    public var thin: MapperThinStatus?
    /// Of `cache`.
    public var cache: MapperCacheStatus?
    /// Of `writecache`.
    public var writeCache: MapperWriteCacheStatus?
    /// Of `raid`.
    public var raid: MapperRAIDStatus?
    /// Of `integrity`.
    public var integrity: MapperIntegrityStatus?
    /// Of `verity`.
    public var verity: MapperVerityStatus?
    /// Of `multipath`.
    public var multipath: MapperMultipath?
    /// Of `vdo`.
    public var vdo: MapperVDOStatus?
    /// Of `era`.
    public var era: MapperEraStatus?
    /// Of `clone`.
    public var clone: MapperCloneStatus?

    /// Reads the words of a status line; `nil` for a kind of target that says nothing.
    ///
    /// - Throws: when the words are not what the kind of target says.
    public init?(_ line: MapperLine) throws(FormatError) {
        var reader = MapperWordReader(line.words)
        switch line.type {
        case "striped": striped = try MapperStripedStatus(&reader)
        case "mirror": mirror = try MapperMirrorStatus(&reader)
        case "snapshot", "snapshot-merge": snapshot = try MapperSnapshotStatus(&reader)
        case "thin-pool": thinPool = try MapperThinPoolStatus(&reader)
        case "thin": thin = try MapperThinStatus(&reader)
        case "cache": cache = try MapperCacheStatus(&reader)
        case "writecache": writeCache = try MapperWriteCacheStatus(&reader)
        case "raid": raid = try MapperRAIDStatus(&reader)
        case "integrity": integrity = try MapperIntegrityStatus(&reader)
        case "verity": verity = try MapperVerityStatus(&reader)
        case "multipath": multipath = try MapperMultipath(&reader, form: .status)
        case "vdo": vdo = try MapperVDOStatus(&reader)
        case "era": era = try MapperEraStatus(&reader)
        case "clone": clone = try MapperCloneStatus(&reader)
        default: return nil
        }
    }
}
