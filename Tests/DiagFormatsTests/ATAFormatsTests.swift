import Foundation
import Testing

@testable import DiagFormats

/// What ATA devices answer. The samples of QEMU are real, the others built from the standards.
@Suite("ATA formats")
struct ATAFormatsTests {
    /// The whole value as JSON with sorted names.
    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test("The identity of QEMU's disk is read as it was given")
    func qemuIdentify() throws {
        let disk = try ATASample.read(ATASample.fixture("qemu-identify")) {
            try ATAIdentifyDevice(parsing: $0)
        }
        #expect(disk.serialNumber == "EXAMPLE-0001")
        #expect(disk.modelNumber == "QEMU HARDDISK")
        #expect(disk.firmwareRevision == "2.5+")
        #expect(disk.worldWideName == "5000c500aabbccdd")
        #expect(disk.userAddressableSectors28 == 131_072)
        #expect(disk.userAddressableSectors48 == 131_072)
        #expect(disk.capacityBytes == 64 << 20)
        #expect(disk.logicalSectorBytes == 512)
        #expect(disk.physicalSectorBytes == 4096)
        #expect(disk.nominalRotationRate == 7200)
        #expect(disk.isNonRotating == false)
        #expect(disk.isChecksumRight == nil)
        #expect(disk.features["smart"] == .init(isSupported: true, isEnabled: true))
        // QEMU keeps the log of self-tests, but does not say so.
        #expect(disk.features["smartSelfTest"]?.isSupported == false)
        #expect(disk.features["generalPurposeLogging"]?.isSupported == false)
        #expect(disk.security.isSupported == false)
    }

