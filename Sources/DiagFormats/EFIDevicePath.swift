/// The way from the processor to a device or file, as firmware writes it down.
///
/// Source: UEFI Specification 2.10, chapter 10.
public struct EFIDevicePath: Hashable, Sendable {
    /// One step of the way.
    public struct Node: Hashable, Sendable {
        /// Its type: 1 hardware, 2 ACPI, 3 messaging, 4 media, 5 BIOS boot specification.
        public let type: UInt8
        /// Its kind within the type.
        public let subtype: UInt8
        /// What follows the four bytes of type, subtype and length.
        public let data: [UInt8]

        /// A node by its parts.
        public init(type: UInt8, subtype: UInt8, data: [UInt8]) {
            self.type = type
            self.subtype = subtype
            self.data = data
        }
    }

    /// A partition that a path goes through.
    public struct Partition: Codable, Hashable, Sendable {
        /// Its number in the table, from 1; 0 for the whole disk.
        public let number: UInt32
        /// Its first logical block.
        public let firstBlock: UInt64
        /// How many logical blocks it has.
        public let blockCount: UInt64
        /// `GPT`, `MBR`, or the type's number.
        public let format: String
        /// The partition's GUID for GPT, the disk's signature for MBR, else the raw bytes.
        public let signature: String
    }

    /// The nodes of each instance, without the end nodes; firmware writes one instance for a file.
    public let instances: [[Node]]
    /// How many bytes the path takes, its end node included.
    public let byteCount: Int

    /// Reads one path of `bytes` from `start` to its end node.
    ///
    /// - Throws: ``FormatError`` when a node is shorter than its header, goes past the bytes, or
    ///   the end node is not there.
    public init(parsing bytes: Span<UInt8>, from start: Int = 0) throws(FormatError) {
        var instances = [[Node]]()
        var nodes = [Node]()
        var at = start
        while true {
            let type = try bytes.littleEndian(UInt8.self, at: at, field: "node type")
            let subtype = try bytes.littleEndian(UInt8.self, at: at + 1, field: "node subtype")
            let length = Int(try bytes.littleEndian(UInt16.self, at: at + 2, field: "node length"))
            guard length >= 4 else {
                throw .invalid(field: "node length", offset: at + 2, value: UInt64(length))
            }
            let data = try bytes.bytes(length - 4, at: at + 4, field: "node")
            at += length
            // Old firmware writes the end as 0xFF; the specification says 0x7F.
            if type & 0x7F == 0x7F {
                instances.append(nodes)
                nodes = []
                if subtype != 1 { break }
            } else {
                nodes.append(Node(type: type, subtype: subtype, data: data))
            }
        }
        self.instances = instances
        byteCount = at - start
    }

    /// The first partition on the way.
    public var partition: Partition? {
        instances.lazy.joined().lazy.compactMap(\.partition).first
    }

    /// The file, from the root of its file system, with backslashes; nodes joined.
    public var filePath: String? {
        let parts = instances.joined().compactMap(\.fileName)
        guard !parts.isEmpty else { return nil }
        return parts.reduce("") { path, part in
            if path.isEmpty { return part }
            switch (path.hasSuffix("\\"), part.hasPrefix("\\")) {
            case (true, true): return path + part.dropFirst()
            case (false, false): return path + "\\" + part
            default: return path + part
            }
        }
    }

    /// The whole path as the specification's text, section 10.6; instances parted by commas.
    public var text: String {
        instances.map { $0.map(\.text).joined(separator: "/") }.joined(separator: ",")
    }
}

extension EFIDevicePath.Node {
    /// The partition, where this is a Hard Drive node of its full length. Section 10.3.5.1.
    public var partition: EFIDevicePath.Partition? {
        guard type == 4, subtype == 1, data.count >= 38 else { return nil }
        let format: String
        let signature: String
        switch data[37] {
        case 1:
            format = "MBR"
            signature = "0x" + Hexadecimal.string(data[20..<24].reversed())
        case 2:
            format = "GPT"
            signature = guid(at: 20)
        default:
            format = String(data[37])
            signature = Hexadecimal.string(data[20..<36])
        }
        return .init(
            number: number32(0), firstBlock: number64(4), blockCount: number64(12),
            format: format, signature: signature)
    }

    /// The name, where this is a File Path node. Section 10.3.5.4.
    public var fileName: String? {
        guard type == 4, subtype == 4 else { return nil }
        return data.span.efiText(from: 0, to: data.count).text
    }

    // The callers have compared the offsets with the node's length; past its end all bytes are 0.
    func byte(_ offset: Int) -> UInt8 { offset < data.count ? data[offset] : 0 }

    func number16(_ offset: Int) -> UInt16 {
        UInt16(byte(offset)) | UInt16(byte(offset + 1)) << 8
    }

    func number32(_ offset: Int) -> UInt32 {
        UInt32(number16(offset)) | UInt32(number16(offset + 2)) << 16
    }

    func number64(_ offset: Int) -> UInt64 {
        UInt64(number32(offset)) | UInt64(number32(offset + 4)) << 32
    }

    func guid(at offset: Int) -> String {
        (try? EFIGUID(data.span, at: offset, field: "GUID"))?.description ?? ""
    }
}
