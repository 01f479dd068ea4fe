import DiagModel
import Testing

@testable import DiagCollectors

/// Which devices the storage collector asks about, and with what.
@Suite("Requests about devices")
struct DeviceRequestsTests {
    /// A SCSI disk with one partition, a generic node and nodes below /dev.
    private static func disk(_ letter: String, _ index: Int) -> String {
        let device = "sys/devices/pci0000:00/0000:00:1f.2/host0/target0:0:\(index)/0:0:\(index):0"
        let disk = "\(device)/block/sd\(letter)"
        return """
            sys/block/sd\(letter) -> ../../\(disk)
            \(disk)/dev = 8:\(index * 16)
            \(disk)/size = 8192
            \(disk)/device -> ../../../0:0:\(index):0
            \(disk)/sd\(letter)1/dev = 8:\(index * 16 + 1)
            \(disk)/sd\(letter)1/size = 4096
            \(disk)/sd\(letter)1/partition = 1
            \(device)/type = 0
            \(device)/state = running
            \(device)/power/runtime_status = active
            \(device)/scsi_generic/sg\(index)/dev = 21:\(index)
            sys/class/scsi_device/0:0:\(index):0/device -> ../../../../\(device)
            dev/sd\(letter) = x
            dev/sd\(letter)1 = x

            """
    }

    private static func mapped(_ number: Int, uuid: String, on lower: String...) -> String {
        let folder = "sys/devices/virtual/block/dm-\(number)"
        return """
            sys/block/dm-\(number) -> ../../\(folder)
            \(folder)/dev = 253:\(number)
            \(folder)/size = 4096
            \(folder)/dm/name = m\(number)
            \(folder)/dm/uuid = \(uuid)
            \(folder)/dm/suspended = 0
            dev/dm-\(number) = x
            \(lower.map { "\(folder)/slaves/\($0)/" }.joined(separator: "\n"))

            """
    }

    private func metadata(_ listing: String) throws -> [String: ProbeRequest] {
        let sink = try FixtureHost(listing: listing.replacing("../../sys/", with: "../"))
            .collect(StorageCollector())
        let requests = StorageTopologyTests.probes(sink).filter { $0.kind == "metadata" }
        return Dictionary(requests.map { ($0.target, $0) }) { first, _ in first }
    }

    private func disks(_ request: ProbeRequest?) -> [String] {
        guard case .array(let disks)? = request?.facts?["disks"] else { return [] }
        return disks.compactMap { $0["device"]?.text }.sorted()
    }

    @Test("What stands on SCSI disks names them with their generic nodes")
    func disks() throws {
        let asked = try metadata(
            Self.disk("a", 0) + Self.disk("b", 1)
                + Self.mapped(0, uuid: "LVM-x", on: "sda1", "sdb1"))
        #expect(
            asked.keys.sorted() == [
                "/dev/dm-0", "/dev/sda", "/dev/sda1", "/dev/sdb", "/dev/sdb1",
            ])
        #expect(
            asked["/dev/sdb1"]?.facts?["disks"] == [
                [
                    "device": "/dev/sdb", "address": "0:0:1:0", "number": "8:16",
                    "generic": "/dev/sg1", "genericNumber": "21:1",
                ]
            ])
        #expect(asked["/dev/sdb1"]?.facts?["isPartition"] == true)
        #expect(asked["/dev/sdb"]?.facts?["isPartition"] == nil)
        #expect(disks(asked["/dev/dm-0"]) == ["/dev/sda", "/dev/sdb"])
    }

    @Test("A suspended disk is not asked, nor its partitions and what stands only on them")
    func suspended() throws {
        let sleeping = Self.disk("b", 1)
            .replacing("runtime_status = active", with: "runtime_status = suspended")
        let asked = try metadata(
            Self.disk("a", 0) + sleeping + Self.mapped(0, uuid: "LVM-x", on: "sdb1")
                + Self.mapped(1, uuid: "LVM-y", on: "sda1", "sdb1"))
        #expect(asked.keys.sorted() == ["/dev/dm-1", "/dev/sda", "/dev/sda1"])
    }

    @Test("Partitions of a path are read through the map, as the path itself")
    func multipath() throws {
        let asked = try metadata(
            Self.disk("a", 0) + Self.disk("b", 1)
                + Self.mapped(0, uuid: "mpath-x", on: "sda", "sdb"))
        #expect(asked.keys.sorted() == ["/dev/dm-0"])
    }

    @Test("A floppy is not started, nor a CD drive unless udev found a medium")
    func drives() throws {
        func drive(_ name: String, _ number: String) -> String {
            """
            sys/block/\(name)/dev = \(number)
            sys/block/\(name)/size = 8192
            sys/block/\(name)/removable = 1
            dev/\(name) = x

            """
        }
        let drives = drive("fd0", "2:0") + drive("sr0", "11:0") + drive("sr1", "11:1")
        let asked = try metadata(
            drives + "run/udev/data/b11:1 = E:ID_CDROM_MEDIA=1\n"
                + "run/udev/data/b2:0 = E:ID_CDROM_MEDIA=1\n")
        #expect(asked.keys.sorted() == ["/dev/sr1"])
        #expect(asked["/dev/sr1"]?.facts?["isRemovable"] == true)
    }
}
