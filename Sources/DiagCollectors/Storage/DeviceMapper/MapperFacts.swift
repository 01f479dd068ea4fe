internal import DiagFormats
internal import DiagModel

/// The essentials of one mapped device, for its node in the graph.
enum MapperFacts {
    /// The facts of `device`, each by a name that says its unit.
    static func facts(of device: MapperDevice) -> [String: JSONValue] {
        var facts: [String: JSONValue] = [
            "name": .string(device.name), "openCount": .integer(Int64(device.openCount)),
            "isReadOnly": .bool(device.isReadOnly),
        ]
        if let uuid = device.uuid { facts["uuid"] = .string(uuid) }
        // Suspended since sysfs was read.
        if device.isSuspended { facts["isSuspended"] = true }
        if device.hasInactiveTable { facts["hasInactiveTable"] = true }
        let types = Set(device.targets.map(\.type)).sorted()
        if types.count == 1 {
            facts["target"] = .string(types[0])
        } else if !types.isEmpty {
            facts["target"] = .string(types.joined(separator: " "))
        }
        let errorSectors = device.targets.filter { $0.type == "error" }
            .reduce(UInt64(0)) { $0 &+ $1.sectorCount }
        if errorSectors > 0 { facts["errorSectors"] = .integer(errorSectors) }
        // A device of these kinds has one target; of several, the first speaks for the device.
        for target in device.targets.reversed() {
            if let table = target.table { add(table, to: &facts) }
            if let status = target.status { add(status, to: &facts) }
        }
        return facts
    }

    private static func add(_ table: MapperTable, to facts: inout [String: JSONValue]) {
        if let crypt = table.crypt { facts["cipher"] = .string(crypt.cipher) }
        if let pool = table.thinPool {
            facts["metadataDevice"] = .string(pool.metadataDevice)
            facts["dataDevice"] = .string(pool.dataDevice)
        }
        if let multipath = table.multipath {
            facts["queuesWithoutPath"] = .bool(multipath.queuesWithoutPath)
            facts["paths"] = .integer(multipath.paths.count)
            if !multipath.hardwareHandler.isEmpty {
                facts["hardwareHandler"] = .string(
                    multipath.hardwareHandler.joined(separator: " "))
            }
        }
    }

    private static func add(_ status: MapperStatus, to facts: inout [String: JSONValue]) {
        if let pool = status.thinPool {
            facts["mode"] = .string(pool.mode)
            facts["needsCheck"] = .bool(pool.needsCheck)
            facts["dataUsedPercent"] = number(pool.dataBlocks?.percent)
            facts["metadataUsedPercent"] = number(pool.metadataBlocks?.percent)
            facts["whenFull"] = pool.whenFull.map { .string($0) }
            facts["transactionID"] = pool.transactionID.map { .integer($0) }
        }
        if let thin = status.thin {
            facts["state"] = .string(thin.state)
            facts["mappedSectors"] = thin.mappedSectors.map { .integer($0) }
        }
        if let snapshot = status.snapshot {
            facts["state"] = .string(snapshot.state)
            facts["usedPercent"] = number(snapshot.sectors?.percent)
        }
        if let cache = status.cache {
            facts["mode"] = .string(cache.mode)
            facts["needsCheck"] = .bool(cache.needsCheck)
            facts["usedPercent"] = number(cache.cacheBlocks?.percent)
            facts["metadataUsedPercent"] = number(cache.metadataBlocks?.percent)
            facts["dirtyBlocks"] = cache.dirtyBlocks.map { .integer($0) }
            facts["readHits"] = cache.readHits.map { .integer($0) }
            facts["readMisses"] = cache.readMisses.map { .integer($0) }
        }
        if let cache = status.writeCache { facts["error"] = .integer(cache.error) }
        if let raid = status.raid {
            facts["level"] = .string(raid.level)
            facts["health"] = .string(raid.health)
            facts["action"] = raid.action.map { .string($0) }
            facts["syncPercent"] = number(raid.syncSectors?.percent)
            facts["mismatchCount"] = raid.mismatchCount.map { .integer($0) }
            facts["journal"] = raid.journal.map { .string($0) }
        }
        if let mirror = status.mirror {
            facts["health"] = .string(mirror.health)
            facts["syncPercent"] = number(mirror.regions.percent)
        }
        if let striped = status.striped { facts["health"] = .string(striped.health) }
        if let integrity = status.integrity {
            facts["mismatchCount"] = .integer(integrity.mismatchCount)
        }
        if let verity = status.verity { facts["isCorrupted"] = .bool(verity.isCorrupted) }
        if let vdo = status.vdo {
            facts["mode"] = .string(vdo.mode)
            facts["usedPercent"] = number(vdo.physicalBlocks.percent)
            facts["indexState"] = .string(vdo.indexState)
        }
        if let clone = status.clone {
            facts["mode"] = .string(clone.mode)
            facts["copiedPercent"] = number(clone.regions?.percent)
        }
        if let era = status.era { facts["state"] = .string(era.state) }
        if let multipath = status.multipath {
            let paths = multipath.paths
            facts["paths"] = .integer(paths.count)
            facts["failedPaths"] = .integer(paths.count { $0.state == "F" })
            facts["pathGroups"] = .integer(multipath.groups.count)
            facts["pathStates"] = .object(
                Dictionary(
                    paths.map { path in
                        (
                            path.device,
                            .string(
                                path.state == "A"
                                    ? "active" : path.state == "F" ? "failed" : "unknown")
                        )
                    }, uniquingKeysWith: { $1 }))
        }
    }

    private static func number(_ percent: Double?) -> JSONValue? { percent.map { .number($0) } }
}
