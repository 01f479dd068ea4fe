internal import DiagFormats
internal import DiagModel
internal import DiagSystem

/// Reads an ATA device behind SCSI: identity, SMART and logs, by commands that only read.
///
/// A disk that sleeps is not woken: CHECK POWER MODE comes first, as with `smartctl -n standby`. No
/// feature is switched on, no self-test started, no log written. A command that is refused costs
/// its fact; when the device no longer answers, the reading ends with what there is. Source: ACS-5.
struct ATAReader {
    /// Pages of one log that are read at most: 64 KiB.
    static let pageLimit = 128
    /// Pages that one command asks for at most; small enough for every bridge.
    static let pagesPerCommand = 16

    let channel: ATAChannel
    var reading = ATAReading()
    /// Whether the device no longer answers.
    var isOver = false
    /// Whether the device itself refused something, so that commands reach it.
    var isAnswering = false

    /// Reads the device at the other end of `transport`.
    static func read(_ transport: any SCSITransport) -> ATAReading {
        var reader = ATAReader(channel: ATAChannel(transport: transport))
        reader.readAll()
        return reader.reading
    }

    private init(channel: ATAChannel) { self.channel = channel }

    private mutating func readAll() {
        readPowerMode()
        if !reading.document.sleeping {
            readIdentity()
            if let identify = reading.document.identify {
                readSMART(identify)
                readLogs(identify)
            }
        }
        reading.document.pages = reading.pages.map(\.name)
        reading.facts = ATAFacts.facts(of: reading.document)
    }

    private mutating func readPowerMode() {
        guard let registers = registers(after: .checkPowerMode) else { return }
        guard let mode = ATAPowerMode(count: registers.count) else {
            refuse(.checkPowerMode, "the reserved power mode \(registers.count & 0xFF)")
            return
        }
        reading.document.powerMode = mode
        reading.document.sleeping = mode.isAsleep
    }

    private mutating func readIdentity() {
        guard let bytes = data(.identifyDevice, "identify", isWholeWhenSame: false) else {
            // A packet device answers by an error of its own. A bridge that lets nothing through
            // is not asked twice.
            if isAnswering { readPacketIdentity() }
            return
        }
        do throws(FormatError) {
            let identify = try ATAIdentifyDevice(parsing: bytes.span)
            if identify.isChecksumRight == false {
                refuse(.identifyDevice, "the checksum of the answer is wrong")
            } else {
                reading.document.identify = identify
            }
        } catch {
            refuse(.identifyDevice, error.description)
            if bytes[1] & 0xC0 == 0x80 { readPacketIdentity() }
        }
    }

    private mutating func readPacketIdentity() {
        guard let bytes = data(.identifyPacketDevice, "identify-packet", isWholeWhenSame: false)
        else { return }
        do throws(FormatError) {
            let identify = try ATAIdentifyPacketDevice(parsing: bytes.span)
            if identify.isChecksumRight == false {
                refuse(.identifyPacketDevice, "the checksum of the answer is wrong")
            } else {
                reading.document.identifyPacket = identify
                reading.document.refused[ATACommand.identifyDevice.name] = nil
            }
        } catch {
            refuse(.identifyPacketDevice, error.description)
        }
    }

    private mutating func readSMART(_ identify: ATAIdentifyDevice) {
        guard let feature = identify.features["smart"], feature.isSupported else {
            reading.document.refused["SMART"] = "the device does not have it"
            return
        }
        guard feature.isEnabled != false else {
            reading.document.refused["SMART"] =
                "it is switched off, and diagbundle does not change that: `smartctl -s on` does"
            return
        }
        if let registers = registers(after: .smartReturnStatus) {
            reading.document.isSMARTThresholdExceeded = registers.isSMARTThresholdExceeded
            if registers.isSMARTThresholdExceeded == nil {
                refuse(.smartReturnStatus, "the registers hold neither of its two signatures")
            }
        }
        guard let bytes = data(.smartReadData, "smart-data") else { return }
        let thresholds = parse(.smartReadThresholds, "smart-thresholds") {
            bytes throws(FormatError) in try SMARTThresholds(parsing: bytes.span)
        }
        do throws(FormatError) {
            let smart = try SMARTData(parsing: bytes.span)
            let isRight = thresholds?.isChecksumRight != false
            reading.document.smart = ATADeviceDocument.SMART(smart, isRight ? thresholds : nil)
            if !smart.isChecksumRight {
                refuse(.smartReadData, "the checksum is wrong; its values are not relied on")
            }
            if !isRight { refuse(.smartReadThresholds, "the checksum is wrong") }
        } catch {
            refuse(.smartReadData, error.description)
        }
    }

    /// The logs that the directories list, the most telling first.
    private mutating func readLogs(_ identify: ATAIdentifyDevice) {
        func has(_ feature: String) -> Bool { identify.features[feature]?.isSupported == true }
        let isSMARTOn = has("smart") && identify.features["smart"]?.isEnabled != false
        // It does not stand the log directory: ATA_QUIRK_NO_LOG_DIR of drivers/ata/libata-core.c,
        // Linux 6.12.
        let isFragile = identify.modelNumber.hasPrefix("SATADOM-ML 3ME")
        let hasGeneral = has("generalPurposeLogging") && has("address48Bit") && !isFragile
        if isFragile {
            reading.document.refused["general purpose logs"] =
                "this model does not stand being asked for them"
        }
        if hasGeneral {
            reading.document.generalPurposeLogDirectory = parse(.readLog(0), "gpl-00") {
                bytes throws(FormatError) in try ATALogDirectory(parsing: bytes.span)
            }
        }
        if isSMARTOn, has("smartErrorLogging") || has("smartSelfTest") {
            reading.document.smartLogDirectory = parse(.smartReadLog(0), "smart-log-00") {
                bytes throws(FormatError) in try ATALogDirectory(parsingSMART: bytes.span)
            }
        }
        readStatistics()
        readSelfTests(isSMARTOn: isSMARTOn)
        readErrors()
        readLink(identify)
    }

