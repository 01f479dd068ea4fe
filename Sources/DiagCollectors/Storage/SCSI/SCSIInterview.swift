internal import DiagFormats
internal import DiagModel
internal import DiagSystem

/// The questions that a SCSI device is asked, the safest and most valuable first.
struct SCSIInterview {
    /// How much may be asked.
    struct Limits {
        /// Only what the device is, since it is a path that takes nothing else: why.
        var identityOnlyBecause: String?
        /// Only the standard INQUIRY, since the bridge may stumble over more: why.
        var inquiryOnlyBecause: String?
    }

    /// How many log pages without a decoder are fetched at most.
    private static let otherPageLimit = 24

    var session: SCSISession
    var document: SCSIDocument

    /// Asks everything that `limits` allow.
    mutating func run(_ limits: Limits) {
        askInquiry(isShort: limits.inquiryOnlyBecause != nil)
        defer { document.commands = session.commands }
        guard document.inquiry != nil else { return }
        if let reason = limits.inquiryOnlyBecause {
            document.limitedBecause = reason
            return
        }
        askVitalPages()
        if let reason = limits.identityOnlyBecause {
            document.limitedBecause = reason
            return
        }
        askPower()
        if let power = document.power, power.isSleeping {
            document.limitedBecause = "it sleeps (\(power.state)); more questions would wake it"
            return
        }
        if document.inquiry?.peripheralDeviceType == 13 {
            askEnclosure()
        } else {
            askCapacity()
            // The translation makes these pages from the ATA device's own, which say more.
            if !document.isATA {
                askLogPages()
                askModePages()
            }
        }
        if (document.inquiry?.targetPortGroupSupport ?? 0) != 0 { askPortGroups() }
        document.limitedBecause = session.deadReason
    }

    private mutating func askInquiry(isShort: Bool) {
        let count = isShort ? 36 : 96
        let bytes = session.send(
            "INQUIRY", SCSICommand.inquiry(byteCount: UInt16(count)), reading: count)
        if let bytes { session.keep("inquiry", bytes) }
        document.inquiry = session.value("INQUIRY", bytes) { bytes throws(FormatError) in
            try SCSIInquiry(parsing: bytes)
        }
    }

    private mutating func vital(_ code: UInt8) -> [UInt8]? {
        let digits = Self.digits(code)
        return session.page(
            "VPD \(digits)h", file: "vpd-\(digits)", length: Self.pageLength
        ) { SCSICommand.inquiry(page: code, byteCount: $0) }
    }

    private mutating func vital<Value>(
        _ code: UInt8, _ parse: (Span<UInt8>) throws(FormatError) -> Value
    ) -> Value? {
        guard document.supportedVitalPages?.codes.contains(code) == true else { return nil }
        return session.value("VPD \(Self.digits(code))h", vital(code), parse)
    }

    private mutating func askVitalPages() {
        document.supportedVitalPages = session.value("VPD 00h", vital(0)) {
            bytes throws(FormatError) in try SCSISupportedVitalPages(parsing: bytes)
        }
        document.unitSerialNumber = vital(0x80) { bytes throws(FormatError) in
            try SCSIUnitSerialNumber(parsing: bytes)
        }
        document.identification = vital(0x83) { bytes throws(FormatError) in
            try SCSIDeviceIdentification(parsing: bytes)
        }
        document.extendedInquiry = vital(0x86) { bytes throws(FormatError) in
            try SCSIExtendedInquiry(parsing: bytes)
        }
        document.modePagePolicy = vital(0x87) { bytes throws(FormatError) in
            try SCSIModePagePolicy(parsing: bytes)
        }
        document.ports = vital(0x88) { bytes throws(FormatError) in try SCSIPorts(parsing: bytes) }
        document.ataInformation = vital(0x89) { bytes throws(FormatError) in
            try SCSIATAInformation(parsing: bytes)
        }
        document.blockLimits = vital(0xB0) { bytes throws(FormatError) in
            try SCSIBlockLimits(parsing: bytes)
        }
        document.blockCharacteristics = vital(0xB1) { bytes throws(FormatError) in
            try SCSIBlockCharacteristics(parsing: bytes)
        }
        document.provisioning = vital(0xB2) { bytes throws(FormatError) in
            try SCSIProvisioning(parsing: bytes)
        }
        document.zonedCharacteristics = vital(0xB6) { bytes throws(FormatError) in
            try SCSIZonedCharacteristics(parsing: bytes)
        }
    }

