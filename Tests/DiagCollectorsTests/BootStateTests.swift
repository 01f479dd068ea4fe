import DiagCollect
import DiagModel
import Testing

@testable import DiagCollectors

@Suite("The TPM, crash dumps and how boots ended")
struct BootStateTests {
    @Test("Registers and the event log of a TPM 1.2 form are told, secrets masked")
    func tpm() throws {
        func little(_ value: Int) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        func event(_ text: String) -> [UInt8] {
            little(8) + little(0x0D) + [UInt8](repeating: 0x22, count: 20)
                + little(text.utf8.count) + Array(text.utf8)
        }
        var host: BootHosts.Nodes = [
            "/sys/class/tpm/tpm0/tpm_version_major": .text("2\n"),
            "/sys/class/tpm/tpm0/pcr-sha256/0": .text("AB12\n"),
            "/sys/class/tpm/tpm0/pcr-sha256/24": .text("FF\n"),
            "/sys/class/tpm/tpmrm0/x": .text("x"),
            "/sys/kernel/security/tpm0/binary_bios_measurements": .bytes(event("grub_cmd: a")),
        ]
        let sink = try TemporaryHost(host).collect(BootCollector())
        let expected: JSONValue = [
            "schema": "diagbundle.tpm/1",
            "devices": [
                [
                    "name": "tpm0", "majorVersion": 2, "registers": ["sha256": ["0": "ab12"]],
                    "eventLog": [
                        "byteCount": 43, "artifact": "boot/tpm/tpm0-measurements.bin",
                        "algorithms": ["sha1"], "isTruncated": false,
                        "events": [
                            [
                                "pcrIndex": 8, "type": "EV_IPL", "dataByteCount": 11,
                                "digests": ["sha1": .string(String(repeating: "22", count: 20))],
                                "text": "grub_cmd: a",
                            ]
                        ],
                    ],
                ]
            ],
        ]
        #expect(try sink.json("tpm.json") == expected)
        #expect(try DocumentSchemaTests.check(sink, of: "boot").contains("boot/tpm.json"))
        #expect(sink["tpm/tpm0-measurements.bin"]?.bytes == event("grub_cmd: a"))
        host["/sys/kernel/security/tpm0/binary_bios_measurements"] = .bytes(
            event("kernel_cmdline: /vmlinuz rd.luks.password=hunter2"))
        let masked = try TemporaryHost(host).collect(BootCollector())
        #expect(masked["tpm/tpm0-measurements.bin"] == nil)
        #expect(masked["tpm.json"]?.text.contains("rd.luks.password=[masked]") == true)
        #expect(masked.artifacts.allSatisfy { !$0.text.contains("hunter2") })
    }

