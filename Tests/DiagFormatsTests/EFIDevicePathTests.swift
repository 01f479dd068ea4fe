import DiagFormats
import Testing

struct EFIDevicePathTests {
    typealias Sample = EFISample

    static let nodes: [([UInt8], String)] = [
        (Sample.node(1, 1, [2, 0x1F]), "Pci(0x1F,0x2)"),
        (Sample.node(1, 2, [3]), "PcCard(0x3)"),
        (
            Sample.node(1, 3, Sample.u32(11) + Sample.u64(0x1000) + Sample.u64(0x2FFF)),
            "MemoryMapped(0xB,0x1000,0x2FFF)"
        ),
        (Sample.node(1, 4, Sample.guid + [0xAB]), "VenHw(\(Sample.guidText),ab)"),
        (Sample.node(1, 5, Sample.u32(1)), "Ctrl(0x1)"),
        (Sample.node(1, 6, [1] + Sample.u64(0xCA2)), "BMC(0x1,0xCA2)"),
        (Sample.node(2, 1, Sample.u32(0x0A03_41D0) + Sample.u32(0)), "PciRoot(0x0)"),
        (Sample.node(2, 1, Sample.u32(0x0A08_41D0) + Sample.u32(2)), "PcieRoot(0x2)"),
        (Sample.node(2, 1, Sample.u32(0x0C02_41D0) + Sample.u32(1)), "Acpi(PNP0C02,0x1)"),
        (
            Sample.node(2, 2, Sample.u32(0x0A08_41D0) + Sample.u32(1) + Sample.u32(0)),
            "AcpiEx(PNP0A08,0x1,0x0)"
        ),
        (Sample.node(2, 3, Sample.u32(0x8001_0100)), "AcpiAdr(0x80010100)"),
        (Sample.node(3, 1, [1, 0, 2, 0]), "Ata(Secondary,Master,0x2)"),
        (Sample.node(3, 2, [5, 0, 1, 0]), "Scsi(0x5,0x1)"),
        (
            Sample.node(3, 3, Sample.u32(0) + Sample.u64(0x2100_00E0_8B00_0001) + Sample.u64(7)),
            "Fibre(0x210000E08B000001,0x7)"
        ),
        (Sample.node(3, 5, [1, 0]), "USB(0x1,0x0)"),
        (Sample.node(3, 10, Sample.guid), "VenMsg(\(Sample.guidText))"),
        (
            Sample.node(
                3, 11, [0x52, 0x54, 0, 0xAB, 0xCD, 0xEF] + [UInt8](repeating: 0, count: 26) + [1]),
            "MAC(525400abcdef,0x1)"
        ),
        (
            Sample.node(
                3, 12,
                [
                    192, 0, 2, 10, 192, 0, 2, 1, 0, 0, 69, 0, 17, 0, 1, 192, 0, 2, 254, 255, 255,
                    255, 0,
                ]),
            "IPv4(192.0.2.1,UDP,Static,192.0.2.10,192.0.2.254,255.255.255.0)"
        ),
        (
            Sample.node(
                3, 13,
                [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 12) + [0x20, 1, 0xD, 0xB8]
                    + [UInt8](repeating: 0, count: 11) + [1] + [0, 0, 0, 0, 6, 0, 1]),
            "IPv6(2001:db8:0:0:0:0:0:1,TCP,StatelessAutoConfigure,2001:db8:0:0:0:0:0:0)"
        ),
        (
            Sample.node(3, 14, Sample.u32(0) + Sample.u64(115_200) + [8, 1, 1]),
            "Uart(115200,8,N,1)"
        ),
        (
            Sample.node(3, 15, [0xFF, 0xFF, 0xFF, 0xFF, 8, 6, 80]),
            "UsbClass(0xFFFF,0xFFFF,0x8,0x6,0x50)"
        ),
        (
            Sample.node(
                3, 16, Sample.u16(0) + Sample.u16(0x781) + Sample.u16(0x5581) + Sample.utf16("A1")),
            "UsbWwid(0x781,0x5581,0x0,\"A1\")"
        ),
        (Sample.node(3, 17, [1]), "Unit(0x1)"),
        (Sample.node(3, 18, [0, 0, 0xFF, 0xFF, 0, 0]), "Sata(0x0,0xFFFF,0x0)"),
        (
            Sample.node(
                3, 19,
                Sample.u16(0) + Sample.u16(0x1002) + [0, 1, 0, 0, 0, 0, 0, 0] + Sample.u16(1)
                    + Array("iqn.2001-04.com.example:t".utf8)),
            "iSCSI(iqn.2001-04.com.example:t,1,0x0001000000000000,CRC32C,None,CHAP_UNI,TCP)"
        ),
        (Sample.node(3, 20, [100, 0]), "Vlan(100)"),
        (
            Sample.node(
                3, 22,
                [0x50, 0, 0, 0, 0, 0, 0, 1] + [0, 2, 0, 0, 0, 0, 0, 0] + [0, 0, 3, 0]),
            "SasEx(0x5000000000000001,0x0002000000000000,0x3)"
        ),
        (
            Sample.node(3, 23, Sample.u32(1) + [0x56, 0x34, 0x12, 0x01, 0x44, 0x1B, 0x44, 0x8B]),
            "NVMe(0x1,8B-44-1B-44-01-12-34-56)"
        ),
        (
            Sample.node(3, 24, Array("http://boot.example/x.efi".utf8)),
            "Uri(http://boot.example/x.efi)"
        ),
        (Sample.node(3, 24, []), "Uri()"),
        (Sample.node(3, 25, [0, 1]), "UFS(0x0,0x1)"),
        (Sample.node(3, 26, [0]), "SD(0x0)"),
        (Sample.node(3, 29, [1]), "eMMC(0x1)"),
        (
            Sample.node(3, 31, [0] + [9, 9, 9, 9] + [UInt8](repeating: 0, count: 12)),
            "Dns(9.9.9.9)"
        ),
        (Sample.disk, "HD(1,GPT,\(Sample.guidText),0x800,0x100000)"),
        (
            Sample.node(
                4, 1,
                Sample.u32(2) + Sample.u64(63) + Sample.u64(1000) + [0x78, 0x56, 0x34, 0x12]
                    + [UInt8](repeating: 0, count: 12) + [1, 1]),
            "HD(2,MBR,0x12345678,0x3F,0x3E8)"
        ),
        (
            Sample.node(4, 2, Sample.u32(1) + Sample.u64(0x20) + Sample.u64(0x40)),
            "CDROM(0x1,0x20,0x40)"
        ),
        (Sample.node(4, 4, Sample.utf16("\\EFI\\BOOT\\BOOTX64.EFI")), "\\EFI\\BOOT\\BOOTX64.EFI"),
        (Sample.node(4, 6, Sample.guid), "FvFile(\(Sample.guidText))"),
        (Sample.node(4, 7, Sample.guid), "Fv(\(Sample.guidText))"),
        (
            Sample.node(4, 8, Sample.u32(0) + Sample.u64(0x10) + Sample.u64(0x20)),
            "Offset(0x10,0x20)"
        ),
        (
            Sample.node(5, 1, Sample.u16(2) + Sample.u16(0) + Array("Hard Drive\0".utf8)),
            "BBS(HD,Hard Drive,0x0)"
        ),
        (Sample.node(3, 99, [1, 2, 0xFE]), "Path(3,99,0102fe)"),
        (Sample.node(9, 1, []), "Path(9,1,)"),
    ]

