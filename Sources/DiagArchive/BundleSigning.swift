internal import DiagDigest
internal import DiagSystem
public import SystemPackage

/// How signatures of bundles are made and checked. Each is a file of its own beside the bundle.
public enum SignatureMethod: String, Hashable, Sendable, CaseIterable {
    /// `ssh-keygen -Y`. Source: OpenSSH, PROTOCOL.sshsig.
    case ssh
    /// A detached signature of OpenPGP.
    case gpg

    /// What the file's name ends with, behind the bundle's: `.sig`, `.asc`.
    public var suffix: String {
        switch self {
        case .ssh: ".sig"
        case .gpg: ".asc"
        }
    }

    /// What an SSH signature is for: one that was made for something else is none of a bundle.
    public static let sshNamespace = "diagbundle"

    /// The most bytes of a signature.
    static let byteLimit = 64 << 10
}

/// The key that a bundle is signed with; it was tried.
public struct BundleSigning: Hashable, Sendable {
    /// How it is signed.
    public let method: SignatureMethod
    /// How the key was named.
    public let key: String
    let tool: InstalledTool
    let arguments: [String]

    /// Seconds that a trial may take: somebody may have to type a passphrase or touch a key.
    private static let trialSeconds = 300.0

    /// Finds the program for `key`, and makes a signature of nothing with it.
    ///
    /// A file is a key of SSH, private, or public with the private one in the agent; everything else
    /// is a fingerprint, key ID or e-mail address of a secret key of gpg. `ssh:` and `gpg:` before it
    /// say which. Paths are taken from `folder`, or the working directory.
    ///
    /// - Throws: ``ArchiveError``: `unusableKey` for a key that does not sign, `ENOENT` where the
    ///   program is not installed.
    public static func prepare(
        _ key: String, from folder: FilePath = ""
    ) throws(ArchiveError) -> BundleSigning {
        let method: SignatureMethod
        var name = key
        if key.hasPrefix("ssh:") || key.hasPrefix("gpg:") {
            method = key.hasPrefix("ssh:") ? .ssh : .gpg
            name.removeFirst(4)
        } else {
            let isFile = (try? OwnedDescriptor.kind(of: folder.pushing(FilePath(key)))) == .regular
            method = isFile || key.contains("/") ? .ssh : .gpg
        }
        let (tool, arguments) =
            try method == .ssh ? ssh(folder.pushing(FilePath(name))) : gpg(name, of: key)
        let signing = BundleSigning(method: method, key: key, tool: tool, arguments: arguments)
        let trial: CommandRun
        do throws(SystemCallError) {
            trial = try tool.run(arguments, seconds: trialSeconds)
        } catch { throw ArchiveError(error, kind: .resource) }
        guard trial.cause == .exited(code: 0), !trial.output.isEmpty else {
            throw refusal(
                key, ToolComplaint(of: tool.name, trial.errors).text(or: "it does not sign"))
        }
        return signing
    }

    /// The signature of the bytes that `content` gives, whose SHA-256 must be `sha256`: those that
    /// were written, and not what somebody put in their place since.
    func signature(
        of object: String, sha256: String,
        _ content: ((Span<UInt8>) throws(ArchiveError) -> Void) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> [UInt8] {
        func failure(_ reason: String) -> ArchiveError {
            ArchiveError(.inputOutput, operation: "sign", object: object, reason: reason)
        }
        let program: FilterProgram
        do throws(SystemCallError) { program = try FilterProgram.start(tool, arguments) } catch {
            throw ArchiveError(error, kind: .resource)
        }
        defer { program.kill() }
        var hash = SHA256()
        var isTaken = true
        try content { bytes throws(ArchiveError) in
            hash.update(bytes)
            // Why it takes no more it says itself.
            if isTaken, (try? program.write(bytes)) == nil { isTaken = false }
        }
        guard hash.digest().hexadecimal == sha256 else {
            throw failure("it is not what was written: somebody changed it")
        }
        program.closeInput()
        var signature = [UInt8]()
        var part = [UInt8](repeating: 0, count: 4096)
        do throws(SystemCallError) {
            while signature.count <= SignatureMethod.byteLimit {
                let count = try program.read(into: &part)
                guard count > 0 else { break }
                signature += part[..<count]
            }
        } catch { throw ArchiveError(error, object: object) }
        let ending: FilterProgram.Ending =
            signature.count > SignatureMethod.byteLimit ? .late : program.wait()
        guard isTaken, ending.isWell, !signature.isEmpty else {
            throw failure(ToolComplaint(of: tool.name, program.errors).text(or: "\(ending)"))
        }
        return signature
    }

    private static func ssh(_ path: FilePath) throws(ArchiveError) -> (InstalledTool, [String]) {
        let file: FilePath
        do throws(OwnedDescriptor.InputFailure) {
            _ = try OwnedDescriptor.openInput(path)
            do throws(SystemCallError) { file = try HostFacts.absolute(path) } catch {
                throw .system(error)
            }
        } catch {
            throw ArchiveError(error, at: path, wanted: "a key of SSH is a regular file")
        }
        let tool = try BundleCipher.installed(
            InstalledTool.find("ssh-keygen"), "ssh-keygen", package: "openssh-client")
        return (tool, ["-Y", "sign", "-f", file.string, "-n", SignatureMethod.sshNamespace])
    }

    private static func gpg(
        _ name: String, of key: String
    ) throws(ArchiveError) -> (InstalledTool, [String]) {
        let user: String
        do throws(BundleRecipient.Fault) {
            switch try BundleRecipient(parsing: "gpg:" + name, isFile: { _ in false }).kind {
            case .fingerprint(let digits), .keyIdentifier(let digits): user = "0x\(digits)"
            case .mailAddress(let address): user = "<\(address)>"
            case .ageKey, .ageFile: throw BundleRecipient.Fault(reason: "it is a key of age")
            }
        } catch {
            throw refusal(
                key, "it is no file, and no fingerprint, key ID or e-mail address of a gpg key")
        }
        let tool = try BundleCipher.gpg.tool()
        return (
            tool,
            [
                "--batch", "--no-tty", "--status-fd", "2", "--local-user", user, "--armor",
                "--output", "-", "--detach-sign",
            ]
        )
    }

    private static func refusal(_ key: String, _ reason: String) -> ArchiveError {
        ArchiveError(.unusableKey, operation: "sign with", object: key, reason: reason)
    }
}
