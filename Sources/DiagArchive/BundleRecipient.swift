/// Who is to be able to read a bundle, as a person names it.
///
/// An `age1…` key, an SSH public key and a file of recipients are for age; a fingerprint, a key ID
/// and an e-mail address for gpg. `age:` and `gpg:` before it say which, whatever it looks like.
struct BundleRecipient: Hashable, Sendable {
    /// What it is.
    enum Kind: Hashable, Sendable {
        /// A public key of age, or of SSH as age takes it.
        case ageKey(String)
        /// A file with one recipient of age on each line.
        case ageFile(String)
        /// A whole fingerprint of OpenPGP: 40 or 64 upper-case hexadecimal digits.
        case fingerprint(String)
        /// A key ID of 16 upper-case hexadecimal digits.
        case keyIdentifier(String)
        /// An e-mail address of a key.
        case mailAddress(String)
    }

    /// Why a text is no recipient.
    struct Fault: Error, Hashable, Sendable {
        let reason: String
    }

    /// What it is.
    let kind: Kind
    /// How it was named.
    let text: String

    /// The program that encrypts for it.
    var cipher: BundleCipher {
        switch kind {
        case .ageKey, .ageFile: .age
        case .fingerprint, .keyIdentifier, .mailAddress: .gpg
        }
    }

    /// What `text` names; `isFile` says whether there is a file of a path.
    init(parsing text: String, isFile: (String) -> Bool) throws(Fault) {
        self.text = text
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Fault(reason: "it is empty or has control characters")
        }
        if text.hasPrefix("age:") {
            kind = try Self.age(String(text.dropFirst(4)), isFile: isFile)
        } else if text.hasPrefix("gpg:") {
            kind = try Self.gpg(String(text.dropFirst(4)))
        } else if Self.isAgeKey(text) {
            kind = .ageKey(text)
        } else if isFile(text) {
            kind = .ageFile(text)
        } else if text.contains("/") {
            throw Fault(reason: "there is no such file of recipients")
        } else {
            kind = try Self.gpg(text)
        }
    }

    /// Which of the keys of SSH it can use, age says itself.
    private static func isAgeKey(_ text: String) -> Bool {
        if text.hasPrefix("age1") { return text.utf8.allSatisfy { !"/.@ ".utf8.contains($0) } }
        return ["ssh-", "ecdsa-", "sk-"].contains(where: text.hasPrefix) && text.contains(" ")
    }

    private static func age(
        _ text: String, isFile: (String) -> Bool
    ) throws(Fault) -> Kind {
        if isAgeKey(text) { return .ageKey(text) }
        if isFile(text) { return .ageFile(text) }
        throw Fault(reason: "age takes an age1… key, an SSH public key or a file of them")
    }

    private static func gpg(_ text: String) throws(Fault) -> Kind {
        if let digits = hexadecimal(text) {
            switch digits.count {
            case 40, 64: return .fingerprint(digits)
            case 16: return .keyIdentifier(digits)
            case 8:
                throw Fault(
                    reason: "a key ID of 8 digits can be forged: give the whole fingerprint")
            default: break
            }
        }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy { !" <>\"(),:;/".utf8.contains($0) }
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), isPlain else {
            throw Fault(
                reason: "it is no age1… key, no SSH public key, no file of recipients, and no"
                    + " fingerprint, key ID or e-mail address of a gpg key")
        }
        return .mailAddress(text)
    }

    /// The digits of a fingerprint or key ID as people write them: with `0x`, with blanks.
    private static func hexadecimal(_ text: String) -> String? {
        var digits = text.uppercased().filter { $0 != " " }
        if digits.hasPrefix("0X") { digits.removeFirst(2) }
        return !digits.isEmpty && digits.utf8.allSatisfy { "0123456789ABCDEF".utf8.contains($0) }
            ? digits : nil
    }
}
