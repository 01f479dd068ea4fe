import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors
@testable import DiagFormats

/// A device mapper that answers from lines as dmsetup(8) prints them.
///
/// Its answers are built from linux/dm-ioctl.h, since no recording of the ioctls is at hand.
struct RecordedMapper: MapperSource {
    struct Device {
        var name: String
        var uuid = ""
        var flags: UInt32 = 0x20
        var table: [String]
        var status: [String] = []
        var dependencies: [UInt64] = []
    }

    /// By minor number; the major number is 253.
    var devices: [UInt32: Device]

    func ask<Answer>(
        _ question: DeviceMapper.Question, _ body: (Span<UInt8>) -> Answer
    ) throws(SystemCallError) -> Answer {
        let bytes = try answer(to: question)
        return body(bytes.span)
    }

    private func answer(to question: DeviceMapper.Question) throws(SystemCallError) -> [UInt8] {
        switch question {
        case .version, .devices: return Self.reply(Device(name: "", table: []), 0, [])
        case .targets:
            return Self.reply(
                Device(name: "", table: []), 0,
                [0, 1, 15, 0].flatMap { Self.little(UInt32($0)) } + Array("linear".utf8) + [0, 0])
        case .device(_, let minor): return Self.reply(try device(minor, question), 0, [])
        case .table(_, let minor):
            let device = try device(minor, question)
            return Self.reply(device, device.table.count, Self.targets(device.table))
        case .status(_, let minor):
            let device = try device(minor, question)
            return Self.reply(device, device.status.count, Self.targets(device.status))
        case .dependencies(_, let minor):
            let list = try device(minor, question).dependencies
            return Self.reply(
                Device(name: "", table: []), 0,
                Self.little(UInt64(list.count)) + list.flatMap { Self.little($0) })
        }
    }

    private func device(
        _ minor: UInt32, _ question: DeviceMapper.Question
    ) throws(SystemCallError) -> Device {
        guard let device = devices[minor] else {
            throw SystemCallError(
                operation: "ioctl \(question)", object: "/dev/mapper/control",
                errno: .noSuchAddressOrDevice)
        }
        return device
    }

    private static func little<Value: FixedWidthInteger & UnsignedInteger>(
        _ value: Value
    ) -> [UInt8] {
        (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func padded(_ text: String, _ count: Int) -> [UInt8] {
        Array(text.utf8) + [UInt8](repeating: 0, count: count - text.utf8.count)
    }

    private static func reply(_ device: Device, _ count: Int, _ data: [UInt8]) -> [UInt8] {
        var bytes = [4, 48, 0, 312 + data.count, 312, count, 1].flatMap { little(UInt32($0)) }
        bytes += little(device.flags) + little(UInt64(3)) + little(UInt64(253 << 8))
        return bytes + padded(device.name, 128) + padded(device.uuid, 136) + data
    }

    private static func targets(_ lines: [String]) -> [UInt8] {
        var data = [UInt8]()
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            var text = Array((words.count > 3 ? words[3] : "").utf8) + [0]
            while text.count % 8 != 0 { text.append(0) }
            data += little(UInt64(words[0]) ?? 0) + little(UInt64(words[1]) ?? 0)
            data += little(UInt32(0)) + little(UInt32(data.count + 24 + text.count))
            data += padded(words[2], 16) + text
        }
        return data
    }
}

@Suite("Mapped devices")
struct MapperProbeTests {
    private static let key = String(repeating: "c0ffee11", count: 8)

