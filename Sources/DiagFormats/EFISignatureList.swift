/// One list of a signature database: PK, KEK, db or dbx.
///
/// Source: UEFI Specification 2.10, section 32.4.1, EFI_SIGNATURE_LIST.
public struct EFISignatureList: Hashable, Sendable {
    /// One signature of the list.
    public struct Signature: Hashable, Sendable {
        /// The GUID of whoever added it.
        public let owner: EFIGUID
        /// The hash, or the certificate as DER.
        public let data: [UInt8]
    }

    /// What the signatures are.
    public let type: EFIGUID
    /// The signatures, all of one size.
    public let signatures: [Signature]

    /// What the signatures are, in words; the GUID for a type not known here.
    public var typeName: String { Self.names[type.description] ?? type.description }

    /// Reads all lists of a database, the value of its variable.
    ///
    /// - Throws: ``FormatError`` when a list is shorter than its header, longer than the bytes, or
    ///   does not hold a whole number of signatures.
    public static func lists(parsing bytes: Span<UInt8>) throws(FormatError) -> [EFISignatureList] {
        var lists = [EFISignatureList]()
        var at = 0
        while at < bytes.count {
            let type = try EFIGUID(bytes, at: at, field: "SignatureType")
            let listSize = Int(
                try bytes.littleEndian(UInt32.self, at: at + 16, field: "SignatureListSize"))
            let headerSize = Int(
                try bytes.littleEndian(UInt32.self, at: at + 20, field: "SignatureHeaderSize"))
            let size = Int(try bytes.littleEndian(UInt32.self, at: at + 24, field: "SignatureSize"))
            guard listSize >= 28, listSize <= bytes.count - at else {
                throw .invalid(
                    field: "SignatureListSize", offset: at + 16, value: UInt64(listSize))
            }
            guard headerSize <= listSize - 28 else {
                throw .invalid(
                    field: "SignatureHeaderSize", offset: at + 20, value: UInt64(headerSize))
            }
            let room = listSize - 28 - headerSize
            guard size >= 16, room.isMultiple(of: size) else {
                throw .invalid(field: "SignatureSize", offset: at + 24, value: UInt64(size))
            }
            var signatures = [Signature]()
            for index in 0..<(room / size) {
                let start = at + 28 + headerSize + index * size
                signatures.append(
                    Signature(
                        owner: try EFIGUID(bytes, at: start, field: "SignatureOwner"),
                        data: try bytes.bytes(
                            size - 16, at: start + 16, field: "SignatureData")))
            }
            lists.append(EFISignatureList(type: type, signatures: signatures))
            at += listSize
        }
        return lists
    }

    private static let names = [
        "c1c41626-504c-4092-aca9-41f936934328": "sha256",
        "a5c059a1-94e4-4aa7-87b5-ab155c2bf072": "x509",
        "3c5766e8-269c-4e34-aa14-ed776e85b3b6": "rsa2048",
        "826ca512-cf10-4ac9-b187-be01496631bd": "sha1",
        "ff3e5307-9fd0-48c9-85f1-8ad56c701e01": "sha384",
        "093e0fae-a6c4-4f50-9f1b-d41e2b89c19a": "sha512",
        "3bd2a492-96c0-4079-b420-fcf98ef103ed": "x509-sha256",
        "7076876e-80c2-4ee6-aad2-28b349a6865b": "x509-sha384",
        "446dbf63-2502-4cda-bcfa-2465d2b0fe9d": "x509-sha512",
        "452e8ced-dfff-4b8c-ae01-5118862e682c": "external-management",
    ]
}
