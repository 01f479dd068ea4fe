internal import DiagSystem

/// The programs that encrypt and decrypt bundles.
public enum BundleCipher: String, Hashable, Sendable, CaseIterable {
    /// age. Source: age-encryption.org/v1, C2SP.
    case age
    /// GnuPG, whose files are OpenPGP messages. Source: RFC 4880 and RFC 9580.
    case gpg

    /// What a file's name ends with, behind that of the bundle: `.age`, `.gpg`.
    public var suffix: String { ".\(rawValue)" }

    /// How many bytes of a file ``init(beginning:)`` looks at.
    static let magicByteCount = 512

    /// The program that made a file beginning with `bytes`; `nil` for what is not encrypted.
    ///
    /// - Parameter bytes: the first ``magicByteCount`` bytes, fewer of a smaller file.
    init?(beginning bytes: [UInt8]) {
        let lines: [(text: String, cipher: BundleCipher)] = [
            ("age-encryption.org/v1\n", .age), ("-----BEGIN AGE ENCRYPTED FILE-----", .age),
            ("-----BEGIN PGP MESSAGE-----", .gpg),
        ]
        if let line = lines.first(where: { bytes.starts(with: $0.text.utf8) }) {
            self = line.cipher
            return
        }
        // The name of a tar's first member may begin with any byte.
        let isTar = bytes.count >= 262 && bytes[257..<262].elementsEqual("ustar".utf8)
        guard !isTar, Self.isOpenPGPMessage(bytes) else { return nil }
        self = .gpg
    }

    /// The program, wherever `PATH` has it.
    ///
    /// - Throws: ``ArchiveError`` with `ENOENT` when it is not installed.
    func tool() throws(ArchiveError) -> InstalledTool {
        let found =
            switch self {
            case .age: InstalledTool.find("age")
            case .gpg: InstalledTool.find("gpg", "gpg2")
            }
        return try Self.installed(found, rawValue, package: self == .age ? "age" : "gnupg")
    }

    /// `found`, or why there is none.
    static func installed(
        _ found: InstalledTool?, _ name: String, package: String
    ) throws(ArchiveError) -> InstalledTool {
        guard let found else {
            throw ArchiveError(
                .refused, operation: "start", object: name,
                reason: "it is not installed, or not in PATH; Debian's package is \(package)",
                errno: .noSuchFileOrDirectory)
        }
        return found
    }

    /// Whether `bytes` begin with a packet that an encrypted OpenPGP message begins with.
    ///
    /// The packet's version is looked at, too: its tag alone is a byte that names begin with.
    /// Source: RFC 4880, section 4.2, and RFC 9580, sections 4.2, 5.1, 5.3 and 5.13.
    private static func isOpenPGPMessage(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 8, bytes[0] & 0x80 != 0 else { return false }
        let tag: UInt8
        let head: Int
        if bytes[0] & 0x40 != 0 {
            tag = bytes[0] & 0x3F
            // A length of one byte, of two, of four behind a mark; or a part of the content.
            switch bytes[1] {
            case 0..<192, 224..<255: head = 2
            case 192..<224: head = 3
            default: head = 6
            }
        } else {
            tag = bytes[0] >> 2 & 0x0F
            head = [2, 3, 5, 1][Int(bytes[0] & 3)]
        }
        let version = bytes[head]
        return switch tag {
        case 1: version == 3 || version == 6  // A session key for a public key.
        case 3: (4...6).contains(version)  // One for a passphrase.
        case 18: version == 1 || version == 2  // Encrypted data with integrity.
        case 20: version == 1  // The same as GnuPG 2.3 has it.
        default: false
        }
    }
}
