internal import DiagModel

// Source: UEFI Specification 2.10, section 10.6.1.6, table 10-67, and the sections of the nodes.
extension EFIDevicePath.Node {
    /// The node as text, for example `Pci(0x1F,0x2)`; `Path(type,subtype,hex)` for one that this
    /// program does not know or that is shorter than its kind.
    public var text: String {
        let known: String? =
            switch type {
            case 1: hardwareText
            case 2: acpiText
            case 3: messagingText
            case 4: mediaText
            case 5: biosText
            default: nil
            }
        return known ?? "Path(\(type),\(subtype),\(Hexadecimal.string(data)))"
    }

    private var hardwareText: String? {
        switch (subtype, data.count) {
        case (1, 2...): call("Pci", hex(byte(1)), hex(byte(0)))
        case (2, 1...): call("PcCard", hex(byte(0)))
        case (3, 20...):
            call("MemoryMapped", hex(number32(0)), hex(number64(4)), hex(number64(12)))
        case (4, 16...): vendor("VenHw")
        case (5, 4...): call("Ctrl", hex(number32(0)))
        case (6, 9...): call("BMC", hex(byte(0)), hex(number64(1)))
        default: nil
        }
    }

    private var acpiText: String? {
        switch (subtype, data.count) {
        case (1, 8...):
            switch number32(0) {
            case 0x0A03_41D0: call("PciRoot", hex(number32(4)))
            case 0x0A08_41D0: call("PcieRoot", hex(number32(4)))
            case 0x0604_41D0: call("Floppy", hex(number32(4)))
            case 0x0501_41D0: call("Serial", hex(number32(4)))
            default: call("Acpi", Self.plugAndPlay(number32(0)), hex(number32(4)))
            }
        case (2, 12...):
            call("AcpiEx", Self.plugAndPlay(number32(0)), hex(number32(4)), hex(number32(8)))
        case (3, 4...):
            call("AcpiAdr", stride(from: 0, to: data.count - 3, by: 4).map { hex(number32($0)) })
        case (4, 4...): call("NvdimmAcpiAdr", hex(number32(0)))
        default: nil
        }
    }

    private var messagingText: String? {
        switch (subtype, data.count) {
        case (1, 4...):
            call(
                "Ata", byte(0) == 0 ? "Primary" : "Secondary",
                byte(1) == 0 ? "Master" : "Slave", hex(number16(2)))
        case (2, 4...): call("Scsi", hex(number16(0)), hex(number16(2)))
        case (3, 20...): call("Fibre", hex(number64(4)), hex(number64(12)))
        case (4, 12...): call("I1394", Hexadecimal.padded(number64(4), 16))
        case (5, 2...): call("USB", hex(byte(0)), hex(byte(1)))
        case (10, 16...): vendor("VenMsg")
        case (11, 33...):
            // An address of Ethernet (interface type 0 or 1) is 6 bytes, others up to 32.
            call("MAC", Hexadecimal.string(data[..<(byte(32) <= 1 ? 6 : 32)]), hex(byte(32)))
        case (12, 15...): version4
        case (13, 39...): version6
        case (14, 15...): serialPort
        case (15, 7...):
            call(
                "UsbClass", hex(number16(0)), hex(number16(2)), hex(byte(4)), hex(byte(5)),
                hex(byte(6)))
        case (16, 6...):
            call(
                "UsbWwid", hex(number16(2)), hex(number16(4)), hex(number16(0)),
                "\"" + data.span.efiText(from: 6, to: data.count).text + "\"")
        case (17, 1...): call("Unit", hex(byte(0)))
        case (18, 6...): call("Sata", hex(number16(0)), hex(number16(2)), hex(number16(4)))
        case (19, 14...): iscsi
        case (20, 2...): call("Vlan", String(number16(0)))
        case (21, 20...):
            call(
                "FibreEx", "0x" + Hexadecimal.string(data[4..<12]),
                "0x" + Hexadecimal.string(data[12..<20]))
        case (22, 20...):
            call(
                "SasEx", "0x" + Hexadecimal.string(data[0..<8]),
                "0x" + Hexadecimal.string(data[8..<16]), hex(number16(18)))
        case (23, 12...):
            // The extended unique identifier is written from its last byte on.
            call(
                "NVMe", hex(number32(0)),
                data[4..<12].reversed().map { Hexadecimal.padded($0, 2) }.joined(separator: "-"))
        case (24, _): call("Uri", printable(data[...]))
        case (25, 2...): call("UFS", hex(byte(0)), hex(byte(1)))
        case (26, 1...): call("SD", hex(byte(0)))
        case (27, 6...): call("Bluetooth", Hexadecimal.string(data[0..<6]))
        case (28, 32...): call("Wi-Fi", printable(data[..<(data[..<32].firstIndex(of: 0) ?? 32)]))
        case (29, 1...): call("eMMC", hex(byte(0)))
        case (30, 7...): call("BluetoothLE", Hexadecimal.string(data[0..<6]), hex(byte(6)))
        case (31, 1...): nameServers
        case (32, 16...): call("NVDIMM", guid(at: 0))
        case (34, 17...):
            call(
                "NVMEoF", printable(data[17...].prefix { $0 != 0 }),
                Hexadecimal.string(data[1..<17]))
        default: nil
        }
    }

