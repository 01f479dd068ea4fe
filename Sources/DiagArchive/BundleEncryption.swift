internal import DiagSystem
public import SystemPackage

/// Whom a bundle is encrypted for, and by which program; its recipients were tried.
public struct BundleEncryption: Hashable, Sendable {
    /// The program that does it.
    public let cipher: BundleCipher
    /// How the recipients were named.
    public let recipients: [String]
    let tool: InstalledTool
    let arguments: [String]

    /// Seconds that the program may take for a trial.
    private static let trialSeconds = 60.0

    /// Finds the program for `recipients`, and tries with no data whether it encrypts for them.
    ///
    /// Paths of recipient files are taken from `folder`, or the working directory. An address or a key ID of gpg
    /// is refused where gpg does not believe the key; a whole fingerprint is taken as it is.
    ///
    /// - Throws: ``ArchiveError``: `unusableKey` for a recipient that is none, with what to do;
    ///   `ENOENT` where the program is not installed.
    public static func prepare(
        _ recipients: [String], from folder: FilePath = ""
    ) throws(ArchiveError) -> BundleEncryption {
        var parsed = [BundleRecipient]()
        for text in recipients {
            do throws(BundleRecipient.Fault) {
                parsed.append(
                    try BundleRecipient(
                        parsing: text,
                        isFile: {
                            (try? OwnedDescriptor.kind(of: folder.pushing(FilePath($0))))
                                == .regular
                        }))
            } catch { throw refusal(text, error.reason) }
        }
        guard let first = parsed.first else { throw refusal("nobody", "no recipient is named") }
        if let other = parsed.first(where: { $0.cipher != first.cipher }) {
            throw refusal(
                other.text,
                "it is for \(other.cipher.rawValue), and \(first.text) for"
                    + " \(first.cipher.rawValue): one program encrypts a bundle")
        }
        let tool = try first.cipher.tool()
        var arguments = ["--encrypt"]
        switch first.cipher {
        case .age: for recipient in parsed { arguments += try ageArguments(recipient, folder) }
        case .gpg: arguments = try gpgArguments(parsed, tool)
        }
        let encryption = BundleEncryption(
            cipher: first.cipher, recipients: recipients, tool: tool, arguments: arguments)
        let names = recipients.joined(separator: ", ")
        let trial = try call { () throws(SystemCallError) in
            try tool.run(arguments, seconds: trialSeconds)
        }
        guard trial.cause == .exited(code: 0), !trial.output.isEmpty else {
            throw refusal(
                names, ToolComplaint(of: tool.name, trial.errors).text(or: "it does not encrypt"))
        }
        return encryption
    }

    /// Starts the program; what it is given it writes encrypted.
    func start() throws(SystemCallError) -> FilterProgram {
        try FilterProgram.start(tool, arguments)
    }

    private static func ageArguments(
        _ recipient: BundleRecipient, _ folder: FilePath
    ) throws(ArchiveError) -> [String] {
        switch recipient.kind {
        case .ageKey(let key): ["--recipient", key]
        case .ageFile(let path):
            [
                "--recipients-file",
                try call { () throws(SystemCallError) in
                    try HostFacts.absolute(folder.pushing(FilePath(path))).string
                },
            ]
        case .fingerprint, .keyIdentifier, .mailAddress: []
        }
    }

    private static func gpgArguments(
        _ recipients: [BundleRecipient], _ tool: InstalledTool
    ) throws(ArchiveError) -> [String] {
        // A bundle is compressed. Who was named was checked here, by its fingerprint, so gpg need not
        // do it again; and nobody who was not named is added.
        var arguments = [
            "--batch", "--no-tty", "--status-fd", "2", "--compress-algo", "none",
            "--no-encrypt-to", "--trust-model", "always", "--output", "-", "--encrypt",
        ]
        for recipient in recipients {
            let name =
                switch recipient.kind {
                case .fingerprint(let digits), .keyIdentifier(let digits): "0x\(digits)"
                case .mailAddress(let address): "<\(address)>"
                case .ageKey, .ageFile: ""
                }
            let listing = try call { () throws(SystemCallError) in
                try tool.run(
                    ["--batch", "--no-tty", "--with-colons", "--list-keys", "--", name],
                    seconds: trialSeconds)
            }
            let list = OpenPGPKeyList(parsing: String(decoding: listing.output, as: UTF8.self))
            do throws(BundleRecipient.Fault) {
                arguments += ["--recipient", "0x" + (try list.fingerprint(for: recipient))]
            } catch { throw refusal(recipient.text, error.reason) }
        }
        return arguments
    }

    private static func call<Value>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(ArchiveError) -> Value {
        do throws(SystemCallError) { return try body() } catch {
            throw ArchiveError(error, kind: .resource)
        }
    }

    private static func refusal(_ text: String, _ reason: String) -> ArchiveError {
        ArchiveError(.unusableKey, operation: "encrypt to", object: text, reason: reason)
    }
}
