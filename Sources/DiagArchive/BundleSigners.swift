internal import DiagSystem
public import SystemPackage

/// Whose signature of a bundle is believed.
///
/// Either the `allowed_signers` file of ssh-keygen(1), which says whose key is whose, or a keyring of
/// gpg: every key in it is believed, so that it should hold no other.
public struct BundleSigners: Hashable, Sendable {
    /// A signature that is right.
    public struct Signature: Hashable, Sendable {
        /// How it was made.
        public let method: SignatureMethod
        /// Where it is.
        public let path: FilePath
        /// Who made it: the principal of SSH, the user ID of gpg.
        public let signer: String
        /// With what: the key's type and fingerprint.
        public let key: String
    }

    /// Which signatures they make.
    public let method: SignatureMethod
    private let path: FilePath

    /// The file at `path`, which is of ssh-keygen, or a keyring.
    ///
    /// - Throws: ``ArchiveError``: `unusableKey` for a keyring that gpgv cannot read.
    public init(_ path: FilePath) throws(ArchiveError) {
        let beginning: [UInt8]
        do throws(SystemCallError) { self.path = try HostFacts.absolute(path) } catch {
            throw ArchiveError(error)
        }
        do throws(OwnedDescriptor.InputFailure) {
            let file = try OwnedDescriptor.openInput(path)
            do throws(SystemCallError) { beginning = try file.readAll(limit: 64) } catch {
                throw .system(error)
            }
        } catch {
            throw ArchiveError(error, at: path, wanted: "a file of signers is a regular file")
        }
        if beginning.starts(with: "-----BEGIN PGP".utf8) {
            throw ArchiveError(
                .unusableKey, operation: "read the signers in", object: path.string,
                reason: "gpgv reads no armored keys; make a keyring of it: gpg --dearmor"
                    + " < \(path) > signers.gpg")
        }
        // A keybox, as gpg has its own, or plain packets, as gpg --export gives them.
        let isKeybox = beginning.count >= 12 && beginning[8..<12].elementsEqual("KBXf".utf8)
        let isKeyring = OpenPGPPacket(beginning: beginning)?.isPublicKey == true
        method = isKeybox || isKeyring ? .gpg : .ssh
    }

    /// Checks the signature that stands beside `file`, of volumes beside them.
    ///
    /// - Throws: ``ArchiveError``: `invalid` when there is none, when none of them made it, or when
    ///   it is of other bytes; `ENOENT` where the program is not installed.
    func check(_ file: InputFile) throws(ArchiveError) -> Signature {
        let signature: FilePath
        do throws(SystemCallError) {
            signature = FilePath(try HostFacts.absolute(file.path).string + method.suffix)
        } catch { throw ArchiveError(error) }
        do throws(OwnedDescriptor.InputFailure) {
            _ = try OwnedDescriptor.openInput(signature)
        } catch {
            if case .system(let error) = error, error.errno == .noSuchFileOrDirectory {
                throw refusal(file, "there is no signature: \(signature) does not exist")
            }
            throw refusal(
                file,
                "\(ArchiveError(error, at: signature, wanted: "a signature is a regular file"))")
        }
        return switch method {
        case .ssh: try checkSSH(file, signature)
        case .gpg: try checkGPG(file, signature)
        }
    }

