/// The beginning of an OpenPGP packet: what it is, and of which version.
///
/// Source: RFC 4880, section 4.2, and RFC 9580, section 4.2.
struct OpenPGPPacket: Hashable, Sendable {
    /// What it is: 1 a session key for a public key, 6 a public key, 18 encrypted data.
    let tag: UInt8
    /// The first byte of its content, which is the version in most packets.
    let version: UInt8

    /// The packet that `bytes` begin with; `nil` when they begin with none.
    init?(beginning bytes: [UInt8]) {
        guard bytes.count >= 8, bytes[0] & 0x80 != 0 else { return nil }
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
        version = bytes[head]
    }

    /// Whether an encrypted message begins with it.
    ///
    /// The version counts, too: the first byte alone is one that names begin with. Source: RFC
    /// 9580, sections 5.1, 5.3 and 5.13; packet 20 as GnuPG 2.3 has it.
    var beginsEncryptedMessage: Bool {
        switch tag {
        case 1: version == 3 || version == 6  // A session key for a public key.
        case 3: (4...6).contains(version)  // One for a passphrase.
        case 18: version == 1 || version == 2  // Encrypted data with integrity.
        case 20: version == 1
        default: false
        }
    }

    /// Whether it is a public key.
    var isPublicKey: Bool { tag == 6 && (3...6).contains(version) }
}