    private static let host: [UInt32: RecordedMapper.Device] = [
        0: .init(
            name: "vg0-root", uuid: "LVM-a", table: ["0 2048 linear 8:16 384"],
            status: ["0 2048 linear"], dependencies: [8 << 8 | 16]),
        1: .init(
            name: "secret", uuid: "CRYPT-LUKS2-b",
            table: ["0 4096 crypt aes-xts-plain64 \(key) 0 8:3 4096"], status: ["0 4096 crypt"]),
        2: .init(
            name: "vg0-pool-tpool", table: ["0 2097152 thin-pool 253:8 253:9 128 0 0"],
            status: [
                "0 2097152 thin-pool 1 90/1000 960/1000 - out_of_data_space discard_passdown"
                    + " queue_if_no_space needs_check 64"
            ]),
        3: .init(
            name: "vg0-snap", table: ["0 8 snapshot 253:5 253:6 P 8"],
            status: ["0 8 snapshot Invalid"]),
        4: .init(
            name: "vg0-raid", table: ["0 8 raid raid5_ls 1 128 3 253:1 253:2 253:3 253:4 - -"],
            status: ["0 8 raid raid5_ls 3 AAD 8/8 idle 5 0 -"]),
        5: .init(
            name: "mpatha", table: ["0 8 multipath 0 0 1 1 service-time 0 2 1 8:1 1 8:2 1"],
            status: ["0 8 multipath 2 0 0 0 1 1 A 0 2 2 8:1 A 0 0 1 8:2 F 1 0 1"]),
        6: .init(
            name: "mpathb",
            table: ["0 8 multipath 1 queue_if_no_path 0 1 1 service-time 0 1 1 8:1 1"],
            status: ["0 8 multipath 2 0 0 0 1 0 E 0 1 2 8:1 F 1 0 1"]),
        7: .init(
            name: "mpathc", table: ["0 8 multipath 0 0 1 1 service-time 0 1 1 8:1 1"],
            status: ["0 8 multipath 2 0 0 0 1 0 E 0 1 2 8:1 F 1 0 1"]),
        8: .init(
            name: "mpathd", table: ["0 8 multipath 0 0 1 1 service-time 0 1 1 8:1 1"],
            status: ["0 8 multipath 2 0 0 0 1 1 A 0 1 2 8:1 A 0 0 1"]),
        9: .init(
            name: "root", table: ["0 8 verity 1 8:1 8:2 4096 4096 1 1 sha256 ab cd"],
            status: ["0 8 verity C"]),
        10: .init(
            name: "tags", table: ["0 8 integrity 8:1 0 4 J 1 internal_hash:hmac(sha1):\(key)"],
            status: ["0 8 integrity 2 8 -"]),
        11: .init(
            name: "partial", table: ["0 8 linear 8:1 0", "8 16 error"],
            status: ["0 8 linear", "8 16 error"]),
        12: .init(
            name: "cached", table: ["0 8 cache 253:1 253:2 253:3 512 0 smq 0"],
            status: ["0 8 cache Fail"]),
        13: .init(
            name: "broken", table: ["0 8 thin nonsense"], status: ["0 8 thin 1 x y"]),
        14: .init(
            name: "vg0-old", table: ["0 8 snapshot 253:5 253:6 P 8"],
            status: ["0 8 snapshot 85/100 8"]),
        15: .init(
            name: "vg0-pool2-tpool", table: ["0 2097152 thin-pool 253:8 253:9 128 0 0"],
            status: [
                "0 2097152 thin-pool 1 901/1000 801/1000 - rw discard_passdown"
                    + " error_if_no_space - 64"
            ]),
    ]

    private func probe(
        _ devices: [UInt32: RecordedMapper.Device], asking: [String: JSONValue]? = nil
    ) throws -> (record: ProbeRecord, sink: MemorySink, findings: [Finding]) {
        let probe = MapperProbe(asking: { _ in RecordedMapper(devices: devices) })
        let sink = MemorySink()
        let asked =
            asking
            ?? Dictionary(
                uniqueKeysWithValues: devices.keys.map { ("dm-\($0)", .string("253:\($0)")) })
        let record = try probe.run(
            .init(
                kind: "mapper", target: "/dev/mapper/control batch 1",
                facts: ["batch": 1, "devices": .object(asked)]),
            in: CollectionContext(root: try RootedTree("/")), into: sink)
        return (record, sink, probe.findings(in: [record]))
    }