    private mutating func askPower() {
        document.power = session.power(isATA: document.isATA)
    }

    private mutating func askCapacity() {
        let long = session.send("READ CAPACITY (16)", SCSICommand.readCapacity16, reading: 32)
        if let long { session.keep("read-capacity-16", long) }
        document.capacity = session.value("READ CAPACITY (16)", long) {
            bytes throws(FormatError) in try SCSICapacity(parsing16: bytes)
        }
        guard document.capacity == nil else { return }
        let short = session.send("READ CAPACITY (10)", SCSICommand.readCapacity10, reading: 8)
        if let short { session.keep("read-capacity-10", short) }
        document.capacity = session.value("READ CAPACITY (10)", short) {
            bytes throws(FormatError) in try SCSICapacity(parsing10: bytes)
        }
    }

    private mutating func log(_ page: UInt8, _ subpage: UInt8 = 0) -> [UInt8]? {
        let digits = Self.digits(page) + (subpage == 0 ? "" : "-" + Self.digits(subpage))
        return session.page("log \(digits)h", file: "log-\(digits)", length: Self.pageLength) {
            SCSICommand.logSense(page: page, subpage: subpage, byteCount: $0)
        }
    }

    private mutating func log<Value>(
        _ page: UInt8, _ parse: (Span<UInt8>) throws(FormatError) -> Value
    ) -> Value? {
        guard document.supportedLogPages?.entries.contains(where: { $0.pageCode == page }) == true
        else { return nil }
        return session.value("log \(Self.digits(page))h", log(page), parse)
    }

    private mutating func askLogPages() {
        document.supportedLogPages = session.value("log 00h", log(0)) {
            bytes throws(FormatError) in try SCSISupportedLogPages(parsing: bytes)
        }
        guard let listed = document.supportedLogPages else { return }
        document.informationalExceptions = log(0x2F) { bytes throws(FormatError) in
            try SCSIInformationalExceptions(parsing: bytes)
        }
        document.temperature = log(0x0D) { bytes throws(FormatError) in
            try SCSITemperature(parsing: bytes)
        }
        document.writeErrors = log(2) { bytes throws(FormatError) in
            try SCSIErrorCounters(parsing: bytes)
        }
        document.readErrors = log(3) { bytes throws(FormatError) in
            try SCSIErrorCounters(parsing: bytes)
        }
        document.verifyErrors = log(5) { bytes throws(FormatError) in
            try SCSIErrorCounters(parsing: bytes)
        }
        document.solidStateMedia = log(0x11) { bytes throws(FormatError) in
            try SCSISolidStateMedia(parsing: bytes)
        }
        document.selfTestResults = log(0x10) { bytes throws(FormatError) in
            try SCSISelfTestResults(parsing: bytes)
        }
        document.backgroundScan = log(0x15) { bytes throws(FormatError) in
            try SCSIBackgroundScan(parsing: bytes)
        }
        document.sasPorts = log(0x18) { bytes throws(FormatError) in
            try SCSISASPorts(parsing: bytes)
        }
        document.nonMediumErrors = log(6) { bytes throws(FormatError) in
            try SCSINonMediumErrors(parsing: bytes)
        }
        document.startStopCycles = log(0x0E) { bytes throws(FormatError) in
            try SCSIStartStopCycles(parsing: bytes)
        }
        document.statistics = log(0x19) { bytes throws(FormatError) in
            try SCSIGeneralStatistics(parsing: bytes)
        }
        document.supportedLogSubpages = session.value("log 00-FFh", log(0, 0xFF)) {
            bytes throws(FormatError) in try SCSISupportedLogPages(parsing: bytes)
        }
        let decoded: Set<UInt8> = [
            0, 2, 3, 5, 6, 0x0D, 0x0E, 0x10, 0x11, 0x15, 0x18, 0x19, 0x2F,
        ]
        var others = [SCSILogPage]()
        for entry in listed.entries.filter({ !decoded.contains($0.pageCode) })
            .prefix(Self.otherPageLimit)
        {
            // Page 0Fh holds what applications wrote there: its bytes are kept, nothing is decoded.
            let bytes = log(entry.pageCode)
            guard entry.pageCode != 0x0F else { continue }
            let page = session.value("log \(Self.digits(entry.pageCode))h", bytes) {
                bytes throws(FormatError) in try SCSILogPage(parsing: bytes)
            }
            if let page { others.append(page) }
        }
        document.otherLogPages = others.isEmpty ? nil : others
    }

