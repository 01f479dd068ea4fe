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

    /// Signs what was written to `bundle`, whose bytes are those of `outcome`: of volumes, those
    /// joined. The signature is called like the whole. `progress` is told of every part read.
    ///
    /// - Returns: `nil` where nothing was asked for by `signing`.
    static func write(
        _ signing: BundleSigning?, of bundle: VolumeOutput, _ outcome: BlockPipeline.Outcome,
        progress: () -> Void
    ) throws(ArchiveError) -> SignatureOutput? {
        guard let signing else { return nil }
        let target = bundle.folder
        let output = SignatureOutput(bundle.name + signing.method.suffix, in: target)
        let signature = try signing.signature(of: bundle.object, sha256: outcome.sha256) {
            take throws(ArchiveError) in
            try bundle.read { bytes throws(ArchiveError) in
                try take(bytes)
                progress()
            }
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
