import DiagLiveDump
import DiagSystem
import Foundation
import SystemPackage

/// A folder that stands for the root of a host, gone when the test is over. At first it is a
/// machine with 16 GiB on which a dump can be made.
final class CareRoot {
    let path: FilePath

    init(isEmpty: Bool = false) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "diagbundle-care-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = FilePath(url.path)
        if isEmpty { return }
        try write("proc/kcore", "\u{7F}ELF" + String(repeating: "\0", count: 60))
        try write("proc/kpageflags", "")
        try write("proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n")
        try write("proc/self/uid_map", "         0          0 4294967295\n")
        try write("proc/self/mountinfo", Self.mounts)
        try write("proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n")
        try write("proc/pressure/memory", Self.pressure(some: 0, full: 0))
        try write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    static let mounts = """
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
        30 22 0:25 / /tmp rw - tmpfs tmpfs rw
        31 22 0:26 / /mnt/nas rw - nfs4 nas:/dumps rw
        32 22 251:0 / /mnt/zram rw - ext4 /dev/zram0 rw
        33 22 253:5 / /mnt/dm rw - xfs /dev/mapper/cr rw
        34 22 7:0 / /mnt/loop rw - ext4 /dev/loop0 rw
        35 22 0:40 / /mnt/over rw - overlay overlay rw,lowerdir=/l,upperdir=/tmp/u,workdir=/tmp/w
        36 22 0:41 / /mnt/btrfs rw - btrfs /dev/zram1 rw,space_cache
        37 22 0:42 / /mnt/fuse rw - fuse.mergerfs pool rw
        38 22 1:0 / /mnt/ram rw - ext2 /dev/ram0 rw
        39 22 259:2 / /mnt/part rw - ext4 /dev/nvme0n1p2 rw
        40 22 0:43 / /mnt/over2 rw - overlay overlay rw,lowerdir=/l,upperdir=/var/u,workdir=/var/w

        """

    static func pressure(some: Double, full: Double) -> String {
        "some avg10=\(some) avg60=0.00 avg300=0.00 total=5\n"
            + "full avg10=\(full) avg60=0.00 avg300=0.00 total=2\n"
    }

    var tree: RootedTree { get throws { try RootedTree(path) } }

    func write(_ name: String, _ text: String) throws {
        let target = path.appending(name)
        try FileManager.default.createDirectory(
            atPath: target.removingLastComponent().string, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: target.string))
    }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: path.appending(name).string, encoding: .utf8)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path.appending(name).string)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path.appending(name).string, withDestinationPath: target)
    }

    func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path.appending(folder).string).sorted()
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: path.appending(name).string)
    }

    /// A request for a dump of about 1 GiB into a disk with plenty of room.
    static func request(
        _ change: (inout LiveDumpOptions) -> Void = { _ in }, budget: UInt64 = 64 << 20,
        output: FileSystemPlace? = place("/var/lib/diagbundle/dumps"), machine: String = "x86_64"
    ) -> Preflight.Request {
        var options = LiveDumpOptions()
        change(&options)
        return Preflight.Request(
            options: options, budgetByteCount: budget, estimatedByteCount: 1 << 30,
            output: output, machine: machine)
    }

    static func place(
        _ path: FilePath, mount: Int64? = nil, total: UInt64 = 100 << 30, free: UInt64 = 50 << 30,
        isReadOnly: Bool = false
    ) -> FileSystemPlace {
        FileSystemPlace(
            path: path, mountIdentifier: mount, byteCount: total, availableByteCount: free,
            isReadOnly: isReadOnly)
    }
}
