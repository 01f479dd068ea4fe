import DiagArchive
import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage

/// The bundle of a run.
extension RunDirector {
    /// Finds out how the bundle is made: nothing is collected for keys that cannot be used.
    func prepareSealing() throws {
        guard settings.hasKeys else {
            sealing = try settings.sealing
            return
        }
        InstalledTool.adopt(environment: request.toolEnvironment ?? [:])
        link.send(.init(stage: .keysAreTried))
        sealing = try settings.preparedSealing(from: request.workingDirectory)
        link.send(.init(stage: .rootIsReady))
    }

    /// The bundle that is begun while collectors run; none where that cannot be, and for a dump alone.
    func startBundle(of folder: HostFolder, as path: FilePath) -> BundleStream? {
        if let effect = sealing.effect, !effect.lowered.isEmpty {
            progress.notice("For the memory's sake \(effect.lowered.joined(separator: ", ")).")
        }
        // A zip, and where there is no thread for it, the whole folder is sealed at the end.
        guard sealing.container == .tar else { return nil }
        let stream = try? BundleStream.start(
            folder: folder.stagingPath, topName: folder.name, as: path, options: sealing,
            collectors: memberOrder, started: startedAt)
        guard let stream else { return nil }
        // What is collected comes first.
        folder.makeRoom = { stream.giveUp() }
        return stream
    }

    /// The collectors in the order of the plan, but for those that end last: who waits for what
    /// others find, and who writes a file of its own. Else none could be compressed before them.
    var memberOrder: [String] {
        let places = collectors.map { collector in
            collector.descriptor.seekable != nil ? 2 : collector.probes.isEmpty ? 0 : 1
        }
        return (0...2).flatMap { place in
            zip(collectors, places).filter { $0.1 == place }.map(\.0.descriptor.name)
        }
    }

    /// Gives the bundle its name, and puts the folder in its place or removes it.
    func seal(
        _ folder: HostFolder, _ manifest: Manifest, _ findings: FindingList,
        _ directory: OutputDirectory, _ path: FilePath, _ stream: BundleStream?
    ) throws {
        link.send(.init(stage: .sealing))
        result.artifactCount = manifest.artifacts.count
        result.artifactByteCount = manifest.artifacts.reduce(0) { $0 + $1.byteCount }
        result.completeness = manifest.completeness
        result.missing = manifest.missing
        result.withheld = manifest.withheld.isEmpty ? nil : manifest.withheld
        result.findings = findings.findings
        let sealStarted = MonotonicTime.now
        var options = sealing
        options.deadline = sealStarted.advanced(bySeconds: try settings.sealDeadlineSeconds)
        let work = manifest.artifacts.reduce(0) { $0 + $1.sealingByteCount }
        progress.weighSealing(
            byteCount: max(0, work - (stream?.workByteCount ?? 0)),
            processorCount: sealingProcessorCount)
        progress.start("seal")
        let isArchiveOnly = try settings.isArchiveOnly
        let bundle: SealedBundle
        do throws(ArchiveError) {
            if let stream {
                bundle = try stream.finish(
                    deadline: options.deadline, byteCount: result.artifactByteCount
                ) { tell($0, since: sealStarted) }
            } else {
                bundle = try BundleWriter.seal(
                    folder: folder.stagingPath, topName: folder.name, as: path, options: options,
                    progress: { tell($0, since: sealStarted) })
            }
            link.send(.init(stage: .bundleIsNamed))
            if isArchiveOnly { try readBack(bundle, directory) }
        } catch {
            progress.end(
                "seal", .failed, elapsedSeconds: MonotonicTime.now.seconds(since: sealStarted),
                reason: error.description)
            // The host folder is whole even so.
            throw try keep(folder, in: directory, after: outputFailure(error, isCreating: false))
        }
        if isArchiveOnly {
            folder.discard()
        } else if let failure = try put(folder, in: directory) {
            // Somebody may have put something there meanwhile.
            throw CommandFailure(
                failure.status, "\(failure.message) The bundle \(path) is whole.")
        }
        result.sealSeconds = MonotonicTime.now.seconds(since: sealStarted)
        result.bundlePath = path.string
        result.bundleByteCount = bundle.byteCount
        result.bundleSHA256 = bundle.sha256
        result.tell(bundle, options.encryption)
        if options.encryption != nil, !isArchiveOnly, let path = result.folderPath {
            progress.notice("The bundle is encrypted; \(path) stays as it is, in clear.")
        }
        let status: ExitStatus =
            manifest.isInterrupted
            ? .interrupted : manifest.completeness == .complete ? .complete : .partial
        result.exitCode = Int(status.rawValue)
        progress.end("seal", .complete, elapsedSeconds: result.sealSeconds)
    }

    /// Reads the whole bundle, before the folder goes that it was made of; one that is not as its
    /// manifest says is removed. Of an encrypted one, which nobody here can read, the bytes must be
    /// those that were written.
    private func readBack(
        _ bundle: SealedBundle, _ directory: OutputDirectory
    ) throws(ArchiveError) {
        let beat = {
            self.link.beat()
            return false
        }
        let difference: String?
        do throws(ArchiveError) {
            difference =
                sealing.encryption == nil
                ? try BundleVerifier.verify(bundle.path, isCancelled: beat).differences.first
                : try bundle.differenceOnDisk(isCancelled: beat)
        } catch {
            remove(bundle, from: directory)
            throw error
        }
        guard let difference else { return }
        remove(bundle, from: directory)
        throw ArchiveError(
            .inputOutput, operation: "read back", object: bundle.path.string, reason: difference)
    }

    private func remove(_ bundle: SealedBundle, from directory: OutputDirectory) {
        let paths = bundle.volumes.isEmpty ? [bundle.path] : bundle.volumes.map(\.path)
        for path in paths + (bundle.signature.map { [$0] } ?? []) {
            if let name = path.lastComponent?.string { try? directory.removeFile(name) }
        }
    }

    /// How many processors compress.
    var sealingProcessorCount: Int {
        let threads = sealing.effect?.threadCount
        return min(HostFacts.processorCount, threads ?? HostFacts.processorCount)
    }

    private func tell(_ position: BundleProgress, since sealStarted: MonotonicTime) {
        link.beat()
        guard progress.isTimeToTell() else { return }
        progress.advance(
            "seal",
            .init(
                done: position.byteCount, total: position.totalByteCount, unit: "bytes",
                activity: "compressing"),
            elapsedSeconds: MonotonicTime.now.seconds(since: sealStarted),
            file: .init(path: position.member, byteCount: position.byteCount))
    }

    /// `<host>-<time>` with the ending of its compression, and a number when two runs began in one
    /// second.
    func bundlePath(_ folder: HostFolder, _ directory: OutputDirectory) throws -> FilePath {
        let stem = "\(folder.name)-\(startedAt.compactDescription)"
        return output.appending(
            try directory.freeName(
                stem, ending: sealing.bundleEnding,
                besides: sealing.volumeByteCount == nil ? [] : SealedVolume.firstSuffixes))
    }
}

extension RunResult {
    /// Says what a bundle is beside a file in clear.
    fileprivate mutating func tell(_ bundle: SealedBundle, _ encryption: BundleEncryption?) {
        if !bundle.volumes.isEmpty {
            volumes = bundle.volumes.map {
                BundleVolume(path: $0.path.string, byteCount: $0.byteCount, sha256: $0.sha256)
            }
        }
        signaturePath = bundle.signature?.string
        self.encryption = encryption.map {
            BundleRecipients(program: $0.cipher.rawValue, recipients: $0.recipients)
        }
    }
}
