/// One boot loader entry file.
///
/// Source: The Boot Loader Specification, "Type #1 Boot Loader Specification Entries" (UAPI.1).
public struct BootLoaderEntry: Codable, Hashable, Sendable {
    /// What the menu shows.
    public let title: String?
    /// The kernel's version.
    public let version: String?
    /// The machine that the entry belongs to.
    public let machineID: String?
    /// The sort key.
    public let sortKey: String?
    /// The kernel image, from the root of its file system.
    public let linux: String?
    /// The initial RAM disks, in their order.
    public let initrds: [String]
    /// An EFI program that is started in place of a kernel.
    public let efi: String?
    /// The device tree.
    public let deviceTree: String?
    /// The architecture.
    public let architecture: String?
    /// The kernel's parameters, those of several lines joined by a space, secrets masked.
    public let options: String?

    /// Reads `text`; unknown keys and comments are passed over.
    public init(parsing text: String) {
        var values = [String: [String]]()
        for line in TextFields.lines(text) {
            let line = TextFields.trimmed(line)
            guard let first = line.utf8.first, first != 0x23,
                let gap = line.utf8.firstIndex(where: { $0 == 0x20 || $0 == 0x09 })
            else { continue }
            values[String(decoding: line.utf8[..<gap], as: UTF8.self), default: []]
                .append(TextFields.trimmed(String(decoding: line.utf8[gap...], as: UTF8.self)))
        }
        title = values["title"]?.last
        version = values["version"]?.last
        machineID = values["machine-id"]?.last
        sortKey = values["sort-key"]?.last
        linux = values["linux"]?.last
        // GRUB's reading of the format allows several files on one line.
        initrds = (values["initrd"] ?? []).flatMap(TextFields.words)
        efi = values["efi"]?.last
        deviceTree = values["devicetree"]?.last
        architecture = values["architecture"]?.last
        options = values["options"].map {
            KernelCommandLine(parsing: $0.joined(separator: " ")).text
        }
    }
}

/// The variables of a GRUB environment block.
///
/// Source: GRUB 2.12, grub-core/lib/envblk.c: 1024 bytes, a signature line, `name=value` lines with
/// `\` before a backslash or newline in a value, filled up with `#`.
public struct GRUBEnvironment: Hashable, Sendable {
    /// The values by name, for example `saved_entry`; secrets masked.
    public let variables: [String: String]

    /// Reads an environment block.
    ///
    /// - Throws: ``FormatError/unexpected(line:expected:)`` when the signature is not there.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        let signature = Array("# GRUB Environment Block\n".utf8)
        guard bytes.starts(with: signature) else {
            throw .unexpected(line: 1, expected: "# GRUB Environment Block")
        }
        var lines = [[UInt8]()]
        var isEscaped = false
        for byte in bytes.dropFirst(signature.count) {
            if isEscaped {
                lines[lines.count - 1].append(byte)
                isEscaped = false
            } else if byte == 0x5C {
                isEscaped = true
            } else if byte == 0x0A {
                lines.append([])
            } else {
                lines[lines.count - 1].append(byte)
            }
        }
        var variables = [String: String]()
        var mask = SecretMask()
        for line in lines where line.first != 0x23 {
            let text = mask.line(String(decoding: line, as: UTF8.self))
            guard let pair = TextFields.pair(text, separator: 0x3D), !pair.name.isEmpty else {
                continue
            }
            variables[pair.name] = pair.value
        }
        self.variables = variables
    }
}
