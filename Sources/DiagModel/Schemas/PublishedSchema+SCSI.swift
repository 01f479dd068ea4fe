/// The schemas of what SCSI devices said, and of what sysfs says of them.
extension PublishedSchema {
    static let scsiBody = """
        \(closed("""
            schema:scsiSchema device:name opened:name address:s? commands:[command]
            limitedBecause:s? power:power? inquiry:inquiry? supportedVitalPages:codes?
            unitSerialNumber:unitSerialNumber? identification:identification?
            extendedInquiry:extendedInquiry? modePagePolicy:modePagePolicy? ports:ports?
            ataInformation:ataInformation? ata:ata? blockLimits:blockLimits?
            blockCharacteristics:blockCharacteristics? provisioning:provisioning?
            zonedCharacteristics:zonedCharacteristics? capacity:capacity?
            supportedLogPages:logPages? supportedLogSubpages:logPages?
            writeErrors:errorCounters? readErrors:errorCounters? verifyErrors:errorCounters?
            nonMediumErrors:nonMediumErrors? temperature:temperature?
            startStopCycles:startStopCycles? selfTestResults:selfTestResults?
            solidStateMedia:solidStateMedia? backgroundScan:backgroundScan? sasPorts:sasPorts?
            statistics:statistics? informationalExceptions:informationalExceptions?
            otherLogPages:[logPage]? isWriteProtected:b? caching:caching?
            exceptionsControl:exceptionsControl? targetPortGroups:targetPortGroups?
            enclosure:enclosure?
            """)),
        "$defs": {\(commonDefinitions), \(factDefinitions), \(ataDefinitions),
            "scsiSchema": {"const": "diagbundle.scsi/1"},
            \(scsiIdentityDefinitions), \(scsiBlockDefinitions), \(scsiLogDefinitions),
            \(scsiEnclosureDefinitions)
        }
        """

    static let scsiDevicesBody = """
        \(closed("schema:devicesSchema devices:[device] objects:[object]")),
        "$defs": {\(commonDefinitions), \(factDefinitions),
            "devicesSchema": {"const": "diagbundle.scsi-devices/1"},
            "device": {\(closed("""
                address:name block:s? generic:s? type:n? vendor:s? model:s? revision:s? state:s?
                serialNumber:s? worldWideName:s? designators:[designator]? enclosureSlots:[s]?
                attributes:texts counters:counters
                """))},
            "counters": {"type": "object", "additionalProperties": {"$ref": "#/$defs/count"}},
            "object": {\(closed("kind:name name:name attributes:texts"))},
            \(scsiDesignatorDefinition)
        }
        """

    private static let scsiDesignatorDefinition = """
        "association": {"enum": ["logicalUnit", "targetPort", "targetDevice", "reserved"]},
        "designatorKind": {"enum": ["vendorSpecific", "t10Vendor", "eui64", "naa",
            "relativeTargetPort", "targetPortGroup", "logicalUnitGroup", "md5", "scsiName",
            "protocolPort", "uuid", "reserved"]},
        "designator": {\(closed(
            "association:association kind:designatorKind value:s protocolIdentifier:n?"))}
        """

