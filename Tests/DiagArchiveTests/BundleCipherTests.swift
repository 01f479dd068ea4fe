import Testing

@testable import DiagArchive

@Suite("How an encrypted bundle is known")
struct BundleCipherTests {
    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0x5A, count: 512 - bytes.count)
    }

    @Test(
        "Each form of age and gpg is known by its first bytes",
        arguments: [
            (Array("age-encryption.org/v1\n-> X25519 ".utf8), BundleCipher.age),
            (Array("-----BEGIN AGE ENCRYPTED FILE-----\n".utf8), .age),
            (Array("-----BEGIN PGP MESSAGE-----\n".utf8), .gpg),
            ([0x85, 0x01, 0x8C, 0x03, 0x5B, 0xE0, 0x84, 0x28], .gpg),  // As gpg 2.2.40 writes RSA.
            ([0x84, 0x5E, 0x03, 0x5B, 0xE0, 0x84, 0x28, 0x18], .gpg),  // As it writes X25519.
            ([0xC1, 0x5E, 0x03, 0x5B, 0xE0, 0x84, 0x28, 0x18], .gpg),
            ([0xC1, 0xC0, 0x4C, 0x03, 0x5B, 0xE0, 0x84, 0x28], .gpg),
            ([0x8C, 0x0D, 0x04, 0x09, 0x03, 0x02, 0x11, 0x22], .gpg),  // For a passphrase.
            ([0xD2, 0xFF, 0, 0, 1, 0, 1, 9], .gpg),
        ])
    func known(beginning: [UInt8], cipher: BundleCipher) {
        #expect(BundleCipher(beginning: Self.padded(beginning)) == cipher)
    }

    @Test(
        "Nothing else is taken for one",
        arguments: [
            [], [0x85], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 4], [0x28, 0xB5, 0x2F, 0xFD],
            [0x1F, 0x8B, 8, 0], [0x50, 0x4B, 3, 4], Array("age-encryption.org/v2\n".utf8),
            [0x85, 0x01, 0x8C, 0x02, 0x5B, 0xE0, 0x84, 0x28],  // A version that there is not.
            [0x99, 0x01, 0x8D, 0x04, 0x6B, 4, 0xED, 0xC0],  // A public key.
            Array("\u{FC}ber/logs".utf8), Array("\u{416}/logs/a".utf8),
        ])
    func others(beginning: [UInt8]) {
        #expect(BundleCipher(beginning: beginning) == nil)
        #expect(BundleCipher(beginning: Self.padded(beginning)) == nil)
    }

    @Test("A tar whose first name begins like a message is none")
    func tar() {
        var block = Self.padded([0x84, 0x61, 0x03, 0x2F, 0x61, 0x62, 0x63, 0])
        #expect(BundleCipher(beginning: block) == .gpg)
        block.replaceSubrange(257..<262, with: Array("ustar".utf8))
        #expect(BundleCipher(beginning: block) == nil)
    }

    @Test("No beginning cut short is anything else or traps", arguments: 0..<24)
    func cut(length: Int) {
        let whole = Array("age-encryption.org/v1\nabc".utf8)
        #expect(
            BundleCipher(beginning: Array(whole.prefix(length))) == (length >= 22 ? .age : nil))
        let packet: [UInt8] = [0xC1, 0xFF, 0, 0, 1, 0x8C, 3, 1, 2, 3, 4]
        #expect(
            (BundleCipher(beginning: Array(packet.prefix(length))) != nil) == (length >= 8))
    }

    @Test("Public keys are known, and messages and signatures are none")
    func publicKeys() {
        #expect(
            OpenPGPPacket(beginning: [0x99, 1, 0x8D, 4, 0x6B, 4, 0xED, 0xC0])?.isPublicKey == true)
        #expect(
            OpenPGPPacket(beginning: [0xC6, 0x33, 4, 0x6B, 4, 0xED, 0xC0, 1])?.isPublicKey == true)
        #expect(
            OpenPGPPacket(beginning: [0x85, 1, 0x8C, 3, 0x5B, 0xE0, 0x84, 0])?.isPublicKey == false)
        #expect(OpenPGPPacket(beginning: Array("alice@example.com ssh".utf8)) == nil)
    }
}

@Suite("What programs complain")
struct ToolComplaintTests {
    @Test("What age says is told in one line, without where to report it")
    func age() {
        let text = """
            age: error: no identity matched any of the recipients
            age: report unexpected or unhelpful errors at https://filippo.io/age/report

            """
        let complaint = ToolComplaint(of: "age", Array(text.utf8))
        #expect(complaint.text(or: "") == "age: no identity matched any of the recipients")
        #expect(complaint.says("match") && !complaint.says("report"))
    }

    @Test("What gpg says to programs is kept apart")
    func gpg() {
        let text = """
            [GNUPG:] ENC_TO 5BE08428184443C5 1 0
            [GNUPG:] NO_SECKEY 5BE08428184443C5
            [GNUPG:] DECRYPTION_FAILED
            gpg: decryption failed: No secret key
            """
        let complaint = ToolComplaint(of: "gpg", Array(text.utf8))
        #expect(complaint.text(or: "") == "gpg: decryption failed: No secret key")
        #expect(complaint.status("NO_SECKEY") == ["5BE08428184443C5"])
        #expect(complaint.status("DECRYPTION_FAILED") == [""])
        #expect(complaint.status("DECRYPTION").isEmpty)
        #expect(!complaint.says("NO_SECKEY"))
    }

    @Test("A program that says nothing is told by what is known")
    func silent() {
        #expect(ToolComplaint(of: "age", []).text(or: "exit code 7") == "age: exit code 7")
    }

    @Test("Text that is not UTF-8 and without an end is taken")
    func raw() {
        let complaint = ToolComplaint(of: "gpg", [0xFF, 0x0A] + Array("gpg: [GNUPG:] X 1".utf8))
        #expect(complaint.status("X").isEmpty)
    }
}
