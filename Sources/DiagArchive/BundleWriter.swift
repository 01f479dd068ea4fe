internal import DiagCodec
internal import DiagModel
internal import DiagSystem
public import SystemPackage

/// Seals a host folder into one bundle.
public enum BundleWriter {
    /// The last member: how the bundle was made, and the hash of every other.
    static let manifestName = "manifest.json"
    static let chunkByteCount = 256 << 10

    /// Writes the bundle of `folder` as `path`, which appears only when it is whole; or as volumes,
    /// `path` with a dot and their numbers, the first of which appears last. Volumes of an older set
    /// of that name are removed.
    ///
    /// It holds every directory and every file that the folder's manifest lists, in the order of
    /// ``MemberOrder``, then the manifest, and last the index of all members. Times are that of the
    /// manifest's `started`, so the same folder gives the same bytes, at any number of threads, as
    /// long as the deadline does not come. A file that is compressed already, as its media type in
    /// the manifest says, is stored, and so is each block that does not compress. Of a file that the
    /// manifest lists without a SHA-256, the bundle's manifest has it.
    ///
    /// Files with many zeros are sparse members; see ``HoleScan``. A zip has neither these nor an
    /// index of members: it has its own directory.
    ///
    /// With ``BundleOptions/encryption`` the file goes through a program that ends with the calling
    /// thread, and nothing of it reaches the disk in clear. With ``BundleOptions/signing`` a
    /// signature of the file gets its name right after it.
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
        let (top, source) = try open(folder, topName, as: path)
        let content = try BundleContent(of: source)
        let effect = try effect(of: options, on: path)
        let isZip = options.container == .zip
        // What encrypting or deflating adds is not known.
        let hasBound = options.encryption == nil && !isZip
        let file = try VolumeOutput.create(
            path, volumeByteCount: options.volumeByteCount,
            mostByteCount: hasBound ? content.mostBundleByteCount : nil)
        do throws(ArchiveError) {
            let pipeline = try BlockPipeline.start(
                try .start(
                    file, object: file.object, format: effect.blocks.format,
                    encryption: options.encryption),
                object: file.object,
                .init(blocks: effect.blocks, threadCount: isZip ? 1 : effect.threadCount))
            let output = BundleOutput(pipeline, blockByteCount: effect.blocks.blockByteCount)
            func step(_ name: String) throws(ArchiveError) {
                if isCancelled() { throw cancelled(folder) }
                progress(
                    BundleProgress(
                        byteCount: min(output.writtenByteCount, content.byteCount),
                        totalByteCount: content.byteCount, member: name))
            }
            let outcome: BlockPipeline.Outcome
            var zipStoredByteCount: Int64?
            do throws(ArchiveError) {
                switch options.container {
                case .tar:
                    let sealing = try Sealing(
                        top: top, source: source, modifiedSeconds: content.modifiedSeconds,
                        object: file.object, into: output, keepsHoles: options.keepsHoles,
                        deadline: SealingDeadline(options.deadline))
                    for member in content.members {
                        let name = member.path.text
                        try sealing.add(content.item(member)) { _ throws(ArchiveError) in
                            try step(name)
                        }
                    }
                    try sealing.finish(with: content.manifest) { _ throws(ArchiveError) in
                        try step(manifestName)
                    }
                case .zip:
                    zipStoredByteCount = try ZipSealing(
                        top: top, source: source, content: content,
                        deflateLevel: options.deflateLevel, deadline: options.deadline
                    ).write(
                        to: output, threadCount: effect.threadCount, object: file.object,
                        isCancelled: isCancelled, progress: progress)
                }
                outcome = try output.finish()
                progress(content.end)
            } catch {
                pipeline.abandon()
                // What is being written would be left, and no file is to be.
                pipeline.awaitClosing(withinSeconds: 2)
                throw error
            }
            if isCancelled() { throw cancelled(path) }
            let signature = try SignatureOutput.write(options.signing, of: file, outcome) {
                progress(content.end)
            }
            let volumes = try file.commit()
            try signature?.publish()
            return SealedBundle(
                path: path, outcome, seconds: MonotonicTime.now.seconds(since: start),
                effect: effect, leftOut: content.leftOut, volumes: volumes, signature: signature,
                storedByteCount: zipStoredByteCount)
        } catch {
            file.discard()
            throw error
        }
    }

    /// The name of the top folder, and the host folder that goes there.
    static func open(
        _ folder: FilePath, _ topName: String, as path: FilePath
    ) throws(ArchiveError) -> (top: MemberPath, source: Directory) {
        let top = try MemberPath(validating: Array(topName.utf8), of: path.string)
        guard top.components.count == 1, path.lastComponent != nil else {
            throw ArchiveError(
                .refused, operation: "create", object: path.string,
                reason: "the top folder and the bundle need a plain name each")
        }
        let kind: FileStatus.Kind
        do throws(SystemCallError) { kind = try OwnedDescriptor.kind(of: folder) } catch {
            throw ArchiveError(error)
        }
        guard kind == .directory else {
            throw ArchiveError(.kind(kind), at: folder, wanted: "a host folder is a directory")
        }
        do throws(SystemCallError) { return (top, try Directory.open(folder)) } catch {
            throw ArchiveError(error)
        }
    }

    /// What is done with `options`.
    static func effect(
        of options: BundleOptions, on path: FilePath
    ) throws(ArchiveError) -> BundleOptions.Effect {
        if let effect = options.effect { return effect }
        throw ArchiveError(
            .resource, operation: "compress", object: path.string,
            reason: options.memoryShortage ?? "so little memory is not enough")
    }

    static func cancelled(_ path: FilePath) -> ArchiveError {
        ArchiveError(
            .cancelled, operation: "seal", object: path.string, reason: "the run was interrupted")
    }
}