    private mutating func mode(_ page: UInt8) -> SCSIModeData? {
        let digits = Self.digits(page)
        let long = session.page(
            "mode \(digits)h", file: "mode-\(digits)",
            length: { bytes in bytes.count < 2 ? nil : 2 + (Int(bytes[0]) << 8 | Int(bytes[1])) },
            command: { SCSICommand.modeSense10(page: page, byteCount: $0) })
        if long != nil {
            return session.value("mode \(digits)h", long) { bytes throws(FormatError) in
                try SCSIModeData(parsing10: bytes)
            }
        }
        let short = session.page(
            "mode (6) \(digits)h", file: "mode-\(digits)",
            length: { bytes in bytes.count < 1 ? nil : 1 + Int(bytes[0]) },
            command: { SCSICommand.modeSense6(page: page, byteCount: UInt8(clamping: $0)) })
        return session.value("mode (6) \(digits)h", short) { bytes throws(FormatError) in
            try SCSIModeData(parsing6: bytes)
        }
    }

    private mutating func askModePages() {
        let caching = mode(8)
        document.isWriteProtected = caching?.isWriteProtected
        document.caching = session.value("mode 08h", caching?[8]?.bytes) {
            bytes throws(FormatError) in try SCSICachingPage(parsing: bytes)
        }
        let exceptions = mode(0x1C)?[0x1C]?.bytes
        document.exceptionsControl = session.value("mode 1Ch", exceptions) {
            bytes throws(FormatError) in try SCSIExceptionsControlPage(parsing: bytes)
        }
    }

    private mutating func askPortGroups() {
        let bytes = session.page(
            "REPORT TARGET PORT GROUPS", file: "target-port-groups",
            length: { bytes in
                guard bytes.count >= 4, bytes[0] == 0 else { return nil }
                return 4 + (Int(bytes[1]) << 16 | Int(bytes[2]) << 8 | Int(bytes[3]))
            },
            command: { SCSICommand.reportTargetPortGroups(byteCount: $0) })
        document.targetPortGroups = session.value("REPORT TARGET PORT GROUPS", bytes) {
            bytes throws(FormatError) in try SCSITargetPortGroups(parsing: bytes)
        }
    }

    private mutating func diagnostic(_ page: UInt8) -> [UInt8]? {
        let digits = Self.digits(page)
        return session.page(
            "diagnostic \(digits)h", file: "ses-\(digits)", length: Self.pageLength
        ) { SCSICommand.receiveDiagnostic(page: page, byteCount: $0) }
    }

    private mutating func askEnclosure() {
        let listed = session.value("diagnostic 00h", diagnostic(0)) {
            bytes throws(FormatError) in try SESSupportedPages(parsing: bytes)
        }
        let codes = listed?.codes ?? [1, 2]
        let found = session.value("diagnostic 01h", diagnostic(1)) {
            bytes throws(FormatError) in try SESConfiguration(parsing: bytes)
        }
        guard let configuration = found else { return }
        let status = session.value("diagnostic 02h", diagnostic(2)) {
            bytes throws(FormatError) in
            try SESStatus(parsing: bytes, configuration: configuration)
        }
        guard let status else { return }
        let names = session.value("diagnostic 07h", codes.contains(7) ? diagnostic(7) : nil) {
            bytes throws(FormatError) in
            try SESElementDescriptors(parsing: bytes, configuration: configuration)
        }
        let slots = session.value("diagnostic 0Ah", codes.contains(10) ? diagnostic(10) : nil) {
            bytes throws(FormatError) in try SESAdditionalStatus(parsing: bytes)
        }
        document.enclosure = SCSIEnclosure(
            configuration, status: status, descriptors: names, additional: slots)
    }

    private static func pageLength(_ bytes: Span<UInt8>) -> Int? {
        bytes.count < 4 ? nil : 4 + (Int(bytes[2]) << 8 | Int(bytes[3]))
    }

    private static func digits(_ code: UInt8) -> String {
        (code < 16 ? "0" : "") + String(code, radix: 16, uppercase: true)
    }
}
