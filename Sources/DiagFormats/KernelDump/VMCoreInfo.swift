internal import DiagModel

/// What a kernel says of itself for whoever reads its memory: the lines `KEY=VALUE` of VMCOREINFO.
///
/// Source: Linux 6.1 Documentation/admin-guide/kdump/vmcoreinfo.rst.
public struct VMCoreInfo: Hashable, Sendable {
    /// The values by key, for example `SYMBOL(init_uts_ns)` or `OSRELEASE`.
    public let values: [String: String]

    /// Reads the lines; one without an equals sign says nothing.
    public init(parsing bytes: Span<UInt8>) {
        var values = [String: String]()
        var line = [UInt8]()
        func take(_ line: [UInt8]) {
            guard let equals = line.firstIndex(of: 0x3D) else { return }
            let key = UntrustedText.escapingInvalidUTF8(line[..<equals])
            if values[key] == nil {
                values[key] = UntrustedText.escapingInvalidUTF8(line[(equals + 1)...])
            }
        }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte == 0 { break }
            if byte == 0x0A {
                take(line)
                line.removeAll(keepingCapacity: true)
            } else {
                line.append(byte)
            }
        }
        take(line)
        self.values = values
    }

    /// The kernel's release, as uname(2) gives it.
    public var release: String? { values["OSRELEASE"] }
    /// The kernel's build identifier in lower-case hexadecimal digits; Linux 5.9 and newer.
    public var buildIdentifier: String? { values["BUILD-ID"] }
    /// Bytes of one page.
    public var pageByteCount: Int? { values["PAGESIZE"].flatMap { Int($0) } }
    /// By how much KASLR moved the kernel image.
    public var kernelOffset: UInt64? { values["KERNELOFFSET"].flatMap { Self.hexadecimal($0) } }
    /// When the kernel panicked, in seconds since 1970: a live kernel has none.
    public var crashTime: Int64? { values["CRASHTIME"].flatMap { Int64($0) } }

    /// The address of a symbol.
    public func symbol(_ name: String) -> UInt64? {
        values["SYMBOL(\(name))"].flatMap { Self.hexadecimal($0) }
    }

    /// The offset of a member in its structure, in bytes: `list_head.next`.
    public func offset(_ name: String) -> Int? { values["OFFSET(\(name))"].flatMap { Int($0) } }

    /// The size of a structure, in bytes.
    public func size(_ name: String) -> Int? { values["SIZE(\(name))"].flatMap { Int($0) } }

    /// A number, signed or not, in the bits of 64: written in decimal or, since some, with `0x`.
    public func number(_ name: String) -> UInt64? {
        guard let text = values["NUMBER(\(name))"] else { return nil }
        if text.hasPrefix("0x") { return Self.hexadecimal(text) }
        return Int64(text).map { UInt64(bitPattern: $0) } ?? UInt64(text)
    }

    private static func hexadecimal(_ text: String) -> UInt64? {
        UInt64(text.hasPrefix("0x") ? text.dropFirst(2) : text[...], radix: 16)
    }
}
