import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors

@Suite("The configuration of storage")
struct StorageConfigurationTests {
    @Test("Each file is copied without its secrets, and key files are not opened")
    func copied() throws {
        let host = try TemporaryHost([
            "/etc/multipath.conf": .text("defaults {\n\treservation_key 0x123abc\n}\n"),
            "/etc/multipath/wwids": .text("/3600/\n"),
            "/etc/multipath/prkeys": .text("0x99 3600\n"),
            "/etc/multipath/conf.d/a.conf": .text("blacklist {}\n"),
            "/etc/multipath/conf.d/a.bak": .text("x\n"),
            "/etc/mdadm/mdadm.conf": .text("ARRAY /dev/md0 UUID=1:2:3:4\n"),
            "/etc/crypttab": .text("data UUID=1 /etc/keys/data luks\n"),
            "/etc/keys/data": .text("topsecret"),
            "/etc/iscsi/iscsid.conf": .text("discovery.sendtargets.auth.password = hush\n"),
            "/etc/nvme/config.json": .text("[{\"dhchap_key\": \"DHHC-1:00:hush:\"}]\n"),
            "/etc/exports.d/home.exports": .text("/home 192.0.2.0/24(ro)\n"),
            "/etc/lvm/lvm.conf": .text("devices {\n\tuse_devicesfile = 1\n}\n"),
            "/etc/lvm/archive/vg0_00001-1.vg": .text("vg0 { hush }\n"),
            "/etc/lvm/backup/vg0": .text("vg0 {\n}\n"),
            "/etc/nfs.conf": .fifo,
            "/var/lib/iscsi/nodes/iqn.2026-01.test:a/192.0.2.1,3260,1/default":
                .text("node.session.auth.password = hush\nnode.name = iqn.2026-01.test:a\n"),
            "/run/mount/utab": .text("SRC=//nas/x TARGET=/x OPTS=username=a,password=hush\n"),
            "/sys/module/zswap/parameters/enabled": .text("Y\n"),
            "/sys/kernel/config/nvmet/hosts/nqn.test/dhchap_key": .text("DHHC-1:00:hush:\n"),
        ])
        let sink = MemorySink()
        try StorageConfiguration.send(
            in: CollectionContext(root: try RootedTree(FilePath(host.path))), into: sink)
        #expect(
            sink.artifacts.map(\.opening.path) == [
                "config/etc/multipath.conf", "config/etc/multipath/wwids",
                "config/etc/mdadm/mdadm.conf", "config/etc/lvm/lvm.conf", "config/etc/crypttab",
                "config/etc/nvme/config.json", "config/etc/iscsi/iscsid.conf",
                "config/run/mount/utab",
                "config/etc/multipath/conf.d/a.conf", "config/etc/lvm/backup/vg0",
                "config/etc/exports.d/home.exports",
                "config/var/lib/iscsi/nodes/iqn.2026-01.test:a/192.0.2.1,3260,1/default",
                "config/sys/module/zswap/parameters/enabled", "config/etc/lvm/archive.txt",
                "config/sys/kernel/config/nvmet.txt",
            ])
        #expect(
            sink["config/sys/kernel/config/nvmet.txt"]?.text.contains("nqn.test/dhchap_key") == true
        )
        #expect(sink.artifacts.contains { $0.text.contains("node.name = iqn.2026-01.test:a") })
        for artifact in sink.artifacts {
            #expect(!artifact.text.contains("hush") && !artifact.text.contains("secret"))
            #expect(!artifact.text.contains("0x123abc"))
        }
        #expect(sink["config/etc/crypttab"]?.text == "data UUID=1 /etc/keys/data luks\n")
        #expect(
            sink["config/etc/lvm/archive.txt"]?.text.hasPrefix("13\t2023-11-14T22:13:20") == true)
        #expect(sink.missing.map(\.what) == ["/etc/nfs.conf"])
        #expect(sink.absent == [])
    }
}