    @Test("What is ready for a crash dump is told, and a full target is found")
    func crashDump() throws {
        let sink = try TemporaryHost([
            "/proc/cmdline": .text("root=/dev/sda1 crashkernel=256M\n"),
            "/proc/sys/kernel/osrelease": .text("6.1.0\n"),
            "/proc/iomem": .text(
                "00000000-00000fff : Reserved\n  2a000000-39ffffff : Crash kernel\n"),
            // More memory than any disk that this test runs on has room for.
            "/proc/meminfo": .text("MemTotal:       9000000000000 kB\n"),
            "/proc/sys/kernel/panic_on_oops": .text("1\n"),
            "/sys/kernel/kexec_crash_size": .text("268435456\n"),
            "/sys/kernel/kexec_crash_loaded": .text("1\n"),
            "/etc/default/kdump-tools": .text("KDUMP_COREDIR=\"/var/crash\"\n"),
            "/var/lib/kdump/initrd.img-6.1.0": .text("i"),
            "/var/crash/202611030900/dmesg.202611030900": .text("x"),
            "/var/crash/202611030900/dump-incomplete": .text("xyz"),
            "/var/crash/202611040900/dump.202611040900": .text("xyz"),
        ]).collect(BootCollector())
        let document = try #require(try sink.json("kdump.json"))
        #expect(
            document["ranges"] == [
                ["first": "2a000000", "last": "39ffffff", "byteCount": 268_435_456]
            ])
        #expect(document["settings"] == ["panic_on_oops": "1"])
        #expect(document["configuration"] == ["/etc/default/kdump-tools"])
        #expect(document["crashInitramfs"] == "/var/lib/kdump/initrd.img-6.1.0")
        #expect(document["target"]?["path"] == "/var/crash")
        guard case .array(let records)? = document["records"] else { return }
        #expect(records.count == 2)
        #expect(records.last?["isComplete"] == true && records.last?["dumpByteCount"] == 3)
        #expect(
            sink.findings.map(\.fault).filter { $0.hasPrefix("boot.crash") } == [
                "boot.crash-kernel.target-full", "boot.crash-dump.incomplete",
            ])
    }

    @Test("The boots of the journal are found from its ends")
    func history() throws {
        let folder = "/var/log/journal/00112233445566778899aabbccddeeff/"
        let host = try TemporaryHost([
            folder + "system@1.journal": .bytes(try LogsHost.journal("archived")),
            folder + "system.journal": .bytes(try LogsHost.journal("system")),
            folder + "user-1000.journal": .bytes(try LogsHost.journal("user")),
            "/proc/uptime": .text("12.50 20.00\n"),
            "/proc/sys/kernel/random/boot_id": .text("55555555-6666-6666-7777-777788888888\n"),
        ])
        let sink = try host.collect(BootCollector())
        #expect(
            try sink.json("boot-history.json") == [
                "schema": "diagbundle.boot-history/1", "isComplete": true,
                "timing": ["uptimeSeconds": .number(12.5)],
                "boots": [
                    [
                        "bootIdentifier": "11111111222222223333333344444444",
                        "firstEntry": "2026-11-02T03:26:40.000000Z",
                        "lastEntry": "2026-11-02T03:27:19.000000Z", "ending": "abrupt",
                        "failedUnits": [], "isPartial": false, "reachedEmergency": false,
                    ],
                    [
                        "bootIdentifier": "55555555666666667777777788888888",
                        "firstEntry": "2026-11-02T06:13:20.000000Z",
                        "lastEntry": "2026-11-02T06:14:58.000000Z", "ending": "running",
                        "failedUnits": [], "isPartial": false, "reachedEmergency": false,
                    ],
                ],
            ])
        #expect(try DocumentSchemaTests.check(sink, of: "boot").contains("boot/boot-history.json"))
        let finding = try #require(sink.findings.first { $0.fault == "boot.history.unclean" })
        #expect(finding.severity == .minor)
        #expect(finding.reason.hasPrefix("1 of the last 1 boots ended without a shutdown."))
    }

    @Test("The last messages tell how a boot ended")
    func endings() {
        func line(_ sender: String, _ text: String) -> String {
            "2026-11-02T06:14:58.000000Z host \(sender) info: \(text)\n"
        }
        func read(_ lines: [String]) -> BootEndingMessages {
            var messages = BootEndingMessages()
            for line in lines { messages.addLast(line) }
            return messages
        }
        let clean = read([
            line("systemd-journald[300]", "Journal stopped"), line("systemd[1]", "Shutting down."),
        ])
        #expect(clean.shutdown == "Journal stopped" && clean.kernelFault == nil)
        let user = read([line("systemd[910]", "Reached target shutdown.target - Shutdown.")])
        #expect(user.shutdown == nil)
        let restart = read(
            [String](repeating: line("cron[1]", "x"), count: 20)
                + [line("systemd-journald[300]", "Journal stopped")])
        #expect(restart.shutdown == nil)
        let crash = read([line("kernel", "Kernel panic - not syncing: Fatal exception")])
        #expect(crash.kernelFault == "Kernel panic - not syncing: Fatal exception")
        let late = read([
            line("systemd[1]", "Reached target Power-Off."), line("kernel", "Oops: 0002 [#1]"),
        ])
        #expect(late.kernelFault == nil && late.shutdown == "Reached target Power-Off.")
        let failed = read([
            line("systemd[1]", "a.service: Failed with result 'exit-code'."),
            line("systemd[1]", "a.service: Failed with result 'exit-code'."),
            line("systemd[1]", "Reached target emergency.target - Emergency Mode."),
        ])
        #expect(failed.failedUnits == ["a.service"] && failed.reachedEmergency)
    }

    @Test("systemd's summary of the start is read to the microsecond")
    func timing() {
        var timing = BootHistoryDocument.Timing()
        timing.read("T h systemd[910] info: Startup finished in 90ms.\n")
        #expect(timing.message == nil)
        timing.read(
            "T h systemd[1] info: Startup finished in 3.207s (firmware) + 850ms (loader) + 1.5s "
                + "(kernel) + 2.503s (initrd) + 1min 2.5s (userspace) = 1min 10.56s.\n")
        #expect(timing.firmwareSeconds == 3.207 && timing.loaderSeconds == 0.85)
        #expect(timing.kernelSeconds == 1.5 && timing.initrdSeconds == 2.503)
        #expect(timing.userspaceSeconds == 62.5 && timing.totalSeconds == 70.56)
    }
}