    private static let scsiIdentityDefinitions = """
        "command": {\(closed("name:name byteCount:n? problem:s?"))},
        "power": {\(closed("state:name isSleeping:b source:s"))},
        "inquiry": {\(closed("""
            peripheralQualifier:n peripheralDeviceType:n isRemovable:b version:n
            targetPortGroupSupport:n isProtectionSupported:b hasEnclosureServices:b
            hasMultiplePorts:b queuesCommands:b vendor:s product:s revision:s
            versionDescriptors:[n]
            """))},
        "codes": {\(closed("codes:[n]"))},
        "unitSerialNumber": {\(closed("serialNumber:s"))},
        "identification": {\(closed("designators:[designator]"))},
        \(scsiDesignatorDefinition),
        "extendedInquiry": {\(closed("""
            supportedProtectionTypes:n checksGuard:b checksApplicationTag:b checksReferenceTag:b
            hasNonVolatileCache:b hasVolatileCache:b supportsWriteUncorrectable:b
            extendedSelfTestMinutes:n? maximumSenseByteCount:n?
            """))},
        "modePagePolicy": {\(closed("entries:[policy]"))},
        "policy": {\(closed("pageCode:n subpageCode:n isSharedByUnits:b policy:n"))},
        "ports": {\(closed("ports:[port]"))},
        "port": {\(closed("relativePortIdentifier:n designators:[designator]"))},
        "ataInformation": {\(closed(
            "translationVendor:s translationProduct:s translationRevision:s commandCode:n"))},
        "targetPortGroups": {\(closed("groups:[group]"))},
        "accessState": {"enum": ["activeOptimized", "activeNonOptimized", "standby",
            "unavailable", "blockDependent", "offline", "transitioning", "reserved"]},
        "group": {\(closed("""
            targetPortGroup:n asymmetricAccessState:accessState isPreferred:b statusCode:n
            relativeTargetPorts:[n]
            """))}
        """

    private static let scsiBlockDefinitions = """
        "blockLimits": {\(closed("""
            isWriteSameZeroRefused:b maximumCompareAndWriteBlocks:n
            optimalTransferGranularityBlocks:n maximumTransferBlocks:n optimalTransferBlocks:n
            maximumUnmapBlocks:n? maximumUnmapDescriptors:n? optimalUnmapGranularityBlocks:n?
            unmapGranularityAlignmentBlocks:n? maximumWriteSameBlocks:n? maximumAtomicBlocks:n?
            """))},
        "blockCharacteristics": {\(closed("""
            mediumRotationRate:n productType:n nominalFormFactorInches:s? zoned:n
            depopulationSeconds:n?
            """))},
        "provisioning": {\(closed("""
            thresholdExponent:n supportsUnmap:b supportsWriteSame16:b supportsWriteSame10:b
            unmappedReadContent:n supportsAnchor:b provisioningType:n
            """))},
        "zonedCharacteristics": {\(closed("""
            areReadsUnrestricted:b optimalOpenPreferredZones:n? optimalRandomlyWrittenZones:n?
            maximumOpenRequiredZones:n?
            """))},
        "capacity": {\(closed("""
            lastLogicalBlock:n logicalBlockByteCount:n physicalBlockExponent:n?
            lowestAlignedBlock:n? protectionType:n? isThinlyProvisioned:b?
            doUnmappedBlocksReadZero:b?
            """))},
        "caching": {\(closed("""
            isWriteCacheEnabled:b isReadCacheDisabled:b isReadAheadDisabled:b
            isNonVolatileCacheDisabled:b
            """))},
        "exceptionsControl": {\(closed("""
            isReportingDisabled:b areWarningsEnabled:b isTesting:b isLogged:b methodOfReporting:n
            """))}
        """

