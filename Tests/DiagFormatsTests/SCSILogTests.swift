import Testing

@testable import DiagFormats

/// How a disk or enclosure says that it is. Samples built from the specifications.
@Suite struct SCSILogTests {
    @Test("The lists of log pages are read")
    func lists() throws {
        let pages = try SCSISamples.read(SCSISamples.supportedLogs) {
            try SCSISupportedLogPages(parsing: $0)
        }
        #expect(pages.entries.count == 15 && pages.entries[13].pageCode == 0x2F)
        let subpages = try SCSISamples.read(SCSISamples.supportedSubpages) {
            try SCSISupportedLogPages(parsing: $0)
        }
        #expect(
            subpages.entries == [
                .init(pageCode: 0, subpageCode: 0), .init(pageCode: 0, subpageCode: 0xFF),
                .init(pageCode: 0x0D, subpageCode: 0), .init(pageCode: 0x0D, subpageCode: 1),
            ])
    }

    @Test("Error counters, also those wider than 64 bits, are read")
    func errors() throws {
        for page: UInt8 in [2, 3, 5] {
            let value = try SCSISamples.read(SCSISamples.errors(page, uncorrected: 3)) {
                try SCSIErrorCounters(parsing: $0)
            }
            #expect(value.correctedFast == 10 && value.correctedDelayed == 2)
            #expect(value.retries == 1 && value.corrected == 13 && value.correctionRuns == 13)
            #expect(value.bytesProcessed == 123_456_789_012 && value.uncorrected == 3)
        }
        let wide = SCSISamples.log(2, [(6, [1] + SCSISamples.big(0, 8))])
        #expect(
            try SCSISamples.read(wide) { try SCSIErrorCounters(parsing: $0) }.uncorrected == .max)
        #expect(
            try SCSISamples.read(SCSISamples.nonMedium) { try SCSINonMediumErrors(parsing: $0) }
                .nonMediumErrorCount == 7)
    }

    @Test("Temperature, cycles, wear, statistics and exceptions are read")
    func values() throws {
        let temperature = try SCSISamples.read(SCSISamples.temperature) {
            try SCSITemperature(parsing: $0)
        }
        #expect(temperature.temperatureCelsius == 41)
        #expect(temperature.referenceTemperatureCelsius == 65)
        let cycles = try SCSISamples.read(SCSISamples.cycles) {
            try SCSIStartStopCycles(parsing: $0)
        }
        #expect(cycles.manufactured == "2026-07" && cycles.accounted == nil)
        #expect(cycles.specifiedStartStopCycles == 50_000)
        #expect(cycles.accumulatedStartStopCycles == 77)
        #expect(cycles.specifiedLoadUnloadCycles == 600_000)
        #expect(cycles.accumulatedLoadUnloadCycles == 1234)
        #expect(
            try SCSISamples.read(SCSISamples.solidState) { try SCSISolidStateMedia(parsing: $0) }
                .percentageUsedEnduranceIndicator == 101)
        let statistics = try SCSISamples.read(SCSISamples.statistics) {
            try SCSIGeneralStatistics(parsing: $0)
        }
        #expect(statistics.readCommands == 1000 && statistics.writeProcessingIntervals == 6000)
        #expect(statistics.idleIntervals == 99 && statistics.intervalInteger == 5)
        let exceptions = try SCSISamples.read(SCSISamples.exceptions) {
            try SCSIInformationalExceptions(parsing: $0)
        }
        #expect(exceptions.isFailurePredicted && exceptions.mostRecentTemperatureCelsius == 44)
        #expect(exceptions.temperatureTripCelsius == 65)
    }

    @Test("Self-tests, the background scan and SAS links are read")
    func tests() throws {
        let tests = try SCSISamples.read(SCSISamples.selfTests) {
            try SCSISelfTestResults(parsing: $0)
        }.entries
        #expect(tests.map(\.isFailed) == [false, true])
        #expect(tests.map(\.addressOfFirstFailure) == [nil, 123_456])
        #expect(tests.map(\.accumulatedPowerOnHours) == [900, 800])
        #expect(tests.map(\.selfTestCode) == [1, 2] && tests[1].additionalSenseCode == 0x11)
        let scan = try SCSISamples.read(SCSISamples.scan) { try SCSIBackgroundScan(parsing: $0) }
        #expect(scan.accumulatedPowerOnMinutes == 60_000 && scan.backgroundScanStatus == 1)
        #expect(scan.backgroundScansPerformed == 12 && scan.scanProgress == 0x8000)
        #expect(scan.entries.map(\.logicalBlockAddress) == [424_242, 535_353])
        #expect(scan.pendingCount == 1)
        let ports = try SCSISamples.read(SCSISamples.sas) { try SCSISASPorts(parsing: $0) }.ports
        #expect(ports.map(\.relativeTargetPort) == [1, 2])
        let phys = ports.flatMap(\.phys)
        #expect(phys.map(\.linkRateMegabits) == [12_000, nil])
        #expect(phys.map(\.phyIdentifier) == [0, 1])
        #expect(phys[0].sasAddress == "5000c500a1b2c3d5" && phys[0].attachedPhyIdentifier == 4)
        #expect(phys[0].attachedSASAddress == "0000000000005001" && phys[0].attachedDeviceType == 2)
        #expect(phys[0].invalidDwordCount == 5000 && phys[0].runningDisparityErrorCount == 4000)
        #expect(phys[0].lossOfDwordSynchronizationCount == 3 && phys[0].phyResetProblemCount == 2)
    }

    @Test("A page that is not known is kept as its parameters")
    func unknown() throws {
        let page = try SCSISamples.read(SCSISamples.unknownLog) { try SCSILogPage(parsing: $0) }
        #expect(page.pageCode == 0x37 && page.parameters.map(\.code) == [0, 0x8001])
        #expect(page.parameters.map(\.number) == [1, 7])
    }

    @Test("The pages of an enclosure are read")
    func enclosure() throws {
        #expect(
            try SCSISamples.read(SCSISamples.sesSupported) { try SESSupportedPages(parsing: $0) }
                .codes == [0, 1, 2, 7, 10])
        let configuration = try SCSISamples.read(SCSISamples.sesConfiguration) {
            try SESConfiguration(parsing: $0)
        }
        #expect(configuration.generationCode == 7)
        #expect(
            configuration.enclosures == [
                .init(
                    subenclosureIdentifier: 0, enclosureLogicalIdentifier: "5001438000000001",
                    vendor: "EXAMPLE", product: "JBOD12", revision: "0101", typeCount: 5)
            ])
        #expect(configuration.types.map(\.text) == ["Slots", "PSU", "Fans", "Temp", "Volt"])
        let status = try SCSISamples.read(SCSISamples.sesStatus) {
            try SESStatus(parsing: $0, configuration: configuration)
        }
        #expect(status.isCritical && !status.isUnrecoverable && !status.isNonCritical)
        let elements = status.groups.flatMap(\.elements)
        #expect(elements.map(\.statusCode) == [1, 5, 2, 1, 3, 1])
        #expect(elements[0].isIdentifying)
        #expect(elements[2].faults == ["failed", "AC power failed"])
        #expect(elements[3].revolutionsPerMinute == 6000)
        #expect(elements[4].temperatureCelsius == 52 && elements[4].faults == ["too hot"])
        #expect(elements[5].millivolts == 12_030)
        let names = try SCSISamples.read(SCSISamples.sesNames) {
            try SESElementDescriptors(parsing: $0, configuration: configuration)
        }
        #expect(
            names.names == [
                ["", "Slot 01", "Slot 02"], ["", "PSU 1"], ["", "Fan A"], ["", "Inlet"],
                ["", "12V"],
            ])
        let slots = try SCSISamples.read(SCSISamples.sesSlots) {
            try SESAdditionalStatus(parsing: $0)
        }.slots
        #expect(slots.map(\.deviceSlotNumber) == [1, 2] && slots.map(\.elementIndex) == [0, 1])
        #expect(slots.map { $0.phys.map(\.sasAddress) } == [["5000c500a1b2c3d5"], []])
    }
}
