/// The header of an encrypted volume of LUKS version 1, without anything of its keys.
///
/// Source: LUKS1 On-Disk Format Specification 1.2.3, section 2. The digest of the master key and
/// the salts are never read.
public struct LUKS1Header: Codable, Hashable, Sendable {
    /// One of the eight places for a password.
    public struct KeySlot: Codable, Hashable, Sendable {
        /// Its number, from 0.
        public var number: Int
        /// Whether a password is set.
        public var isActive: Bool
        /// How often the password is hashed.
        public var iterations: UInt32
        /// Where its key material begins, in sectors of 512 bytes.
        public var keyMaterialOffset: UInt32
        /// Into how many parts the key is split.
        public var stripes: UInt32
    }

    /// 1.
    public var version: UInt16
    /// The cipher: `aes`.
    public var cipherName: String
    /// Its mode: `xts-plain64`.
    public var cipherMode: String
    /// The hash for passwords.
    public var hashSpec: String
    /// Where the data begins, in sectors of 512 bytes; 0 for data on another device.
    public var payloadOffset: UInt32
    /// Bytes of the master key.
    public var keyBytes: UInt32
    /// How often the master key is hashed for its digest.
    public var masterKeyIterations: UInt32
    /// The volume's identifier.
    public var uuid: String
    /// The eight places.
    public var keySlots: [KeySlot]

    /// Reads the 592 bytes at the start of the volume.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try LUKSMagic.check(bytes, LUKSMagic.primary)
        version = try bytes.bigEndian(at: 6, field: "version")
        guard version == 1 else {
            throw .invalid(field: "version", offset: 6, value: UInt64(version))
        }
        cipherName = try bytes.text(32, at: 8, field: "cipher-name")
        cipherMode = try bytes.text(32, at: 40, field: "cipher-mode")
        hashSpec = try bytes.text(32, at: 72, field: "hash-spec")
        payloadOffset = try bytes.bigEndian(at: 104, field: "payload-offset")
        keyBytes = try bytes.bigEndian(at: 108, field: "key-bytes")
        masterKeyIterations = try bytes.bigEndian(at: 164, field: "mk-digest-iter")
        uuid = try bytes.text(40, at: 168, field: "uuid")
        var slots = [KeySlot]()
        for number in 0..<8 {
            let at = 208 + 48 * number
            let active: UInt32 = try bytes.bigEndian(at: at, field: "active")
            guard active == 0x00AC_71F3 || active == 0xDEAD else {
                throw .invalid(field: "active", offset: at, value: UInt64(active))
            }
            slots.append(
                KeySlot(
                    number: number, isActive: active == 0x00AC_71F3,
                    iterations: try bytes.bigEndian(at: at + 4, field: "iterations"),
                    keyMaterialOffset: try bytes.bigEndian(
                        at: at + 40, field: "key-material-offset"),
                    stripes: try bytes.bigEndian(at: at + 44, field: "stripes")))
        }
        keySlots = slots
    }
}

/// The first six bytes of LUKS headers.
enum LUKSMagic {
    static let primary: [UInt8] = [0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE]
    static let secondary: [UInt8] = [0x53, 0x4B, 0x55, 0x4C, 0xBA, 0xBE]

    static func check(_ bytes: Span<UInt8>, _ magic: [UInt8]...) throws(FormatError) {
        let found = try bytes.bytes(6, at: 0, field: "magic")
        guard magic.contains(found) else {
            throw .invalid(
                field: "magic", offset: 0, value: found.reduce(0) { $0 << 8 | UInt64($1) })
        }
    }
}
