import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollectors

@Suite("Crash kernels that are due, and the dumps of earlier crashes")
struct BootCrashDumpTests {
    private static let ranges = "1G-4G:192M,4G-64G:256M,64G-:512M"

    @Test("The ranges of crashkernel= are taken by the size of the memory")
    func due() {
        func due(_ values: [String], gibibytes: Double?) -> CrashKernelRequest {
            CrashKernelRequest(
                values, memoryByteCount: gibibytes.map { UInt64($0 * 1_073_741_824) })
        }
        #expect(due([Self.ranges], gibibytes: 0.5) == .nothing)
        #expect(due([Self.ranges], gibibytes: 0.95) == .unknown)
        #expect(due([Self.ranges], gibibytes: 2) == .bytes(192 << 20))
        #expect(due([Self.ranges], gibibytes: 32) == .bytes(256 << 20))
        #expect(due([Self.ranges + "@16M"], gibibytes: 900) == .bytes(512 << 20))
        #expect(due([Self.ranges], gibibytes: nil) == .unknown)
        #expect(due(["1G-2G:64M"], gibibytes: 16) == .nothing)
        #expect(due(["256M", "0"], gibibytes: 8) == .nothing)
        #expect(due(["0x10M@16M"], gibibytes: 8) == .bytes(16 << 20))
        #expect(due(["auto"], gibibytes: 1) == .nothing)
        #expect(due(["auto"], gibibytes: 8) == .bytes(nil))
        #expect(due(["72M,low", "256M,high"], gibibytes: 8) == .bytes(256 << 20))
        #expect(due(["72M,low"], gibibytes: 8) == .nothing)
        #expect(due([], gibibytes: 8) == .nothing)
        for text in ["nonsense", "1G-", "1G-2G", "4G-2G:1M", "99999999999999999999M", "1G:2G:3"] {
            #expect(due([text], gibibytes: 8) == .bytes(nil), "\(text)")
        }
    }

    private func findings(_ nodes: BootHosts.Nodes) throws -> [Finding] {
        try TemporaryHost(nodes).collect(BootCollector()).findings
    }

    private static func host(_ request: String, kibibytes: Int, reserved: Int) -> BootHosts.Nodes {
        [
            "/proc/cmdline": .text("root=/dev/sda1 crashkernel=\(request)\n"),
            "/proc/meminfo": .text("MemTotal:       \(kibibytes) kB\n"),
            "/sys/kernel/kexec_crash_size": .text("\(reserved)\n"),
            "/sys/kernel/kexec_crash_loaded": .text("0\n"),
        ]
    }

