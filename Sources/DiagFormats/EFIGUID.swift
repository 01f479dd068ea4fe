/// A 128-bit identifier as UEFI stores it.
///
/// Source: UEFI Specification 2.10, appendix A: the first three fields are little-endian.
public struct EFIGUID: Hashable, Sendable {
    /// Its 16 bytes, in the order they are stored.
    public let bytes: [UInt8]

    /// The identifier at `offset` of `span`.
    init(_ span: Span<UInt8>, at offset: Int, field: String) throws(FormatError) {
        bytes = try span.bytes(16, at: offset, field: field)
    }

    /// Reads the form `8be4df61-93ca-11d2-aa0d-00e098032b8c`, in either case.
    public init?(_ text: String) {
        let groups = text.utf8.split(separator: 0x2D, omittingEmptySubsequences: false)
        guard groups.map(\.count) == [8, 4, 4, 4, 12] else { return nil }
        var fields = [[UInt8]]()
        for group in groups {
            var digits = [UInt8]()
            for byte in group {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
                digits.append(UInt8(truncatingIfNeeded: digit))
            }
            fields.append(
                stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
        }
        bytes =
            fields[0].reversed() + fields[1].reversed() + fields[2].reversed() + fields[3]
            + fields[4]
    }

    /// Whose variables the specification itself defines.
    public static let globalVariable = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
    /// Whose variables are the signature databases `db` and `dbx`.
    public static let imageSecurityDatabase = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
    /// Whose variables shim keeps. Source: shim 15.8, lib/guid.c.
    public static let shim = "605dab50-e046-4300-abb6-3dd810dd8b23"
    /// Whose variables systemd-boot and its stub keep. Source: systemd 257, Boot Loader Interface.
    public static let bootLoaderInterface = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
}

extension EFIGUID: CustomStringConvertible {
    /// Lower-case, in the usual five groups.
    public var description: String {
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
        var text = ""
        for (index, position) in order.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += Hexadecimal.string([bytes[position]])
        }
        return text
    }
}
