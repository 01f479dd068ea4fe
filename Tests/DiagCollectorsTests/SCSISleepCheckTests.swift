import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors

/// Whether a disk sleeps, asked before something reads it.
@Suite("Sleeping SCSI disks")
struct SCSISleepCheckTests {
    private func host(_ names: [String], rotational: String = "1", vendor: String = "EXAMPLE")
        throws -> FixtureHost
    {
        try FixtureHost(
            listing: names.enumerated().map { index, name in
                """
                sys/block/\(name)/queue/rotational = \(rotational)
                sys/class/scsi_device/0:0:\(index):0/device/vendor = \(vendor)
                sys/class/scsi_device/0:0:\(index):0/device/state = running
                """
            }.joined(separator: "\n"))
    }

    private func ask(
        _ names: [String], of host: FixtureHost, _ devices: [String: SCSIRecordedDevice]
    ) throws -> (why: String?, asked: [String]) {
        let disks = names.enumerated().map { index, name in
            SCSISleepCheck.entry(
                of: ProbeRequest(
                    kind: "scsi", target: "/dev/\(name)",
                    facts: ["address": .string("0:0:\(index):0"), "generic": "/dev/sg0"]))
        }
        let request = ProbeRequest(
            kind: "metadata", target: "/dev/md0", facts: ["disks": .array(disks)])
        var asked = [String]()
        let why = SCSISleepCheck(request, in: try host.tree()).sleeping { target in
            asked.append(target.name)
            return devices[target.name] ?? SCSIRecordedDevice.sasDisk()
        }
        return (why, asked)
    }

    @Test("One disk in standby is enough, and is named")
    func standby() throws {
        let sleeping = SCSIRecordedDevice.sasDisk()
        sleeping.answers["03"]?.data =
            [0x70, 0, 0, 0, 0, 0, 0, 10] + [0, 0, 0, 0, 0x5E, 4, 0, 0, 0, 0]
        let names = ["sda", "sdb", "sdc"]
        let (why, asked) = try ask(names, of: try host(names), ["sdb": sleeping])
        #expect(why == "/dev/sdb is in the state standby")
        #expect(asked == ["sda", "sdb"])
        #expect(sleeping.asked == ["00", "03"])
    }

    @Test("An ATA disk is asked by its own command too")
    func ata() throws {
        let sleeping = SCSIRecordedDevice.sataDisk(count: 0)
        let devices = ["sda": sleeping]
        let why = try ask(["sda"], of: try host(["sda"], vendor: "ATA"), devices).why
        #expect(why == "/dev/sda is in the state standby")
        #expect(sleeping.asked.last == "85-E5")
        let awake = ["sda": SCSIRecordedDevice.sataDisk(count: 0xFF)]
        #expect(try ask(["sda"], of: try host(["sda"], vendor: "ATA"), awake).why == nil)
    }

    @Test("Flash is not asked, and of many disks only the first eight")
    func few() throws {
        let flash = try ask(["sda"], of: try host(["sda"], rotational: "0"), [:])
        #expect(flash.why == nil && flash.asked == [])
        let names = (0..<20).map { "sd\($0)" }
        #expect(try ask(names, of: try host(names), [:]).asked == Array(names.prefix(8)))
    }

    @Test("A disk that cannot be asked does not keep anything from being read")
    func refused() throws {
        let device = SCSIRecordedDevice.sasDisk()
        device.error = SystemCallError(
            operation: "SG_IO", object: "/dev/sg0", errno: .notPermitted)
        #expect(try ask(["sda"], of: try host(["sda"]), ["sda": device]).why == nil)
        let root = try FixtureHost(listing: "etc/").tree()
        for facts: [String: JSONValue]? in [nil, ["disks": 1], ["disks": [1, [:]]]] {
            let request = ProbeRequest(kind: "metadata", target: "/dev/md0", facts: facts)
            #expect(SCSISleepCheck(request, in: root).sleeping(until: .now) == nil)
        }
    }

    @Test("Root is told of rules, another user to be root")
    func refusal() {
        #expect(
            DeviceRefusal.words("CAP_SYS_ADMIN", user: 1000)
                == "needs root (CAP_SYS_ADMIN): run as root")
        #expect(!DeviceRefusal.words("CAP_SYS_ADMIN", user: 0).contains("root"))
    }
}
