internal import DiagFormats
internal import DiagModel

/// The few values of an ATA device that people and the topology need.
///
/// A counter comes from the Device Statistics log where the device keeps it there, because the
/// standard defines those; else from the SMART attribute that most vendors use for it.
enum ATAFacts {
    /// Flat facts, each name with `ata/` before it. An attribute whose checksum is wrong gives none.
    static func facts(of document: ATADeviceDocument) -> [String: JSONValue] {
        var facts = [String: JSONValue]()
        func set(_ name: String, _ value: JSONValue?) {
            if let value { facts["ata/\(name)"] = value }
        }
        set("sleeping", .bool(document.sleeping))
        set("powerMode", document.powerMode.map { .string($0.rawValue) })
        if let identify = document.identify { addIdentity(identify, set) }
        if let packet = document.identifyPacket {
            set("model", .string(packet.modelNumber))
            set("serialNumber", .string(packet.serialNumber))
            set("firmware", .string(packet.firmwareRevision))
            set("wwn", packet.worldWideName.map(JSONValue.string))
            set("isPacketDevice", true)
            set("transportVersion", packet.transport.version.map(JSONValue.string))
        }
        set("smartFailing", document.isSMARTThresholdExceeded.map(JSONValue.bool))
        addCounters(document, set)
        addSelfTest(document, set)
        let errors =
            document.extendedErrorLog ?? document.comprehensiveErrorLog
            ?? document.summaryErrorLog
        if let errors, errors.isChecksumRight {
            set("errorLogCount", .integer(Int(errors.deviceErrorCount)))
        }
        if !document.refused.isEmpty { set("refusedCount", .integer(document.refused.count)) }
        return facts
    }

    private static func addIdentity(
        _ identify: ATAIdentifyDevice, _ set: (String, JSONValue?) -> Void
    ) {
        set("model", .string(identify.modelNumber))
        set("serialNumber", .string(identify.serialNumber))
        set("firmware", .string(identify.firmwareRevision))
        set("wwn", identify.worldWideName.map(JSONValue.string))
        set("capacityBytes", identify.capacityBytes.map(JSONValue.integer))
        set("logicalSectorBytes", .integer(identify.logicalSectorBytes))
        set("physicalSectorBytes", .integer(identify.physicalSectorBytes))
        set("rotationRate", identify.nominalRotationRate.map { .integer(Int($0)) })
        set("isNonRotating", identify.isNonRotating.map(JSONValue.bool))
        set("formFactor", identify.formFactor.map(JSONValue.string))
        set("majorVersion", identify.majorVersion.map(JSONValue.string))
        set("transportVersion", identify.transport.version.map(JSONValue.string))
        set("speedGbps", identify.transport.currentSpeed.map(JSONValue.string))
        set("maximumSpeedGbps", identify.transport.supportedSpeeds.last.map(JSONValue.string))
        set("zoned", identify.zoned.map(JSONValue.string))
        set("smartEnabled", identify.features["smart"]?.isEnabled.map(JSONValue.bool))
        let cache = identify.features["volatileWriteCache"]
        set("writeCacheEnabled", cache?.isEnabled.map(JSONValue.bool))
        if identify.security.isSupported {
            set("securityEnabled", .bool(identify.security.isEnabled))
            set("securityLocked", .bool(identify.security.isLocked))
            set("securityFrozen", .bool(identify.security.isFrozen))
            set("securityCountExpired", .bool(identify.security.isCountExpired))
        }
    }

