import DiagModel
import Foundation
import Testing

@testable import DiagFormats

@Suite("LUKS headers")
struct LUKSTests {
    /// Stands for a hash: enough to tell whether bytes changed, not what they are.
    private static func digest(_ algorithm: String, _ bytes: [UInt8]) -> [UInt8]? {
        guard algorithm == "sha256" else { return nil }
        return [UInt8](repeating: UInt8(truncatingIfNeeded: bytes.count), count: 32)
    }

    @Test("A header of version 1 gives what cryptsetup shows, without digest and salts")
    func version1() throws {
        let device = try MetadataImage.device("luks1")
        let reading = try #require(LUKSReading(reading: device, digest: Self.digest))
        let header = try #require(reading.luks1)
        #expect(reading.type == "luks1" && reading.problems == [])
        #expect(header.cipherName == "aes" && header.cipherMode == "xts-plain64")
        #expect(header.hashSpec == "sha256" && header.keyBytes == 64)
        #expect(header.payloadOffset == 4096 && header.masterKeyIterations == 1000)
        #expect(header.uuid == "11111111-2222-3333-4444-00000000000a")
        #expect(
            header.keySlots.prefix(2) == [
                .init(
                    number: 0, isActive: true, iterations: 1000, keyMaterialOffset: 8,
                    stripes: 4000),
                .init(
                    number: 1, isActive: true, iterations: 1000, keyMaterialOffset: 512,
                    stripes: 4000),
            ])
        #expect(header.keySlots.filter(\.isActive).map(\.number) == [0, 1])
        #expect(header.keySlots.count == 8)
        #expect(reading.activeKeySlotCount == 2)
    }

    @Test("A header of version 2 gives what cryptsetup shows, of both copies")
    func version2() throws {
        let device = try MetadataImage.device("luks2")
        let reading = try #require(LUKSReading(reading: device, digest: { _, _ in nil }))
        #expect(reading.problems == [])
        let primary = try #require(reading.primary)
        let secondary = try #require(reading.secondary)
        #expect(primary.isPrimary && !secondary.isPrimary)
        #expect(primary.label == "data" && primary.subsystem == "lab")
        #expect(primary.uuid == "11111111-2222-3333-4444-00000000000b")
        #expect(primary.headerSize == 16384 && primary.sequenceID == 5)
        #expect(primary.headerOffset == 0 && secondary.headerOffset == 16384)
        #expect(primary.checksumAlgorithm == "sha256" && primary.isChecksumValid == nil)
        let expected = #"""
            {"config": {"json_size": "12288", "keyslots_size": "16744448"},
             "digests": {"0": {"hash": "sha256", "iterations": 1000, "keyslots": ["0", "1"],
                "segments": ["0"], "type": "pbkdf2"}},
             "keyslots": {
                "0": {"af": {"hash": "sha256", "stripes": 4000, "type": "luks1"},
                    "area": {"encryption": "aes-xts-plain64", "key_size": 64, "offset": "32768",
                        "size": "258048", "type": "raw"},
                    "kdf": {"cpus": 1, "memory": 32, "time": 4, "type": "argon2id"},
                    "key_size": 64, "type": "luks2"},
                "1": {"af": {"hash": "sha256", "stripes": 4000, "type": "luks1"},
                    "area": {"encryption": "aes-xts-plain64", "key_size": 64, "offset": "290816",
                        "size": "258048", "type": "raw"},
                    "kdf": {"hash": "sha256", "iterations": 1000, "type": "pbkdf2"},
                    "key_size": 64, "type": "luks2"}},
             "segments": {"0": {"encryption": "aes-xts-plain64", "iv_tweak": "0",
                "offset": "16777216", "sector_size": 4096, "size": "dynamic", "type": "crypt"}},
             "tokens": {"0": {"keyslots": ["1"], "type": "clevis"}}}
            """#
        #expect(reading.metadata == (try JSONTextReader.parse(Array(expected.utf8))))
        #expect(reading.activeKeySlotCount == 2)
    }

    @Test("Members that are not known are dropped, whatever they are called and hold")
    func unknownMembers() throws {
        let text = #"""
            {"keyslots": {"0": {"type": "luks2", "secret": "A", "kdf": {"salt": "B", "type": "x"},
                "af": {"salt": "C", "type": {"key": "D"}}, "key_size": "\#(String(repeating: "E", count: 65))"},
                "key": {"type": "F"}}, "tokens": {"0": {"type": "t", "jwe": "G", "keyslots": [["H"]]}},
             "other": {"0": {"type": "I"}}, "config": {"requirements": {"mandatory": ["m"], "x": "J"}}}
            """#
        let metadata = try LUKS2Metadata(parsing: Array(text.utf8).span)
        #expect(
            metadata.document == [
                "keyslots": ["0": ["type": "luks2", "kdf": ["type": "x"], "af": [:]]],
                "tokens": ["0": ["type": "t", "keyslots": []]],
                "config": ["requirements": ["mandatory": ["m"]]],
            ])
    }

    @Test("Headers that differ are told, and the one that was written last counts")
    func differing() throws {
        let device = try MetadataImage.device("luks2")
        MetadataImage.put(MetadataImage.bigEndian(UInt64(6)), into: &device.content, at: 16384 + 16)
        MetadataImage.put(Array("other".utf8), into: &device.content, at: 16384 + 24)
        let reading = try #require(LUKSReading(reading: device, digest: { _, _ in nil }))
        #expect(
            reading.problems == [
                "the two headers disagree on sequence number (5 and 6), label"
            ])
        #expect(reading.header?.label == "other")
    }

    @Test("With the first header gone the second one is found")
    func secondaryOnly() throws {
        let device = try MetadataImage.device("luks2")
        MetadataImage.put([UInt8](repeating: 0, count: 512), into: &device.content, at: 0)
        let reading = try #require(LUKSReading(reading: device, digest: { _, _ in nil }))
        #expect(reading.primary == nil && reading.uuid == "11111111-2222-3333-4444-00000000000b")
        #expect(reading.problems == ["the primary header is not there"])
        #expect(reading.activeKeySlotCount == 2)
    }

    @Test("A wrong checksum is told, and an algorithm that is not known tells nothing")
    func checksum() throws {
        let device = try MetadataImage.device("luks2")
        let reading = try #require(LUKSReading(reading: device, digest: Self.digest))
        #expect(reading.primary?.isChecksumValid == false)
        #expect(
            reading.problems == [
                "the primary header has a wrong checksum",
                "the secondary header has a wrong checksum",
            ])
    }
}
