import DiagCollect
import DiagModel
import DiagSystem
import Testing

@testable import DiagCollectors

@Suite("NVMe in sysfs")
struct NVMeSysfsTests {
    private func read(_ host: FixtureHost) throws -> (sink: MemorySink, findings: [Finding]) {
        let sink = MemorySink()
        let context = CollectionContext(root: try host.tree())
        return (sink, try NVMeSysfs.send(in: context, into: sink))
    }

    @Test("Controllers, subsystems, ways and links are in the document, and it keeps its schema")
    func document() throws {
        let (sink, _) = try read(try FixtureHost("nvme-fabrics"))
        let artifact = try #require(sink["nvme-controllers.json"])
        let json = try JSONDocument.decode(JSONValue.self, from: artifact.bytes)
        #expect(PublishedSchema.nvmeControllers.errors(in: json) == [])
        #expect(artifact.opening.privacy == .identity)
        let document = try JSONDocument.decode(
            NVMeControllersDocument.self, from: artifact.bytes)
        #expect(document.controllers.map(\.name) == ["nvme0", "nvme1", "nvme2", "nvme3", "nvme10"])
        #expect(document.hostIdentifier == "00000000-1111-4222-8333-444444444444")
        #expect(document.parameters == ["nvme_core": ["multipath": "Y", "io_timeout": 30]])
        #expect(
            document.controllers[0]
                == .init(
                    name: "nvme0",
                    folder: "/sys/devices/pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0",
                    attributes: [
                        "dev": "240:0", "state": "live", "transport": "pcie",
                        "address": "0000:02:00.0", "model": "EXAMPLE SSD 1TB",
                        "serial": "EX0000000001", "cntlid": 1, "numa_node": -1,
                    ],
                    paths: [.init(name: "nvme0n1", namespaceIdentifier: 1)],
                    link: .init(
                        currentSpeed: 160, currentWidth: 4, maximumSpeed: 160, maximumWidth: 4,
                        portSpeed: 160, portWidth: 4),
                    errorCounts: [
                        "correctable": ["RxErr": 3, "TOTAL_ERR_COR": 3],
                        "nonfatal": ["TOTAL_ERR_NONFATAL": 0], "fatal": ["TOTAL_ERR_FATAL": 0],
                    ]))
        #expect(document.controllers[2].subsystem == "nvme-subsys2")
        #expect(document.controllers[2].attributes["fast_io_fail_tmo"] == "off")
        #expect(document.controllers[2].attributes["ctrl_loss_tmo"] == 600)
        #expect(
            document.controllers[2].paths == [
                .init(
                    name: "nvme2c2n1", namespaceIdentifier: 1, anaState: "optimized", anaGroup: 1)
            ])
        #expect(
            document.subsystems == [
                .init(
                    name: "nvme-subsys2",
                    attributes: [
                        "subsysnqn": "nqn.2014-08.example:array", "iopolicy": "round-robin",
                    ], controllers: ["nvme2", "nvme10"], namespaces: ["nvme2n1"])
            ])
    }

    @Test("Keys, and an address that may wait, are never read")
    func neverRead() throws {
        let (sink, _) = try read(try FixtureHost("nvme-fabrics"))
        #expect(sink.artifacts.allSatisfy { !$0.text.contains("NEVERREAD") })
        #expect(sink["nvme-controllers.json"]?.text.contains("pn-0x2000000000000001") == true)
    }

    @Test("A namespace that cannot be reached is a fault only when no other way is open")
    func inaccessible() throws {
        let host = try FixtureHost("nvme-fabrics")
        let path = "sys/devices/virtual/nvme-fabrics/ctl/nvme2/"
        for change in ["nvme2c2n1/ana_state = inaccessible", "state = connecting"] {
            let host = try FixtureHost("nvme-fabrics")
            try host.add(path + change)
            let found = try read(host).1.first {
                $0.fault == "storage.nvme.ana-inaccessible" && $0.object == "nvme10"
            }
            #expect(found?.severity == .major)
            #expect(found?.reason.hasSuffix("nor any other way.") == true)
        }
        let found = try read(host).1.first { $0.fault == "storage.nvme.ana-inaccessible" }
        #expect(found?.reason.hasSuffix("but another way is open.") == true)
    }

    @Test("What is wrong is found, each with its severity and place")
    func findings() throws {
        let (sink, findings) = try read(try FixtureHost("nvme-fabrics"))
        let found = FindingList(findings).findings.map {
            "\($0.severity.rawValue) \($0.fault) \($0.place ?? "")"
        }
        #expect(
            found == [
                "critical storage.nvme.not-live /dev/nvme1",
                "major storage.nvme.ana-persistent-loss /dev/nvme3",
                "major storage.nvme.not-live /dev/nvme10",
                "major storage.nvme.pcie-fatal /dev/nvme1",
                "minor storage.nvme.link /dev/nvme1",
                "minor storage.nvme.pcie-nonfatal /dev/nvme1",
                "notice storage.nvme.ana-inaccessible /dev/nvme10",
                "notice storage.nvme.ana-non-optimized /dev/nvme3",
            ])
        let link = try #require(findings.first { $0.fault == "storage.nvme.link" })
        #expect(
            link.reason
                == "The PCIe link of nvme1 runs with 8 instead of 16 GT/s and 2 instead of 4 lanes "
                + "that it can.")
        #expect(sink.missing.map(\.what) == ["/dev/nvme1", "/dev/nvme10"])
    }

    @Test("A link that its port alone limits is only worth knowing")
    func portLimit() throws {
        let host = try FixtureHost("nvme-fabrics")
        try host.add(
            "sys/devices/pci0000:00/0000:00:1d.4/0000:03:00.0/current_link_width = 4\n")
        let link = try read(host).findings.first { $0.fault == "storage.nvme.link" }
        #expect(link?.severity == .notice)
    }

    @Test("Only live controllers are asked, by their device number")
    func requests() throws {
        let host = try FixtureHost("nvme-fabrics")
        let tree = try host.tree()
        defer { withExtendedLifetime(host) {} }
        #expect(
            NVMeProbe.requests(in: tree) == [
                .init(kind: "nvme", target: "/dev/nvme0", facts: ["dev": "240:0"]),
                .init(kind: "nvme", target: "/dev/nvme2", facts: ["dev": "240:2"]),
                .init(kind: "nvme", target: "/dev/nvme3", facts: ["dev": "240:3"]),
            ])
        let first = NVMeProbe.requests(in: tree, persistentEvents: true).first
        #expect(first?.facts?["persistentEvents"] == true)
    }

    @Test("A host without NVMe says so, and asks for nothing")
    func none() throws {
        let host = try FixtureHost(listing: "sys/class/\n")
        let (sink, findings) = try read(host)
        #expect(sink.artifacts.isEmpty && findings.isEmpty)
        #expect(sink.absent.map(\.what) == ["/sys/class/nvme"])
        #expect(NVMeProbe.requests(in: try host.tree()) == [])
    }

    @Test("Speeds and widths that the kernel does not know are none")
    func linkText() {
        #expect(PCIeLink.speed("2.5 GT/s PCIe") == 25)
        #expect(PCIeLink.speed("32.0 GT/s") == 320)
        #expect(PCIeLink.speed("Unknown") == nil)
        #expect(PCIeLink.speed(nil) == nil)
        #expect(PCIeLink.width("16") == 16)
        #expect(PCIeLink.width("255") == nil && PCIeLink.width("0") == nil)
    }
}
