import Foundation
import Testing

@testable import DiagFormats

/// Whatever bytes come from a device, reading them ends in a value or an error.
@Suite("Damaged ATA pages")
struct ATADamageTests {
    /// Every parser of the area, each over any bytes; how many gave a value.
    @discardableResult
    static func parseAll(_ bytes: [UInt8]) -> Int {
        let span = bytes.span
        var count = 0
        func tried(_ value: Any?) { if value != nil { count += 1 } }
        tried(try? ATAIdentifyDevice(parsing: span).capacityBytes)
        tried(try? ATAIdentifyPacketDevice(parsing: span))
        if let data = try? SMARTData(parsing: span) {
            tried(SMARTAttribute.join(data, try? SMARTThresholds(parsing: span)))
        }
        tried(try? ATALogDirectory(parsing: span))
        tried(try? ATALogDirectory(parsingSMART: span))
        tried(try? ATAErrorLog(parsing: span))
        tried(try? ATAErrorLog(parsingExtended: span))
        tried(try? ATASelfTestLog(parsing: span))
        tried(try? ATASelfTestLog(parsingExtended: span))
        tried(try? ATASelectiveSelfTestLog(parsing: span))
        tried(try? ATADeviceStatistics.supportedPages(parsing: span))
        for page in [UInt8(1), 5] { tried(try? ATADeviceStatistics(parsing: span, page: page)) }
        tried(try? SATAPhyEventCounters(parsing: span))
        tried(try? SCTStatus(parsing: span))
        tried(try? NCQErrorLog(parsing: span))
        tried(try? ATAReturnDescriptor(parsing: span))
        return count
    }

    /// Each sample with the one parser that is for it.
    static let parsers: [(name: String, sample: [UInt8], parse: @Sendable ([UInt8]) -> Bool)] = [
        ("identify", ATASample.identify, { (try? ATAIdentifyDevice(parsing: $0.span)) != nil }),
        ("packet", ATASample.packet, { (try? ATAIdentifyPacketDevice(parsing: $0.span)) != nil }),
        ("data", ATASample.smartData, { (try? SMARTData(parsing: $0.span)) != nil }),
        ("thresholds", ATASample.thresholds, { (try? SMARTThresholds(parsing: $0.span)) != nil }),
        ("directory", ATASample.directory, { (try? ATALogDirectory(parsing: $0.span)) != nil }),
        ("errors", ATASample.errorLog, { (try? ATAErrorLog(parsing: $0.span)) != nil }),
        (
            "extended errors", Array(ATASample.extendedErrorLog.prefix(512)),
            { (try? ATAErrorLog(parsingExtended: $0.span)) != nil }
        ),
        ("tests", ATASample.selfTestLog, { (try? ATASelfTestLog(parsing: $0.span)) != nil }),
        (
            "extended tests", ATASample.extendedSelfTestLog,
            { (try? ATASelfTestLog(parsingExtended: $0.span)) != nil }
        ),
        (
            "selective", ATASample.selective,
            { (try? ATASelectiveSelfTestLog(parsing: $0.span)) != nil }
        ),
        (
            "statistics", ATASample.statistics1,
            { (try? ATADeviceStatistics(parsing: $0.span, page: 1)) != nil }
        ),
        (
            "list", ATASample.statisticsList,
            { (try? ATADeviceStatistics.supportedPages(parsing: $0.span)) != nil }
        ),
        ("phy", ATASample.phy, { (try? SATAPhyEventCounters(parsing: $0.span)) != nil }),
        ("sct", ATASample.sct, { (try? SCTStatus(parsing: $0.span)) != nil }),
        ("ncq", ATASample.ncq, { (try? NCQErrorLog(parsing: $0.span)) != nil }),
        (
            "descriptor", ATASample.descriptorSense,
            { (try? ATAReturnDescriptor(parsing: $0.span)) != nil }
        ),
    ]

    @Test("Each page cut short is an error at every length, and whole it is a value")
    func truncated() {
        for (name, sample, parse) in Self.parsers {
            #expect(parse(sample), "\(name)")
            for length in sample.indices {
                let cut = Array(sample.prefix(length))
                #expect(!parse(cut), "\(name) of \(length) bytes")
            }
        }
        for length in ATASample.fixedSense.indices {
            let cut = Array(ATASample.fixedSense.prefix(length))
            _ = try? ATAReturnDescriptor(parsing: cut.span)
        }
    }

    @Test("No changed byte of any sample traps, in three values each")
    func flipped() {
        for (_, sample, parse) in Self.parsers {
            var bytes = sample
            for index in sample.indices {
                for value in [UInt8(0), 0x7F, 0xFF] where value != sample[index] {
                    bytes[index] = value
                    _ = parse(bytes)
                }
                bytes[index] = sample[index]
            }
        }
        for index in ATASample.fixedSense.indices {
            for value in [UInt8(0), 0x7F, 0xFF] {
                var bytes = ATASample.fixedSense
                bytes[index] = value
                _ = try? ATAReturnDescriptor(parsing: bytes.span)
            }
        }
    }

    @Test("A wrong sum is told, not hidden")
    func checksums() throws {
        var bytes = ATASample.smartData
        bytes[20] &+= 1
        #expect(try !SMARTData(parsing: bytes.span).isChecksumRight)
        bytes = ATASample.identify
        bytes[60] &+= 1
        #expect(try ATAIdentifyDevice(parsing: bytes.span).isChecksumRight == false)
    }

    @Test("Random changes to random samples end in a value or an error")
    func random() {
        let wanted = ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"].flatMap { Int($0) }
        var state: UInt64 = 0x5A7A_0001
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var valueCount = 0
        for round in 0..<(wanted ?? 10_000) {
            let (_, sample, parse) = Self.parsers[round % Self.parsers.count]
            var bytes = sample
            for _ in 0...next(8) { bytes[next(bytes.count)] = UInt8(next(256)) }
            if next(8) == 0 { bytes.removeLast(next(bytes.count)) }
            if parse(bytes) { valueCount += 1 }
            if round % 100 == 0 { Self.parseAll(bytes) }
        }
        #expect(valueCount > 0)
    }
}
