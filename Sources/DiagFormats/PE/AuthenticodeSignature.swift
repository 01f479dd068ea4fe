/// One signature of an EFI program: who signed it. Nothing is verified.
///
/// Source: Microsoft PE Format, "The Attribute Certificate Table"; UEFI Specification 2.10, section
/// 32.2.4; RFC 2315 (PKCS #7), section 9.
public struct AuthenticodeSignature: Codable, Hashable, Sendable {
    /// One signer.
    public struct Signer: Codable, Hashable, Sendable {
        /// The common name of the certificate that signed, where it is included.
        public let subject: String?
        /// The common name of whoever issued it.
        public let issuer: String?
        /// Of that certificate, lower-case hexadecimal digits.
        public let serialNumber: String
        /// The end of the certificate's validity, as it is stored.
        public let notAfter: String?
    }

    /// No program has more signatures or signers, or certificates with them.
    private static let limit = 64

    /// Whoever signed, in the stored order.
    public let signers: [Signer]
    /// How many certificates are included.
    public let certificateCount: Int

    /// Reads the certificate table of a program, the bytes that ``PEImage/certificateOffset`` names.
    ///
    /// Entries that are not PKCS #7 are passed over.
    public static func table(
        parsing bytes: Span<UInt8>
    ) throws(FormatError) -> [AuthenticodeSignature] {
        var signatures = [AuthenticodeSignature]()
        var at = 0
        while bytes.count - at >= 8, signatures.count < limit {
            let length = Int(try bytes.littleEndian(UInt32.self, at: at, field: "dwLength"))
            let type: UInt16 = try bytes.littleEndian(at: at + 6, field: "wCertificateType")
            // Zero bytes behind the last entry fill the table up.
            if length == 0 { break }
            guard length >= 8, length <= bytes.count - at else {
                throw .invalid(field: "dwLength", offset: at, value: UInt64(length))
            }
            if type == 2 {
                let content = try bytes.bytes(length - 8, at: at + 8, field: "bCertificate")
                signatures.append(try AuthenticodeSignature(signedData: content))
            }
            at += (length + 7) & ~7
        }
        return signatures
    }

    /// Reads a PKCS #7 `ContentInfo` that holds `SignedData`.
    init(signedData bytes: [UInt8]) throws(FormatError) {
        var outer = DERReader(bytes)
        var info = outer.inside(try outer.next(DERReader.sequence, field: "ContentInfo"))
        let type = try info.next(DERReader.objectIdentifier, field: "contentType")
        guard bytes[type.content].elementsEqual(Self.signedDataIdentifier) else {
            throw .invalid(field: "contentType", offset: type.content.lowerBound, value: 0)
        }
        var explicit = info.inside(try info.next(DERReader.context0, field: "content"))
        var data = explicit.inside(try explicit.next(DERReader.sequence, field: "SignedData"))
        _ = try data.next(DERReader.integer, field: "version")
        _ = try data.next(DERReader.set, field: "digestAlgorithms")
        _ = try data.next(DERReader.sequence, field: "contentInfo")
        var certificates = [CertificateIdentity]()
        var signers = [Signer]()
        while let element = try data.next() {
            switch element.tag {
            case DERReader.context0:
                var list = data.inside(element)
                while certificates.count < Self.limit, let one = try list.next() {
                    certificates.append(
                        try CertificateIdentity(DERReader(bytes, in: one.whole)))
                }
            case DERReader.set:
                var list = data.inside(element)
                while signers.count < Self.limit, let one = try list.next() {
                    signers.append(try Self.signer(list.inside(one), among: certificates))
                }
            default: break  // Revocation lists.
            }
        }
        self.signers = signers
        certificateCount = certificates.count
    }

    private static func signer(
        _ reader: DERReader, among certificates: [CertificateIdentity]
    ) throws(FormatError) -> Signer {
        var reader = reader
        _ = try reader.next(DERReader.integer, field: "version")
        var name = reader.inside(
            try reader.next(DERReader.sequence, field: "issuerAndSerialNumber"))
        let issuer = try name.next(DERReader.sequence, field: "issuer")
        let serial = try name.next(DERReader.integer, field: "serialNumber")
        let digits = CertificateIdentity.digits(name.bytes[serial.content])
        let issuerBytes = Array(name.bytes[issuer.whole])
        let certificate = certificates.first {
            $0.serialNumber == digits && $0.issuerBytes == issuerBytes
        }
        return Signer(
            subject: certificate?.subject,
            issuer: try CertificateIdentity.name(name.inside(issuer)),
            serialNumber: digits, notAfter: certificate?.notAfter)
    }

    /// 1.2.840.113549.1.7.2
    private static let signedDataIdentifier: [UInt8] = [
        0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02,
    ]
}
