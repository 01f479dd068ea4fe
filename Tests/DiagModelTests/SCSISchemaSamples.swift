import DiagModel

extension SchemaSample {
    /// The documents about SCSI devices, with every optional member, and with none.
    static let scsi: [SchemaSample] = scsiTexts.map { schema, title, text in
        let value = try? JSONDocument.decode(JSONValue.self, from: Array(text.utf8))
        return SchemaSample(schema, title, value ?? .null)
    }

    private static let designator = """
        {"association": "logicalUnit", "kind": "naa", "value": "5000", "protocolIdentifier": 6}
        """

    private static let counters = """
        {"correctedFast": 1, "correctedDelayed": 1, "retries": 1, "corrected": 1,
         "correctionRuns": 1, "bytesProcessed": 18446744073709551615, "uncorrected": 0}
        """

    private static let scsiTexts: [(PublishedSchema, String, String)] = [
        (
            .scsi, "disk",
            """
            {"schema": "diagbundle.scsi/1", "device": "/dev/sda", "opened": "/dev/sg0",
             "address": "0:0:0:0", "commands": [{"name": "VPD 83h", "byteCount": 3, "problem": "p"}],
             "limitedBecause": "it sleeps",
             "power": {"state": "standby", "isSleeping": true, "source": "5E/04"},
             "inquiry": {"peripheralQualifier": 0, "peripheralDeviceType": 0, "isRemovable": false,
                "version": 6, "targetPortGroupSupport": 0, "isProtectionSupported": true,
                "hasEnclosureServices": false, "hasMultiplePorts": true, "queuesCommands": true,
                "vendor": "v", "product": "p", "revision": "r", "versionDescriptors": [192]},
             "supportedVitalPages": {"codes": [0, 131]},
             "unitSerialNumber": {"serialNumber": "Z"},
             "identification": {"designators": [\(designator)]},
             "extendedInquiry": {"supportedProtectionTypes": 0, "checksGuard": true,
                "checksApplicationTag": true, "checksReferenceTag": true,
                "hasNonVolatileCache": true, "hasVolatileCache": true,
                "supportsWriteUncorrectable": false, "extendedSelfTestMinutes": 600,
                "maximumSenseByteCount": 252},
             "modePagePolicy": {"entries": [{"pageCode": 8, "subpageCode": 0,
                "isSharedByUnits": true, "policy": 0}]},
             "ports": {"ports": [{"relativePortIdentifier": 1, "designators": [\(designator)]}]},
             "ataInformation": {"translationVendor": "linux", "translationProduct": "libata",
                "translationRevision": "3.00", "commandCode": 236},
             "blockLimits": {"isWriteSameZeroRefused": true, "maximumCompareAndWriteBlocks": 0,
                "optimalTransferGranularityBlocks": 8, "maximumTransferBlocks": 0,
                "optimalTransferBlocks": 0, "maximumUnmapBlocks": 1, "maximumUnmapDescriptors": 1,
                "optimalUnmapGranularityBlocks": 1, "unmapGranularityAlignmentBlocks": 1,
                "maximumWriteSameBlocks": 1, "maximumAtomicBlocks": 1},
             "blockCharacteristics": {"mediumRotationRate": 7200, "productType": 0,
                "nominalFormFactorInches": "3.5", "zoned": 0, "depopulationSeconds": 1},
             "provisioning": {"thresholdExponent": 0, "supportsUnmap": true,
                "supportsWriteSame16": true, "supportsWriteSame10": true,
                "unmappedReadContent": 1, "supportsAnchor": false, "provisioningType": 2},
             "zonedCharacteristics": {"areReadsUnrestricted": true, "optimalOpenPreferredZones": 1,
                "optimalRandomlyWrittenZones": 1, "maximumOpenRequiredZones": 1},
             "capacity": {"lastLogicalBlock": 1, "logicalBlockByteCount": 4096,
                "physicalBlockExponent": 0, "lowestAlignedBlock": 0, "protectionType": 0,
                "isThinlyProvisioned": false, "doUnmappedBlocksReadZero": false},
             "supportedLogPages": {"entries": [{"pageCode": 2, "subpageCode": 0}]},
             "supportedLogSubpages": {"entries": [{"pageCode": 2, "subpageCode": 0}]},
             "writeErrors": \(counters), "readErrors": \(counters), "verifyErrors": \(counters),
             "nonMediumErrors": {"nonMediumErrorCount": 1},
             "temperature": {"temperatureCelsius": 40, "referenceTemperatureCelsius": 65},
             "startStopCycles": {"manufactured": "2026-07", "accounted": "2026-08",
                "specifiedStartStopCycles": 1, "accumulatedStartStopCycles": 1,
                "specifiedLoadUnloadCycles": 1, "accumulatedLoadUnloadCycles": 1},
             "selfTestResults": {"entries": [{"selfTestCode": 1, "selfTestResults": 0,
                "selfTestNumber": 0, "accumulatedPowerOnHours": 9, "addressOfFirstFailure": 1,
                "senseKey": 0, "additionalSenseCode": 0, "additionalSenseCodeQualifier": 0}]},
             "solidStateMedia": {"percentageUsedEnduranceIndicator": 1},
             "backgroundScan": {"accumulatedPowerOnMinutes": 1, "backgroundScanStatus": 1,
                "backgroundScansPerformed": 1, "scanProgress": 1, "mediumScansPerformed": 1,
                "entries": [{"accumulatedPowerOnMinutes": 1, "reassignStatus": 1, "senseKey": 3,
                "additionalSenseCode": 17, "additionalSenseCodeQualifier": 0,
                "logicalBlockAddress": 1}]},
             "sasPorts": {"ports": [{"relativeTargetPort": 1, "generationCode": 1, "phys": [{
                "phyIdentifier": 0, "attachedDeviceType": 2, "negotiatedLogicalLinkRate": 11,
                "sasAddress": "5", "attachedSASAddress": "5", "attachedPhyIdentifier": 4,
                "invalidDwordCount": 1, "runningDisparityErrorCount": 1,
                "lossOfDwordSynchronizationCount": 1, "phyResetProblemCount": 1}]}]},
             "statistics": {"readCommands": 1, "writeCommands": 1, "logicalBlocksReceived": 1,
                "logicalBlocksTransmitted": 1, "readProcessingIntervals": 1,
                "writeProcessingIntervals": 1, "idleIntervals": 1, "intervalInteger": 1,
                "intervalNegativeExponent": 1},
             "informationalExceptions": {"additionalSenseCode": 93,
                "additionalSenseCodeQualifier": 16, "mostRecentTemperatureCelsius": 1,
                "temperatureTripCelsius": 1},
             "otherLogPages": [{"pageCode": 55, "subpageCode": 0, "parameters": [
                {"code": 1, "control": 3, "value": "00ff"}]}],
             "isWriteProtected": false,
             "caching": {"isWriteCacheEnabled": true, "isReadCacheDisabled": false,
                "isReadAheadDisabled": false, "isNonVolatileCacheDisabled": false},
             "exceptionsControl": {"isReportingDisabled": false, "areWarningsEnabled": true,
                "isTesting": false, "isLogged": false, "methodOfReporting": 6},
             "targetPortGroups": {"groups": [{"targetPortGroup": 1,
                "asymmetricAccessState": "standby", "isPreferred": true, "statusCode": 0,
                "relativeTargetPorts": [1]}]}}
            """
        ),
        (
            .scsi, "enclosure",
            """
            {"schema": "diagbundle.scsi/1", "device": "/dev/sg2", "opened": "/dev/sg2",
             "commands": [], "enclosure": {"status": "OK", "enclosures": [{
                "subenclosureIdentifier": 0, "enclosureLogicalIdentifier": "5", "vendor": "v",
                "product": "p", "revision": "r", "typeCount": 1}], "elements": [{"type": "fan",
                "index": 0, "subenclosure": 0, "name": "Fan A", "status": "OK", "slotNumber": 1,
                "sasAddresses": ["5"], "detail": {"bytes": "01000000", "statusCode": 1,
                "isFailurePredicted": false, "isDisabled": false, "isSwapped": false,
                "faults": ["failed"], "revolutionsPerMinute": 1, "temperatureCelsius": -1,
                "millivolts": -1, "milliamperes": -1, "isIdentifying": false}}]}}
            """
        ),
        (
            .scsi, "lean",
            """
            {"schema": "diagbundle.scsi/1", "device": "/dev/sda", "opened": "/dev/sda",
             "commands": []}
            """
        ),
        (
            .scsiDevices, "full",
            """
            {"schema": "diagbundle.scsi-devices/1", "devices": [{"address": "0:0:0:0",
                "block": "sda", "generic": "sg0", "type": 0, "vendor": "v", "model": "m",
                "revision": "r", "state": "running", "serialNumber": "Z", "worldWideName": "naa.5",
                "designators": [\(designator)], "enclosureSlots": ["Slot 01"],
                "attributes": {"timeout": "30"}, "counters": {"iorequest_cnt": 1}}],
             "objects": [{"kind": "scsi_host", "name": "host0", "attributes": {"state": "running"}}]}
            """
        ),
        (
            .scsiDevices, "lean",
            """
            {"schema": "diagbundle.scsi-devices/1", "devices": [], "objects": []}
            """
        ),
    ]
}
