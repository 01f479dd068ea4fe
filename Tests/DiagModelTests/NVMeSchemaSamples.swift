import DiagModel

extension SchemaSample {
    /// What the storage collector says of NVMe, with every optional member, and with none.
    static let nvme: [SchemaSample] = nvmeTexts.map { schema, title, text in
        let value = try? JSONDocument.decode(JSONValue.self, from: Array(text.utf8))
        return SchemaSample(schema, title, value ?? .null)
    }

    private static let nvmeTexts: [(PublishedSchema, String, String)] = [
        (
            .nvme, "full",
            """
            {"schema": "diagbundle.nvme/1", "device": "s", "controller": {"vendorIdentifier": 3,
            "subsystemVendorIdentifier": 3, "serialNumber": "s", "modelNumber": "s",
            "firmwareRevision": "s", "recommendedArbitrationBurst": 3, "ieeeIdentifier": 3,
            "multipathCapabilities": 3, "maximumDataTransferExponent": 3,
            "controllerIdentifier": 3, "version": 3, "versionText": "s",
            "resumeLatencyMicroseconds": 3, "entryLatencyMicroseconds": 3, "optionalEvents": 3,
            "attributes": 3, "readRecoveryLevels": 3, "controllerType": 3,
            "replaceableUnitGUID": "s", "retryDelays": [3], "subsystemReport": 3,
            "vitalDataWriteCycles": 3, "managementEndpoints": 3, "optionalAdminCommands": 3,
            "abortCommandLimit": 3, "eventRequestLimit": 3, "firmwareUpdates": 3,
            "logPageAttributes": 3, "errorLogEntries": 3, "adminVendorCommands": 3,
            "autonomousPowerTransitions": 3, "warningTemperatureKelvin": 3,
            "criticalTemperatureKelvin": 3, "firmwareActivationTime": 3, "hostMemoryPreferred":
            3, "hostMemoryMinimum": 3, "totalCapacityBytes":
            "340282366920938463463374607431768211455", "unallocatedCapacityBytes":
            "340282366920938463463374607431768211455", "replayProtectedMemory": 3,
            "extendedSelfTestMinutes": 3, "selfTestOptions": 3, "firmwareUpdateGranularity": 3,
            "keepAliveGranularity": 3, "hostThermalManagement": 3, "minimumThermalKelvin": 3,
            "maximumThermalKelvin": 3, "sanitizeCapabilities": 3, "hostMemoryMinimumDescriptor":
            3, "hostMemoryMaximumDescriptors": 3, "setIdentifierMaximum": 3,
            "enduranceGroupMaximum": 3, "anaTransitionSeconds": 3, "anaCapabilities": 3,
            "anaGroupMaximum": 3, "anaGroupCount": 3, "persistentEventLogSize": 3,
            "domainIdentifier": 3, "enduranceGroupCapacityBytes":
            "340282366920938463463374607431768211455", "subsystemName": "s", "commandSet":
            {"submissionEntrySizes": 3, "completionEntrySizes": 3, "maximumCommands": 3,
            "namespaceIdentifierMaximum": 3, "optionalCommands": 3, "fusedOperations": 3,
            "formatAttributes": 3, "volatileWriteCache": 3, "atomicWriteUnit": 3,
            "atomicWriteUnitPowerFail": 3, "vendorCommands": 3, "writeProtection": 3,
            "atomicCompareWriteUnit": 3, "copyFormats": 3, "scatterGatherLists": 3,
            "maximumNamespaces": 3, "maximumDomainAttachments":
            "340282366920938463463374607431768211455", "maximumAttachments": 3}, "fabrics":
            {"commandCapsuleSize": 3, "responseCapsuleSize": 3, "inCapsuleDataOffset": 3,
            "attributes": 3, "maximumDataBlockDescriptors": 3, "optionalCommands": 3,
            "discoveryControllerType": 3}, "powerStates": [{"maximumMicrowatts": 3,
            "isNonOperational": true, "entryLatencyMicroseconds": 3, "exitLatencyMicroseconds":
            3, "relativeReadThroughput": 3, "relativeReadLatency": 3, "relativeWriteThroughput":
            3, "relativeWriteLatency": 3, "idleMicrowatts": 3, "activeMicrowatts": 3,
            "activePowerWorkload": 3}], "supports": ["s"]}, "namespaces": [{"identifier": 3,
            "identity": {"sizeInBlocks": 3, "capacityInBlocks": 3, "usedBlocks": 3, "features":
            3, "formattedSize": 3, "formatIndex": 3, "metadataCapabilities": 3,
            "protectionCapabilities": 3, "protectionSettings": 3, "multipathCapabilities": 3,
            "reservationCapabilities": 3, "formatProgress": 3, "deallocateFeatures": 3,
            "atomicWriteUnit": 3, "atomicWriteUnitPowerFail": 3, "atomicCompareWriteUnit": 3,
            "atomicBoundary": 3, "atomicBoundaryOffset": 3, "atomicBoundaryPowerFail": 3,
            "optimalBoundaryInBlocks": 3, "capacityBytes":
            "340282366920938463463374607431768211455", "preferredWriteGranularity": 3,
            "preferredWriteAlignment": 3, "preferredDeallocateGranularity": 3,
            "preferredDeallocateAlignment": 3, "optimalWriteSize": 3, "anaGroup": 3,
            "attributes": 3, "nvmSet": 3, "enduranceGroup": 3, "nguid": "s", "eui64": "s",
            "blockFormats": [{"metadataByteCount": 3, "blockByteCount": 3,
            "relativePerformance": 3}], "blockByteCount": 3, "byteCount": 3}, "names": {"eui64":
            "s", "nguid": "s", "uuid": "s", "commandSet": 3, "otherTypes": [3]}}],
            "hasAllNamespaces": true, "controllers": [3], "supportedLogPages": {"identifiers":
            [3]}, "health": {"criticalWarning": 3, "criticalWarnings": ["spareBelowThreshold"],
            "temperatureKelvin": 3, "availableSparePercent": 3, "spareThresholdPercent": 3,
            "percentageUsed": 3, "enduranceGroupWarning": 3, "dataUnitsRead":
            "340282366920938463463374607431768211455", "dataUnitsWritten":
            "340282366920938463463374607431768211455", "hostReadCommands":
            "340282366920938463463374607431768211455", "hostWriteCommands":
            "340282366920938463463374607431768211455", "controllerBusyMinutes":
            "340282366920938463463374607431768211455", "powerCycles":
            "340282366920938463463374607431768211455", "powerOnHours":
            "340282366920938463463374607431768211455", "unsafeShutdowns":
            "340282366920938463463374607431768211455", "mediaErrors":
            "340282366920938463463374607431768211455", "errorLogEntries":
            "340282366920938463463374607431768211455", "warningTemperatureMinutes": 3,
            "criticalTemperatureMinutes": 3, "sensorKelvin": [3], "thermalTransitions": [3],
            "thermalSeconds": [3]}, "errors": {"entries": [{"errorCount": 3, "submissionQueue":
            3, "commandIdentifier": 3, "statusField": 3, "status": "s", "parameterLocation": 3,
            "block": 3, "namespaceIdentifier": 3, "vendorLog": 3, "transportType": 3,
            "commandSpecific": 3, "transportSpecific": 3}]}, "firmware": {"activeSlot": 3,
            "nextSlot": 3, "slots": [{"number": 3, "revision": "s"}]}, "selfTests":
            {"currentOperation": 3, "currentPercent": 3, "results": [{"test": 3, "outcome":
            "unknown", "segment": 3, "powerOnHours": 3, "namespaceIdentifier": 3,
            "failingBlock": 3, "statusCodeType": 3, "statusCode": 3}]}, "commandEffects":
            {"adminCommands": [{"opcode": 3, "effects": 3, "changes": ["s"], "exclusivity": 3}],
            "ioCommands": [{"opcode": 3, "effects": 3, "changes": ["s"], "exclusivity": 3}]},
            "asymmetricAccess": {"changeCount": 3, "groupCount": 3, "groups": [{"identifier": 3,
            "changeCount": 3, "state": "optimized", "namespaces": [3]}], "isTruncated": true},
            "enduranceGroups": [{"identifier": 3, "log": {"criticalWarning": 3, "features": 3,
            "availableSparePercent": 3, "spareThresholdPercent": 3, "percentageUsed": 3,
            "domainIdentifier": 3, "enduranceEstimate":
            "340282366920938463463374607431768211455", "dataUnitsRead":
            "340282366920938463463374607431768211455", "dataUnitsWritten":
            "340282366920938463463374607431768211455", "mediaUnitsWritten":
            "340282366920938463463374607431768211455", "hostReadCommands":
            "340282366920938463463374607431768211455", "hostWriteCommands":
            "340282366920938463463374607431768211455", "mediaErrors":
            "340282366920938463463374607431768211455", "errorLogEntries":
            "340282366920938463463374607431768211455", "totalCapacityBytes":
            "340282366920938463463374607431768211455", "unallocatedCapacityBytes":
            "340282366920938463463374607431768211455"}}], "changedNamespaces": {"identifiers":
            [3], "isOverflowing": true}, "sanitize": {"progress": 3, "status": 3, "outcome":
            "unknown", "completedPasses": 3, "isErased": true, "request": 3, "overwriteSeconds":
            3, "blockEraseSeconds": 3, "cryptoEraseSeconds": 3, "overwriteKeepingSeconds": 3,
            "blockEraseKeepingSeconds": 3, "cryptoEraseKeepingSeconds": 3}, "persistentEvents":
            {"eventCount": 3, "totalByteCount": 3, "revision": 3, "timestampMilliseconds": 3,
            "powerOnHours": "340282366920938463463374607431768211455", "powerCycles": 3,
            "vendorIdentifier": 3, "subsystemVendorIdentifier": 3, "serialNumber": "s",
            "modelNumber": "s", "subsystemName": "s", "generation": 3, "supportedEvents": [3],
            "events": [{"type": 3, "name": "s", "revision": 3, "controllerIdentifier": 3,
            "timestampMilliseconds": 3, "vendorByteCount": 3, "dataByteCount": 3, "numbers":
            {"a": 1}, "texts": {"a": "b"}, "health": {"criticalWarning": 3, "criticalWarnings":
            ["spareBelowThreshold"], "temperatureKelvin": 3, "availableSparePercent": 3,
            "spareThresholdPercent": 3, "percentageUsed": 3, "enduranceGroupWarning": 3,
            "dataUnitsRead": "340282366920938463463374607431768211455", "dataUnitsWritten":
            "340282366920938463463374607431768211455", "hostReadCommands":
            "340282366920938463463374607431768211455", "hostWriteCommands":
            "340282366920938463463374607431768211455", "controllerBusyMinutes":
            "340282366920938463463374607431768211455", "powerCycles":
            "340282366920938463463374607431768211455", "powerOnHours":
            "340282366920938463463374607431768211455", "unsafeShutdowns":
            "340282366920938463463374607431768211455", "mediaErrors":
            "340282366920938463463374607431768211455", "errorLogEntries":
            "340282366920938463463374607431768211455", "warningTemperatureMinutes": 3,
            "criticalTemperatureMinutes": 3, "sensorKelvin": [3], "thermalTransitions": [3],
            "thermalSeconds": [3]}}], "fault": "s"}, "refused": {"a": "b"}}
            """
        ),
        (
            .nvme, "lean",
            """
            {"schema": "diagbundle.nvme/1", "device": "s", "namespaces": [], "hasAllNamespaces":
            true, "refused": {}}
            """
        ),
        (
            .nvmeControllers, "full",
            """
            {"schema": "diagbundle.nvme-controllers/1", "hostName": "s", "hostIdentifier": "s",
            "controllers": [{"name": "s", "folder": "s", "subsystem": "s", "attributes":
            {"state": "live", "cntlid": -1}, "paths": [{"name": "s", "namespaceIdentifier": 3,
            "anaState": "s", "anaGroup": 3}], "link": {"currentSpeed": 3, "currentWidth": 3,
            "maximumSpeed": 3, "maximumWidth": 3, "portSpeed": 3, "portWidth": 3},
            "errorCounts": {"fatal": {"DLP": 1}}}], "subsystems": [{"name": "s", "attributes":
            {"state": "live", "cntlid": -1}, "controllers": ["s"], "namespaces": ["s"]}],
            "parameters": {"nvme_core": {"multipath": "Y"}}}
            """
        ),
        (
            .nvmeControllers, "lean",
            """
            {"schema": "diagbundle.nvme-controllers/1", "controllers": [], "subsystems": [],
            "parameters": {}}
            """
        ),
    ]
}
