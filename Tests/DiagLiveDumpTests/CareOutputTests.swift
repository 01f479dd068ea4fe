import DiagFormats
import DiagLiveDump
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@Suite("Where a dump is written")
struct CareOutputTests {
    static let cases: [(String, OutputFileSystem.Kind)] = [
        ("/var/x", .disk), ("/tmp", .memory("tmpfs")),
        ("/tmpx", .disk), ("/tmp/a/b", .memory("tmpfs")), ("/mnt/nas/a", .network("nfs4")),
        ("/mnt/zram/a", .memory("zram0")), ("/mnt/dm/a", .memory("tmpfs")),
        ("/mnt/loop/a", .network("nfs4")), ("/mnt/over/a", .memory("tmpfs")),
        ("/mnt/btrfs/a", .memory("zram1")), ("/mnt/fuse", .userSpace("fuse.mergerfs")),
        ("/mnt/ram/", .memory("ram0")), ("/mnt/part/x", .disk), ("/mnt/over2/x", .disk),
    ]

    private func root() throws -> CareRoot {
        let root = try CareRoot()
        try root.write("sys/dev/block/251:0/uevent", "MAJOR=251\nMINOR=0\nDEVNAME=zram0\n")
        try root.write("sys/dev/block/251:1/uevent", "DEVNAME=zram1\n")
        try root.write("sys/class/block/zram1/dev", "251:1\n")
        try root.write("sys/class/block/loop5/dev", "7:5\n")
        try root.write("sys/dev/block/253:5/slaves/loop5/x", "")
        try root.write("sys/dev/block/253:5/uevent", "DEVNAME=dm-5\n")
        try root.write("sys/dev/block/7:5/loop/backing_file", "/tmp/image\n")
        try root.write("sys/dev/block/7:0/loop/backing_file", "/mnt/nas/image\n")
        try root.write("sys/devices/nvme0n1/nvme0n1p2/partition", "2\n")
        try root.write("sys/devices/nvme0n1/uevent", "DEVNAME=nvme0n1\n")
        try root.link("sys/dev/block/259:2", to: "../../devices/nvme0n1/nvme0n1p2")
        return root
    }

    @Test(
        "Memory is told from disks, through every layer",
        arguments: cases)
    func kinds(path: String, kind: OutputFileSystem.Kind) throws {
        let root = try root()
        let found = OutputFileSystem.find(
            CareRoot.place(FilePath(path)), in: MountTable(parsing: Array(CareRoot.mounts.utf8)),
            below: try root.tree)
        #expect(found?.kind == kind)
    }

    @Test("The kernel's number of the mount counts before the path")
    func mountIdentifier() throws {
        let root = try root()
        let table = MountTable(parsing: Array(CareRoot.mounts.utf8))
        let linked = CareRoot.place("/var/link", mount: 30)
        #expect(
            OutputFileSystem.find(linked, in: table, below: try root.tree)?.kind
                == .memory("tmpfs"))
        #expect(
            OutputFileSystem.find(
                CareRoot.place("/x"), in: MountTable(parsing: []), below: try root.tree) == nil)
    }

    @Test("Memory and read-only places are refused, the network is a warning")
    func refusals() throws {
        let root = try root()
        func findings(_ place: FileSystemPlace) throws -> Preflight.Findings {
            try Preflight.check(CareRoot.request(output: place), in: root.tree)
        }
        let memory = try findings(CareRoot.place("/mnt/zram/dumps"))
        #expect(memory.obstacles.map(\.cause) == [.unsuitableOutput])
        #expect(
            memory.refusal?.description
                == "write the dump to /mnt/zram/dumps: the ext4 file system /dev/zram0 mounted at"
                + " /mnt/zram lies in memory (zram0), so the dump would use up and change what it"
                + " shows")
        #expect(memory.obstacles[0].remedy == "Choose a folder on a disk with --output.")
        let readOnly = try findings(CareRoot.place("/var", isReadOnly: true))
        #expect(readOnly.obstacles.map(\.cause) == [.unsuitableOutput])
        let network = try findings(CareRoot.place("/mnt/nas"))
        #expect(network.obstacles == [])
        #expect(network.warnings.map { $0.contains("over the network (nfs4)") } == [true])
    }

    @Test("Layers without end are given up, not followed for ever")
    func loops() throws {
        let root = try CareRoot()
        try root.write("sys/class/block/dm-1/dev", "253:1\n")
        try root.write("sys/dev/block/253:1/slaves/dm-1/x", "")
        let table = MountTable(parsing: Array("1 1 253:1 / / rw - ext4 /dev/dm-1 rw\n".utf8))
        let found = OutputFileSystem.find(CareRoot.place("/a"), in: table, below: try root.tree)
        #expect(found?.kind == .disk)
    }

    @Test("A place that is not there yet is that of the folder above it")
    func missingFolder() throws {
        let root = try CareRoot()
        let here = try FileSystemPlace.of(root.path)
        var there = try FileSystemPlace.of(root.path.appending("a").appending("b"))
        #expect(there.path == root.path.appending("a").appending("b"))
        there.path = here.path
        there.availableByteCount = here.availableByteCount
        #expect(there == here)
        #expect(here.mountIdentifier != nil)
        #expect(here.byteCount >= here.availableByteCount)
    }
}
