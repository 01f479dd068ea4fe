import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors
@testable import DiagModel

/// Reading ATA devices behind SCSI, and what their facts mean.
@Suite("ATA devices behind SCSI")
struct ATAReaderTests {
    static func findings(_ reading: ATAReading) -> [Finding] {
        ATAFindings.findings(
            facts: reading.facts, device: "/dev/sda", artifact: "storage/scsi/sda.json")
    }

    /// The published definition of the document, made once.
    private static let schema: JSONValue? = try? JSONTextReader.parse(
        Array(
            """
            {"$ref": "#/$defs/ata", "$defs": {\(PublishedSchema.commonDefinitions),
                \(PublishedSchema.factDefinitions), \(PublishedSchema.ataDefinitions)}}
            """.utf8))

    /// The document keeps its published definition.
    static func expectSchema(_ reading: ATAReading) throws {
        let schema = try #require(Self.schema)
        let document = try JSONDocument.encode(reading.document, layout: .document)
        let decoded = try JSONDocument.decode(ATADeviceDocument.self, from: document)
        #expect(decoded == reading.document)
        let errors = JSONSchemaValidator(schema).errors(
            in: try JSONTextReader.parse(document), definition: nil, limit: 10)
        #expect(errors == [])
    }

    @Test("A healthy disk gives identity, SMART and every log, and no finding")
    func healthy() throws {
        let device = ATAReplay.disk()
        let reading = ATAReader.read(device)
        #expect(reading.document.refused == [:])
        #expect(
            reading.facts == [
                "ata/sleeping": false, "ata/powerMode": "active", "ata/model": "EXAMPLE HDD 4000",
                "ata/serialNumber": "ZZ00TEST", "ata/firmware": "FW01",
                "ata/wwn": "5000c500aabbccdd", "ata/capacityBytes": 4_000_787_030_016,
                "ata/logicalSectorBytes": 512, "ata/physicalSectorBytes": 4096,
                "ata/rotationRate": 5400, "ata/isNonRotating": false,
                "ata/formFactor": "3.5 inch", "ata/majorVersion": "ACS-4",
                "ata/transportVersion": "SATA 3.2", "ata/speedGbps": "6.0",
                "ata/maximumSpeedGbps": "6.0", "ata/smartEnabled": true,
                "ata/writeCacheEnabled": true, "ata/securityEnabled": false,
                "ata/securityLocked": false, "ata/securityFrozen": true,
                "ata/securityCountExpired": false, "ata/smartFailing": false,
                "ata/powerOnHours": 20001, "ata/powerCycles": 44, "ata/reallocatedSectors": 0,
                "ata/pendingSectors": 0, "ata/crcErrors": 0, "ata/percentageUsed": 3,
                "ata/sectorsWritten": 1_000_000, "ata/temperatureCelsius": 36,
                "ata/maximumOperatingTemperatureCelsius": 60,
                "ata/lifetimeMaximumTemperatureCelsius": 52, "ata/selfTestFailed": false,
                "ata/selfTestResult": "completed", "ata/selfTestHours": 200,
                "ata/errorLogCount": 0,
            ])
        #expect(Self.findings(reading) == [])
        #expect(
            reading.document.pages == [
                "ata-identify", "ata-smart-data", "ata-smart-thresholds", "ata-gpl-00",
                "ata-smart-log-00", "ata-gpl-04-0", "ata-gpl-04-1", "ata-gpl-04-5", "ata-gpl-04-7",
                "ata-smart-log-06", "ata-smart-log-09", "ata-gpl-03", "ata-smart-log-01",
                "ata-gpl-11", "ata-sct-status", "ata-gpl-10",
            ])
        #expect(reading.pages.allSatisfy { $0.bytes.count == 512 })
        try Self.expectSchema(reading)
    }

    @Test("Only commands that read are sent, and the power mode is asked first")
    func commands() {
        let device = ATAReplay.disk()
        _ = ATAReader.read(device)
        #expect(
            device.commands.first == [0x85, 6, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE5, 0])
        #expect(
            device.commands[1] == [0x85, 8, 0x0E, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xEC, 0])
        for command in device.commands {
            #expect([0xE5, 0xEC, 0xB0, 0x2F].contains(command[14]))
            if command[14] == 0xB0 { #expect([0xD0, 0xD1, 0xD5, 0xDA].contains(command[4])) }
            #expect(command[2] == 0x20 || command[2] == 0x0E)
        }
    }

    @Test("Pending and reallocated sectors with a failed self-test weigh together")
    func failingSectors() throws {
        let reading = ATAReader.read(
            ATAReplay.disk(pending: 8, reallocated: 16, hasFailedTest: true))
        let findings = Self.findings(reading)
        #expect(
            findings.map(\.fault) == [
                "storage.ata.pending-sectors", "storage.ata.reallocated-sectors",
                "storage.ata.self-test-failed",
            ])
        #expect(findings.map(\.severity) == [.major, .minor, .major])
        #expect(
            findings[0].reason
                == "By its SMART counters, 8 sectors wait to be rewritten or reallocated because "
                + "they could not be read (attribute 197). It also shows 16 reallocated sectors, a "
                + "failed self-test. What is stored there is lost unless it is redundant. Vendors "
                + "count these differently.")
        #expect(findings[2].reason.contains("(readFailure) at logical sector 11259375"))
        #expect(findings.allSatisfy { $0.place == "/dev/sda" })
        #expect(findings[0].object == "/dev/sda (EXAMPLE HDD 4000)")
        try Self.expectSchema(reading)
    }

    @Test("One pending sector alone is minor, and one reallocated sector worth knowing")
    func single() {
        let pending = Self.findings(ATAReader.read(ATAReplay.disk(pending: 1)))
        #expect(pending.map(\.severity) == [.minor])
        #expect(pending.first?.reason.contains("1 sector waits") == true)
        let moved = Self.findings(ATAReader.read(ATAReplay.disk(reallocated: 1)))
        #expect(moved.map(\.severity) == [.notice])
    }

    @Test("A sleeping disk is left alone", arguments: [UInt8(0), 1], [true, false])
    func sleeping(mode: UInt8, hasDescriptorSense: Bool) throws {
        let device = ATAReplay.disk(pending: 8)
        device.powerMode = mode
        device.hasDescriptorSense = hasDescriptorSense
        let reading = ATAReader.read(device)
        #expect(device.commands.count == 1)
        #expect(reading.facts["ata/sleeping"] == true)
        #expect(reading.document.sleeping && !reading.isATA)
        #expect(Self.findings(reading) == [])
        try Self.expectSchema(reading)
    }

    @Test("Registers in fixed format serve as well")
    func fixedSense() {
        let device = ATAReplay.disk()
        device.hasDescriptorSense = false
        device.isFailing = true
        let reading = ATAReader.read(device)
        #expect(reading.facts["ata/smartFailing"] == true)
        #expect(reading.document.refused == [:])
        let findings = Self.findings(reading)
        #expect(findings.map(\.fault) == ["storage.ata.smart-failing"])
        #expect(findings.map(\.severity) == [.critical])
    }

    @Test("A USB bridge that refuses everything is asked twice and no more")
    func bridge() throws {
        let device = ATAReplay.disk()
        device.override = { _ throws(SystemCallError) in ATAReplay.illegalRequest }
        let reading = ATAReader.read(device)
        let reason =
            "the bridge or adapter does not pass ATA commands through: sense key 5, additional "
            + "sense 0x2000"
        #expect(
            reading.document.refused == ["CHECK POWER MODE": reason, "IDENTIFY DEVICE": reason])
        #expect(device.commands.count == 2)
        #expect(!reading.isATA && reading.pages.isEmpty)
        #expect(reading.facts == ["ata/sleeping": false, "ata/refusedCount": 2])
        try Self.expectSchema(reading)
    }

    @Test("A bridge that passes data but no registers costs the power mode and the verdict alone")
    func noRegisters() {
        let device = ATAReplay.disk()
        device.override = { command throws(SystemCallError) in
            command[2] & 0x20 != 0 ? SCSIResponse() : nil
        }
        let reading = ATAReader.read(device)
        #expect(
            reading.document.refused.keys.sorted() == ["CHECK POWER MODE", "SMART RETURN STATUS"])
        #expect(reading.facts["ata/powerOnHours"] == 20001)
        #expect(reading.facts["ata/smartFailing"] == nil)
    }

    @Test("Garbage, one byte repeated and short answers give no fact and no finding")
    func garbage() throws {
        for kind in 0..<4 {
            var state: UInt64 = 7
            let device = ATAReplay()
            device.override = { command throws(SystemCallError) in
                let bytes = (0..<Int(command[6]) * 512).map { _ -> UInt8 in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: state >> 40)
                }
                switch kind {
                case 0: return SCSIResponse(data: bytes)
                case 1: return SCSIResponse(data: [UInt8](repeating: 0xFF, count: 512))
                case 2: return SCSIResponse(data: Array(bytes.prefix(100)))
                default: return SCSIResponse(status: 2, sense: Array(bytes.prefix(32)))
                }
            }
            let reading = ATAReader.read(device)
            #expect(Self.findings(reading) == [], "kind \(kind)")
            try Self.expectSchema(reading)
            #expect(device.commands.count < 64)
        }
    }

    @Test("A good identity with damaged SMART pages gives no finding from them")
    func damagedSMART() throws {
        let device = ATAReplay.disk(pending: 8, hasStatistics: false)
        device.pages[.smart(0xD0)]?[300] ^= 0x55
        let reading = ATAReader.read(device)
        #expect(reading.document.smart?.isChecksumRight == false)
        #expect(reading.facts["ata/pendingSectors"] == nil)
        #expect(
            reading.document.refused == [
                "SMART READ DATA": "the checksum is wrong; its values are not relied on"
            ])
        #expect(Self.findings(reading) == [])
    }

    @Test("Every command may fail by itself and costs only what it gives")
    func oneFails() throws {
        let names = ATAReplay.disk()
        _ = ATAReader.read(names)
        for index in names.commands.indices {
            let device = ATAReplay.disk()
            let failing = names.commands[index]
            device.override = { [unowned device] command throws(SystemCallError) in
                command == failing ? device.registers(status: 0x51, error: 0x04) : nil
            }
            let reading = ATAReader.read(device)
            #expect(!reading.document.refused.isEmpty, "command \(index)")
            #expect(reading.isATA == (index != 1), "command \(index)")
            try Self.expectSchema(reading)
        }
    }

    @Test("A device that no longer answers is not asked again")
    func timeout() {
        let device = ATAReplay.disk()
        var count = 0
        device.override = { _ throws(SystemCallError) in
            count += 1
            return count > 4 ? SCSIResponse(hostStatus: 3) : nil
        }
        let reading = ATAReader.read(device)
        #expect(device.commands.count == 5)
        #expect(reading.isATA)
        #expect(
            reading.document.refused == [
                "SMART READ THRESHOLDS": "the host adapter gave up: host status 3 (timed out)"
            ])
    }

    @Test("A model that does not stand the log directory is not asked for it")
    func fragile() throws {
        let device = ATAReplay.disk()
        var identify = try #require(device.pages[.command(0xEC)])
        var model = Array("SATADOM-ML 3ME".utf8)
        model += [UInt8](repeating: 0x20, count: 40 - model.count)
        for at in stride(from: 0, to: 40, by: 2) { model.swapAt(at, at + 1) }
        identify.replaceSubrange(54..<94, with: model)
        identify[511] = 0 &- identify[..<511].reduce(0, &+)
        device.pages[.command(0xEC)] = identify
        let reading = ATAReader.read(device)
        #expect(reading.facts["ata/model"] == "SATADOM-ML 3ME")
        #expect(!device.commands.contains { $0[14] == 0x2F })
        #expect(reading.document.refused["general purpose logs"] != nil)
    }

    @Test("Without the right to command devices, the reason names it")
    func notPermitted() {
        let device = ATAReplay.disk()
        device.override = { _ throws(SystemCallError) in
            throw SystemCallError(operation: "SG_IO", object: "/dev/sda", errno: .notPermitted)
        }
        let reading = ATAReader.read(device)
        #expect(device.commands.count == 1)
        #expect(
            reading.document.refused == [
                "CHECK POWER MODE":
                    "SG_IO /dev/sda: Operation not permitted; "
                    + DeviceRefusal.words("CAP_SYS_RAWIO")
            ])
    }

    @Test("A locked disk, heat, wear, bad transfers and old errors are told by weight")
    func others() {
        #expect(
            Self.findings(ATAReader.read(ATAReplay.disk(security: 0x0017))).map(\.fault)
                == ["storage.ata.security-locked"])
        let facts: [String: JSONValue] = [
            "ata/temperatureCelsius": 61, "ata/maximumOperatingTemperatureCelsius": 60,
            "ata/percentageUsed": 104, "ata/crcErrors": 5, "ata/reportedUncorrectable": 2,
            "ata/offlineUncorrectable": 1, "ata/agedAttributes": ["a"],
            "ata/failingAttributes": ["b"],
        ]
        let findings = ATAFindings.findings(facts: facts, device: "/dev/sdb", artifact: "x")
        #expect(
            findings.map(\.fault) == [
                "storage.ata.attribute-below-threshold", "storage.ata.attribute-aged",
                "storage.ata.offline-uncorrectable", "storage.ata.reported-uncorrectable",
                "storage.ata.crc-errors", "storage.ata.wear", "storage.ata.temperature",
            ])
        #expect(
            findings.map(\.severity) == [
                .major, .minor, .major, .major, .notice, .major, .major,
            ])
        #expect(findings.allSatisfy { $0.object == "/dev/sdb" && $0.collector == "storage" })
    }
}