    @Test(
        "Every known node has the specification's text, an unknown one its bytes", arguments: nodes)
    func text(bytes: [UInt8], text: String) throws {
        let path = try EFIDevicePath(parsing: (bytes + Sample.end).span)
        #expect(path.text == text)
        #expect(path.byteCount == bytes.count + 4)
    }

    @Test("A node shorter than its kind is shown as bytes, whatever its kind")
    func short() throws {
        for type in UInt8(0)...6 {
            for subtype in UInt8(0)...40 {
                for length in [0, 1, 2, 3, 5, 7, 11, 13, 15, 19, 31, 37, 40, 60] {
                    let data = [UInt8](repeating: 0xFF, count: length)
                    let node = EFIDevicePath.Node(type: type, subtype: subtype, data: data)
                    #expect(!node.text.isEmpty || (type == 4 && subtype == 4))
                }
            }
        }
        #expect(EFIDevicePath.Node(type: 1, subtype: 1, data: [1]).text == "Path(1,1,01)")
    }

    @Test("Several instances are parted by commas, and file names are joined by one backslash")
    func instances() throws {
        let bytes =
            Sample.node(4, 4, Sample.utf16("\\EFI\\")) + Sample.node(4, 4, Sample.utf16("\\a.efi"))
            + Sample.node(0x7F, 1, []) + Sample.disk + Sample.end
        let path = try EFIDevicePath(parsing: bytes.span)
        #expect(path.instances.map(\.count) == [2, 1])
        #expect(path.filePath == "\\EFI\\a.efi")
        let partition = try #require(path.partition)
        #expect(partition.number == 1 && partition.firstBlock == 2048)
        #expect(partition.blockCount == 1_048_576)
        #expect(partition.format == "GPT" && partition.signature == Sample.guidText)
    }

    @Test("A path without its end is an error", arguments: 0..<42)
    func truncated(length: Int) {
        let bytes = Array((Sample.disk + Sample.end).prefix(length))
        #expect(throws: FormatError.self) { try EFIDevicePath(parsing: bytes.span) }
    }

    @Test("A node length below four is an error", arguments: [UInt8(0), 1, 2, 3])
    func nodeLength(length: UInt8) {
        let bytes: [UInt8] = [1, 1, length, 0] + Sample.end
        #expect(
            throws: FormatError.invalid(field: "node length", offset: 2, value: UInt64(length))
        ) { try EFIDevicePath(parsing: bytes.span) }
    }
}
