/// The public keys that `gpg --with-colons --list-keys` lists.
///
/// Source: GnuPG, doc/DETAILS, "Format of the colon listings".
struct OpenPGPKeyList: Hashable, Sendable {
    /// A name of a key, and how far gpg believes it.
    struct User: Hashable, Sendable {
        var validity: String
        var name: String
    }

    /// One key.
    struct Key: Hashable, Sendable {
        /// Its fingerprint: 40 or 64 upper-case hexadecimal digits.
        var fingerprint = ""
        /// How far gpg believes that it is who it says: `u` and `f` are full.
        var validity = ""
        /// Whether something can be encrypted for it now.
        var canEncrypt = false
        /// The names that it has.
        var users = [User]()

        /// Whether gpg believes that it belongs to `address`.
        func isTrusted(for address: String) -> Bool {
            users.contains { user in
                ["u", "f"].contains(user.validity)
                    && Self.address(in: user.name) == address.lowercased()
            }
        }

        /// The e-mail address of a user ID, in lower case: what stands in angle brackets, or all.
        private static func address(in name: String) -> String {
            guard let start = name.lastIndex(of: "<"), let end = name.lastIndex(of: ">"),
                start < end
            else { return name.lowercased() }
            return name[name.index(after: start)..<end].lowercased()
        }
    }

    /// The keys, in the order of the listing.
    private(set) var keys = [Key]()

    /// Reads a listing; lines that are not known are passed over.
    init(parsing text: String) {
        var wantsFingerprint = false
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(
                String.init)
            func field(_ number: Int) -> String {
                number <= fields.count ? fields[number - 1] : ""
            }
            switch fields[0] {
            case "pub":
                let abilities = field(12)
                let isEnded = ["i", "d", "r", "e", "n"].contains(field(2))
                keys.append(
                    Key(
                        validity: field(2),
                        canEncrypt: abilities.contains("E") && !abilities.contains("D") && !isEnded)
                )
                wantsFingerprint = true
            case "fpr":
                // Subkeys have one, too.
                if wantsFingerprint, !keys.isEmpty {
                    keys[keys.count - 1].fingerprint = field(10)
                    wantsFingerprint = false
                }
            case "sub", "sec", "ssb": wantsFingerprint = false
            case "uid":
                if !keys.isEmpty {
                    keys[keys.count - 1].users.append(User(validity: field(2), name: field(10)))
                }
            default: break
            }
        }
    }

    /// What a recipient is encrypted for, or why not.
    ///
    /// An address or a key ID is enough only where gpg believes the key; one that it does not
    /// believe must be named by its whole fingerprint.
    func fingerprint(
        for recipient: BundleRecipient
    ) throws(BundleRecipient.Fault) -> String {
        let usable = keys.filter(\.canEncrypt)
        guard let first = usable.first else {
            throw BundleRecipient.Fault(
                reason: keys.isEmpty
                    ? "gpg has no such key: import it first"
                    : "the key \(keys[0].fingerprint) has expired, was revoked, or does not encrypt"
            )
        }
        switch recipient.kind {
        case .fingerprint(let digits):
            // That of a subkey names its key.
            guard usable.count == 1 else { break }
            return first.fingerprint.isEmpty ? digits : first.fingerprint
        case .keyIdentifier:
            let chosen = usable.filter { ["u", "f"].contains($0.validity) }
            if chosen.count == 1 { return chosen[0].fingerprint }
            if chosen.isEmpty { throw Self.untrusted(first, recipient.text) }
        case .mailAddress(let address):
            let chosen = usable.filter { $0.isTrusted(for: address) }
            if chosen.count == 1 { return chosen[0].fingerprint }
            if chosen.isEmpty { throw Self.untrusted(first, recipient.text) }
        case .ageKey, .ageFile: break
        }
        throw BundleRecipient.Fault(
            reason: "gpg has several such keys, name one by its fingerprint: "
                + usable.map(\.fingerprint).joined(separator: ", "))
    }

    private static func untrusted(_ key: Key, _ name: String) -> BundleRecipient.Fault {
        BundleRecipient.Fault(
            reason: "gpg does not know that the key \(key.fingerprint) is theirs: compare this"
                + " fingerprint with its owner, then give all of it in the place of \(name), or"
                + " sign the key: gpg --lsign-key \(key.fingerprint)")
    }
}
