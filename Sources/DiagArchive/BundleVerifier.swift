internal import DiagCodec
public import DiagModel
internal import DiagSystem
public import SystemPackage

/// What a bundle or host folder is, compared with its own manifest.
public struct VerificationResult: Hashable, Sendable {
    /// All that is not as the manifest, the schemas or the archive format say, sorted.
    public let differences: [String]
    /// Documents that could not be checked against a schema: too large, cut, or of a schema that
    /// this version does not know. Their hashes are checked.
    public let unchecked: [String]
    /// Files of a folder whose bytes were held against no hash, since its manifest gives none.
    public let unhashed: [String]
    /// How many artifacts the manifest lists.
    public let artifactCount: Int
    /// How many bytes they have together.
    public let byteCount: Int64
    /// What the manifest says of completeness; `nil` without a readable manifest.
    public let completeness: Manifest.Completeness?
    /// How much each collector withheld, as the manifest says, by its name; empty when none did.
    public let withheld: [String: Withheld.Count]
    /// The signature of the bundle, when one was asked for and is right.
    public internal(set) var signature: BundleSigners.Signature?

    /// Whether everything is as it should be.
    public var isWhole: Bool { differences.isEmpty }
}

/// Checks a bundle or a host folder: every hash, every schema, and that all that should be there
/// is there and nothing else.
public enum BundleVerifier {
    /// Checks what lies at `path`: a host folder, or a bundle.
    ///
    /// With `signers` a bundle must have a signature of one of them beside it: of the bytes of its
    /// file, which when it is encrypted are those that `keys` open.
    ///
    /// Reads everything once, in parts; what it keeps grows with the number of members, and with
    /// the largest JSON document up to 16 MiB.
    ///
    /// Of a tar stream the whole file counts: what is cut off or appended is a difference, and so is
    /// whatever the table of blocks or the index of members says otherwise than it was read. A zip is
    /// read by its own list of members, so bytes between and behind them are not seen.
    ///
    /// `notice` is told when this is slow for lack of an index.
    ///
    /// - Throws: ``ArchiveError``, when `path` cannot be opened, or the check was cancelled. What
    ///   is damaged is a difference.
    public static func verify(
        _ path: FilePath, keys: DecryptionKeys = .init(), signers: BundleSigners? = nil,
        limits: BundleReader.Limits = .init(), notice: (String) -> Void = { _ in },
        isCancelled: () -> Bool = { false }
    ) throws(ArchiveError) -> VerificationResult {
        let isFolder: Bool
        do throws(OwnedDescriptor.InputFailure) {
            let file = try OwnedDescriptor.openInput(path, kinds: [.regular, .directory])
            do throws(SystemCallError) { isFolder = try file.status().kind == .directory } catch {
                throw .system(error)
            }
        } catch {
            // Of volumes, the name of the whole is that of no file.
            guard case .system(let reason) = error, reason.errno == .noSuchFileOrDirectory,
                try VolumeNames.find(path) != nil
            else {
                throw ArchiveError(
                    error, at: path,
                    wanted: "a bundle is a regular file, a host folder a directory")
            }
            isFolder = false
        }
        var ledger = VerificationLedger(isOfFolder: isFolder)
        var signature: BundleSigners.Signature?
        var isRefused = false
        var result: VerificationResult
        do throws(ArchiveError) {
            if isFolder {
                guard signers == nil else {
                    throw ArchiveError(
                        .unusableKey, operation: "verify", object: path.string,
                        reason: "a host folder has no signature, only a bundle")
                }
                try readFolder(path, limits, into: &ledger, isCancelled)
            } else {
                let file = try InputFile(path, keys: keys)
                do throws(ArchiveError) {
                    signature = try signers?.check(file)
                } catch {
                    guard error.kind == .invalid else { throw error }
                    ledger.add("signature: \(error.reason)")
                    isRefused = true
                }
                try readBundle(file, path, limits, into: &ledger, notice, isCancelled)
            }
            result = ledger.result()
        } catch {
            // What keeps it from being checked at all says nothing of it; a wrong signature does.
            let isOfKeys =
                [.unusableKey, .locked, .wrongKind].contains(error.kind)
                || error.errno == .noSuchFileOrDirectory
            guard error.kind != .cancelled, isRefused || !isOfKeys else { throw error }
            result = ledger.result(brokenBy: error)
        }
        result.signature = signature
        return result
    }

