internal import DiagModel

/// Whom an X.509 certificate is for, who issued it and until when; nothing of its key.
///
/// Source: RFC 5280, section 4.1.
public struct CertificateIdentity: Codable, Hashable, Sendable {
    /// The subject's common name, else its organisation; none where it has neither.
    public let subject: String?
    /// The same of the issuer.
    public let issuer: String?
    /// Lower-case hexadecimal digits.
    public let serialNumber: String
    /// The end of its validity as it is stored, `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
    public let notAfter: String?
    /// The issuer's name as it is stored, to compare.
    let issuerBytes: [UInt8]

    private enum CodingKeys: String, CodingKey { case subject, issuer, serialNumber, notAfter }

    /// Reads one certificate in DER.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try self.init(
            DERReader(try bytes.bytes(bytes.count, at: 0, field: "certificate")))
    }

    /// Reads back what was encoded; the stored form of the issuer's name is not part of that.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        subject = try values.decodeIfPresent(String.self, forKey: .subject)
        issuer = try values.decodeIfPresent(String.self, forKey: .issuer)
        serialNumber = try values.decode(String.self, forKey: .serialNumber)
        notAfter = try values.decodeIfPresent(String.self, forKey: .notAfter)
        issuerBytes = []
    }

    /// Reads the certificate that comes next in `reader`.
    init(_ reader: DERReader) throws(FormatError) {
        var outer = reader
        let certificate = try outer.next(DERReader.sequence, field: "Certificate")
        var parts = outer.inside(certificate)
        var body = parts.inside(try parts.next(DERReader.sequence, field: "tbsCertificate"))
        guard var element = try body.next() else {
            throw .truncated(field: "serialNumber", offset: body.at, needed: 2)
        }
        if element.tag == DERReader.context0 {  // The version.
            element = try body.next(DERReader.integer, field: "serialNumber")
        }
        guard element.tag == DERReader.integer else {
            throw .invalid(
                field: "serialNumber", offset: element.whole.lowerBound, value: UInt64(element.tag))
        }
        serialNumber = Self.digits(body.bytes[element.content])
        _ = try body.next(DERReader.sequence, field: "signature")
        let issuerName = try body.next(DERReader.sequence, field: "issuer")
        issuerBytes = Array(body.bytes[issuerName.whole])
        issuer = try Self.name(body.inside(issuerName))
        var validity = body.inside(try body.next(DERReader.sequence, field: "validity"))
        _ = try validity.next()
        notAfter = try validity.next().map { (end) in
            UntrustedText.escapingControls(
                UntrustedText.escapingInvalidUTF8(body.bytes[end.content].prefix(32)))
        }
        subject = try Self.name(body.inside(try body.next(DERReader.sequence, field: "subject")))
    }

    /// At most 64 bytes of an integer.
    static func digits(_ bytes: ArraySlice<UInt8>) -> String {
        Hexadecimal.string(bytes.prefix(64))
    }

    /// The common name in a distinguished name, else the organisation.
    static func name(_ reader: DERReader) throws(FormatError) -> String? {
        var reader = reader
        var organisation: String?
        while let set = try reader.next() {
            var attributes = reader.inside(set)
            while let attribute = try attributes.next() {
                var pair = attributes.inside(attribute)
                guard let type = try pair.next(), type.tag == DERReader.objectIdentifier,
                    let value = try pair.next()
                else { continue }
                let oid = pair.bytes[type.content]
                if oid.elementsEqual([0x55, 0x04, 0x03]) {
                    return text(pair.bytes[value.content], tag: value.tag)
                }
                if oid.elementsEqual([0x55, 0x04, 0x0A]) {
                    organisation = text(pair.bytes[value.content], tag: value.tag)
                }
            }
        }
        return organisation
    }

    private static func text(_ bytes: ArraySlice<UInt8>, tag: UInt8) -> String {
        let bytes = bytes.prefix(1024)
        guard tag == 0x1E else {  // BMPString: UTF-16, big-endian.
            return UntrustedText.escapingControls(UntrustedText.escapingInvalidUTF8(bytes))
        }
        var units = [UInt16]()
        var high: UInt8?
        for byte in bytes {
            if let first = high {
                units.append(UInt16(first) << 8 | UInt16(byte))
                high = nil
            } else {
                high = byte
            }
        }
        return UntrustedText.escapingControls(String(decoding: units, as: UTF16.self))
    }
}
