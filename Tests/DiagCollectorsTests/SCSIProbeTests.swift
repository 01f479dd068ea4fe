import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors

/// What the probe asks of a device, and what it makes of the answers.
@Suite struct SCSIProbeTests {
    private static let request = ProbeRequest(
        kind: "scsi", target: "/dev/sda",
        facts: [
            "address": "0:0:0:0", "number": "8:0", "generic": "/dev/sg0",
            "genericNumber": "21:0",
        ])

    private func examine(
        _ device: SCSIRecordedDevice, host: String = "", request: ProbeRequest = request
    ) throws -> (record: ProbeRecord, sink: MemorySink) {
        let root = try FixtureHost(listing: "etc/\n" + host)
        let target = SCSITarget(request, in: try root.tree())
        var record = ProbeRecord(kind: "scsi", target: request.target, outcome: .ok, seconds: 0)
        record.facts = target.facts
        let sink = MemorySink()
        try SCSIProbe().examine(target, over: device, into: sink, record: &record)
        #expect(try DocumentSchemaTests.check(sink, of: "storage").count == 1)
        return (record, sink)
    }

    private func phy(_ members: [String: JSONValue]) -> JSONValue { .object(members) }

    @Test("A SAS disk tells its identity, size, health and links")
    func sasDisk() throws {
        let device = SCSIRecordedDevice.sasDisk()
        let (record, sink) = try examine(device)
        #expect(record.outcome == .ok && record.reason == nil)
        var facts = record.facts
        let phys = facts.removeValue(forKey: "phys")
        #expect(
            facts == [
                "vendor": "EXAMPLE", "model": "ST4000NM0000", "revision": "E004",
                "peripheralDeviceType": 0, "isATA": false, "serial": "ZMADEUP1",
                "wwn": "naa.5000c500a1b2c3d4", "power": "active", "isSleeping": false,
                "byteCount": 4_000_787_030_016, "logicalBlockByteCount": 4096,
                "physicalBlockByteCount": 4096, "isThinlyProvisioned": true,
                "protectionType": 2, "rotationsPerMinute": 7200, "formFactorInches": "3.5",
                "isFailurePredicted": true, "exceptionCode": "5D/10",
                "exception": "failure predicted: hardware, general hard drive failure",
                "temperatureCelsius": 41, "temperatureTripCelsius": 65,
                "percentageUsedEndurance": 101,
                "readUncorrectedErrorCount": 12, "readCorrectedErrorCount": 13,
                "readByteCount": 123_456_789_012,
                "writeUncorrectedErrorCount": 0, "writeCorrectedErrorCount": 13,
                "writeByteCount": 123_456_789_012,
                "verifyUncorrectedErrorCount": 0, "verifyCorrectedErrorCount": 13,
                "verifyByteCount": 123_456_789_012,
                "nonMediumErrorCount": 7, "startStopCycles": 77, "loadUnloadCycles": 1234,
                "manufactured": "2026-07", "powerOnHours": 1000, "backgroundScanErrorCount": 2,
                "backgroundScanPendingCount": 1, "selfTestCount": 2, "failedSelfTestCount": 1,
                "isLastSelfTestFailed": false, "lastSelfTestPowerOnHours": 900,
                "isWriteCacheEnabled": true, "isWriteProtected": true,
                "targetPortGroups": ["1": "activeOptimized", "2": "standby"],
                "artifact": "storage/scsi/sda.json",
            ])
        guard case .array(let list)? = phys else { return #expect(Bool(false), "no phys") }
        #expect(list.count == 2)
        #expect(list.first?["linkRateMegabits"] == 12_000)
        #expect(list.first?["invalidDwordCount"] == 5000)
        #expect(sink["scsi/sda/vpd-83.bin"]?.bytes == SCSISamples.designators)
        #expect(sink["scsi/sda/log-0F.bin"]?.bytes == SCSISamples.application)
        #expect(sink["scsi/sda/log-37.bin"]?.opening.privacy == .identity)
        let document = try #require(try sink.json("scsi/sda.json"))
        #expect(document["otherLogPages"]?[0]?["pageCode"] == 0x37)
        #expect(
            SCSIProbe().findings(in: [record]).map(\.fault) == [
                "storage.scsi.failure-predicted", "storage.scsi.worn",
                "storage.scsi.unreadable-blocks", "storage.scsi.uncorrected-read-errors",
                "storage.sas.phy-errors",
            ])
    }

    @Test("A sleeping SAS disk is asked for nothing that would wake it")
    func asleep() throws {
        let device = SCSIRecordedDevice.sasDisk()
        device.answers["03"]?.data = [0x70, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x5E, 4, 0, 0, 0, 0]
        let (record, _) = try examine(device)
        #expect(record.outcome == .ok && record.facts["isSleeping"] == true)
        #expect(record.facts["power"] == "standby")
        #expect(record.facts["serial"] == "ZMADEUP1")
        #expect(device.asked.last == "03")
        #expect(device.asked.allSatisfy { ["00", "03"].contains($0) || $0.hasPrefix("12") })
    }

    @Test("A unit attention is fetched in sight of the kernel, never by REQUEST SENSE")
    func unitAttention() throws {
        let device = SCSIRecordedDevice.sasDisk()
        _ = try examine(device)
        let first = try #require(device.asked.firstIndex(of: "03"))
        #expect(device.asked[first - 1] == "00")
        let stubborn = SCSIRecordedDevice.sasDisk()
        stubborn.answers["00"] = SCSIRecordedDevice.refusal(key: 6, code: 0x29)
        let record = try examine(stubborn).record
        #expect(!stubborn.asked.contains("03") && record.facts["isSleeping"] == false)
        let stopped = SCSIRecordedDevice.sasDisk()
        stopped.answers["00"] = SCSIRecordedDevice.refusal(key: 2, code: 4, qualifier: 2)
        let other = try examine(stopped).record
        #expect(stopped.asked.last == "00" && other.facts["power"] == "stopped")
    }

    @Test("A passive path is asked for its identity alone")
    func passive() throws {
        let device = SCSIRecordedDevice.sasDisk()
        let (record, _) = try examine(
            device,
            host: """
                sys/class/scsi_device/0:0:0:0/device/access_state = standby
                sys/class/scsi_device/0:0:0:0/device/state = running
                """)
        #expect(record.outcome == .ok && record.facts["accessState"] == "standby")
        #expect(
            record.facts["limitedBecause"] == "the path is standby: only its identity is asked")
        #expect(device.asked.allSatisfy { $0.hasPrefix("12") })
        #expect(SCSIProbe().findings(in: [record]) == [])
    }

    @Test("An ATA disk in standby stays there; one that is awake is asked no SCSI logs")
    func ata() throws {
        let sleeping = SCSIRecordedDevice.sataDisk(count: 0)
        let record = try examine(sleeping).record
        #expect(record.facts["isSleeping"] == true && record.facts["isATA"] == true)
        #expect(sleeping.asked.suffix(2) == ["03", "85-E5"])
        let awake = SCSIRecordedDevice.sataDisk(count: 0xFF)
        let other = try examine(awake).record
        #expect(other.facts["power"] == "active" && other.facts["isSleeping"] == false)
        #expect(other.facts["byteCount"] == 4_000_787_030_016)
        // Capacity, then what ATA itself says; the recorded one refuses that.
        #expect(awake.asked.contains("9E") && awake.asked.last?.hasPrefix("85-") == true)
        #expect(!awake.asked.contains { $0.hasPrefix("4D") })
    }

    @Test("An enclosure's elements have name, status and content")
    func enclosure() throws {
        let request = ProbeRequest(kind: "scsi", target: "/dev/sg2")
        let (record, sink) = try examine(.enclosure(), request: request)
        #expect(record.facts["enclosureStatus"] == "critical")
        #expect(record.facts["enclosureIdentifier"] == "5001438000000001")
        #expect(record.facts["elementCount"] == 6)
        #expect(
            record.facts["faultyElements"] == [
                [
                    "type": "power supply", "index": 0, "status": "critical", "name": "PSU 1",
                    "faults": ["failed", "AC power failed"],
                ],
                [
                    "type": "temperature sensor", "index": 0, "status": "noncritical",
                    "name": "Inlet", "faults": ["too hot"],
                ],
            ])
        let elements = try sink.json("scsi/sg2.json")?["enclosure"]?["elements"]
        #expect(elements?[0]?["slotNumber"] == 1)
        #expect(elements?[0]?["sasAddresses"] == ["5000c500a1b2c3d5"])
        #expect(elements?[1]?["slotNumber"] == 2 && elements?[1]?["sasAddresses"] == [])
        let findings = SCSIProbe().findings(in: [record])
        #expect(findings.map(\.severity) == [.major, .minor])
        #expect(
            findings.first?.reason
                == "The power supply \"PSU 1\" number 0 of the enclosure sg2 (EXAMPLE "
                + "ST4000NM0000) is critical: failed, AC power failed.")
    }

    @Test("A virtual disk that refuses all logs costs only these facts")
    func virtualDisk() throws {
        let device = SCSIRecordedDevice([
            "12": SCSISamples.inquiry, "12-00": SCSISamples.vital(0, [0, 0x83]),
            "12-83": SCSISamples.designators, "25": SCSISamples.capacity10,
        ])
        let (record, sink) = try examine(device)
        #expect(record.outcome == .ok && record.facts["byteCount"] == 156_374_986_752)
        #expect(SCSIProbe().findings(in: [record]) == [])
        let commands = try sink.json("scsi/sda.json")?["commands"]
        #expect(commands?[5]?["name"] == "READ CAPACITY (16)")
        #expect(
            commands?[5]?["problem"]
                == "illegal request (24/00): a field of the command is not supported")
    }

    @Test("Unit attentions are passed over; a dead way ends the questions")
    func retries() throws {
        let device = SCSIRecordedDevice.sasDisk()
        device.unitAttentions = 2
        #expect(try examine(device).record.outcome == .ok)
        #expect(device.asked.prefix(4) == ["12", "12", "12", "12-00"])
        let dead = SCSIRecordedDevice.sasDisk()
        dead.answers["9E"] = SCSIResponse(hostStatus: 3)
        let record = try examine(dead).record
        #expect(dead.asked.last == "9E")
        #expect(
            record.facts["limitedBecause"]
                == "the device did not answer in time (DID_TIME_OUT)")
    }

    @Test("In the last second of its time no command is begun")
    func lastSecond() throws {
        let host = try FixtureHost(listing: "dev/sg0 = x")
        for (seconds, errno) in [(0.9, Errno.timedOut), (30, Errno(rawValue: 25))] {
            let transport = DeviceFileTransport(
                try DeviceFile.open("/dev/sg0", in: try host.tree()),
                until: MonotonicTime.now.advanced(bySeconds: seconds))
            let error = #expect(throws: SystemCallError.self) {
                try transport.execute(SCSICommand.testUnitReady, reading: 0)
            }
            #expect(error?.errno == errno)
        }
    }

    @Test("A refusal by the kernel says what is needed")
    func refused() throws {
        let device = SCSIRecordedDevice.sasDisk()
        device.error = SystemCallError(
            operation: "SG_IO", object: "/dev/sg0", errno: .notPermitted)
        let record = try examine(device).record
        #expect(record.outcome == .skipped)
        #expect(
            record.reason == "SG_IO /dev/sg0: Operation not permitted; "
                + DeviceRefusal.words("CAP_SYS_ADMIN and CAP_SYS_RAWIO"))
        #expect(device.asked == ["12"])
    }

    @Test("A device that the kernel gave up, or suspended, is not opened")
    func skipped() throws {
        for (attribute, value, reason) in [
            (
                "state", "offline",
                "the kernel has the device in state offline: a command would wait"
            ),
            (
                "power/runtime_status", "suspended",
                "the kernel has suspended the device: to open it would wake it"
            ),
        ] {
            let host = try FixtureHost(
                listing: "sys/class/scsi_device/0:0:0:0/device/\(attribute) = \(value)")
            let record = try SCSIProbe().run(
                Self.request, in: CollectionContext(root: try host.tree()), into: MemorySink())
            #expect(record.outcome == .skipped && record.reason == reason)
        }
    }

    @Test("A node that is gone, or is no device, is a failure that names it")
    func failed() throws {
        let host = try FixtureHost(listing: "dev/\n")
        let context = CollectionContext(root: try host.tree())
        let gone = try SCSIProbe().run(Self.request, in: context, into: MemorySink())
        #expect(gone.outcome == .failed)
        #expect(gone.reason?.hasPrefix("open /dev/sda: No such file or directory") == true)
        try host.write("dev/sg0", [1])
        let file = try SCSIProbe().run(Self.request, in: context, into: MemorySink())
        #expect(file.outcome == .failed)
        #expect(file.reason == "INQUIRY to /dev/sg0: Inappropriate ioctl for device")
        let stranger = try SCSIProbe().run(
            ProbeRequest(kind: "scsi", target: "/dev/../etc/passwd"), in: context,
            into: MemorySink())
        #expect(stranger.outcome == .skipped)
    }

    @Test("Each fault is found by its fact, and nothing by sound ones")
    func findings() {
        func faults(
            _ facts: [String: JSONValue], _ outcome: ProbeRecord.Outcome = .ok
        ) -> [String] {
            let record = ProbeRecord(
                kind: "scsi", target: "/dev/sda", outcome: outcome, seconds: 1, facts: facts)
            return SCSIProbe().findings(in: [record]).map {
                "\($0.severity.rawValue) \($0.fault.dropFirst(8))"
            }
        }
        #expect(faults([:]) == [])
        #expect(faults([:], .hung) == ["critical scsi.hung"])
        #expect(faults([:], .failed) == ["major scsi.no-answer"])
        #expect(faults([:], .slow) == ["minor scsi.slow"])
        #expect(faults(["accessState": "unavailable"]) == ["major scsi.path-unavailable"])
        #expect(faults(["accessState": "standby"]) == [])
        #expect(
            faults(["isFailurePredicted": false, "exceptionCode": "0B/01"])
                == ["minor scsi.warning"])
        #expect(faults(["isFailurePredicted": false, "exceptionCode": "5D/FF"]) == [])
        #expect(faults(["percentageUsedEndurance": 89]) == [])
        #expect(faults(["percentageUsedEndurance": 90]) == ["minor scsi.worn"])
        #expect(faults(["percentageUsedEndurance": 100]) == ["major scsi.worn"])
        #expect(
            faults(["temperatureCelsius": 65, "temperatureTripCelsius": 65]) == ["major scsi.hot"])
        #expect(faults(["temperatureCelsius": 64, "temperatureTripCelsius": 65]) == [])
        #expect(faults(["isLastSelfTestFailed": true]) == ["major scsi.self-test-failed"])
        #expect(
            faults(["writeUncorrectedErrorCount": 9, "verifyUncorrectedErrorCount": 10])
                == ["minor scsi.uncorrected-write-errors", "major scsi.uncorrected-verify-errors"])
        #expect(faults(["phys": [["phyResetProblemCount": 10]]]) == ["minor sas.phy-errors"])
        #expect(faults(["phys": [["invalidDwordCount": 999]]]) == [])
    }
}

extension JSONValue {
    /// The element at `index`, where this is a list that has one.
    fileprivate subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
