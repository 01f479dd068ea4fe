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

    /// Signs the file `partialName` of `target`, whose bytes have the hash `sha256`, and which will
    /// be `fileName`.
    static func write(
        _ signing: BundleSigning, of partialName: String, named fileName: String,
        in target: OutputDirectory, sha256: String
    ) throws(ArchiveError) -> SignatureOutput {
        let object = target.path.appending(partialName).string
        let output = SignatureOutput(fileName + signing.method.suffix, in: target)
        let signature = try signing.signature(of: object, sha256: sha256) {
            take throws(ArchiveError) in
            try read(partialName, in: target, take)
        }
        do throws(SystemCallError) {
            try target.removeFile(output.partialName)
            let signed = try target.createFile(output.partialName)
            try signed.write(signature.span)
            try signed.synchronize()
        } catch { throw ArchiveError(error, object: target.path.appending(output.name).string) }
        return output
    }

    private static func read(
        _ name: String, in target: OutputDirectory,
        _ take: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let file: OwnedDescriptor
        do throws(SystemCallError) { file = try target.openFile(name) } catch {
            throw ArchiveError(error)
        }
        while true {
            let count: Int
            do throws(SystemCallError) { count = try file.read(into: &buffer) } catch {
                throw ArchiveError(error, object: target.path.appending(name).string)
            }
            guard count > 0 else { return }
            try take(buffer.span.extracting(..<count))
        }
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