    private static func readBundle(
        _ file: InputFile, _ path: FilePath, _ limits: BundleReader.Limits,
        into ledger: inout VerificationLedger, _ notice: (String) -> Void,
        _ isCancelled: () -> Bool
    ) throws(ArchiveError) {
        // What is wrong with an index is found below.
        do throws(ArchiveError) {
            if try IndexedBundle.open(file, limits: limits) == nil {
                BundleListing.tell(ofSlow: file, notice)
            }
        } catch {}
        let reader = try BundleReader(file, limits: limits)
        if let fault = reader.tableFault { ledger.add("\(fault)") }
        var comparison = MemberIndexComparison(of: path.string)
        var top: [UInt8]?
        while let member = try reader.next() {
            let components = member.path.components
            if top == nil { top = components.first }
            guard components.first == top else {
                ledger.add("\(member.path.text): outside of the one top folder")
                continue
            }
            let inside = MemberPath(components: Array(components.dropFirst()))
            if member.isDirectory {
                guard !inside.components.isEmpty else { continue }
                comparison.add(inside, member, byteCount: 0, sha256: "")
                continue
            }
            guard !inside.components.isEmpty else {
                ledger.add("\(member.path.text): a file where the top folder should be")
                continue
            }
            if member.path.isMemberIndex {
                comparison.begin(member)
                try reader.read { bytes throws(ArchiveError) in
                    if isCancelled() { throw cancelled(path) }
                    // A zip of a folder that was unpacked may hold that of another archive.
                    if reader.isStream { comparison.take(bytes) }
                }
                continue
            }
            var check = MemberCheck(inside, byteCount: member.byteCount)
            try reader.read { bytes throws(ArchiveError) in
                if isCancelled() { throw cancelled(path) }
                check.take(bytes)
            }
            let outcome = check.finish()
            comparison.add(
                inside, member, byteCount: outcome.byteCount, sha256: outcome.sha256)
            ledger.add(outcome)
        }
        guard let streamByteCount = reader.streamByteCount else { return }
        if ledger.lastPath?.text != BundleWriter.manifestName {
            ledger.add("manifest.json: it does not stand last")
        }
        if comparison.hasIndex, let fault = tableFault(of: file) { ledger.add(fault) }
        if comparison.isTooLarge { ledger.add(unchecked: MemberIndexFormat.name) }
        for difference in comparison.differences(
            top: top ?? [], streamByteCount: streamByteCount)
        {
            ledger.add(difference)
        }
    }

    /// What is wrong with the table of a file of several zstd frames, beside damage, which is told
    /// already: a bundle with an index of members was made with one that can be used.
    private static func tableFault(of file: InputFile) -> String? {
        guard file.cipher == nil else { return nil }
        let source = file.blockSource
        guard BlockScanner.format(of: source) == .zstd, var scanner = BlockScanner(.zstd, source)
        else { return nil }
        do { if try BlockTable.read(source) != nil { return nil } } catch {
            guard (error as? BlockFormatError)?.kind != .damaged else { return nil }
            return "\(ArchiveError(translating: error, operation: "read", object: file.object))"
        }
        guard let first = scanner.next() else { return nil }
        scanner.pass(first.block)
        guard scanner.next()?.isAdjacent ?? false else { return nil }
        return "\(file.object): the table of its blocks is cut off"
    }

    private static func readFolder(
        _ path: FilePath, _ limits: BundleReader.Limits, into ledger: inout VerificationLedger,
        _ isCancelled: () -> Bool
    ) throws(ArchiveError) {
        let folder: Directory
        do throws(SystemCallError) { folder = try Directory.open(path) } catch {
            throw ArchiveError(error)
        }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let indexPath = MemberPath(components: [Array(MemberIndexFormat.name.utf8)])
        for member in try FolderWalk(folder, limit: limits.memberCount).members {
            // Where a bundle was unpacked by another program: it is of the bundle, not of the folder.
            if member.isDirectory || member.path == indexPath { continue }
            var check = MemberCheck(member.path, byteCount: member.byteCount)
            let file = try FolderWalk.open(member.path, below: folder)
            while true {
                if isCancelled() { throw cancelled(path) }
                let count: Int
                do throws(SystemCallError) { count = try file.read(into: &buffer) } catch {
                    throw ArchiveError(error, object: "\(path)/\(member.path.text)")
                }
                if count == 0 { break }
                check.take(buffer.span.extracting(..<count))
            }
            ledger.add(check.finish())
        }
    }

    private static func cancelled(_ path: FilePath) -> ArchiveError {
        ArchiveError(
            .cancelled, operation: "verify", object: path.string, reason: "interrupted")
    }
}