    private static let scsiLogDefinitions = """
        "logPages": {\(closed("entries:[logPageCode]"))},
        "logPageCode": {\(closed("pageCode:n subpageCode:n"))},
        "logPage": {\(closed("pageCode:n subpageCode:n parameters:[parameter]"))},
        "parameter": {\(closed("code:n control:n value:s"))},
        "errorCounters": {\(closed("""
            correctedFast:n? correctedDelayed:n? retries:n? corrected:n? correctionRuns:n?
            bytesProcessed:n? uncorrected:n?
            """))},
        "nonMediumErrors": {\(closed("nonMediumErrorCount:n?"))},
        "temperature": {\(closed("temperatureCelsius:n? referenceTemperatureCelsius:n?"))},
        "startStopCycles": {\(closed("""
            manufactured:s? accounted:s? specifiedStartStopCycles:n? accumulatedStartStopCycles:n?
            specifiedLoadUnloadCycles:n? accumulatedLoadUnloadCycles:n?
            """))},
        "selfTestResults": {\(closed("entries:[selfTest]"))},
        "selfTest": {\(closed("""
            selfTestCode:n selfTestResults:n selfTestNumber:n accumulatedPowerOnHours:n
            addressOfFirstFailure:n? senseKey:n additionalSenseCode:n
            additionalSenseCodeQualifier:n
            """))},
        "solidStateMedia": {\(closed("percentageUsedEnduranceIndicator:n?"))},
        "backgroundScan": {\(closed("""
            accumulatedPowerOnMinutes:n? backgroundScanStatus:n? backgroundScansPerformed:n?
            scanProgress:n? mediumScansPerformed:n? entries:[scanned]
            """))},
        "scanned": {\(closed("""
            accumulatedPowerOnMinutes:n reassignStatus:n senseKey:n additionalSenseCode:n
            additionalSenseCodeQualifier:n logicalBlockAddress:n
            """))},
        "sasPorts": {\(closed("ports:[sasPort]"))},
        "sasPort": {\(closed("relativeTargetPort:n generationCode:n phys:[phy]"))},
        "phy": {\(closed("""
            phyIdentifier:n attachedDeviceType:n negotiatedLogicalLinkRate:n sasAddress:s
            attachedSASAddress:s attachedPhyIdentifier:n invalidDwordCount:n
            runningDisparityErrorCount:n lossOfDwordSynchronizationCount:n phyResetProblemCount:n
            """))},
        "statistics": {\(closed("""
            readCommands:n writeCommands:n logicalBlocksReceived:n logicalBlocksTransmitted:n
            readProcessingIntervals:n writeProcessingIntervals:n idleIntervals:n?
            intervalInteger:n? intervalNegativeExponent:n?
            """))},
        "informationalExceptions": {\(closed("""
            additionalSenseCode:n additionalSenseCodeQualifier:n mostRecentTemperatureCelsius:n?
            temperatureTripCelsius:n?
            """))}
        """

    private static let scsiEnclosureDefinitions = """
        "integer": {"type": "integer"},
        "enclosureStatus": {"enum": ["unrecoverable", "critical", "noncritical", "OK"]},
        "enclosure": {\(closed(
            "enclosures:[enclosurePart] status:enclosureStatus elements:[element]"))},
        "enclosurePart": {\(closed("""
            subenclosureIdentifier:n enclosureLogicalIdentifier:s vendor:s product:s revision:s
            typeCount:n
            """))},
        "element": {\(closed("""
            type:name index:n subenclosure:n name:s? status:name detail:elementDetail
            slotNumber:n? sasAddresses:[s]?
            """))},
        "elementDetail": {\(closed("""
            bytes:name statusCode:n isFailurePredicted:b isDisabled:b isSwapped:b faults:[s]
            revolutionsPerMinute:n? temperatureCelsius:integer? millivolts:integer?
            milliamperes:integer? isIdentifying:b
            """))}
        """

    /// The members of a closed object, from `name:type` words; `?` after a type says that the
    /// member may be missing, and brackets that it is a list.
    ///
    /// The types are `s` text, `b` truth value, `n` count, and the names of definitions.
    private static func closed(_ members: String) -> String {
        func schema(_ type: Substring) -> String {
            switch type {
            case "s": #"{"type": "string"}"#
            case "b": #"{"type": "boolean"}"#
            case "n": ##"{"$ref": "#/$defs/count"}"##
            default: ##"{"$ref": "#/$defs/\##(type)"}"##
            }
        }
        var required = [String]()
        var properties = [String]()
        for word in members.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let parts = word.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            var type = parts[1]
            if type.last == "?" { type.removeLast() } else { required.append("\"\(parts[0])\"") }
            let isList = type.first == "["
            let inner = schema(isList ? type.dropFirst().dropLast() : type)
            let value = isList ? "{\"type\": \"array\", \"items\": \(inner)}" : inner
            properties.append("\"\(parts[0])\": \(value)")
        }
        return """
            "type": "object", "additionalProperties": false,
            "required": [\(required.joined(separator: ", "))],
            "properties": {\(properties.joined(separator: ", "))}
            """
    }
}
