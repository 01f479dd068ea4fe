internal import DiagSystem
internal import SystemPackage

/// The signature of a bundle, under a hidden name until the bundle has its own.
final class SignatureOutput {
    /// The name that it gets.
    let name: String
    private let target: OutputDirectory
    private var partialName: String { ".\(name).partial" }
    private var isPublished = false

    private init(_ name: String, in target: OutputDirectory) {
        self.name = name
        self.target = target
    }

    deinit { if !isPublished { try? target.removeFile(partialName) } }

    /// Signs what was written to `bundle`, whose bytes have the hash `sha256`: of volumes, those
    /// joined. The signature is called like the whole.
    static func write(
        _ signing: BundleSigning, of bundle: VolumeOutput, sha256: String
    ) throws(ArchiveError) -> SignatureOutput {
        let target = bundle.folder
        let output = SignatureOutput(bundle.name + signing.method.suffix, in: target)
        let signature = try signing.signature(of: bundle.object, sha256: sha256) {
            take throws(ArchiveError) in
            try bundle.read(take)
        }
        do throws(SystemCallError) {
            try target.removeFile(output.partialName)
            let signed = try target.createFile(output.partialName)
            try signed.write(signature.span)
            try signed.synchronize()
        } catch { throw ArchiveError(error, object: target.path.appending(output.name).string) }
        return output
    }

    /// Gives it its name, in the place of an older one.
    func publish() throws(ArchiveError) {
        do throws(SystemCallError) {
            try target.rename(partialName, to: name)
            isPublished = true
            try target.synchronize()
        } catch { throw ArchiveError(error) }
    }
}
