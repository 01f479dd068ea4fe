import Testing

@testable import DiagFormats

/// The sample is built from the specification: no TPM is needed for it.
@Suite("The event log of a TPM")
struct TCGEventLogTests {
    @Test("Each event is decoded with its digests, and its data where that is text")
    func events() throws {
        let sample = BootFormatSamples.eventLog
        let log = try TCGEventLog(parsing: sample.span)
        #expect(log.specification == .init(platformClass: 0, version: "2.0.2"))
        #expect(log.algorithms.map(\.name) == ["sha1", "sha256"])
        #expect(log.algorithms.map(\.digestByteCount) == [20, 32])
        #expect(log.fault == nil && !log.isTruncated)
        #expect(log.events.map(\.pcrIndex) == [0, 7, 4, 8, 7])
        #expect(
            log.events.map(\.typeName) == [
                "EV_NO_ACTION", "EV_EFI_VARIABLE_DRIVER_CONFIG",
                "EV_EFI_BOOT_SERVICES_APPLICATION", "EV_IPL", "EV_SEPARATOR",
            ])
        #expect(
            log.events.dropFirst().map(\.text) == [
                "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\\ab.",
                "grub_cmd: set root=hd0", "00000000",
            ])
        #expect(
            log.events[1].digests == [
                "sha1": String(repeating: "aa", count: 20),
                "sha256": String(repeating: "bb", count: 32),
            ])
    }

    @Test("A log of TPM 1.2 has SHA-1 alone")
    func legacy() throws {
        let event =
            BootFormatSamples.little(UInt32(4)) + BootFormatSamples.little(UInt32(5))
            + [UInt8](repeating: 0x11, count: 20) + BootFormatSamples.little(UInt32(4))
            + Array("boot".utf8)
        let events = event + event
        let log = try TCGEventLog(parsing: events.span)
        #expect(log.specification == nil && log.algorithms.map(\.name) == ["sha1"])
        #expect(log.events.count == 2 && log.events[1].text == "boot")
        #expect(log.events[0].typeName == "EV_ACTION" && log.events[0].pcrIndex == 4)
    }

    @Test("A limit and a cut are told")
    func bounds() throws {
        let sample = BootFormatSamples.eventLog
        let few = try TCGEventLog(parsing: sample.span, limit: 2)
        #expect(few.events.count == 2 && few.isTruncated)
        let cut = try TCGEventLog(parsing: sample.span.extracting(0..<(sample.count - 1)))
        #expect(cut.events.count == 4 && cut.fault?.hasPrefix("event needs 4 bytes") == true)
        let filled = sample + [UInt8](repeating: 0, count: 64)
        let padded = try TCGEventLog(parsing: filled.span)
        #expect(padded.events.count == 5 && padded.fault == nil)
    }

    @Test("Damaged logs give events or an error")
    func damaged() {
        var count = 0
        BootFormatSamples.damage(BootFormatSamples.eventLog, random: 5000) {
            count += 1
            if let log = try? TCGEventLog(parsing: $0.span) { #expect(log.events.count < 50) }
        }
        #expect(count > 6000)
    }
}
