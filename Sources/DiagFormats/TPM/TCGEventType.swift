internal import DiagModel

/// The names of the event types, and what the data of each says in words.
///
/// Source: TCG PC Client Platform Firmware Profile Specification, version 1.06, section 10.4.1;
/// TCG Algorithm Registry, version 1.34, table 3.
enum TCGEventType {
    /// Characters of a text beyond this are left out.
    private static let textLimit = 4096

    static func name(_ type: UInt32) -> String { names[type] ?? "0x" + String(type, radix: 16) }

    static func algorithmName(_ identifier: UInt16) -> String {
        switch identifier {
        case 0x0004: "sha1"
        case 0x000B: "sha256"
        case 0x000C: "sha384"
        case 0x000D: "sha512"
        case 0x0012: "sm3-256"
        case 0x0027: "sha3-256"
        case 0x0028: "sha3-384"
        case 0x0029: "sha3-512"
        default: "0x" + String(identifier, radix: 16)
        }
    }

    /// What the data of an event says; `nil` where that is no text.
    static func text(of data: [UInt8], type: UInt32) -> String? {
        switch type {
        case 0x8000_0001, 0x8000_0002, 0x8000_000C, 0x8000_00E0: variableName(data.span)
        case 0x8000_0003, 0x8000_0004, 0x8000_0005: imagePath(data.span)
        case 0x03, 0x05, 0x07, 0x08, 0x0D, 0x8000_0007: plainText(data)
        case 0x06: plainText(Array(data.dropFirst(8)))  // Tag and size come first.
        case 0x04: data.allSatisfy { $0 == 0 } ? "00000000" : nil
        default: nil
        }
    }

    /// UEFI_VARIABLE_DATA: the name and the vendor, as efivarfs joins them.
    private static func variableName(_ data: Span<UInt8>) -> String? {
        guard let vendor = try? EFIGUID(data, at: 0, field: "VariableName"),
            let count = try? data.littleEndian(UInt64.self, at: 16, field: "UnicodeNameLength"),
            count <= 1024, data.count >= 32 + Int(count) * 2
        else { return nil }
        return data.efiText(from: 32, to: 32 + Int(count) * 2).text + "-" + vendor.description
    }

    /// UEFI_IMAGE_LOAD_EVENT: the device path of the program.
    private static func imagePath(_ data: Span<UInt8>) -> String? {
        guard
            let count = try? data.littleEndian(UInt64.self, at: 24, field: "LengthOfDevicePath"),
            count > 0, count <= 65_536, data.count >= 32 + Int(count),
            let path = try? EFIDevicePath(parsing: data.extracting(0..<(32 + Int(count))), from: 32)
        else { return nil }
        return String(path.text.prefix(textLimit))
    }

    /// Printable ASCII or UTF-16 of it, with zero bytes at its end.
    private static func plainText(_ data: [UInt8]) -> String? {
        var bytes = data.prefix(textLimit * 2)
        while bytes.last == 0 { bytes.removeLast() }
        guard !bytes.isEmpty else { return nil }
        if bytes.allSatisfy(isText) {
            return UntrustedText.escapingControls(String(decoding: bytes, as: UTF8.self))
        }
        var units = [UInt8]()
        var isHigh = false
        for byte in data.prefix(textLimit * 2) {
            if isHigh {
                guard byte == 0 else { return nil }
            } else {
                guard isText(byte) || byte == 0 else { return nil }
                units.append(byte)
            }
            isHigh.toggle()
        }
        while units.last == 0 { units.removeLast() }
        guard !units.isEmpty, !units.contains(0) else { return nil }
        return UntrustedText.escapingControls(String(decoding: units, as: UTF8.self))
    }

    private static func isText(_ byte: UInt8) -> Bool {
        (0x20...0x7E).contains(byte) || byte == 0x0A || byte == 0x09 || byte == 0x0D
    }

    private static let names: [UInt32: String] = [
        0x00: "EV_PREBOOT_CERT", 0x01: "EV_POST_CODE", 0x02: "EV_UNUSED", 0x03: "EV_NO_ACTION",
        0x04: "EV_SEPARATOR", 0x05: "EV_ACTION", 0x06: "EV_EVENT_TAG",
        0x07: "EV_S_CRTM_CONTENTS", 0x08: "EV_S_CRTM_VERSION", 0x09: "EV_CPU_MICROCODE",
        0x0A: "EV_PLATFORM_CONFIG_FLAGS", 0x0B: "EV_TABLE_OF_DEVICES", 0x0C: "EV_COMPACT_HASH",
        0x0D: "EV_IPL", 0x0E: "EV_IPL_PARTITION_DATA", 0x0F: "EV_NONHOST_CODE",
        0x10: "EV_NONHOST_CONFIG", 0x11: "EV_NONHOST_INFO",
        0x12: "EV_OMIT_BOOT_DEVICE_EVENTS", 0x13: "EV_POST_CODE2",
        0x8000_0001: "EV_EFI_VARIABLE_DRIVER_CONFIG", 0x8000_0002: "EV_EFI_VARIABLE_BOOT",
        0x8000_0003: "EV_EFI_BOOT_SERVICES_APPLICATION",
        0x8000_0004: "EV_EFI_BOOT_SERVICES_DRIVER",
        0x8000_0005: "EV_EFI_RUNTIME_SERVICES_DRIVER", 0x8000_0006: "EV_EFI_GPT_EVENT",
        0x8000_0007: "EV_EFI_ACTION", 0x8000_0008: "EV_EFI_PLATFORM_FIRMWARE_BLOB",
        0x8000_0009: "EV_EFI_HANDOFF_TABLES", 0x8000_000A: "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
        0x8000_000B: "EV_EFI_HANDOFF_TABLES2", 0x8000_000C: "EV_EFI_VARIABLE_BOOT2",
        0x8000_000D: "EV_EFI_GPT_EVENT2", 0x8000_0010: "EV_EFI_HCRTM_EVENT",
        0x8000_00E0: "EV_EFI_VARIABLE_AUTHORITY", 0x8000_00E1: "EV_EFI_SPDM_FIRMWARE_BLOB",
        0x8000_00E2: "EV_EFI_SPDM_FIRMWARE_CONFIG", 0x8000_00E3: "EV_EFI_SPDM_DEVICE_POLICY",
        0x8000_00E4: "EV_EFI_SPDM_DEVICE_AUTHORITY",
    ]
}
