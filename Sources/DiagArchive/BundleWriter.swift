internal import DiagCodec
internal import DiagModel
internal import DiagSystem
public import SystemPackage

/// Seals a host folder into one bundle.
public enum BundleWriter {
    /// The last member: how the bundle was made, and the hash of every other.
    static let manifestName = "manifest.json"
    static let chunkByteCount = 256 << 10

    /// Writes the bundle of `folder` as `path`, which appears only when it is whole.
    ///
    /// It holds every directory and every file that the folder's manifest lists, in the order of
    /// ``MemberOrder``, then the manifest, and last the index of all members. Times are that of the
    /// manifest's `collected`, so the same folder gives the same bytes, at any number of threads, as
    /// long as the deadline does not come. A file that is compressed already, as its media type in
    /// the manifest says, is stored, and so is each block that does not compress. Of a file that the
    /// manifest lists without a SHA-256, the bundle's manifest has it.
    ///
    /// Files with many zeros are sparse members; see ``HoleScan``. A zip has neither these nor an
    /// index of members: it has its own directory.
    ///
    /// `isCancelled` is asked at least once for every MiB; `true` ends with `cancelled`.
    /// `progress` is told after every part read, at most 256 KiB.
    ///
    /// - Throws: ``ArchiveError``: `wrongKind` for what is no folder; `refused` for a link, FIFO, device or socket in it;
    ///   `invalid` when a file is not as the manifest says; `inputOutput` with the kernel's
    ///   reason. Nothing is left behind under either name then.
    public static func seal(
        folder: FilePath, topName: String, as path: FilePath,
        options: BundleOptions = BundleOptions(), isCancelled: () -> Bool = { false },
        progress: (BundleProgress) -> Void = { _ in }
    ) throws(ArchiveError) -> SealedBundle {
        let start = MonotonicTime.now
        let top = try MemberPath(validating: Array(topName.utf8), of: path.string)
        guard top.components.count == 1, let fileName = path.lastComponent?.string else {
            throw ArchiveError(
                .refused, operation: "create", object: path.string,
                reason: "the top folder and the bundle need a plain name each")
        }
        let kind = try call { () throws(SystemCallError) in try OwnedDescriptor.kind(of: folder) }
        guard kind == .directory else {
            throw ArchiveError(.kind(kind), at: folder, wanted: "a host folder is a directory")
        }
        let source = try call { () throws(SystemCallError) in try Directory.open(folder) }
        let content = try BundleContent(of: source)
        guard let effect = options.effect else {
            throw ArchiveError(
                .resource, operation: "compress", object: path.string,
                reason: "so little memory is not enough for "
                    + (options.container == .zip ? "zip" : options.format.rawValue))
        }
        let parent = path.removingLastComponent()
        let partialName = ".\(fileName).partial"
        let target: OutputDirectory
        let file: OwnedDescriptor
        do throws(SystemCallError) {
            target = try OutputDirectory.create(parent.isEmpty ? "." : parent)
            try target.removeFile(partialName)
            file = try target.createFile(partialName)
        } catch { throw ArchiveError(error, kind: .cannotCreate) }
        let object = target.path.appending(partialName).string
        do throws(ArchiveError) {
            let pipeline = try BlockPipeline.start(
                try .start(file, object: object, format: effect.blocks.format),
                object: object,
                .init(
                    blocks: effect.blocks,
                    threadCount: options.container == .zip ? 1 : effect.threadCount))
            let output = BundleOutput(pipeline, blockByteCount: effect.blocks.blockByteCount)
            let sealing = try Sealing(
                top: top, source: source, content: content, object: object,
                keepsHoles: options.keepsHoles, deadline: options.deadline)
            let outcome: BlockPipeline.Outcome
            var zipStoredByteCount: Int64?
            do throws(ArchiveError) {
                switch options.container {
                case .tar:
                    try sealing.write(to: output, isCancelled: isCancelled, progress: progress)
                case .zip:
                    zipStoredByteCount = try ZipSealing(
                        top: top, source: source, content: content,
                        deflateLevel: options.deflateLevel, deadline: options.deadline
                    ).write(
                        to: output, threadCount: effect.threadCount, object: object,
                        isCancelled: isCancelled, progress: progress)
                }
                outcome = try output.finish()
                progress(sealing.end)
            } catch {
                pipeline.abandon()
                throw error
            }
            if isCancelled() { throw cancelled(path) }
            try call { () throws(SystemCallError) in
                try target.rename(partialName, to: fileName)
                try target.synchronize()
            }
            return SealedBundle(
                path: path, byteCount: outcome.byteCount, sha256: outcome.sha256,
                seconds: MonotonicTime.now.seconds(since: start),
                storedByteCount: zipStoredByteCount ?? outcome.storedByteCount, effect: effect,
                leftOut: content.leftOut)
        } catch {
            try? target.removeFile(partialName)
            throw error
        }
    }

    static func cancelled(_ path: FilePath) -> ArchiveError {
        ArchiveError(
            .cancelled, operation: "seal", object: path.string, reason: "the run was interrupted")
    }

    private static func call<Value: ~Copyable>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(ArchiveError) -> Value {
        do throws(SystemCallError) { return try body() } catch { throw ArchiveError(error) }
    }
}