    @Test("A batch gives a line, texts and facts for each device, and no key")
    func batch() throws {
        let (record, sink, _) = try probe(Self.host)
        #expect(record.outcome == .ok && record.reason == nil)
        #expect(record.facts["artifact"] == "storage/device-mapper/1.jsonl")
        let lines = try #require(sink["device-mapper/1.jsonl"]).text.split(separator: "\n")
        #expect(lines.count == Self.host.count + 1)
        for (index, line) in lines.enumerated() {
            let value = try JSONTextReader.parse(Array(line.utf8))
            #expect(
                PublishedSchema.deviceMapper.errors(
                    in: value, definition: index == 0 ? "header" : "line") == [], "\(line)")
        }
        #expect(
            try JSONValue.parsing(String(lines[1]))
                == .parsing(
                    """
                    {"dependencies": ["8:16"], "device": "dm-0", "eventNumber": 3,
                     "hasActiveTable": true, "hasInactiveTable": false, "isReadOnly": false,
                     "isSuspended": false, "name": "vg0-root", "number": "253:0", "openCount": 1,
                     "problems": [], "targetCount": 1, "uuid": "LVM-a", "targets": [
                     {"startSector": 0, "sectorCount": 2048, "type": "linear", "tableText": "8:16 384",
                      "table": {"linear": {"device": "8:16", "offsetSectors": 384}},
                      "statusText": ""}]}
                    """))
        for artifact in sink.artifacts { #expect(!artifact.text.contains("c0ffee")) }
        #expect(
            try #require(sink["device-mapper/1.table.txt"]).text.contains(
                "secret: 0 4096 crypt aes-xts-plain64 [32-byte-key] 0 8:3 4096\n"))
        #expect(
            try #require(sink["device-mapper/1.status.txt"]).text.contains(
                "vg0-snap: 0 8 snapshot Invalid\n"))
        let devices = try #require(record.facts["devices"])
        #expect(
            devices["dm-5"] == [
                "name": "mpatha", "openCount": 1, "isReadOnly": false, "target": "multipath",
                "queuesWithoutPath": false, "paths": 2, "failedPaths": 1, "pathGroups": 1,
                "pathStates": ["8:1": "active", "8:2": "failed"],
            ])
        #expect(devices["dm-15"]?["dataUsedPercent"] == .number(80.1))
        #expect(devices["dm-11"]?["target"] == "error linear")
        #expect(lines[14].contains("problem"))
    }

    @Test("Each fault is a finding of its device")
    func findings() throws {
        let (_, _, findings) = try probe(Self.host)
        #expect(
            findings.map { "\($0.place ?? "") \($0.fault.dropFirst(8)) \($0.severity)" } == [
                "/dev/dm-2 thin-pool.out-of-space critical",
                "/dev/dm-2 thin-pool.needs-check major",
                "/dev/dm-2 thin-pool.data-full critical",
                "/dev/dm-3 snapshot.invalid major",
                "/dev/dm-4 raid.degraded major", "/dev/dm-4 raid.mismatches major",
                "/dev/dm-5 multipath.path-failed minor", "/dev/dm-6 multipath.queueing critical",
                "/dev/dm-7 multipath.no-path critical", "/dev/dm-8 multipath.single-path minor",
                "/dev/dm-9 verity.corrupted critical", "/dev/dm-10 integrity.mismatch major",
                "/dev/dm-11 mapper.error-target minor", "/dev/dm-12 cache.failed critical",
                "/dev/dm-14 snapshot.full minor", "/dev/dm-15 thin-pool.data-full minor",
                "/dev/dm-15 thin-pool.metadata-full major",
            ])
        #expect(findings.allSatisfy { !$0.recommendedActions.isEmpty && !$0.evidence.isEmpty })
        #expect(findings[6].reason == "1 of 2 paths of mpatha failed; the others work.")
        #expect(findings[6].object == "mpatha")
    }

    @Test("A device that is gone is left out, and one suspended meanwhile is not asked further")
    func gone() throws {
        var devices = Self.host.filter { $0.key < 2 }
        devices[1]?.flags = 0x22
        let (record, sink, _) = try probe(
            devices, asking: ["dm-0": "253:0", "dm-1": "253:1", "dm-9": "253:9", "dm-x": "?"])
        #expect(record.outcome == .ok)
        #expect(sink["device-mapper/1.jsonl"]?.text.split(separator: "\n").count == 3)
        #expect(record.facts["devices"]?["dm-1"]?["isSuspended"] == true)
        #expect(record.facts["devices"]?["dm-1"]?["target"] == nil)
        #expect(record.facts["devices"]?["dm-9"] == nil)
    }

    @Test(
        "Without the device mapper in the kernel nothing is opened, and without rights it is told")
    func refused() throws {
        let host = try TemporaryHost(["/proc/misc": .text(" 58 rfkill\n")])
        let sink = MemorySink()
        let request = ProbeRequest(
            kind: "mapper", target: "t", facts: ["batch": 1, "devices": ["dm-0": "253:0"]])
        let record = try MapperProbe().run(
            request, in: CollectionContext(root: try RootedTree(FilePath(host.path))), into: sink)
        #expect(record.outcome == .skipped)
        #expect(record.reason?.contains("no device-mapper in /proc/misc") == true)
        #expect(sink.artifacts.isEmpty)
        let denied = MapperProbe(asking: { _ throws(SystemCallError) in
            throw SystemCallError(operation: "open", object: "c", errno: .permissionDenied)
        })
        let refusal = try denied.run(
            request, in: CollectionContext(root: try RootedTree("/")), into: sink)
        #expect(refusal.outcome == .skipped)
        #expect(
            refusal.reason
                == "open c: Permission denied; " + DeviceRefusal.words("CAP_SYS_ADMIN"))
    }

    @Test("A hung batch is a finding")
    func hung() {
        let record = ProbeRecord(
            kind: "mapper", target: "/dev/dm-7", outcome: .hung, seconds: 5,
            kernelStack: ["dm_pool_get_metadata_transaction_id", "pool_status"])
        let finding = MapperProbe().findings(in: [record]).first
        #expect(finding?.fault == "storage.mapper.hung" && finding?.place == "/dev/dm-7")
        #expect(finding?.reason.contains("pool_status") == true)
    }

    private func device(
        _ minor: UInt32, facts: [String: String] = [:], on lower: [String] = []
    ) -> BlockDevice {
        var device = BlockDevice(
            name: "dm-\(minor)", folder: "/sys/devices/virtual/block/dm-\(minor)",
            number: .init(major: 253, minor: minor), kind: .mapped, facts: facts)
        device.lowerDevices = lower
        return device
    }

    @Test("Suspended devices are asked in no batch, and what stands on them alone")
    func suspended() {
        let requests = MapperRequests(for: [
            device(0, facts: ["dm/suspended": "1"]), device(1, on: ["dm-0"]),
            device(2, on: ["dm-1", "sda"]), device(3, on: ["sda"]),
            device(4, facts: ["dm/uuid": "LVM-x-tpool"]),
            BlockDevice(name: "sda", folder: "/s", number: nil, kind: .disk, facts: [:]),
        ])
        #expect(
            requests.requests.map(\.target) == ["/dev/dm-3", "/dev/dm-4", "/dev/dm-1", "/dev/dm-2"])
        #expect(requests.requests.map { $0.facts?["batch"] } == [1, 2, 3, 4])
        #expect(requests.requests[0].facts?["devices"] == ["dm-3": "253:3"])
        #expect(requests.leftOut == [])
        let many = (0..<100).map { device($0 + 1, on: ["dm-0"]) }
        let above = MapperRequests(for: [device(0, facts: ["dm/suspended": "1"])] + many)
        #expect(above.requests.count == 32 && above.leftOut.count == 68)
    }

    @Test("Thin volumes, caches and pools are asked in small batches, best with their like")
    func small() throws {
        func thin(_ range: Range<UInt32>, on pool: String) -> [BlockDevice] {
            range.map { device($0, facts: ["dm/uuid": "LVM-g\($0)"], on: [pool]) }
        }
        let devices =
            [
                device(0, facts: ["dm/uuid": "LVM-p-tpool"], on: ["sda"]),
                device(1, facts: ["dm/uuid": "LVM-q-tpool"], on: ["sdb"]),
                device(2, facts: ["dm/uuid": "LVM-p-pool"], on: ["dm-0"]),
                device(3, facts: ["dm/uuid": "LVM-m", "dm/name": "g-c_cmeta"], on: ["sda"]),
                device(4, facts: ["dm/uuid": "LVM-c"], on: ["dm-3"]),
                device(5, facts: ["dm/uuid": "CRYPT-LUKS2-x"], on: ["sda"]),
            ] + thin(10..<30, on: "dm-0") + thin(30..<32, on: "dm-1")
        let batches = MapperRequests(for: devices).requests.map { request -> [String] in
            guard case .object(let names)? = request.facts?["devices"] else { return [] }
            return names.keys.sorted(by: NaturalOrder.precedes)
        }
        #expect(
            batches == [
                ["dm-2", "dm-3", "dm-5"], (10..<26).map { "dm-\($0)" },
                ["dm-0", "dm-1", "dm-4"] + (26..<32).map { "dm-\($0)" },
            ])
        let host = try TemporaryHost(["/dev/mapper/control": .text("")])
        let disks = ["sda", "sdb"].map {
            BlockDevice(name: $0, folder: "/s/\($0)", number: nil, kind: .disk, facts: [:])
        }
        let requests = DeviceRequests(
            try RootedTree(.init(host.path)), devices: devices + disks,
            isIncluded: (devices + disks).map { _ in true }, mounted: [], persistentEvents: false,
            isWanted: { _ in true })
        #expect(
            requests.requests.map(\.standsOn) == [["/dev/sda"], ["/dev/sda"], nil])
        #expect(requests.devicesByTarget["/dev/mapper/control batch 2"]?.count == 16)
    }

    @Test("Ten thousand devices need twenty requests")
    func many() throws {
        let clock = ContinuousClock()
        let devices = (0..<10_000).map { device($0, on: ["sda"]) }
        var requests = [ProbeRequest]()
        let planning = clock.measure { requests = MapperRequests(for: devices).requests }
        #expect(requests.count == 20)
        let recorded = Dictionary(
            uniqueKeysWithValues: (0..<10_000).map {
                (
                    UInt32($0),
                    RecordedMapper.Device(
                        name: "vg0-lv\($0)", table: ["0 2048 linear 8:16 384"],
                        status: ["0 2048 linear"], dependencies: [8 << 8 | 16])
                )
            })
        let probe = MapperProbe(asking: { _ in RecordedMapper(devices: recorded) })
        let context = CollectionContext(root: try RootedTree("/"))
        var answered = 0
        let asking = try clock.measure {
            for request in requests {
                let record = try probe.run(request, in: context, into: MemorySink())
                guard case .object(let devices)? = record.facts["devices"] else { continue }
                answered += devices.count
                let bytes = try JSONDocument.encode(record, layout: .line)
                #expect(bytes.count < 256 << 10)
            }
        }
        #expect(answered == 10_000)
        print("10,000 mapped devices: planned in \(planning), answered in \(asking)")
    }
}