    func generalPages(_ address: UInt8) -> Int {
        reading.document.generalPurposeLogDirectory?.pageCount(of: address) ?? 0
    }

    /// Pages of a SMART log. Without a directory the two logs are there whose features are.
    private func smartPages(_ address: UInt8) -> Int {
        if let directory = reading.document.smartLogDirectory {
            return directory.pageCount(of: address)
        }
        let feature = [1: "smartErrorLogging", 6: "smartSelfTest"][address]
        guard let feature, let identify = reading.document.identify,
            identify.features["smart"]?.isEnabled != false
        else { return 0 }
        return identify.features[feature]?.isSupported == true ? 1 : 0
    }

    private mutating func readStatistics() {
        guard generalPages(4) > 0 else { return }
        let supported = parse(.readLog(4), "gpl-04-0") { bytes throws(FormatError) in
            try ATADeviceStatistics.supportedPages(parsing: bytes.span)
        }
        let known = Set(supported ?? []).intersection(1...7).sorted()
        var pages = [ATADeviceStatistics]()
        for page in known where Int(page) < generalPages(4) {
            let command = ATACommand.readLog(4, page: UInt16(page))
            let parsed = parse(command, "gpl-04-\(page)") { bytes throws(FormatError) in
                try ATADeviceStatistics(parsing: bytes.span, page: page)
            }
            if let parsed { pages.append(parsed) }
        }
        if !pages.isEmpty { reading.document.deviceStatistics = pages }
    }

    private mutating func readSelfTests(isSMARTOn: Bool) {
        if smartPages(6) > 0 {
            reading.document.selfTestLog = parse(.smartReadLog(6), "smart-log-06") {
                bytes throws(FormatError) in try ATASelfTestLog(parsing: bytes.span)
            }
        }
        if isSMARTOn, let bytes = pages(of: 7, "gpl-07") {
            reading.document.extendedSelfTestLog = keep("READ LOG EXT 07h") {
                () throws(FormatError) in try ATASelfTestLog(parsingExtended: bytes.span)
            }
        }
        if smartPages(9) > 0 {
            reading.document.selectiveSelfTestLog = parse(.smartReadLog(9), "smart-log-09") {
                bytes throws(FormatError) in try ATASelectiveSelfTestLog(parsing: bytes.span)
            }
        }
    }

    private mutating func readErrors() {
        if let bytes = pages(of: 3, "gpl-03") {
            reading.document.extendedErrorLog = keep("READ LOG EXT 03h") {
                () throws(FormatError) in try ATAErrorLog(parsingExtended: bytes.span)
            }
        }
        if smartPages(1) > 0 {
            reading.document.summaryErrorLog = parse(.smartReadLog(1), "smart-log-01") {
                bytes throws(FormatError) in try ATAErrorLog(parsing: bytes.span)
            }
        }
        // The extended log tells the same and more.
        if reading.document.extendedErrorLog == nil, smartPages(2) > 0 {
            let count = UInt16(min(smartPages(2), Self.pagesPerCommand))
            reading.document.comprehensiveErrorLog = parse(
                .smartReadLog(2, pages: count), "smart-log-02"
            ) { bytes throws(FormatError) in try ATAErrorLog(parsing: bytes.span) }
        }
    }

    private mutating func readLink(_ identify: ATAIdentifyDevice) {
        func has(_ feature: String) -> Bool { identify.features[feature]?.isSupported == true }
        if generalPages(0x11) > 0 {
            reading.document.phyEventCounters = parse(.readLog(0x11), "gpl-11") {
                bytes throws(FormatError) in try SATAPhyEventCounters(parsing: bytes.span)
            }
        }
        // Log E0h answers a read by the status alone; only a write would be a command.
        if has("sctCommandTransport") {
            let command: ATACommand? =
                generalPages(0xE0) > 0
                ? .readLog(0xE0) : smartPages(0xE0) > 0 ? .smartReadLog(0xE0) : nil
            if let command {
                reading.document.sctStatus = parse(command, "sct-status") {
                    bytes throws(FormatError) in try SCTStatus(parsing: bytes.span)
                }
            }
        }
        if has("nativeCommandQueuing"), generalPages(0x10) > 0 {
            reading.document.ncqErrorLog = parse(.readLog(0x10), "gpl-10") {
                bytes throws(FormatError) in try NCQErrorLog(parsing: bytes.span)
            }
        }
        // Log A6h is a vendor's: of a Seagate disk it is its field accessible reliability metrics.
        if identify.modelNumber.hasPrefix("ST"), (1...Self.pageLimit).contains(generalPages(0xA6)) {
            _ = pages(of: 0xA6, "gpl-a6")
        }
    }
}
