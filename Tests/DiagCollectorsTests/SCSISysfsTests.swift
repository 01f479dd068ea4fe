import DiagCollect
import DiagModel
import DiagSystem
import Testing

@testable import DiagCollectors

/// What sysfs says of SCSI devices, hosts and transports.
@Suite struct SCSISysfsTests {
    private func send(_ host: FixtureHost) throws -> (document: SCSISysfsDocument, [Finding]) {
        let sink = MemorySink()
        let findings = try SCSISysfs.send(
            in: CollectionContext(root: try host.tree()), into: sink)
        #expect(
            try DocumentSchemaTests.check(sink, of: "storage") == ["storage/scsi-devices.json"])
        let bytes = try #require(sink["scsi-devices.json"]).bytes
        return (try JSONDocument.decode(SCSISysfsDocument.self, from: bytes), findings)
    }

    private func short(_ findings: [Finding]) -> [String] {
        findings.map { "\($0.severity.rawValue) \($0.fault) \($0.object)" }
    }

    @Test("A SAS expander: disks with slots and names, links, and an offline disk")
    func expander() throws {
        let host = try FixtureHost("scsi-sas-expander")
        let (document, findings) = try send(host)
        #expect(document.devices.map(\.address) == ["0:0:0:0", "0:0:1:0", "0:0:2:0"])
        let disk = document.devices[0]
        #expect(disk.block == "sda" && disk.generic == "sg0" && disk.type == 0)
        #expect(disk.serialNumber == "ZMADEUP1" && disk.enclosureSlots == ["Slot 01"])
        #expect(disk.worldWideName == "naa.5000c500a1b2c3d4")
        #expect(
            disk.counters == [
                "iorequest_cnt": 1000, "iodone_cnt": 1000, "ioerr_cnt": 2, "iotmo_cnt": 0,
            ])
        #expect(disk.attributes["timeout"] == "30")
        let kinds = document.objects.map { "\($0.kind) \($0.name)" }
        #expect(
            kinds == [
                "scsi_host host0", "sas_phy phy-0:0:0", "sas_phy phy-0:0:1", "sas_port port-0:0",
                "sas_expander expander-0:0",
            ])
        #expect(document.objects[0].attributes["version_fw"] == "16.00.12.00")
        // Counters of links ask the expander, which is not for this reader.
        #expect(document.objects[2].attributes["invalid_dword_count"] == nil)
        #expect(
            short(findings) == [
                "major storage.scsi.device-state sdb", "minor storage.scsi.timeouts sdb",
                "notice storage.scsi.errors sdb",
            ])
        #expect(
            SCSIProbe.requests(in: try host.tree()) == [
                ProbeRequest(
                    kind: "scsi", target: "/dev/sda",
                    facts: [
                        "address": "0:0:0:0", "number": "8:0", "generic": "/dev/sg0",
                        "genericNumber": "21:0",
                    ]),
                ProbeRequest(
                    kind: "scsi", target: "/dev/sdb",
                    facts: [
                        "address": "0:0:1:0", "number": "8:16", "generic": "/dev/sg1",
                        "genericNumber": "21:1",
                    ]),
                ProbeRequest(
                    kind: "scsi", target: "/dev/sg2",
                    facts: [
                        "address": "0:0:2:0", "generic": "/dev/sg2", "genericNumber": "21:2",
                    ]),
            ])
    }

    @Test("Link counters are read by a probe of their own, and large ones are found")
    func links() throws {
        let probe = SCSILinkProbe()
        func records(_ name: String) throws -> [ProbeRecord] {
            let root = try FixtureHost(name)
            let context = CollectionContext(root: try root.tree())
            return try SCSILinkProbe.requests(in: context.root).map {
                try probe.run($0, in: context, into: MemorySink())
            }
        }
        let sas = try records("scsi-sas-expander")
        #expect(sas.map(\.target) == ["/sys/class/sas_host/host0"])
        #expect(sas.first?.facts["phyCount"] == 2)
        #expect(short(probe.findings(in: sas)) == ["minor storage.sas.phy-errors phy-0:0:1"])
        let channel = try records("scsi-fc")
        #expect(
            channel.map(\.facts) == [
                ["invalid_crc_count": 25, "link_failure_count": 2, "fcp_input_requests": 4096],
                ["invalid_crc_count": 0, "link_failure_count": 2, "fcp_input_requests": 4096],
            ])
        #expect(short(probe.findings(in: channel)) == ["minor storage.fc.damaged-frames host3"])
    }

    @Test("Fibre Channel: a port without link, a storage port that is gone, a passive path")
    func channel() throws {
        let host = try FixtureHost("scsi-fc")
        let (document, findings) = try send(host)
        #expect(document.devices.map(\.attributes["access_state"]) == ["standby", nil])
        #expect(
            document.devices.map(\.worldWideName)
                == Array(repeating: "naa.600a0980aabbccdd", count: 2))
        #expect(
            short(findings) == [
                "major storage.scsi.device-state sdb", "major storage.fc.port-state host4",
                "major storage.fc.remote-port rport-4:0-0",
            ])
        let root = try host.tree()
        let targets = SCSIProbe.requests(in: root).map { SCSITarget($0, in: root) }
        #expect(targets.map { $0.limits.identityOnlyBecause != nil } == [true, false])
        #expect(targets.map { $0.skipReason != nil } == [false, true])
        #expect(targets[0].facts["driver"] == "qla2xxx")
    }

    @Test("A port that never had a target is only worth a notice")
    func unusedPort() throws {
        let host = try FixtureHost("scsi-fc")
        try host.remove("sys/class/fc_remote_ports/rport-4:0-0")
        try host.remove("sys/class/scsi_device/4:0:0:0")
        #expect(short(try send(host).1) == ["notice storage.fc.port-state host4"])
    }

    @Test("MegaRAID: virtual and JBOD disks beside SATA; optical drives are not asked")
    func megaRAID() throws {
        let host = try FixtureHost("scsi-megaraid")
        let (document, findings) = try send(host)
        #expect(document.devices.map(\.block) == ["sdd", nil, "sdc", "sda", "sdb"])
        #expect(
            document.devices.compactMap(\.vendor)
                == ["ATA", "EXAMPLE", "EXAMPLE", "AVAGO", "AVAGO"])
        #expect(
            SCSIProbe.requests(in: try host.tree()).map(\.target)
                == ["/dev/sdd", "/dev/sdc", "/dev/sda", "/dev/sdb"])
        #expect(short(findings) == ["minor storage.ata.link-slowed dev1.0"])
    }

    @Test("A host in error recovery is found; a root without SCSI says so")
    func hosts() throws {
        let host = try FixtureHost(
            listing: "sys/class/scsi_host/host0/state = recovery\n"
                + "sys/class/scsi_host/host0/proc_name = ahci")
        #expect(short(try send(host).1) == ["major storage.scsi.host-state host0"])
        let sink = MemorySink()
        let empty = try FixtureHost(listing: "etc/")
        let findings = try SCSISysfs.send(
            in: CollectionContext(root: try empty.tree()), into: sink)
        #expect(findings == [] && sink.artifacts.isEmpty)
        #expect(sink.absent.map(\.what) == ["SCSI devices"])
    }

    @Test("A thousand disks are read")
    func thousand() throws {
        var listing = ""
        for index in 0..<1000 {
            let device = "sys/class/scsi_device/0:0:\(index):0/device/"
            listing += """
                \(device)vendor = EXAMPLE
                \(device)model = DISK
                \(device)type = 0
                \(device)state = running
                \(device)iorequest_cnt = 0x10
                \(device)block/sd\(index)/dev = 8:\(index)
                \(device)scsi_generic/sg\(index)/dev = 21:\(index)

                """
        }
        let host = try FixtureHost(listing: listing)
        let start = MonotonicTime.now
        let findings = try SCSISysfs.send(
            in: CollectionContext(root: try host.tree()), into: MemorySink())
        let requests = SCSIProbe.requests(in: try host.tree())
        print("1,000 SCSI disks: \(MonotonicTime.now.seconds(since: start)) s")
        let (document, _) = try send(host)
        #expect(document.devices.count == 1000 && findings == [] && requests.count == 1000)
        #expect(document.devices[999].address == "0:0:999:0")
    }
}