    @Test("No memory is missed where none is due, and an unloaded kernel weighs by its unit")
    func weights() throws {
        #expect(try findings(Self.host(Self.ranges, kibibytes: 500_000, reserved: 0)) == [])
        #expect(
            try findings(Self.host(Self.ranges, kibibytes: 8_000_000, reserved: 0)).map(\.fault)
                == ["boot.crash-kernel.not-reserved"])
        var host = Self.host("256M", kibibytes: 1000, reserved: 268_435_456)
        #expect(try findings(host).map(\.severity) == [.notice])
        host["/etc/systemd/system/multi-user.target.wants/kdump.service"] = .link(
            "/usr/lib/systemd/system/kdump.service")
        let enabled = try findings(host)
        #expect(enabled.map(\.fault) == ["boot.crash-kernel.not-loaded"])
        #expect(enabled.map(\.severity) == [.minor])
        #expect(enabled.first?.reason.contains("kdump.service is enabled") == true)
    }

    private static let dump: BootHosts.Nodes = [
        "/proc/sys/kernel/osrelease": .text("6.1.0\n"),
        "/boot/initrd-6.1.0-kdump": .text("i"),
        "/data/crash/127.0.0.1-2023-11-14/vmcore": .text("xyz"),
        "/data/crash/127.0.0.1-2023-11-14/vmcore-dmesg.txt": .text(
            "[1.0] Command line: rd.luks.password=hunter2 ro\n[2.0] Oops: 0002\n"),
        "/data/crash/127.0.0.1-2023-11-14/kexec-dmesg.log": .bytes(
            [UInt8](repeating: 0x78, count: 300_000) + Array("\nlast line\n".utf8)),
        "/var/crash": .link("../data/crash"),
    ]

    @Test("What lies behind an automount point or on a server is not looked at, and that is told")
    func leftAlone() throws {
        var host = Self.dump
        host["/proc/1/mountinfo"] = .text(
            """
            22 1 8:1 / / rw - ext4 /dev/sda1 rw
            23 22 0:40 / /boot rw - autofs systemd-1 rw
            24 22 0:41 / /data/crash rw - nfs4 server:/crash rw

            """)
        let sink = try TemporaryHost(host).collect(BootCollector())
        let document = try #require(try sink.json("kdump.json"))
        #expect(document["records"] == [] && document["crashInitramfs"] == nil)
        #expect(document["target"] == ["kind": "local", "path": "/var/crash"])
        #expect(
            document["leftAlone"] == [
                [
                    "path": "/boot/initramfs-6.1.0kdump.img",
                    "why": "/boot is an automount point that is not mounted; it was left alone",
                ],
                [
                    "path": "/boot/initrd-6.1.0-kdump",
                    "why": "/boot is an automount point that is not mounted; it was left alone",
                ],
                [
                    "path": "/var/crash",
                    "why": .string(
                        "/data/crash is a network file system (nfs4), which may not answer; "
                            + "it was left alone"),
                ],
            ])
        _ = try DocumentSchemaTests.check(sink, of: "boot")
        host["/proc/1/mountinfo"] = nil
        let open = try #require(
            try TemporaryHost(host).collect(BootCollector()).json("kdump.json"))
        #expect(open["crashInitramfs"] == "/boot/initrd-6.1.0-kdump" && open["leftAlone"] == nil)
    }

    @Test("A young complete dump is a finding, with the kernel's last messages beside it")
    func present() throws {
        let host = try TemporaryHost(Self.dump)
        let sink = try host.collect(BootCollector())
        #expect(
            sink["kdump/vmcore-dmesg.txt"]?.text
                == "[1.0] Command line: rd.luks.password=[masked] ro\n[2.0] Oops: 0002\n")
        #expect(sink["kdump/kexec-dmesg.log"]?.text == "last line\n")
        #expect(
            sink["kdump/kexec-dmesg.log"]?.truncation == "only the last 262144 bytes are kept")
        _ = try DocumentSchemaTests.check(sink, of: "boot")
        // Its files are of 2023: too old for this run.
        #expect(sink.findings == [])
        let reader = FactReader(
            context: CollectionContext(root: try RootedTree(FilePath(host.path))),
            sink: MemorySink())
        let document = try CrashDumpFacts(
            reader: reader, places: MountedPlaces(root: reader.context.root, mounts: [])
        ).send(.init(requested: []), running: nil)
        func found(days: Int64) -> [Finding] {
            CrashDumpFacts.findings(
                document,
                now: Timestamp(microsecondsSince1970: (1_700_000_000 + days * 86400) * 1_000_000))
        }
        #expect(found(days: 31) == [])
        let finding = found(days: 29).first
        #expect(finding?.fault == "boot.crash-dump.present" && finding?.severity == .minor)
        #expect(finding?.reason.contains("crashed at 2023-11-14T22:13:20") == true)
        #expect(
            finding?.evidence.map(\.artifact) == [
                "boot/kdump.json", "boot/kdump/kexec-dmesg.log", "boot/kdump/vmcore-dmesg.txt",
            ])
    }

    @Test("Memory that hardly holds the initial RAM disk for dumps is too small")
    func small() throws {
        var host = Self.host("1M", kibibytes: 1000, reserved: 1 << 20)
        host["/sys/kernel/kexec_crash_loaded"] = .text("1\n")
        host["/proc/sys/kernel/osrelease"] = .text("6.1.0\n")
        host["/boot/initrd-6.1.0-kdump"] = .bytes([UInt8](repeating: 1, count: 600_000))
        #expect(try findings(host).map(\.fault) == ["boot.crash-kernel.too-small"])
        host["/boot/initrd-6.1.0-kdump"] = .bytes([UInt8](repeating: 1, count: 500_000))
        #expect(try findings(host) == [])
    }
}