    private func checkSSH(
        _ file: InputFile, _ signature: FilePath
    ) throws(ArchiveError) -> Signature {
        let tool = try BundleCipher.installed(
            InstalledTool.find("ssh-keygen"), "ssh-keygen", package: "openssh-client")
        let search: CommandRun
        do throws(SystemCallError) {
            search = try tool.run(
                ["-Y", "find-principals", "-s", signature.string, "-f", path.string], seconds: 60)
        } catch { throw ArchiveError(error, kind: .resource) }
        // Older ones print a line as it stands in the file, with commas.
        let names = String(decoding: search.output, as: UTF8.self).split {
            $0.isNewline || $0 == ","
        }
        guard search.cause == .exited(code: 0), let name = names.first.map(String.init) else {
            throw refusal(
                file,
                "nobody in \(path) made the signature \(signature): "
                    + ToolComplaint(of: tool.name, search.errors).text(or: "no signer fits"))
        }
        let outcome = try feed(
            file, tool,
            [
                "-Y", "verify", "-f", path.string, "-I", name, "-n", SignatureMethod.sshNamespace,
                "-s", signature.string,
            ])
        guard outcome.isWell else {
            throw refusal(
                file, "the signature \(signature) is not of these bytes: \(outcome.complaint)")
        }
        let key = outcome.output.split(separator: " with ", maxSplits: 1).last ?? ""
        return Signature(
            method: .ssh, path: signature, signer: name,
            key: String(key.split(whereSeparator: \.isNewline).first ?? ""))
    }

    private func checkGPG(
        _ file: InputFile, _ signature: FilePath
    ) throws(ArchiveError) -> Signature {
        let tool = try BundleCipher.installed(InstalledTool.find("gpgv"), "gpgv", package: "gpgv")
        let outcome = try feed(
            file, tool,
            ["--status-fd", "1", "--keyring", path.string, "--", signature.string, "-"])
        let statuses = ToolComplaint(of: tool.name, Array(outcome.output.utf8))
        // Gpgv itself takes expired and revoked keys.
        let faults = ["BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"]
        let fault = faults.first { !statuses.status($0).isEmpty }
        guard outcome.isWell, fault == nil, let good = statuses.status("GOODSIG").first,
            let valid = statuses.status("VALIDSIG").first
        else {
            let meaning =
                switch fault {
                case "BADSIG": "is not of these bytes"
                case "EXPSIG", "EXPKEYSIG": "has expired, or its key has"
                case "REVKEYSIG": "is of a key that was revoked"
                default: "was made by nobody in \(path)"
                }
            throw refusal(file, "the signature \(signature) \(meaning): \(outcome.complaint)")
        }
        // The key ID, then the user ID; the fingerprint of the key that the subkey belongs to is last.
        let signer = good.split(separator: " ", maxSplits: 1).last ?? ""
        let fingerprint = valid.split(separator: " ").last ?? ""
        return Signature(
            method: .gpg, path: signature, signer: String(signer), key: "key \(fingerprint)")
    }

    /// Gives all bytes of `file` to a program.
    private func feed(
        _ file: InputFile, _ tool: InstalledTool, _ arguments: [String]
    ) throws(ArchiveError) -> (isWell: Bool, output: String, complaint: String) {
        let program: FilterProgram
        do throws(SystemCallError) { program = try FilterProgram.start(tool, arguments) } catch {
            throw ArchiveError(error, kind: .resource)
        }
        defer { program.kill() }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var offset: Int64 = 0
        var isTaken = true
        while isTaken {
            let count = try file.read(into: &buffer, at: offset)
            guard count > 0 else { break }
            // Why it takes no more it says itself.
            isTaken = (try? program.write(buffer.span.extracting(..<count))) != nil
            offset += Int64(count)
        }
        program.closeInput()
        var output = [UInt8]()
        var part = [UInt8](repeating: 0, count: 4096)
        while output.count <= SignatureMethod.byteLimit,
            let count = try? program.read(into: &part), count > 0
        {
            output += part[..<count]
        }
        let ending: FilterProgram.Ending =
            output.count > SignatureMethod.byteLimit ? .late : program.wait()
        let complaint = ToolComplaint(of: tool.name, program.errors).text(or: "\(ending)")
        return (
            isTaken && ending.isWell && offset == file.byteCount,
            String(decoding: output, as: UTF8.self), complaint
        )
    }

    private func refusal(_ file: InputFile, _ reason: String) -> ArchiveError {
        ArchiveError(.invalid, operation: "verify", object: file.object, reason: reason)
    }
}
