internal import DiagSystem
public import SystemPackage

/// What opens an encrypted bundle.
public struct DecryptionKeys: Hashable, Sendable {
    /// Files with secret keys of age, or of SSH as age takes them. Gpg has its own.
    public var identities: [FilePath]

    /// By default only what gpg has in its keyring.
    public init(identities: [FilePath] = []) { self.identities = identities }

    /// How the program that decrypts is started.
    struct Program: Hashable, Sendable {
        let cipher: BundleCipher
        let tool: InstalledTool
        let arguments: [String]
    }

    /// The program that decrypts what `cipher` made; messages call the file `object`.
    ///
    /// - Throws: ``ArchiveError``: `unusableKey` when a key is needed and none was given; `ENOENT`
    ///   where a file of a key, or the program, is not there.
    func program(
        for cipher: BundleCipher, of object: String
    ) throws(ArchiveError) -> Program {
        switch cipher {
        case .gpg:
            return Program(
                cipher: cipher, tool: try cipher.tool(),
                arguments: [
                    "--batch", "--no-tty", "--status-fd", "2", "--output", "-", "--decrypt",
                ])
        case .age:
            guard !identities.isEmpty else {
                throw ArchiveError(
                    .unusableKey, operation: "decrypt", object: object,
                    reason: "it is encrypted with age: name the file of a key that opens it, with"
                        + " --identity FILE")
            }
            var arguments = ["--decrypt"]
            for identity in identities {
                do throws(OwnedDescriptor.InputFailure) {
                    _ = try OwnedDescriptor.openInput(identity)
                    do throws(SystemCallError) {
                        arguments += ["--identity", try HostFacts.absolute(identity).string]
                    } catch { throw .system(error) }
                } catch {
                    throw ArchiveError(error, at: identity, wanted: "a key is a regular file")
                }
            }
            return Program(cipher: cipher, tool: try cipher.tool(), arguments: arguments)
        }
    }
}
