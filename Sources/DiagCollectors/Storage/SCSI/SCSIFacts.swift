internal import DiagFormats
internal import DiagModel

/// The few dozen values of a SCSI device that people and the topology need.
enum SCSIFacts {
    /// The facts that `document` holds.
    static func facts(of document: SCSIDocument) -> [String: JSONValue] {
        var facts = identity(of: document)
        if let power = document.power {
            facts["power"] = .string(power.state)
            facts["isSleeping"] = .bool(power.isSleeping)
        }
        facts["limitedBecause"] = document.limitedBecause.map { .string($0) }
        facts.merge(size(of: document)) { $1 }
        facts.merge(health(of: document)) { $1 }
        if let caching = document.caching {
            facts["isWriteCacheEnabled"] = .bool(caching.isWriteCacheEnabled)
        }
        facts["isWriteProtected"] = document.isWriteProtected.map { .bool($0) }
        if let groups = document.targetPortGroups?.groups {
            facts["targetPortGroups"] = .object(
                Dictionary(
                    groups.map {
                        (String($0.targetPortGroup), .string($0.asymmetricAccessState.rawValue))
                    }
                ) { first, _ in first })
        }
        if let enclosure = document.enclosure {
            facts["enclosureStatus"] = .string(enclosure.status)
            facts["enclosureIdentifier"] = enclosure.enclosures.first.map {
                .string($0.enclosureLogicalIdentifier)
            }
            facts["elementCount"] = .integer(enclosure.elements.count)
            facts["faultyElements"] = .array(enclosure.faulty.prefix(50).map(element))
        }
        return facts
    }

    private static func identity(of document: SCSIDocument) -> [String: JSONValue] {
        var facts = [String: JSONValue]()
        if let inquiry = document.inquiry {
            facts["vendor"] = .string(inquiry.vendor)
            facts["model"] = .string(inquiry.product)
            facts["revision"] = .string(inquiry.revision)
            facts["peripheralDeviceType"] = .integer(Int64(inquiry.peripheralDeviceType))
            facts["isATA"] = .bool(document.isATA)
        }
        facts["serial"] = document.unitSerialNumber.map { .string($0.serialNumber) }
        facts["wwn"] = document.identification?.worldWideName.map { .string($0) }
        return facts
    }

    private static func size(of document: SCSIDocument) -> [String: JSONValue] {
        var facts = [String: JSONValue]()
        if let capacity = document.capacity {
            facts["byteCount"] = capacity.byteCount.map { .integer($0) }
            facts["logicalBlockByteCount"] = .integer(Int64(capacity.logicalBlockByteCount))
            facts["physicalBlockByteCount"] = capacity.physicalBlockByteCount.map { .integer($0) }
            facts["isThinlyProvisioned"] = capacity.isThinlyProvisioned.map { .bool($0) }
            facts["protectionType"] = capacity.protectionType.map { .integer(Int64($0)) }
        }
        if let block = document.blockCharacteristics {
            facts["rotationsPerMinute"] = block.rotationsPerMinute.map { .integer(Int64($0)) }
            if block.mediumRotationRate == 1 { facts["isSolidState"] = true }
            facts["formFactorInches"] = block.nominalFormFactorInches.map { .string($0) }
        }
        return facts
    }

