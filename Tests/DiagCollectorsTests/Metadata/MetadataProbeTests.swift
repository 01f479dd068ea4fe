import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollectors
@testable import DiagFormats

/// Pages in memory, of which some cannot be read; it counts the calls.
private final class Pages {
    var bad: Set<UInt64> = []
    private(set) var reads: [Range<UInt64>] = []

    func read(_ offset: UInt64, _ count: Int) throws(SystemCallError) -> [UInt8] {
        let range = offset / 4096..<(offset + UInt64(count)) / 4096
        reads.append(range)
        if range.contains(where: bad.contains) {
            throw SystemCallError(operation: "read", object: "x", errno: .ioError)
        }
        return range.flatMap { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 4096) }
    }

    func source(byteCount: UInt64 = 1 << 20, limit: Int = 4 << 20) -> DeviceMetadataSource {
        DeviceMetadataSource(
            byteCount: byteCount, logicalBlockSize: 512, limit: limit
        ) { (offset, count) throws(SystemCallError) in try self.read(offset, count) }
    }
}

@Suite("What stands at the start and the end of a device")
struct MetadataProbeTests {
    @Test("A disk with a GPT gives its table, its bytes and the facts of it")
    func partitionTable() throws {
        let host = try MetadataHost()
        try host.device("sda", image: "gpt")
        let sink = MemorySink()
        let record = try host.probe("sda", into: sink)
        #expect(record.outcome == .ok && record.reason == nil && record.target == "/dev/sda")
        #expect(
            record.facts == [
                "artifact": "storage/metadata/sda.json", "partitionTable": "gpt",
                "partitionTableID": "11223344-5566-7788-99AA-BBCCDDEEFF00", "partitionCount": 3,
                "partitionSectorByteCount": 512, "isPrimaryTableValid": true,
                "isBackupTableValid": true, "isBackupTableAtEnd": true, "isHybrid": false,
                "tableDifferences": [],
            ])
        #expect(
            sink.artifacts.map(\.opening.path) == [
                "metadata/sda/mbr.bin", "metadata/sda/gpt-primary-header.bin",
                "metadata/sda/gpt-primary-entries.bin", "metadata/sda/gpt-backup-entries.bin",
                "metadata/sda/gpt-backup-header.bin", "metadata/sda.json",
            ])
        #expect(sink.artifacts.allSatisfy { $0.opening.privacy == .identity })
        let document = try #require(try sink.json("metadata/sda.json"))
        #expect(document["partitionTable"]?["label"] == "gpt")
        #expect(document["byteCount"] == .integer(16 << 20) && document["problems"] == [])
        guard case .integer(let count)? = document["readByteCount"] else {
            Issue.record("no readByteCount")
            return
        }
        #expect(count <= 256 << 10)
        #expect(MetadataProbe().findings(in: [record]) == [])
    }

    @Test("The 4096-byte sectors of a disk are used where the kernel tells them")
    func largeSectors() throws {
        let host = try MetadataHost()
        try host.device("nvme0n1", image: "gpt4k")
        let record = try host.probe("nvme0n1", blockSize: 4096)
        #expect(record.facts["partitionSectorByteCount"] == 4096)
        #expect(record.facts["partitionTableProblems"] == nil)
    }

    @Test(
        "Every document keeps the schema",
        arguments: [
            "gpt", "dos", "gpt4k", "hybrid", "luks1", "luks2", "md-0.90", "md-1.0", "md-1.1",
            "md-1.2", "md-raid5", "md-stale",
        ])
    func schema(image: String) throws {
        let host = try MetadataHost()
        try host.device("sda", image: image, byteCount: image.hasPrefix("luks") ? 20 << 20 : nil)
        let sink = MemorySink()
        #expect(try host.probe("sda", into: sink).outcome == .ok)
        #expect(try DocumentSchemaTests.check(sink, of: "storage") == ["storage/metadata/sda.json"])
    }

    @Test("A member of an array gives its superblock and bitmap")
    func raid() throws {
        let host = try MetadataHost()
        try host.device("sdb1", image: "md-1.2")
        let sink = MemorySink()
        let record = try host.probe("sdb1", into: sink, facts: ["isMember": true])
        let expected: [String: JSONValue] = [
            "artifact": "storage/metadata/sdb1.json", "mdVersion": "1.2",
            "mdArrayUUID": "bf19ca11:83918f9a:deb1fa57:c92c681d", "mdArrayName": "lab:one",
            "mdDeviceUUID": "2661e467:fb0fca8f:8d0835fc:7202c73e", "mdLevel": "raid1",
            "mdRaidDisks": 2, "mdEvents": 15, "mdArrayState": "AA", "mdIsClean": true,
            "mdIsChecksumValid": true, "mdDeviceNumber": 0, "mdRole": "active 0",
            "mdUpdateTime": "2026-11-21T19:32:45.000000Z", "mdBitmapState": [],
        ]
        #expect(record.facts == expected)
        #expect(
            sink.artifacts.map(\.opening.path) == [
                "metadata/sdb1/md-1.2.bin", "metadata/sdb1/md-1.2-bitmap.bin",
                "metadata/sdb1.json",
            ])
        #expect(try sink.json("metadata/sdb1.json")?["bitmap"]?["daemonSleepSeconds"] == 5)
    }

    @Test(
        "No byte of a salt, a digest or a token of an encrypted volume gets into any artifact",
        arguments: ["luks1", "luks2"])
    func secrets(image: String) throws {
        let content = try MetadataHost.image(image)
        var secrets = [[UInt8]]()
        if image == "luks1" {
            secrets = [Array(content[112..<132]), Array(content[132..<164])]
            secrets += [0, 1].map { Array(content[208 + 48 * $0 + 8..<208 + 48 * $0 + 40]) }
        } else {
            secrets = [Array(content[104..<168]), Array(content[16384 + 104..<16384 + 168])]
            let text = String(
                decoding: content[4096...].prefix { $0 != 0 }, as: UTF8.self)
            for match in text.matches(of: /"(?:salt|digest)":"([^"]+)"/) {
                let data = try #require(Data(base64Encoded: String(match.output.1)))
                secrets += [Array(data), Array(match.output.1.utf8)]
            }
            secrets.append(Array("TOPSECRETTOKEN".utf8))
            #expect(secrets.count == 2 + 4 * 2 + 1)
        }
        let host = try MetadataHost()
        try host.device("sdc", image: image, byteCount: 20 << 20)
        let sink = MemorySink()
        let record = try host.probe("sdc", into: sink)
        #expect(record.facts["encryption"]?.text == image)
        #expect(record.facts["activeKeySlotCount"] == 2)
        #expect(sink.artifacts.map(\.opening.path) == ["metadata/sdc.json"])
        var sent = sink.artifacts.map { Data($0.bytes) }
        sent.append(Data(try JSONDocument.encode(record, layout: .line)))
        for secret in secrets {
            // Any eight bytes of a secret in a row, as they are or as hexadecimal digits.
            for start in stride(from: 0, through: secret.count - 8, by: 4) {
                let piece = secret[start..<start + 8]
                let digits = piece.map { String(format: "%02x", $0) }.joined()
                for data in sent {
                    #expect(data.range(of: Data(piece)) == nil)
                    #expect(data.range(of: Data(digits.utf8)) == nil)
                }
            }
        }
    }

    @Test("Both checksums of a LUKS2 volume are told right and wrong")
    func checksums() throws {
        let host = try MetadataHost()
        try host.device("sdc", image: "luks2", byteCount: 20 << 20)
        let good = try host.probe("sdc")
        #expect(good.facts["isPrimaryHeaderValid"] == true)
        #expect(good.facts["isSecondaryHeaderValid"] == true)
        #expect(good.facts["encryptionProblems"] == nil)
        #expect(MetadataProbe().findings(in: [good]) == [])
        try host.device("sdd", image: "luks2", byteCount: 20 << 20) { $0[16384 + 30] ^= 1 }
        let bad = try host.probe("sdd")
        #expect(bad.facts["isSecondaryHeaderValid"] == false)
        let finding = try #require(MetadataProbe().findings(in: [bad]).first)
        #expect(finding.fault == "storage.luks.headers-differ" && finding.severity == .major)
        #expect(finding.object == "sdd" && finding.place == "/dev/sdd")
        #expect(finding.evidence == [.init(artifact: "storage/metadata/sdd.json")])
    }

    @Test("A name with a slash gets an artifact of its own")
    func slash() throws {
        let host = try MetadataHost()
        try host.device("cciss/c0d0", image: "dos")
        let sink = MemorySink()
        let record = try host.probe("cciss/c0d0", into: sink)
        #expect(record.facts["artifact"] == "storage/metadata/cciss!c0d0.json")
        #expect(sink["metadata/cciss!c0d0.json"] != nil)
        #expect(sink["metadata/cciss!c0d0/mbr.bin"] != nil)
    }

    @Test("What is gone, has no size, or names no path is skipped")
    func skipped() throws {
        let host = try MetadataHost()
        try host.device("sr0", [])
        let gone = try host.probe("sdz")
        #expect(gone.outcome == .skipped)
        #expect(gone.reason?.contains("No such file or directory") == true)
        let empty = try host.probe("sr0")
        #expect(empty.outcome == .skipped)
        #expect(empty.reason == "/dev/sr0 has no size: no medium, or nothing behind it")
        let relative = try MetadataProbe().run(
            ProbeRequest(kind: "metadata", target: "sda"),
            in: CollectionContext(root: try RootedTree(FilePath(host.path))), into: MemorySink())
        #expect(relative.outcome == .skipped)
        let folder = try host.probe("mapper")
        #expect(folder.outcome == .failed)
    }

    @Test("A drive without a medium is skipped; another device with the same error has failed")
    func noMedium() {
        func outcome(_ number: CInt, _ isRemovable: Bool) -> ProbeRecord.Outcome {
            let error = SystemCallError(
                operation: "read", object: "x", errno: Errno(rawValue: number))
            return MetadataProbe.verdict(on: error, isRemovable: isRemovable).0
        }
        #expect([5, 123, 124].map { outcome($0, true) } == [.skipped, .skipped, .skipped])
        #expect([5, 123, 124].map { outcome($0, false) } == [.failed, .skipped, .failed])
    }

    @Test("The table inside a partition is not looked for")
    func partition() throws {
        let host = try MetadataHost()
        try host.device("sda1", image: "gpt")
        let record = try host.probe("sda1", facts: ["isPartition": true])
        #expect(record.outcome == .ok && record.facts["partitionTable"] == nil)
    }

    @Test("What stands on a suspended disk is skipped, and its node not opened")
    func asleep() throws {
        let host = try FixtureHost(
            listing: "sys/class/scsi_device/0:0:0:0/device/power/runtime_status = suspended")
        let request = ProbeRequest(
            kind: "metadata", target: "/dev/md0",
            facts: [
                "name": "md0",
                "disks": [["device": "/dev/sda", "address": "0:0:0:0", "generic": "/dev/sg0"]],
            ])
        let record = try MetadataProbe().run(
            request, in: CollectionContext(root: try host.tree()), into: MemorySink())
        #expect(record.outcome == .skipped)
        #expect(
            record.reason
                == "the disk sleeps: /dev/sda is suspended, and to read it would wake it")
    }

    @Test("A device with nothing that we know has a document that says so")
    func nothing() throws {
        let host = try MetadataHost()
        for byteCount in [1, 511, 512, 4096, 5000, 1 << 20] {
            try host.device("sda", [], byteCount: byteCount)
            let sink = MemorySink()
            let record = try host.probe("sda", into: sink)
            #expect(record.outcome == .ok)
            #expect(record.facts == ["artifact": "storage/metadata/sda.json"])
            #expect(try DocumentSchemaTests.check(sink, of: "storage").count == 1)
        }
    }

    @Test("A reader that somebody adds gets its bytes, and its members into the document")
    func furtherReader() throws {
        let host = try MetadataHost()
        try host.device("sda", image: "dos")
        let reader = MetadataReader("mark", at: .beforeEnd(512), count: 16) { bytes in
            MetadataPart(
                members: ["mark": ["byteCount": .integer(bytes.count)]], facts: ["mark": true])
        }
        let sink = MemorySink()
        let record = try MetadataProbe(readers: MetadataProbe.readers + [reader]).run(
            ProbeRequest(kind: "metadata", target: "/dev/sda"),
            in: CollectionContext(root: try RootedTree(FilePath(host.path))), into: sink)
        #expect(record.facts["mark"] == true && record.facts["partitionTable"] == "dos")
        #expect(try sink.json("metadata/sda.json")?["mark"] == ["byteCount": 16])
    }

    @Test("A page that cannot be read costs what stands on it, and is tried once alone")
    func badPage() {
        let pages = Pages()
        pages.bad = [3]
        let source = pages.source()
        source.prefetch()
        #expect(source.failures.isEmpty)
        #expect(source.bytes(4096, at: 0) == [UInt8](repeating: 0, count: 4096))
        #expect(source.bytes(16384, at: 0) == nil)
        #expect(source.bytes(100, at: 3 * 4096) == nil)
        #expect(source.bytes(2, at: 4 * 4096 - 1) == nil)
        #expect(source.bytes(2, at: 5 * 4096 - 1) == [4, 5])
        #expect(source.failures.map(\.offset) == [3 * 4096])
        #expect(pages.reads.filter { $0 == 3..<4 }.count == 1)
    }

    @Test("Each page is read once, and not more than the limit")
    func thrifty() {
        let pages = Pages()
        let source = pages.source(limit: 256 << 10)
        source.prefetch()
        #expect(pages.reads == [0..<17, 247..<256])
        #expect(source.bytes(69632, at: 0)?.count == 69632)
        #expect(source.bytes(512, at: (1 << 20) - 512) == [UInt8](repeating: 255, count: 512))
        #expect(pages.reads.count == 2)
        #expect(source.bytes(1, at: 1 << 20) == nil && source.bytes(1, at: .max) == nil)
        #expect(source.bytes(0, at: 0) == nil && !source.isExhausted)
        #expect(source.bytes(200 << 10, at: 100 << 10) == nil && source.isExhausted)
        #expect(source.readByteCount <= 256 << 10)
    }
}
