import Foundation
import Testing

@testable import DiagFormats

/// Whatever a device sends, each parser gives a value or a `FormatError`.
@Suite struct SCSIDamageTests {
    /// A parser and a sample of its format.
    struct Format: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sample: [UInt8]
        let parse: @Sendable ([UInt8]) throws -> Void

        init(
            _ name: String, _ sample: [UInt8], _ parse: @escaping @Sendable ([UInt8]) throws -> Void
        ) {
            testDescription = name
            self.sample = sample
            self.parse = parse
        }
    }

    private static let configuration = try? SCSISamples.read(SCSISamples.sesConfiguration) {
        try SESConfiguration(parsing: $0)
    }

    static let formats: [Format] = [
        .init("inquiry", SCSISamples.inquiry) { _ = try SCSIInquiry(parsing: $0.span) },
        .init("00", SCSISamples.supportedVital) {
            _ = try SCSISupportedVitalPages(parsing: $0.span)
        },
        .init("80", SCSISamples.serial) { _ = try SCSIUnitSerialNumber(parsing: $0.span) },
        .init("83", SCSISamples.designators) {
            _ = try SCSIDeviceIdentification(parsing: $0.span).worldWideName
        },
        .init("86", SCSISamples.extended) { _ = try SCSIExtendedInquiry(parsing: $0.span) },
        .init("87", SCSISamples.policy) { _ = try SCSIModePagePolicy(parsing: $0.span) },
        .init("88", SCSISamples.ports) { _ = try SCSIPorts(parsing: $0.span) },
        .init("89", SCSISamples.ata) { _ = try SCSIATAInformation(parsing: $0.span) },
        .init("B0", SCSISamples.limits) { _ = try SCSIBlockLimits(parsing: $0.span) },
        .init("B1", SCSISamples.characteristics) {
            _ = try SCSIBlockCharacteristics(parsing: $0.span).rotationsPerMinute
        },
        .init("B2", SCSISamples.provisioning) { _ = try SCSIProvisioning(parsing: $0.span) },
        .init("B6", SCSISamples.zoned) { _ = try SCSIZonedCharacteristics(parsing: $0.span) },
        .init("capacity", SCSISamples.capacity16) {
            _ = try SCSICapacity(parsing16: $0.span).byteCount
            _ = try SCSICapacity(parsing10: $0.span).byteCount
        },
        .init("logs", SCSISamples.supportedSubpages) {
            _ = try SCSISupportedLogPages(parsing: $0.span)
        },
        .init("errors", SCSISamples.errors(3, uncorrected: 1)) {
            _ = try SCSIErrorCounters(parsing: $0.span)
        },
        .init("06", SCSISamples.nonMedium) { _ = try SCSINonMediumErrors(parsing: $0.span) },
        .init("0D", SCSISamples.temperature) { _ = try SCSITemperature(parsing: $0.span) },
        .init("0E", SCSISamples.cycles) { _ = try SCSIStartStopCycles(parsing: $0.span) },
        .init("10", SCSISamples.selfTests) { _ = try SCSISelfTestResults(parsing: $0.span) },
        .init("11", SCSISamples.solidState) { _ = try SCSISolidStateMedia(parsing: $0.span) },
        .init("15", SCSISamples.scan) {
            _ = try SCSIBackgroundScan(parsing: $0.span).pendingCount
        },
        .init("18", SCSISamples.sas) { _ = try SCSISASPorts(parsing: $0.span) },
        .init("19", SCSISamples.statistics) { _ = try SCSIGeneralStatistics(parsing: $0.span) },
        .init("2F", SCSISamples.exceptions) {
            _ = try SCSIInformationalExceptions(parsing: $0.span)
        },
        .init("37", SCSISamples.unknownLog) { _ = try SCSILogPage(parsing: $0.span) },
        .init("mode", SCSISamples.mode10(SCSISamples.caching)) {
            let data = try SCSIModeData(parsing10: $0.span)
            if let page = data[8] { _ = try SCSICachingPage(parsing: page.bytes.span) }
        },
        .init("mode 6", SCSISamples.mode6(SCSISamples.control)) {
            let data = try SCSIModeData(parsing6: $0.span)
            if let page = data[0x1C] {
                _ = try SCSIExceptionsControlPage(parsing: page.bytes.span)
            }
        },
        .init("fixed sense", SCSISamples.fixedSense) { _ = try SCSISense(parsing: $0.span).text },
        .init("sense", SCSISamples.descriptorSense) { _ = try SCSISense(parsing: $0.span).text },
        .init("groups", SCSISamples.portGroups) { _ = try SCSITargetPortGroups(parsing: $0.span) },
        .init("SES 00", SCSISamples.sesSupported) { _ = try SESSupportedPages(parsing: $0.span) },
        .init("SES 01", SCSISamples.sesConfiguration) {
            _ = try SESConfiguration(parsing: $0.span)
        },
        .init("SES 02", SCSISamples.sesStatus) {
            guard let configuration else { return }
            _ = try SESStatus(parsing: $0.span, configuration: configuration)
        },
        .init("SES 07", SCSISamples.sesNames) {
            guard let configuration else { return }
            _ = try SESElementDescriptors(parsing: $0.span, configuration: configuration)
        },
        .init("SES 0A", SCSISamples.sesSlots) { _ = try SESAdditionalStatus(parsing: $0.span) },
    ]

    /// Whether the bytes give a value; a test failure for an error that is no `FormatError`.
    private func isAccepted(_ format: Format, _ bytes: [UInt8]) -> Bool {
        do {
            try format.parse(bytes)
            return true
        } catch {
            if !(error is FormatError) { Issue.record("\(format.testDescription): \(error)") }
            return false
        }
    }

    @Test("No truncation and no changed byte traps", arguments: formats)
    func damaged(format: Format) {
        #expect(isAccepted(format, format.sample))
        #expect(!isAccepted(format, []))
        for length in format.sample.indices {
            _ = isAccepted(format, Array(format.sample.prefix(length)))
        }
        for index in format.sample.indices {
            var bytes = format.sample
            for value in [format.sample[index] ^ 1, format.sample[index] ^ 0x80, 0xFF] {
                bytes[index] = value
                _ = isAccepted(format, bytes)
            }
        }
    }

    @Test("A page whose end is missing is an error", arguments: formats)
    func truncated(format: Format) {
        // Of these a shorter one is a whole one of an older device, or of the shorter command.
        guard !["inquiry", "capacity", "fixed sense", "sense"].contains(format.testDescription)
        else { return }
        #expect(!isAccepted(format, Array(format.sample.dropLast())))
    }

    @Test("100,000 inputs made at random neither trap nor hold it up")
    func random() {
        let rounds = ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"].flatMap(Int.init)
        var state: UInt64 = 0x5C51
        func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var accepted = 0
        for round in 0..<(rounds ?? 100_000) {
            let format = Self.formats[round % Self.formats.count]
            var bytes = format.sample
            for _ in 0..<(1 + next(below: 6)) {
                bytes[next(below: bytes.count)] = UInt8(next(below: 256))
            }
            if next(below: 8) == 0 { bytes.removeLast(next(below: bytes.count)) }
            if isAccepted(format, bytes) { accepted += 1 }
        }
        #expect(accepted > (rounds ?? 100_000) / 10)
    }
}
