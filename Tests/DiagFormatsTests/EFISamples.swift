/// Bytes of firmware variables, put together node by node as the UEFI Specification lays them out.
enum EFISample {
    static func u16(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
    static func u32(_ value: UInt32) -> [UInt8] {
        u16(UInt16(value & 0xFFFF)) + u16(UInt16(value >> 16))
    }
    static func u64(_ value: UInt64) -> [UInt8] {
        u32(UInt32(value & 0xFFFF_FFFF)) + u32(UInt32(value >> 32))
    }
    static func utf16(_ text: String) -> [UInt8] { (Array(text.utf16) + [0]).flatMap(u16) }

    static func node(_ type: UInt8, _ subtype: UInt8, _ data: [UInt8]) -> [UInt8] {
        [type, subtype] + u16(UInt16(data.count + 4)) + data
    }
    static let end = node(0x7F, 0xFF, [])

    /// 11223344-5566-7788-99aa-bbccddeeff00 as it is stored.
    static let guid: [UInt8] = [
        0x44, 0x33, 0x22, 0x11, 0x66, 0x55, 0x88, 0x77, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0,
    ]
    static let guidText = "11223344-5566-7788-99aa-bbccddeeff00"

    static let disk = node(4, 1, u32(1) + u64(2048) + u64(1_048_576) + guid + [2, 2])

    static func option(
        _ description: String, attributes: UInt32 = 1, path: [UInt8], data: [UInt8] = []
    ) -> [UInt8] {
        u32(attributes) + u16(UInt16(path.count)) + utf16(description) + path + data
    }

    /// As efibootmgr writes the entry of shim.
    static let shim = option(
        "debian", path: disk + node(4, 4, utf16("\\EFI\\debian\\shimx64.efi")) + end)
    /// As firmware writes the entry of a network card.
    static let network = option(
        "UEFI PXEv4 (MAC:525400123456)",
        path: node(2, 1, u32(0x0A03_41D0) + u32(0)) + node(1, 1, [0, 3])
            + node(
                3, 11, [0x52, 0x54, 0, 0x12, 0x34, 0x56] + [UInt8](repeating: 0, count: 26) + [1])
            + node(3, 12, [UInt8](repeating: 0, count: 15) + [UInt8](repeating: 0, count: 8)) + end,
        data: [
            0x4E, 0xAC, 0x08, 0x81, 0x11, 0x9F, 0x59, 0x4D, 0x85, 0x0E, 0xE2, 0x1A, 0x52, 0x2C,
            0x59, 0xB2,
        ])
    /// As firmware writes an application of its own.
    static let setup = option(
        "UiApp", attributes: 0x109, path: node(4, 7, guid) + node(4, 6, guid) + end)

    static func variable(_ value: [UInt8], attributes: UInt32 = 7) -> [UInt8] {
        u32(attributes) + value
    }
}
