import DiagCollectors
import DiagModel
import Testing

@Suite("Boot entries and what lies on the EFI system partition")
struct BootESPTests {
    private static let entryGUID = "11223344-5566-7788-99aa-bbccddeeff00"
    private static let systemType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"

    private static func udev(_ identifier: String) -> BootHosts.Nodes {
        [
            "/run/udev/data/b259:1": .text(
                "E:ID_PART_ENTRY_UUID=\(identifier)\nE:ID_PART_ENTRY_TYPE=\(systemType)\n")
        ]
    }

    private func target(_ nodes: BootHosts.Nodes) throws -> (JSONValue?, [Finding]) {
        let sink = try TemporaryHost(nodes).collect(BootCollector())
        guard case .array(let entries)? = try sink.json("efi.json")?["entries"] else {
            return (nil, [])
        }
        return (
            entries.first { $0["number"] == "0001" }?["target"],
            sink.findings.filter { $0.fault == "boot.efi.dangling-entry" }
        )
    }

    @Test("An entry is followed to its file, whatever the case of its letters")
    func found() throws {
        var host = BootHosts.merged(BootHosts.efi, Self.udev(Self.entryGUID))
        host["/boot/efi/EFI/debian/shimx64.efi"] = nil
        host["/boot/efi/EFI/debian/SHIMx64.EFI"] = .text("MZ")
        let (target, findings) = try target(host)
        #expect(
            target == [
                "state": "found", "device": "/dev/nvme0n1p1",
                "path": "/boot/efi/EFI/debian/SHIMx64.EFI",
            ])
        #expect(findings == [])
    }

    @Test("An entry whose partition or file is gone is found")
    func dangling() throws {
        let other = "99999999-5566-7788-99aa-bbccddeeff00"
        let (gone, lost) = try target(BootHosts.merged(BootHosts.efi, Self.udev(other)))
        #expect(gone?["state"] == "partitionMissing")
        // The only other one that is tried starts from the network, which is not known.
        #expect(lost.map(\.severity) == [.minor] && lost.first?.object == "Boot0001 debian")
        var host = BootHosts.merged(BootHosts.efi, Self.udev(Self.entryGUID))
        host["/boot/efi/EFI/debian/shimx64.efi"] = nil
        let (missing, findings) = try target(host)
        #expect(
            missing == [
                "state": "fileMissing", "device": "/dev/nvme0n1p1", "path": "/boot/efi",
                "why": "shimx64.efi is not on it",
            ])
        #expect(findings.first?.reason.contains("shimx64.efi is not on it") == true)
    }

    @Test("On a partition that is not mounted nothing is called missing")
    func notMounted() throws {
        var host = BootHosts.merged(BootHosts.efi, Self.udev(Self.entryGUID))
        host["/proc/1/mountinfo"] = .text("22 1 253:1 / / rw - ext4 /dev/mapper/vg-root rw\n")
        let (target, findings) = try target(host)
        #expect(
            target == [
                "state": "unknown", "device": "/dev/nvme0n1p1",
                "why": "the partition is not mounted",
            ])
        #expect(findings == [])
    }

    /// A unified kernel image made from the specification: headers, sections and their bytes.
    static func unifiedImage(_ contents: [(String, [UInt8])]) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        var head = [0x4D, 0x5A] + [UInt8](repeating: 0, count: 58) + little(64, 4)
        head += Array("PE\0\0".utf8) + little(0x8664, 2) + little(contents.count, 2)
        head += [UInt8](repeating: 0, count: 12) + little(240, 2) + little(0x22, 2)
        var optional = little(0x20B, 2) + [UInt8](repeating: 0, count: 238)
        optional.replaceSubrange(68..<70, with: little(10, 2))
        optional.replaceSubrange(108..<112, with: little(16, 4))
        head += optional
        var bytes = [UInt8]()
        let start = 1024
        for (name, content) in contents {
            let offset = start + bytes.count
            head += Array(name.utf8) + [UInt8](repeating: 0, count: 8 - name.utf8.count)
            head += little(content.count, 4) + little(offset, 4) + little(content.count, 4)
            head += little(offset, 4) + [UInt8](repeating: 0, count: 16)
            bytes += content
        }
        return head + [UInt8](repeating: 0, count: start - head.count) + bytes
    }

    @Test("A unified kernel image is hashed and taken apart, its secrets masked")
    func unified() throws {
        let image = Self.unifiedImage([
            (".osrel", Array("ID=debian\n".utf8)),
            (".cmdline", Array("root=/dev/sda1 rd.luks.password=hunter2 ro\0".utf8)),
            (".linux", [1, 2, 3, 4]), (".sbat", Array("sbat,1,x\nsystemd,1,y\n".utf8)),
        ])
        var host = BootHosts.merged(BootHosts.efi, Self.udev(Self.entryGUID))
        host["/boot/efi/EFI/Linux/debian.efi"] = .bytes(image)
        let sink = try TemporaryHost(host).collect(BootCollector())
        let document = try #require(try sink.json("esp.json"))
        guard case .array(let files)? = document["files"],
            let file = files.first(where: { $0["path"] == "/boot/efi/EFI/Linux/debian.efi" })
        else {
            Issue.record("no file")
            return
        }
        #expect(file["sha256"]?.text?.utf8.count == 64)
        #expect(file["byteCount"] == .integer(Int64(image.count)))
        #expect(
            file["program"] == [
                "machine": "x86_64", "subsystem": 10, "isUnifiedKernelImage": true, "signers": [],
                "sections": [
                    ["name": ".osrel", "byteCount": 10, "text": "ID=debian"],
                    [
                        "name": ".cmdline", "byteCount": 43,
                        "text": "root=/dev/sda1 rd.luks.password=[masked] ro",
                    ],
                    ["name": ".linux", "byteCount": 4],
                    ["name": ".sbat", "byteCount": 21],
                ],
                "securityGenerations": [
                    ["component": "sbat", "generation": 1, "details": ["x"]],
                    ["component": "systemd", "generation": 1, "details": ["y"]],
                ],
            ])
        #expect(try DocumentSchemaTests.check(sink, of: "boot").contains("boot/esp.json"))
        guard case .array(let systems)? = document["fileSystems"] else { return }
        #expect(systems.map { $0["mountPoint"] } == ["/boot", "/boot/efi"])
        #expect(systems.last?["isSystemPartition"] == true)
        #expect(systems.allSatisfy { $0["freeByteCount"] != nil })
        #expect(sink.artifacts.allSatisfy { !$0.text.contains("hunter2") })
    }

    @Test("The hash is that of the file's bytes")
    func hash() throws {
        let sink = try TemporaryHost(BootHosts.efi).collect(BootCollector())
        guard case .array(let files)? = try sink.json("esp.json")?["files"] else {
            Issue.record("no files")
            return
        }
        // sha256sum of the two bytes `MZ`.
        #expect(
            files.first { $0["path"] == "/boot/efi/EFI/debian/shimx64.efi" }?["sha256"]
                == "9b8db510ef42b8ed54a3712636fda55a4f8cfcd5493e20b74ab00cd4f3979f2d")
    }
}
