import DiagModel
import Testing

@testable import DiagFormats

@Suite("NVMe logs")
struct NVMeLogTests {
    @Test("Every field of the health log is read at the offset of the specification")
    func healthLayout() throws {
        let bytes = NVMeSamples.pattern(512)
        let log = try NVMeSMARTLog(parsing: bytes.span)
        try NVMeIdentifyTests.check(
            log, bytes,
            [
                ("criticalWarning", 1), ("temperatureKelvin", 2), ("availableSparePercent", 1),
                ("spareThresholdPercent", 1), ("percentageUsed", 1),
                ("enduranceGroupWarning", 1), ("", 25), ("dataUnitsRead", 16),
                ("dataUnitsWritten", 16), ("hostReadCommands", 16), ("hostWriteCommands", 16),
                ("controllerBusyMinutes", 16), ("powerCycles", 16), ("powerOnHours", 16),
                ("unsafeShutdowns", 16), ("mediaErrors", 16), ("errorLogEntries", 16),
                ("warningTemperatureMinutes", 4), ("criticalTemperatureMinutes", 4),
            ])
    }

    @Test("Warnings have words, and a wide counter is text in JSON")
    func health() throws {
        let bytes = NVMeSamples.health
        let log = try NVMeSMARTLog(parsing: bytes.span)
        #expect(
            log.criticalWarnings == [
                .spareBelowThreshold, .temperatureOutOfRange, .reliabilityDegraded,
                .mediaReadOnly, .persistentMemoryUnreliable,
            ])
        #expect(log.temperatureKelvin == 337)
        #expect(log.sensorKelvin == [330, 0, 331])
        #expect(log.thermalTransitions == [22, 23] && log.thermalSeconds == [24, 25])
        let json = try NVMeIdentifyTests.json(log)
        #expect(json["dataUnitsRead"] == .integer(Int64.max))
        #expect(json["dataUnitsWritten"] == .string("18446744073709551616"))
        let encoded = try JSONDocument.encode(log, layout: .line)
        #expect(try JSONDocument.decode(NVMeSMARTLog.self, from: encoded) == log)
    }

    @Test("The logs of QEMU's controller are read")
    func recorded() throws {
        let healthBytes = try NVMeSamples.recorded("health")
        let health = try NVMeSMARTLog(parsing: healthBytes.span)
        #expect(health.temperatureKelvin == 323)
        #expect(health.criticalWarnings == [])
        #expect(health.dataUnitsRead == 1 && health.hostReadCommands == 1)
        let errorBytes = try NVMeSamples.recorded("errors")
        let errors = try NVMeErrorLog(parsing: errorBytes.span)
        #expect(errors.entries == [])
        let firmwareBytes = try NVMeSamples.recorded("firmware-slots")
        let firmware = try NVMeFirmwareLog(parsing: firmwareBytes.span)
        #expect(firmware.activeSlot == 1 && firmware.nextSlot == nil)
        #expect(firmware.slots.map(\.revision) == ["1.0"])
        let changedBytes = try NVMeSamples.recorded("changed-namespaces")
        let changed = try NVMeNamespaceList(parsing: changedBytes.span)
        #expect(changed.identifiers == [])
        let effectsBytes = try NVMeSamples.recorded("command-effects")
        let effects = try NVMeCommandEffectsLog(parsing: effectsBytes.span)
        #expect(effects.adminCommands.map(\.opcode).contains(0x06))
        let attach = effects.adminCommands.first { $0.opcode == 0x15 }
        #expect(attach?.changes == ["namespaceInventory"])
        #expect(effects.ioCommands.map(\.opcode).contains(0x02))
    }

    @Test("Failed commands have their status in words, and unused entries are left out")
    func errors() throws {
        let bytes = NVMeSamples.errors
        let log = try NVMeErrorLog(parsing: bytes.span)
        #expect(log.entries.map(\.errorCount) == [9, 8, 7])
        #expect(
            log.entries.map(\.status) == [
                "unrecovered read error (SCT 2, SC 81h)",
                "invalid field in command (SCT 0, SC 02h)", "invalid log page (SCT 1, SC 09h)",
            ])
        let entry = try #require(log.entries.first)
        #expect(entry.submissionQueue == 1 && entry.commandIdentifier == 0x77)
        #expect(entry.parameterLocation == 0x0328 && entry.block == 0x1_0000_0001)
        #expect(entry.namespaceIdentifier == 1 && entry.vendorLog == 0xC0)
        #expect(entry.transportType == 3 && entry.transportSpecific == 0x11)
        #expect(entry.commandSpecific == 0xAABB)
        #expect(NVMeStatus(statusField: entry.statusField).codeType == 2)
        #expect(NVMeStatus(rawValue: 0x4002).isFinal && !NVMeStatus(rawValue: 2).isFinal)
    }

    @Test("A status of every type and code has words")
    func statuses() {
        for value in UInt16.min...0x7FF {
            let status = NVMeStatus(rawValue: value)
            #expect(!status.meaning.isEmpty && status.isSuccess == (value == 0))
        }
        let path = NVMeStatus(rawValue: 0x302)
        #expect(path.description == "asymmetric access inaccessible (SCT 3, SC 02h)")
    }

    @Test("Firmware slots are those that hold a revision, with the next one")
    func firmware() throws {
        var bytes = NVMeSamples.bytes(512, [(0x21, 1, 0)])
        NVMeSamples.put("FW1", 8, at: 8, in: &bytes)
        NVMeSamples.put("FW2B", 8, at: 16, in: &bytes)
        let log = try NVMeFirmwareLog(parsing: bytes.span)
        #expect(log.activeSlot == 1 && log.nextSlot == 2)
        #expect(log.slots.map(\.number) == [1, 2])
        #expect(log.slots.map(\.revision) == ["FW1", "FW2B"])
    }

    @Test("Self-tests tell what they found; unused entries are left out")
    func selfTests() throws {
        let bytes = NVMeSamples.selfTests
        let log = try NVMeSelfTestLog(parsing: bytes.span)
        #expect(log.currentOperation == 1 && log.currentPercent == 42)
        #expect(
            log.results == [
                .init(
                    test: 2, outcome: .failedSegment, segment: 3, powerOnHours: 1234,
                    namespaceIdentifier: 1, failingBlock: 0x55_6677, statusCodeType: 2,
                    statusCode: 0x81),
                .init(
                    test: 1, outcome: .passed, segment: nil, powerOnHours: 1000,
                    namespaceIdentifier: nil, failingBlock: nil, statusCodeType: nil,
                    statusCode: nil),
            ])
        #expect(log.results.map(\.outcome.isFailure) == [true, false])
    }

    @Test("ANA groups have their states and namespaces, and a cut log says so")
    func access() throws {
        let bytes = NVMeSamples.access
        let log = try NVMeANALog(parsing: bytes.span)
        #expect(log.changeCount == 5 && log.groupCount == 2 && !log.isTruncated)
        #expect(
            log.groups == [
                .init(identifier: 1, changeCount: 4, state: .optimized, namespaces: [1, 2]),
                .init(identifier: 7, changeCount: 1, state: .inaccessible, namespaces: [9]),
            ])
        let part = Array(NVMeSamples.access.prefix(80))
        let cut = try NVMeANALog(parsing: part.span)
        #expect(cut.groups.count == 1 && cut.isTruncated)
    }

    @Test("Every field of the endurance group and sanitize logs is at its offset")
    func layouts() throws {
        let bytes = NVMeSamples.pattern(512)
        let group = try NVMeEnduranceGroupLog(parsing: bytes.span)
        try NVMeIdentifyTests.check(
            group, bytes,
            [
                ("criticalWarning", 1), ("features", 1), ("", 1), ("availableSparePercent", 1),
                ("spareThresholdPercent", 1), ("percentageUsed", 1), ("domainIdentifier", 2),
                ("", 24), ("enduranceEstimate", 16), ("dataUnitsRead", 16),
                ("dataUnitsWritten", 16), ("mediaUnitsWritten", 16), ("hostReadCommands", 16),
                ("hostWriteCommands", 16), ("mediaErrors", 16), ("errorLogEntries", 16),
                ("totalCapacityBytes", 16), ("unallocatedCapacityBytes", 16),
            ])
        let whole = try NVMeSanitizeLog(parsing: bytes.span)
        try NVMeIdentifyTests.check(
            whole, bytes,
            [
                ("progress", 2), ("status", 2), ("request", 4), ("overwriteSeconds", 4),
                ("blockEraseSeconds", 4), ("cryptoEraseSeconds", 4),
                ("overwriteKeepingSeconds", 4), ("blockEraseKeepingSeconds", 4),
                ("cryptoEraseKeepingSeconds", 4),
            ])
        let failed = NVMeSamples.bytes(512, [(0xFFFF, 2, 0), (0x011B, 2, 2)])
        let log = try NVMeSanitizeLog(parsing: failed.span)
        #expect(log.outcome == .failed && log.completedPasses == 3 && log.isErased)
    }

    @Test("Persistent events are read one after the other")
    func persistentEvents() throws {
        let bytes = NVMeSamples.persistentEvents
        let log = try NVMePersistentEventLog(parsing: bytes.span)
        #expect(log.eventCount == 4 && log.totalByteCount == UInt64(bytes.count))
        #expect(log.timestampMilliseconds == 0x018F_0000_0000)
        #expect(log.powerOnHours == 4321 && log.powerCycles == 17 && log.generation == 6)
        #expect(log.serialNumber == "EXAMPLE0001" && log.subsystemName == "nqn.2014.a:b:c")
        #expect(log.supportedEvents == [1, 2, 3, 4, 15])
        #expect(log.fault == nil)
        #expect(
            log.events.map(\.name) == [
                "firmwareCommit", "thermalExcursion", "healthSnapshot", "unknown",
            ])
        #expect(log.events.map(\.vendorByteCount) == [0, 5, 0, 0])
        #expect(log.events.map(\.dataByteCount) == [22, 2, 512, 3])
        #expect(log.events[0].texts == ["oldRevision": "OLD1", "newRevision": "NEW2"])
        #expect(
            log.events[0].numbers == [
                "action": 1, "slot": 2, "statusCodeType": 0, "statusCode": 11,
                "vendorResult": 0x99,
            ])
        #expect(log.events[1].numbers == ["overTemperature": 12, "threshold": 1])
        let healthBytes = NVMeSamples.health
        let health = try NVMeSMARTLog(parsing: healthBytes.span)
        #expect(log.events[2].health == health)
        let part = Array(bytes.prefix(600))
        let cut = try NVMePersistentEventLog(parsing: part.span)
        #expect(cut.events.count == 2 && cut.fault != nil)
    }
}
