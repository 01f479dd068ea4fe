import Foundation
import Testing

@testable import DiagFormats

/// Whatever a controller gives, a reading of it ends in a value or an error.
@Suite("Damaged NVMe structures")
struct NVMeDamageTests {
    /// One structure with a sample of it.
    struct Format: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// How many random changes it gets of each thousand.
        let share: Int
        let sample: @Sendable () throws -> [UInt8]
        let parse: @Sendable ([UInt8]) -> Bool
    }

    static let formats: [Format] = [
        Format(testDescription: "controller", share: 4) {
            try NVMeSamples.recorded("controller")
        } parse: {
            (try? NVMeIdentifyController(parsing: $0.span)) != nil
        },
        Format(testDescription: "namespace", share: 6) {
            try NVMeSamples.recorded("namespace-1")
        } parse: {
            (try? NVMeIdentifyNamespace(parsing: $0.span)) != nil
        },
        Format(testDescription: "names", share: 150) {
            Array(try NVMeSamples.recorded("namespace-1-names").prefix(64))
        } parse: {
            (try? NVMeNamespaceNames(parsing: $0.span)) != nil
        },
        Format(testDescription: "namespaces", share: 160) {
            Array(try NVMeSamples.recorded("active-namespaces").prefix(64))
        } parse: {
            (try? NVMeNamespaceList(parsing: $0.span)) != nil
        },
        Format(testDescription: "controllers", share: 210) {
            NVMeSamples.bytes(16, [(3, 2, 0), (1, 2, 2), (7, 2, 4), (8, 2, 6)])
        } parse: {
            (try? NVMeIdentifierList(parsing: $0.span)) != nil
        },
        Format(testDescription: "log pages", share: 4) {
            NVMeSamples.bytes(1024, [(1, 1, 4), (1, 1, 8)])
        } parse: {
            (try? NVMeSupportedLogPages(parsing: $0.span)) != nil
        },
        Format(testDescription: "health", share: 30) {
            NVMeSamples.health
        } parse: {
            (try? NVMeSMARTLog(parsing: $0.span)) != nil
        },
        Format(testDescription: "errors", share: 30) {
            NVMeSamples.errors
        } parse: {
            (try? NVMeErrorLog(parsing: $0.span)) != nil
        },
        Format(testDescription: "firmware", share: 60) {
            try NVMeSamples.recorded("firmware-slots")
        } parse: {
            (try? NVMeFirmwareLog(parsing: $0.span)) != nil
        },
        Format(testDescription: "self-tests", share: 60) {
            NVMeSamples.selfTests
        } parse: {
            (try? NVMeSelfTestLog(parsing: $0.span)) != nil
        },
        Format(testDescription: "effects", share: 2) {
            try NVMeSamples.recorded("command-effects")
        } parse: {
            (try? NVMeCommandEffectsLog(parsing: $0.span)) != nil
        },
        Format(testDescription: "access", share: 180) {
            NVMeSamples.access
        } parse: {
            (try? NVMeANALog(parsing: $0.span)) != nil
        },
        Format(testDescription: "endurance", share: 34) {
            NVMeSamples.pattern(512)
        } parse: {
            (try? NVMeEnduranceGroupLog(parsing: $0.span)) != nil
        },
        Format(testDescription: "sanitize", share: 40) {
            NVMeSamples.pattern(512)
        } parse: {
            (try? NVMeSanitizeLog(parsing: $0.span)) != nil
        },
        Format(testDescription: "persistent events", share: 30) {
            NVMeSamples.persistentEvents
        } parse: {
            (try? NVMePersistentEventLog(parsing: $0.span)) != nil
        },
    ]

    @Test("Every truncation is a value or an error", arguments: formats)
    func truncated(format: Format) throws {
        let sample = try format.sample()
        #expect(format.parse(sample))
        for length in sample.indices { _ = format.parse(Array(sample.prefix(length))) }
        #expect(!format.parse([]))
    }

    @Test("Every single byte changed is a value or an error", arguments: formats)
    func flipped(format: Format) throws {
        var bytes = try format.sample()
        let sample = bytes
        for index in sample.indices {
            for value in [sample[index] ^ 0xFF, sample[index] &+ 1, 0xFF] {
                bytes[index] = value
                _ = format.parse(bytes)
            }
            bytes[index] = sample[index]
        }
        #expect(bytes == sample && format.parse(sample))
    }

    @Test("Random changes are a value or an error", arguments: formats)
    func random(format: Format) throws {
        let total = ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"].flatMap(Int.init)
        let rounds = max(1, (total ?? 100_000) / 1000 * format.share)
        let sample = try format.sample()
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var bytes = sample
        var readable = 0
        for round in 0..<rounds {
            for _ in 0...next(below: 4) {
                // Half of the changes near the start, where counts and lengths stand.
                let index = next(below: next(below: 2) == 0 ? min(64, bytes.count) : bytes.count)
                bytes[index] = UInt8(next(below: 256))
            }
            if format.parse(bytes) { readable += 1 }
            if round % 16 == 15 { bytes = sample }
        }
        #expect(readable > 0)
    }

    @Test("The shares of the formats make a thousand")
    func shares() { #expect(Self.formats.map(\.share).reduce(0, +) == 1000) }
}