    private static func addCounters(
        _ document: ATADeviceDocument, _ set: (String, JSONValue?) -> Void
    ) {
        let attributes = document.smart?.isChecksumRight == true ? document.smart?.attributes : nil
        func statistic(_ name: String) -> Int64? {
            document.deviceStatistics?.lazy.compactMap { $0.value(name) }.first
        }
        /// The lower `bits` of an attribute's raw value: vendors pack other things above.
        func attribute(_ id: UInt8, bits: UInt64) -> Int64? {
            attributes?.first { $0.id == id }.map {
                Int64($0.rawNumber & (UInt64(1) << bits - 1))
            }
        }
        func number(_ name: String, _ value: Int64?) { set(name, value.map(JSONValue.integer)) }
        number("powerOnHours", statistic("powerOnHours") ?? attribute(9, bits: 24))
        number("powerCycles", statistic("lifetimePowerOnResets") ?? attribute(12, bits: 32))
        number(
            "reallocatedSectors",
            statistic("reallocatedLogicalSectors") ?? attribute(5, bits: 16))
        number("reallocatedEvents", attribute(196, bits: 16))
        number("pendingSectors", attribute(197, bits: 32))
        number("offlineUncorrectable", attribute(198, bits: 32))
        number(
            "reportedUncorrectable",
            statistic("reportedUncorrectableErrors") ?? attribute(187, bits: 32))
        number("crcErrors", statistic("interfaceCRCErrors") ?? attribute(199, bits: 32))
        number("percentageUsed", statistic("percentageUsedEnduranceIndicator"))
        number("sectorsWritten", statistic("logicalSectorsWritten"))
        number("sectorsRead", statistic("logicalSectorsRead"))
        if let attributes { addAttributes(attributes, set) }

        // The lowest byte of 194 is degrees Celsius wherever the vendor uses it for that; what no
        // disk survives is something else.
        let attributed = (attribute(194, bits: 8) ?? attribute(190, bits: 8))
            .flatMap { (1...120).contains($0) ? $0 : nil }
        let sct = document.sctStatus
        number(
            "temperatureCelsius",
            sct?.temperatureCelsius.map(Int64.init) ?? statistic("currentTemperatureCelsius")
                ?? attributed)
        let limit =
            statistic("specifiedMaximumOperatingTemperatureCelsius")
            ?? sct?.maximumOperatingTemperatureCelsius.map(Int64.init)
        number("maximumOperatingTemperatureCelsius", limit.flatMap { $0 > 0 ? $0 : nil })
        number(
            "lifetimeMaximumTemperatureCelsius",
            sct?.lifetimeMaximumTemperatureCelsius.map(Int64.init)
                ?? statistic("highestTemperatureCelsius"))
    }

    private static func addAttributes(
        _ attributes: [SMARTAttribute], _ set: (String, JSONValue?) -> Void
    ) {
        func described(_ attribute: SMARTAttribute) -> JSONValue {
            .string(
                "\(attribute.id) \(attribute.name): value \(attribute.value), worst "
                    + "\(attribute.worst), threshold \(attribute.threshold ?? 0)")
        }
        let now = attributes.filter { $0.failed == "now" }
        let failing = now.filter(\.isPrefailure).map(described)
        let aged = now.filter { !$0.isPrefailure }.map(described)
        let before = attributes.filter { $0.failed == "before" }.map(described)
        if !failing.isEmpty { set("failingAttributes", .array(failing)) }
        if !aged.isEmpty { set("agedAttributes", .array(aged)) }
        if !before.isEmpty { set("attributesFailedBefore", .array(before)) }
    }

    /// How the newest self-test that reached a verdict ended.
    private static func addSelfTest(
        _ document: ATADeviceDocument, _ set: (String, JSONValue?) -> Void
    ) {
        let logs = [document.extendedSelfTestLog, document.selfTestLog].compactMap(\.self)
        guard let log = logs.first(where: \.isChecksumRight) else { return }
        let verdict = log.entries.first { $0.result == .completed || $0.result.isFailure }
        guard let verdict else { return }
        set("selfTestFailed", .bool(verdict.result.isFailure))
        set("selfTestResult", .string(verdict.result.rawValue))
        set("selfTestHours", .integer(Int(verdict.lifetimeHours)))
        set("selfTestFailingLBA", verdict.failingLBA.map(JSONValue.integer))
    }
}
