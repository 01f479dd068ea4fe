internal import DiagSystem
internal import SystemPackage

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

    /// What files begin with that do not begin with a packet of OpenPGP.
    static let lines: [(text: String, cipher: BundleCipher)] = [
        ("age-encryption.org/v1\n", .age), ("-----BEGIN AGE ENCRYPTED FILE-----", .age),
        ("-----BEGIN PGP MESSAGE-----", .gpg),
    ]

    /// The program that made a file beginning with `bytes`; `nil` for what is not encrypted.
    ///
    /// - Parameter bytes: the first ``magicByteCount`` bytes, fewer of a smaller file.
    init?(beginning bytes: [UInt8]) {
        if let line = Self.lines.first(where: { bytes.starts(with: $0.text.utf8) }) {
            self = line.cipher
            return
        }
        // The name of a tar's first member may begin with any byte.
        let isTar = bytes.count >= 262 && bytes[257..<262].elementsEqual("ustar".utf8)
        guard !isTar, OpenPGPPacket(beginning: bytes)?.beginsEncryptedMessage == true else {
            return nil
        }
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
}
