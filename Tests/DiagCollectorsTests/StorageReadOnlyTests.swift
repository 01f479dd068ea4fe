import DiagCollect
import DiagCollectors
import Testing

@Suite("Mounts that can only be read")
struct StorageReadOnlyTests {
    @Test(
        "What /etc/fstab asks for is what is mounted there, or there is no finding",
        arguments: [
            ("overlay", "composefs", "xfs", false), ("overlay", "overlay", "overlay", false),
            ("erofs", "/dev/vda1", "erofs", false), ("ext4", "/dev/vda1", "xfs", false),
            ("ext4", "/dev/vda1", "ext4", true), ("ext4", "/dev/vda1", "auto", true),
            ("xfs", "/dev/vda1", "ext4,xfs", true), ("nfs4", "nas:/x", "nfs", true),
            ("fuseblk", "/dev/vda1", "ntfs-3g", true), ("fuse.sshfs", "a:", "sshfs", true),
            ("ext4", "/dev/vda1", "nfs", false),
        ])
    func fileSystemTable(mounted: String, source: String, wanted: String, isFound: Bool) throws {
        let host = try FixtureHost(
            listing: """
                proc/1/mountinfo = 31 1 8:1 / / rw - \(mounted) \(source) ro
                etc/fstab = UUID=1 / \(wanted) defaults 0 0
                """)
        let sink = try host.collect(StorageCollector())
        #expect(sink.findings.map(\.fault) == (isFound ? ["storage.mount.read-only"] : []))
    }
}
