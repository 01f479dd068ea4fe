internal import DiagFormats
internal import DiagModel

extension NVMeProbe {
    /// The values of `document` that people and the graph need.
    static func facts(of document: NVMeDocument) -> [String: JSONValue] {
        var facts: [String: JSONValue] = [:]
        if let controller = document.controller { add(controller, to: &facts) }
        if let health = document.health { facts["health"] = .object(self.facts(of: health)) }
        facts["namespaces"] = .object(namespaces(of: document))
        facts["namespaceCount"] = .integer(document.namespaces.count)
        if let firmware = document.firmware {
            facts["activeFirmwareSlot"] = .integer(UInt64(firmware.activeSlot))
            if let next = firmware.nextSlot { facts["nextFirmwareSlot"] = .integer(UInt64(next)) }
        }
        if let tests = document.selfTests { facts["selfTest"] = .object(self.facts(of: tests)) }
        if let sanitize = document.sanitize {
            facts["sanitize"] = .string(sanitize.outcome.rawValue)
        }
        if let access = document.asymmetricAccess {
            var states = [String: JSONValue]()
            for group in access.groups {
                states["\(group.identifier)"] = .string(group.state.rawValue)
            }
            facts["anaGroups"] = .object(states)
        }
        if let groups = document.enduranceGroups, !groups.isEmpty {
            var values = [String: JSONValue]()
            for group in groups {
                values["\(group.identifier)"] = [
                    "criticalWarning": .integer(UInt64(group.log.criticalWarning)),
                    "availableSparePercent": .integer(UInt64(group.log.availableSparePercent)),
                    "spareThresholdPercent": .integer(UInt64(group.log.spareThresholdPercent)),
                    "percentageUsed": .integer(UInt64(group.log.percentageUsed)),
                    "mediaErrors": group.log.mediaErrors.json,
                ]
            }
            facts["enduranceGroups"] = .object(values)
        }
        if !document.refused.isEmpty {
            facts["refused"] = .object(document.refused.mapValues { .string($0) })
        }
        return facts
    }

    private static func add(
        _ controller: NVMeIdentifyController, to facts: inout [String: JSONValue]
    ) {
        facts["model"] = .string(controller.modelNumber)
        facts["serial"] = .string(controller.serialNumber)
        facts["firmware"] = .string(controller.firmwareRevision)
        facts["version"] = .string(controller.versionText)
        facts["controllerIdentifier"] = .integer(UInt64(controller.controllerIdentifier))
        facts["subsystemName"] = .string(controller.subsystemName)
        facts["supports"] = .array(controller.supports.map { .string($0) })
        if controller.totalCapacityBytes.value > 0 {
            facts["totalCapacityBytes"] = controller.totalCapacityBytes.json
            facts["unallocatedCapacityBytes"] = controller.unallocatedCapacityBytes.json
        }
        if controller.warningTemperatureKelvin > 0 {
            facts["warningKelvin"] = .integer(UInt64(controller.warningTemperatureKelvin))
        }
        if controller.criticalTemperatureKelvin > 0 {
            facts["criticalKelvin"] = .integer(UInt64(controller.criticalTemperatureKelvin))
        }
        facts["hasVolatileWriteCache"] = .bool(controller.commandSet.volatileWriteCache & 1 != 0)
    }

    private static func facts(of health: NVMeSMARTLog) -> [String: JSONValue] {
        [
            "criticalWarning": .integer(UInt64(health.criticalWarning)),
            "criticalWarnings": .array(health.criticalWarnings.map { .string($0.rawValue) }),
            "temperatureKelvin": .integer(UInt64(health.temperatureKelvin)),
            "availableSparePercent": .integer(UInt64(health.availableSparePercent)),
            "spareThresholdPercent": .integer(UInt64(health.spareThresholdPercent)),
            "percentageUsed": .integer(UInt64(health.percentageUsed)),
            "dataUnitsRead": health.dataUnitsRead.json,
            "dataUnitsWritten": health.dataUnitsWritten.json,
            "powerOnHours": health.powerOnHours.json,
            "powerCycles": health.powerCycles.json,
            "unsafeShutdowns": health.unsafeShutdowns.json,
            "mediaErrors": health.mediaErrors.json,
            "errorLogEntries": health.errorLogEntries.json,
            "warningTemperatureMinutes": .integer(UInt64(health.warningTemperatureMinutes)),
            "criticalTemperatureMinutes": .integer(UInt64(health.criticalTemperatureMinutes)),
        ]
    }

    private static func namespaces(of document: NVMeDocument) -> [String: JSONValue] {
        var namespaces = [String: JSONValue]()
        for namespace in document.namespaces.prefix(128) {
            var facts: [String: JSONValue] = [:]
            if let identity = namespace.identity {
                facts["sizeInBlocks"] = .integer(identity.sizeInBlocks)
                facts["usedBlocks"] = .integer(identity.usedBlocks)
                facts["blockByteCount"] = identity.blockByteCount.map { .integer($0) }
                facts["byteCount"] = identity.byteCount.map { .integer($0) }
                facts["isWriteProtected"] = .bool(identity.isWriteProtected)
                if identity.anaGroup > 0 {
                    facts["anaGroup"] = .integer(UInt64(identity.anaGroup))
                }
            }
            let eui64 = namespace.names?.eui64 ?? namespace.identity?.eui64
            let nguid = namespace.names?.nguid ?? namespace.identity?.nguid
            facts["eui64"] = eui64.map { .string($0) }
            facts["nguid"] = nguid.map { .string($0) }
            facts["uuid"] = namespace.names?.uuid.map { .string($0) }
            namespaces["\(namespace.identifier)"] = .object(facts)
        }
        return namespaces
    }

    private static func facts(of tests: NVMeSelfTestLog) -> [String: JSONValue] {
        var facts: [String: JSONValue] = ["resultCount": .integer(tests.results.count)]
        if let percent = tests.currentPercent {
            facts["runningPercent"] = .integer(UInt64(percent))
        }
        if let last = tests.results.first {
            facts["last"] = .string(last.outcome.rawValue)
            facts["lastPowerOnHours"] = .integer(last.powerOnHours)
        }
        if let failed = tests.results.first(where: { $0.outcome.isFailure }) {
            facts["lastFailure"] = .string(failed.outcome.rawValue)
            facts["lastFailurePowerOnHours"] = .integer(failed.powerOnHours)
            facts["lastFailureBlock"] = failed.failingBlock.map { .integer($0) }
        }
        return facts
    }
}

extension NVMeCounter {
    /// A number where it fits, otherwise its digits.
    var json: JSONValue { integer.map { .integer($0) } ?? .string(description) }
}