    @Test("The attributes of QEMU's disk are joined with its thresholds")
    func qemuSMART() throws {
        let data = try ATASample.read(ATASample.fixture("qemu-smart-data")) {
            try SMARTData(parsing: $0)
        }
        let thresholds = try ATASample.read(ATASample.fixture("qemu-smart-thresholds")) {
            try SMARTThresholds(parsing: $0)
        }
        #expect(data.isChecksumRight && thresholds.isChecksumRight)
        let joined = SMARTAttribute.join(data, thresholds)
        #expect(joined.map(\.id) == [1, 3, 4, 5, 9, 12, 190])
        #expect(joined.map(\.threshold) == [6, 0, 20, 36, 0, 0, 50])
        #expect(joined.map(\.failed) == Array(repeating: nil, count: 7))
        let temperature = try #require(joined.last)
        #expect(
            try Self.json(temperature)
                == #"{"flags":3,"id":190,"isPrefailure":true,"name":"Airflow_Temperature_Cel","#
                + #""raw":[31,0,31,31,0,0],"rawNumber":522125343,"threshold":50,"value":69,"worst":69}"#
        )
        let errors = try ATASample.read(ATASample.fixture("qemu-smart-log-01")) {
            try ATAErrorLog(parsing: $0)
        }
        #expect(errors.deviceErrorCount == 0 && errors.entries == [] && errors.isChecksumRight)
        let tests = try ATASample.read(ATASample.fixture("qemu-smart-log-06")) {
            try ATASelfTestLog(parsing: $0)
        }
        #expect(tests.entries == [] && tests.isChecksumRight)
    }

    @Test("A large SATA disk tells its size, speed, features and security")
    func identify() throws {
        let disk = try ATASample.read(ATASample.identify) { try ATAIdentifyDevice(parsing: $0) }
        #expect(disk.isChecksumRight == true)
        #expect(disk.modelNumber == "EXAMPLE HDD 4000")
        #expect(disk.userAddressableSectors28 == 0x0FFF_FFFF)
        #expect(disk.capacityBytes == 4_000_787_030_016)
        #expect((disk.logicalSectorBytes, disk.physicalSectorBytes) == (512, 4096))
        #expect(disk.alignmentSectors == 0)
        #expect(disk.formFactor == "3.5 inch")
        #expect(disk.majorVersion == "ACS-4")
        #expect(disk.advancedPowerManagementLevel == 254)
        #expect(
            try Self.json(disk.transport)
                == #"{"currentSpeed":"6.0","queueDepth":32,"supportedSpeeds":["1.5","3.0","6.0"],"#
                + #""type":"serial","version":"SATA 3.2"}"#)
        #expect(
            try Self.json(disk.security)
                == #"{"isCountExpired":false,"isEnabled":false,"isFrozen":true,"isLocked":false,"#
                + #""isSupported":true,"supportsEnhancedErase":true}"#)
        let supported = disk.features.filter(\.value.isSupported).keys.sorted()
        #expect(
            supported == [
                "address48Bit", "advancedPowerManagement", "deviceInitiatedPowerManagement",
                "extendedPowerConditions", "flushCache", "flushCacheExtended", "forcedUnitAccess",
                "generalPurposeLogging", "nativeCommandQueuing", "phyEventCounters",
                "powerManagement", "readLookAhead", "sanitize", "sctCommandTransport",
                "sctDataTables", "sctErrorRecoveryControl", "sctFeatureControl", "security",
                "senseDataReporting", "smart", "smartErrorLogging", "smartSelfTest",
                "softwareSettingsPreservation", "volatileWriteCache", "worldWideName",
            ])
        #expect(disk.features["security"]?.isEnabled == false)
        #expect(disk.features["softwareSettingsPreservation"]?.isEnabled == true)
    }

    @Test("A 4Kn disk, a solid one and one beyond 48 bits tell their size")
    func sizes() throws {
        func changed(_ words: (Int, [UInt8])...) throws -> ATAIdentifyDevice {
            var bytes = ATASample.identify
            for (at, field) in words + [(510, [0, 0])] {
                bytes.replaceSubrange(at..<(at + field.count), with: field)
            }
            return try ATAIdentifyDevice(parsing: bytes.span)
        }
        let native = try changed(ATASample.words(106, 0x5000), ATASample.words(117, 2048, 0))
        #expect((native.logicalSectorBytes, native.physicalSectorBytes) == (4096, 4096))
        let solid = try changed(ATASample.words(217, 1), ATASample.words(169, 1))
        #expect((solid.isNonRotating, solid.nominalRotationRate) == (true, nil))
        #expect(solid.features["trim"]?.isSupported == true)
        let wide = try changed(
            ATASample.words(69, 9), ATASample.words(230, 0, 0, 0, 1))
        #expect(wide.userAddressableSectors48 == 1 << 48)
        #expect(wide.zoned == "hostAware")
        let endless = try changed(
            ATASample.words(69, 8), ATASample.words(230, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF))
        #expect(endless.capacityBytes == nil)
        let locked = try changed(ATASample.words(128, 0x0117))
        #expect(locked.security.isLocked && locked.security.isEnabled)
        #expect(locked.security.isCountExpired && locked.security.level == "maximum")
    }

    @Test("Each kind of identity refuses the other")
    func packet() throws {
        let drive = try ATASample.read(ATASample.packet) {
            try ATAIdentifyPacketDevice(parsing: $0)
        }
        #expect(
            try Self.json(drive)
                == #"{"firmwareRevision":"1.00","isChecksumRight":true,"isRemovable":true,"#
                + #""majorVersion":"ATA8-ACS","modelNumber":"EXAMPLE DVD","peripheralDeviceType":5,"#
                + #""serialNumber":"ODD0001","transport":{"currentSpeed":"1.5","#
                + #""supportedSpeeds":["1.5"],"type":"serial","version":"SATA 2.6"}}"#)
        #expect(throws: FormatError.self) {
            try ATASample.read(ATASample.packet) { try ATAIdentifyDevice(parsing: $0) }
        }
        #expect(throws: FormatError.self) {
            try ATASample.read(ATASample.identify) { try ATAIdentifyPacketDevice(parsing: $0) }
        }
    }

    @Test("Attributes fail now or before, and impossible thresholds never")
    func smart() throws {
        let data = try ATASample.read(ATASample.smartData) { try SMARTData(parsing: $0) }
        let thresholds = try ATASample.read(ATASample.thresholds) {
            try SMARTThresholds(parsing: $0)
        }
        let joined = SMARTAttribute.join(data, thresholds)
        #expect(joined.map(\.id) == [5, 9, 194, 197])
        #expect(joined.map(\.failed) == ["now", nil, nil, "before"])
        #expect(joined.map(\.isPrefailure) == [true, false, false, false])
        #expect(joined.map(\.rawNumber) == [16, 0x0100_0000_4E20, 0x002D_0012_0024, 8])
        #expect(joined[2].raw == [0x24, 0, 0x12, 0, 0x2D, 0])
        #expect(data.selfTestExecutionStatus == .readFailure)
        #expect(data.selfTestRemainingPercent == 90)
        #expect(data.offlineDataCollectionSeconds == 0x0244)
        #expect(data.offlineDataCollectionCapability == 0x7B)
        #expect(data.extendedSelfTestMinutes == 300)
        #expect((data.shortSelfTestMinutes, data.conveyanceSelfTestMinutes) == (1, 2))
        #expect(SMARTAttribute.join(data, nil).allSatisfy { $0.threshold == nil })
    }

    @Test("The directories list logs, the SMART one with counts of one byte")
    func directories() throws {
        let general = try ATASample.read(ATASample.directory) { try ATALogDirectory(parsing: $0) }
        #expect(general.entries.map(\.address) == [1, 2, 3, 4, 7, 0xA6, 0xE0])
        #expect(general.entries.map(\.pages) == [1, 5, 6, 8, 2, 0x300, 1])
        #expect(general.entries.map(\.name?.utf8.count).allSatisfy { $0 != nil })
        #expect(general.pageCount(of: 4) == 8 && general.pageCount(of: 5) == 0)
        let smart = try ATASample.read(ATASample.directory) {
            try ATALogDirectory(parsingSMART: $0)
        }
        #expect(smart.entries.map(\.address) == [1, 2, 3, 4, 7, 0xE0])
    }

    @Test("Error logs give the newest error first, with the commands before it")
    func errorLogs() throws {
        let log = try ATASample.read(ATASample.errorLog) { try ATAErrorLog(parsing: $0) }
        #expect(log.deviceErrorCount == 7 && log.isChecksumRight)
        #expect(log.entries.map(\.lifetimeHours) == [20000, 19999])
        #expect(
            try Self.json(log.entries[0])
                == #"{"commands":[{"commandOrStatus":37,"count":8,"device":225,"featureOrError":0,"#
                + #""lba":19088743,"timestampMilliseconds":1234}],"error":{"commandOrStatus":81,"#
                + #""count":8,"device":225,"featureOrError":64,"lba":19088743},"#
                + #""lifetimeHours":20000,"state":3}"#)
        let extended = try ATASample.read(ATASample.extendedErrorLog) {
            try ATAErrorLog(parsingExtended: $0)
        }
        #expect(extended.isChecksumRight)
        #expect(
            try Self.json(extended.entries)
                == #"[{"commands":[{"commandOrStatus":96,"count":264,"device":64,"#
                + #""featureOrError":8208,"lba":6618611909121,"timestampMilliseconds":99}],"error":{"#
                + #""commandOrStatus":65,"count":264,"device":64,"featureOrError":64,"#
                + #""lba":6618611909121},"lifetimeHours":20001,"state":3}]"#)
    }

    @Test("Self-test logs give the newest test first, and where it failed")
    func selfTests() throws {
        let log = try ATASample.read(ATASample.selfTestLog) { try ATASelfTestLog(parsing: $0) }
        func expected(_ lba: UInt64) -> String {
            #"{"checkpoint":17,"failingLBA":\#(lba),"lifetimeHours":200,"#
                + #""remainingPercent":90,"result":"readFailure","subcommand":2}"#
        }
        #expect(try Self.json(log.entries[0]) == expected(0x00AB_CDEF))
        #expect(log.entries.map(\.result) == [.readFailure, .completed])
        #expect(log.entries[1].failingLBA == nil)
        let extended = try ATASample.read(ATASample.extendedSelfTestLog) {
            try ATASelfTestLog(parsingExtended: $0)
        }
        #expect(try Self.json(extended.entries[0]) == expected(0x0012_3456_789A))
        #expect(extended.entries.count == 2)
        let selective = try ATASample.read(ATASample.selective) {
            try ATASelectiveSelfTestLog(parsing: $0)
        }
        #expect(selective.spans.count == 5 && selective.spans[0].endingLBA == 200)
        #expect(selective.currentLBA == 150 && selective.currentSpan == 1)
        #expect(selective.pendingTimeMinutes == 10)
    }

    @Test("Device statistics give values only where the device says that they are valid")
    func statistics() throws {
        #expect(
            try ATASample.read(ATASample.statisticsList) {
                try ATADeviceStatistics.supportedPages(parsing: $0)
            }
                == [0, 1, 5])
        let general = try ATASample.read(ATASample.statistics1) {
            try ATADeviceStatistics(parsing: $0, page: 1)
        }
        #expect(general.name == "General Statistics")
        #expect(general.value("powerOnHours") == 20000)
        #expect(general.value("logicalSectorsWritten") == 0x0102_0304_0506)
        #expect(general.value("logicalSectorsRead") == nil)
        #expect(general.statistics.map(\.offset) == [8, 16, 24, 40, 160])
        #expect(
            try Self.json(general.statistics[4])
                == #"{"isConditionMet":true,"isNormalized":true,"offset":160,"value":5}"#)
        let heat = try ATASample.read(ATASample.statistics5) {
            try ATADeviceStatistics(parsing: $0, page: 5)
        }
        #expect(heat.value("currentTemperatureCelsius") == 36)
        #expect(heat.value("lowestTemperatureCelsius") == -5)
        #expect(heat.value("specifiedMaximumOperatingTemperatureCelsius") == 60)
        #expect(throws: FormatError.self) {
            try ATASample.read(ATASample.statistics5) {
                try ATADeviceStatistics(parsing: $0, page: 1)
            }
        }
    }

    @Test("Link counters, SCT status and the failed queued command are read")
    func others() throws {
        let phy = try ATASample.read(ATASample.phy) { try SATAPhyEventCounters(parsing: $0) }
        #expect(phy.counters.map(\.id) == [1, 0x0A, 0x8003])
        #expect(phy.counters.map(\.value) == [3, 0xFFFF, 5])
        #expect(phy.counters.map(\.isSaturated) == [false, true, false])
        #expect(phy.counters[0].name == "Command failed due to ICRC error")
        let sct = try ATASample.read(ATASample.sct) { try SCTStatus(parsing: $0) }
        #expect(
            try Self.json(sct)
                == #"{"actionCode":0,"deviceState":"active","extendedStatusCode":65535,"#
                + #""formatVersion":3,"functionCode":0,"isSMARTThresholdExceeded":false,"#
                + #""lifetimeMaximumTemperatureCelsius":52,"lifetimeMinimumTemperatureCelsius":-5,"#
                + #""maximumOperatingTemperatureCelsius":60,"maximumTemperatureCelsius":45,"#
                + #""minimumTemperatureCelsius":20,"overLimitCount":2,"sctVersion":1,"#
                + #""statusFlags":0,"temperatureCelsius":36,"underLimitCount":1}"#)
        let ncq = try ATASample.read(ATASample.ncq) { try NCQErrorLog(parsing: $0) }
        #expect(ncq.tag == 5 && ncq.isUnloaded && !ncq.isNotQueued)
        #expect(ncq.lba == 0x0605_0403_0201 && ncq.count == 0x108)
        #expect(ncq.senseKey == 3 && ncq.additionalSense == 0x1104)
    }

    @Test("Registers are found in sense data of both formats")
    func registers() throws {
        let descriptor = try ATASample.read(ATASample.descriptorSense) {
            try ATAReturnDescriptor(parsing: $0)
        }
        #expect(
            try Self.json(descriptor)
                == #"{"additionalSense":29,"count":255,"device":160,"error":0,"extend":true,"#
                + #""lba":6618624446209,"senseKey":1,"status":80}"#)
        #expect(descriptor.isSMARTThresholdExceeded == false)
        let fixed = try ATASample.read(ATASample.fixedSense) {
            try ATAReturnDescriptor(parsing: $0)
        }
        #expect(fixed.isSMARTThresholdExceeded == true)
        #expect((fixed.error, fixed.status, fixed.count, fixed.lba) == (4, 0x51, 0x80, 0x2CF401))
        #expect(fixed.isError && fixed.extend)
        #expect(ATAPowerMode(count: 0xFF) == .active && ATAPowerMode(count: 0x55) == nil)
        #expect(
            ATAPowerMode.allCases.filter(\.isAsleep) == [.standby, .standbyY, .nvCacheSpunDown])
    }
}
