import Testing

@testable import DiagArchive

@Suite("Recipients of an encrypted bundle")
struct BundleRecipientTests {
    private static let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdy3cjszq0abcde"
    private static let fingerprint = "81777C81633277FE179921A6F5B2FD78B66185E5"

    private func parse(_ text: String) throws(BundleRecipient.Fault) -> BundleRecipient {
        try BundleRecipient(parsing: text) { ["team.txt", "./a@b", "age1"].contains($0) }
    }

    @Test(
        "What it looks like says whom it names",
        arguments: [
            (key, BundleRecipient.Kind.ageKey(key)),
            ("age1yubikey1qwerty", .ageKey("age1yubikey1qwerty")),
            ("ssh-ed25519 AAAAC3Nza/C1 me@host", .ageKey("ssh-ed25519 AAAAC3Nza/C1 me@host")),
            ("ecdsa-sha2-nistp256 AA/A=", .ageKey("ecdsa-sha2-nistp256 AA/A=")),
            ("team.txt", .ageFile("team.txt")),
            ("./a@b", .ageFile("./a@b")),
            ("age:team.txt", .ageFile("team.txt")),
            ("age:\(key)", .ageKey(key)),
            ("alice@example.com", .mailAddress("alice@example.com")),
            ("gpg:team.txt@example.com", .mailAddress("team.txt@example.com")),
            ("age1@example.com", .mailAddress("age1@example.com")),
            (fingerprint, .fingerprint(fingerprint)),
            ("0x" + fingerprint.lowercased(), .fingerprint(fingerprint)),
            ("8177 7C81 6332 77FE 1799  21A6 F5B2 FD78 B661 85E5", .fingerprint(fingerprint)),
            ("F5B2FD78B66185E5", .keyIdentifier("F5B2FD78B66185E5")),
            ("gpg:0xF5B2FD78B66185E5", .keyIdentifier("F5B2FD78B66185E5")),
        ])
    func kinds(text: String, kind: BundleRecipient.Kind) throws {
        let recipient = try parse(text)
        #expect(recipient.kind == kind)
        #expect(recipient.text == text)
        let isOfAge =
            switch kind {
            case .ageKey, .ageFile: true
            case .fingerprint, .keyIdentifier, .mailAddress: false
            }
        #expect(recipient.cipher == (isOfAge ? .age : .gpg))
    }

    @Test(
        "What names nobody is refused, with what it should be",
        arguments: [
            ("", "empty"), ("a\nb@c", "control"), ("alice", "no fingerprint"),
            ("B66185E5", "whole fingerprint"), ("0xB66185E5", "whole fingerprint"),
            ("keys/team.txt", "no such file"), ("age:alice@example.com", "age takes"),
            ("gpg:team.txt", "no fingerprint"), ("@example.com", "no fingerprint"),
            ("a@b@c", "no fingerprint"), ("<a@b>", "no fingerprint"), ("a b@c", "no fingerprint"),
        ])
    func refused(text: String, reason: String) {
        do throws(BundleRecipient.Fault) {
            let recipient = try parse(text)
            Issue.record("\(recipient)")
        } catch { #expect(error.reason.contains(reason), "\(error.reason)") }
    }
}

@Suite("Keys that gpg lists")
struct OpenPGPKeyListTests {
    private static let one = "81777C81633277FE179921A6F5B2FD78B66185E5"
    private static let two = "024A1B31C318C1774D4C9A821F5B8AD59AFE41E4"

    /// A listing as gpg 2.2.40 writes it.
    private func listing(
        _ fingerprint: String, validity: String = "u", abilities: String = "scESC",
        users: [(String, String)] = [("u", "Alice <alice@example.com>")]
    ) -> String {
        var text = "tru:o:1:1795485121:1:3:1:5\n"
        text += "pub:\(validity):3072:1:F5B2FD78B66185E5:1795485120:::u:::\(abilities)"
        text += "::::::23::0:\n"
        text += "fpr:::::::::\(fingerprint):\n"
        for (validity, name) in users {
            text += "uid:\(validity)::::1795485120::AD66BA4CCE5C5EE6::\(name)::::::::::0:\n"
        }
        text += "sub:u:3072:1:5BE08428184443C5:1795485120::::::e::::::23:\n"
        return text + "fpr:::::::::90A7BB349C75CE1EDA035A305BE08428184443C5:\n"
    }

    private func chosen(_ name: String, _ text: String) throws(BundleRecipient.Fault) -> String {
        try OpenPGPKeyList(parsing: text).fingerprint(
            for: BundleRecipient(parsing: "gpg:" + name) { _ in false })
    }

    private func refusal(_ name: String, _ text: String) -> String {
        do throws(BundleRecipient.Fault) { return "taken: " + (try chosen(name, text)) } catch {
            return error.reason
        }
    }

    @Test("A key that gpg believes is taken, by its own fingerprint and not its subkey's")
    func trusted() throws {
        #expect(try chosen("alice@example.com", listing(Self.one)) == Self.one)
        #expect(try chosen("ALICE@example.com", listing(Self.one)) == Self.one)
        #expect(try chosen("F5B2FD78B66185E5", listing(Self.one, validity: "f")) == Self.one)
    }

    @Test("A key that it does not believe is taken by its whole fingerprint alone")
    func untrusted() throws {
        let text = listing(
            Self.one, validity: "-", users: [("-", "Alice <alice@example.com>")])
        for name in ["alice@example.com", "F5B2FD78B66185E5"] {
            #expect(refusal(name, text).contains("--lsign-key \(Self.one)"))
        }
        #expect(try chosen(Self.one, text) == Self.one)
    }

    @Test("The name must be believed, not another name of the same key")
    func otherName() {
        let text = listing(
            Self.one,
            users: [("u", "Mallory <m@example.com>"), ("-", "Alice <alice@example.com>")])
        #expect(refusal("alice@example.com", text).contains("does not know"))
    }

    @Test("A key with the address that somebody else made does not come in the way")
    func twoKeys() throws {
        let other = listing(
            Self.two, validity: "-", users: [("-", "Alice <alice@example.com>")])
        #expect(try chosen("alice@example.com", other + listing(Self.one)) == Self.one)
        let both = listing(Self.two) + listing(Self.one)
        #expect(refusal("alice@example.com", both).contains("\(Self.two), \(Self.one)"))
    }

    @Test(
        "A key that does not encrypt now is refused",
        arguments: [("e", "sc"), ("r", "scESC"), ("u", "scSC"), ("u", "scESCD"), ("d", "scESC")])
    func unusable(validity: String, abilities: String) {
        let text = listing(Self.one, validity: validity, abilities: abilities)
        #expect(refusal(Self.one, text).contains("has expired"))
    }

    @Test("No key is told, whatever else the listing has")
    func none() {
        for text in ["", "tru::1:1795485121:0:3:1:5\n", "uid:u\nfpr\n:::\n\n", "pub"] {
            #expect(!refusal("alice@example.com", text).hasPrefix("taken"))
        }
        #expect(refusal(Self.one, "").contains("import"))
    }
}