    private var mediaText: String? {
        switch (subtype, data.count) {
        case (1, 38...):
            partition.map {
                call(
                    "HD", String($0.number), $0.format, $0.signature, hex($0.firstBlock),
                    hex($0.blockCount))
            }
        case (2, 20...): call("CDROM", hex(number32(0)), hex(number64(4)), hex(number64(12)))
        case (3, 16...): vendor("VenMedia")
        case (4, _): fileName
        case (5, 16...): call("Media", guid(at: 0))
        case (6, 16...): call("FvFile", guid(at: 0))
        case (7, 16...): call("Fv", guid(at: 0))
        case (8, 20...): call("Offset", hex(number64(4)), hex(number64(12)))
        case (9, 34...): call("RamDisk", hex(number64(0)), hex(number64(8)), guid(at: 16))
        default: nil
        }
    }

    private var biosText: String? {
        guard subtype == 1, data.count >= 4 else { return nil }
        let kinds: [UInt16: String] = [
            1: "Floppy", 2: "HD", 3: "CDROM", 4: "PCMCIA", 5: "USB", 6: "Network",
        ]
        return call(
            "BBS", kinds[number16(0)] ?? hex(number16(0)),
            printable(data[4...].prefix { $0 != 0 }), hex(number16(2)))
    }

    // MARK: Longer nodes

    private var version4: String {
        func address(_ offset: Int) -> String {
            data[offset..<(offset + 4)].map { String($0) }.joined(separator: ".")
        }
        var parts = [address(4), Self.transport(number16(12)), byte(14) == 0 ? "DHCP" : "Static"]
        parts.append(address(0))
        if data.count >= 23 { parts += [address(15), address(19)] }
        return call("IPv4", parts)
    }

    private var version6: String {
        func address(_ offset: Int) -> String {
            stride(from: offset, to: offset + 16, by: 2).map {
                String(UInt16(data[$0]) << 8 | UInt16(data[$0 + 1]), radix: 16)
            }.joined(separator: ":")
        }
        let origins = ["Static", "StatelessAutoConfigure", "StatefulAutoConfigure"]
        var parts = [address(16), Self.transport(number16(36))]
        parts.append(
            Int(byte(38)) < origins.count ? origins[Int(byte(38))] : hex(byte(38)))
        parts.append(address(0))
        if data.count >= 56 { parts += [String(byte(39)), address(40)] }
        return call("IPv6", parts)
    }

    private var serialPort: String {
        let parities = ["D", "N", "E", "O", "M", "S"]
        let stops = ["D", "1", "1.5", "2"]
        return call(
            "Uart", String(number64(4)), String(byte(12)),
            Int(byte(13)) < parities.count ? parities[Int(byte(13))] : hex(byte(13)),
            Int(byte(14)) < stops.count ? stops[Int(byte(14))] : hex(byte(14)))
    }

    private var iscsi: String {
        let options = number16(2)
        return call(
            "iSCSI", printable(data[14...].prefix { $0 != 0 }), String(number16(12)),
            "0x" + Hexadecimal.string(data[4..<12]),
            options & 0x2 != 0 ? "CRC32C" : "None", options & 0x8 != 0 ? "CRC32C" : "None",
            options & 0x800 != 0 ? "None" : options & 0x1000 != 0 ? "CHAP_UNI" : "CHAP_BI",
            number16(0) == 0 ? "TCP" : hex(number16(0)))
    }

    private var nameServers: String {
        call(
            "Dns",
            stride(from: 1, to: max(1, data.count - 15), by: 16).map { offset in
                byte(0) == 0
                    ? data[offset..<(offset + 4)].map { String($0) }.joined(separator: ".")
                    : Hexadecimal.string(data[offset..<(offset + 16)])
            })
    }

    // MARK: Parts

    private func call(_ name: String, _ arguments: String...) -> String { call(name, arguments) }

    private func call(_ name: String, _ arguments: [String]) -> String {
        name + "(" + arguments.joined(separator: ",") + ")"
    }

    private func hex(_ value: some BinaryInteger) -> String { Hexadecimal.prefixed(value) }

    private func vendor(_ name: String) -> String {
        data.count == 16
            ? call(name, guid(at: 0))
            : call(name, guid(at: 0), Hexadecimal.string(data[16...]))
    }

    private func printable(_ bytes: ArraySlice<UInt8>) -> String {
        UntrustedText.escapingControls(UntrustedText.escapingInvalidUTF8(bytes))
    }

    private static func transport(_ number: UInt16) -> String {
        switch number {
        case 6: "TCP"
        case 17: "UDP"
        default: Hexadecimal.prefixed(number)
        }
    }

    /// An identifier of the compressed EISA form: three letters of five bits, then four digits.
    private static func plugAndPlay(_ identifier: UInt32) -> String {
        let vendor = identifier & 0xFFFF
        let letters = [vendor >> 10 & 0x1F, vendor >> 5 & 0x1F, vendor & 0x1F]
        guard letters.allSatisfy({ (1...26).contains($0) }) else {
            return Hexadecimal.prefixed(identifier)
        }
        return String(decoding: letters.map { UInt8($0 + 0x40) }, as: UTF8.self)
            + Hexadecimal.padded(identifier >> 16, 4)
    }
}
