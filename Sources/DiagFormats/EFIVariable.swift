internal import DiagModel

/// One variable of the firmware, as efivarfs gives it.
///
/// Source: Linux 6.17, Documentation/filesystems/efivarfs.rst, and UEFI Specification 2.10,
/// section 8.2: a file holds four bytes of attributes, then the value.
public struct EFIVariable: Hashable, Sendable {
    /// The attributes: 1 non-volatile, 2 boot service access, 4 runtime access and others.
    public let attributes: UInt32
    /// The value.
    public let value: [UInt8]

    /// Reads the content of one file of efivarfs.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        attributes = try bytes.littleEndian(at: 0, field: "variable attributes")
        value = try bytes.bytes(bytes.count - 4, at: 4, field: "variable value")
    }

    /// The value as a single byte: `SecureBoot`, `SetupMode` and the like.
    public var flag: UInt8? { value.count == 1 ? value.first : nil }

    /// The value as one number of two bytes: `BootCurrent`, `BootNext`, `Timeout`.
    public var number16: UInt16? {
        value.count == 2 ? try? value.span.littleEndian(at: 0, field: "value") : nil
    }

    /// The value as one number of eight bytes: `OsIndications`.
    public var number64: UInt64? {
        value.count == 8 ? try? value.span.littleEndian(at: 0, field: "value") : nil
    }

    /// The value as a list of numbers of two bytes: `BootOrder`; `nil` when a byte is left over.
    public var numbers16: [UInt16]? {
        guard value.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: value.count, by: 2).map {
            UInt16(value[$0]) | UInt16(value[$0 + 1]) << 8
        }
    }

    /// The value as UTF-16 text up to its terminator, control characters escaped.
    public var text: String { value.span.efiText(from: 0, to: value.count).text }

    /// The value as several texts, each with a terminator: `LoaderEntries`.
    public var texts: [String] {
        var texts = [String]()
        var at: Int? = 0
        while let start = at, start < value.count {
            let (text, next) = value.span.efiText(from: start, to: value.count)
            texts.append(text)
            at = next
        }
        return texts
    }
}

/// The name of a file in efivarfs: the variable's name, a hyphen, and its vendor's GUID.
public struct EFIVariableName: Hashable, Sendable {
    /// The variable's name, for example `BootOrder`.
    public let name: String
    /// The GUID of whoever defines it, in lower case.
    public let vendor: String

    /// Takes `fileName` apart; `nil` when it does not end in a GUID.
    public init?(fileName: String) {
        let bytes = Array(fileName.utf8)
        guard bytes.count > 37, bytes[bytes.count - 37] == 0x2D,
            let guid = EFIGUID(String(decoding: bytes.suffix(36), as: UTF8.self))
        else { return nil }
        name = String(decoding: bytes.dropLast(37), as: UTF8.self)
        vendor = guid.description
    }

    /// The number of a boot entry's variable, `Boot` and four upper-case hexadecimal digits.
    public var bootNumber: UInt16? {
        let bytes = Array(name.utf8)
        guard vendor == EFIGUID.globalVariable, bytes.count == 8, name.hasPrefix("Boot"),
            bytes[4...].allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0) })
        else { return nil }
        return UInt16(String(decoding: bytes[4...], as: UTF8.self), radix: 16)
    }

    /// The name of boot entry `number`, for example `Boot001A`.
    public static func boot(_ number: UInt16) -> String { "Boot" + Hexadecimal.padded(number, 4) }
}
