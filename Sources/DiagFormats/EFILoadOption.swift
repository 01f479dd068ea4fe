/// One entry of the firmware's boot menu: the value of a variable `Boot####`.
///
/// Source: UEFI Specification 2.10, section 3.1.3, EFI_LOAD_OPTION.
public struct EFILoadOption: Hashable, Sendable {
    /// What the firmware does with the entry.
    public let attributes: UInt32
    /// What the menu shows, control characters escaped.
    public let description: String
    /// Where the program lies; more than one path when the firmware keeps alternatives.
    public let paths: [EFIDevicePath]
    /// What is wrong with the device paths, when something is; ``paths`` ends there.
    public let pathFault: FormatError?
    /// What the program is given; Linux loaders and Windows each have their own form.
    public let optionalData: [UInt8]

    /// Bit 0: the boot manager tries the entry by itself.
    public var isActive: Bool { attributes & 1 != 0 }
    /// Bit 3: the menu does not show the entry.
    public var isHidden: Bool { attributes & 8 != 0 }
    /// Bits 8 to 12: 0 is for booting, 1 for applications of the firmware.
    public var category: UInt32 { attributes >> 8 & 0x1F }

    /// Reads the value of a variable, without the four bytes that efivarfs puts before it.
    ///
    /// A damaged device path is no error: what is whole of it is kept, with ``pathFault``.
    ///
    /// - Throws: ``FormatError`` when the fixed fields are cut, the description has no end, or the
    ///   device paths are longer than the value.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        attributes = try bytes.littleEndian(at: 0, field: "Attributes")
        let pathLength = Int(
            try bytes.littleEndian(UInt16.self, at: 4, field: "FilePathListLength"))
        let (text, next) = bytes.efiText(from: 6, to: bytes.count)
        guard let pathStart = next else {
            throw .truncated(field: "Description", offset: bytes.count, needed: 2)
        }
        description = text
        let list = try bytes.bytes(pathLength, at: pathStart, field: "FilePathList")
        var paths = [EFIDevicePath]()
        var fault: FormatError?
        var at = 0
        while at < list.count {
            do throws(FormatError) {
                let path = try EFIDevicePath(parsing: list.span, from: at)
                paths.append(path)
                at += path.byteCount
            } catch {
                fault = error
                break
            }
        }
        self.paths = paths
        pathFault = fault
        let dataStart = pathStart + pathLength
        optionalData = try bytes.bytes(
            bytes.count - dataStart, at: dataStart, field: "OptionalData")
    }

    /// The optional data as text, when it is UTF-16 of printable ASCII characters to its end.
    ///
    /// Any even number of bytes may pass for UTF-16; ASCII alone is no chance.
    public var optionalText: String? {
        guard !optionalData.isEmpty, optionalData.count.isMultiple(of: 2) else { return nil }
        var text = [UInt8]()
        for at in stride(from: 0, to: optionalData.count, by: 2) {
            let isLast = at + 2 == optionalData.count
            if isLast, optionalData[at] == 0, optionalData[at + 1] == 0 { break }
            guard (0x20...0x7E).contains(optionalData[at]), optionalData[at + 1] == 0 else {
                return nil
            }
            text.append(optionalData[at])
        }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }
}