    private static func health(of document: SCSIDocument) -> [String: JSONValue] {
        var facts = [String: JSONValue]()
        func set(_ name: String, _ value: UInt64?) { facts[name] = value.map { .integer($0) } }
        if let exceptions = document.informationalExceptions {
            let code = exceptions.additionalSenseCode
            let qualifier = exceptions.additionalSenseCodeQualifier
            facts["isFailurePredicted"] = .bool(exceptions.isFailurePredicted)
            if code != 0 {
                facts["exceptionCode"] = .string(SCSISenseText.pair(code, qualifier))
                facts["exception"] = SCSISenseText.words(code, qualifier).map { .string($0) }
            }
            set("temperatureCelsius", exceptions.mostRecentTemperatureCelsius.map(UInt64.init))
            set("temperatureTripCelsius", exceptions.temperatureTripCelsius.map(UInt64.init))
        }
        if let temperature = document.temperature?.temperatureCelsius {
            set("temperatureCelsius", UInt64(temperature))
        }
        if let reference = document.temperature?.referenceTemperatureCelsius {
            set("temperatureTripCelsius", UInt64(reference))
        }
        set(
            "percentageUsedEndurance",
            document.solidStateMedia?.percentageUsedEnduranceIndicator.map(UInt64.init))
        for (name, errors) in [
            ("read", document.readErrors), ("write", document.writeErrors),
            ("verify", document.verifyErrors),
        ] {
            set("\(name)UncorrectedErrorCount", errors?.uncorrected)
            set("\(name)CorrectedErrorCount", errors?.corrected)
            set("\(name)ByteCount", errors?.bytesProcessed)
        }
        set("nonMediumErrorCount", document.nonMediumErrors?.nonMediumErrorCount)
        set("startStopCycles", document.startStopCycles?.accumulatedStartStopCycles)
        set("loadUnloadCycles", document.startStopCycles?.accumulatedLoadUnloadCycles)
        facts["manufactured"] = document.startStopCycles?.manufactured.map { .string($0) }
        if let scan = document.backgroundScan {
            set("powerOnHours", scan.accumulatedPowerOnMinutes.map { $0 / 60 })
            facts["backgroundScanErrorCount"] = .integer(scan.entries.count)
            facts["backgroundScanPendingCount"] = .integer(scan.pendingCount)
        }
        if let tests = document.selfTestResults?.entries {
            facts["selfTestCount"] = .integer(tests.count)
            facts["failedSelfTestCount"] = .integer(tests.count { $0.isFailed })
            // A test that runs or was stopped says nothing; the newest that ended does.
            if let last = tests.first(where: { $0.selfTestResults == 0 || $0.isFailed }) {
                facts["isLastSelfTestFailed"] = .bool(last.isFailed)
                set("lastSelfTestPowerOnHours", UInt64(last.accumulatedPowerOnHours))
                if last.isFailed { set("selfTestFailedBlock", last.addressOfFirstFailure) }
            }
        }
        if let ports = document.sasPorts?.ports {
            facts["phys"] = .array(ports.flatMap(\.phys).prefix(16).map(phy))
        }
        return facts
    }

    private static func phy(_ phy: SCSISASPorts.Phy) -> JSONValue {
        var members: [String: JSONValue] = [
            "phy": .integer(Int64(phy.phyIdentifier)), "sasAddress": .string(phy.sasAddress),
            "attachedSASAddress": .string(phy.attachedSASAddress),
            "invalidDwordCount": .integer(Int64(phy.invalidDwordCount)),
            "runningDisparityErrorCount": .integer(Int64(phy.runningDisparityErrorCount)),
            "lossOfDwordSynchronizationCount": .integer(
                Int64(phy.lossOfDwordSynchronizationCount)),
            "phyResetProblemCount": .integer(Int64(phy.phyResetProblemCount)),
        ]
        members["linkRateMegabits"] = phy.linkRateMegabits.map { .integer(Int64($0)) }
        return .object(members)
    }

    private static func element(_ element: SCSIEnclosure.Element) -> JSONValue {
        var faults = element.detail.faults
        if element.detail.isFailurePredicted { faults.append("failure predicted") }
        var members: [String: JSONValue] = [
            "type": .string(element.type), "index": .integer(Int64(element.index)),
            "status": .string(element.status),
            "faults": .array(faults.map { .string($0) }),
        ]
        members["name"] = element.name.map { .string($0) }
        members["slot"] = element.slotNumber.map { .integer(Int64($0)) }
        return .object(members)
    }
}
