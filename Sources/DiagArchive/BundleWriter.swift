internal import DiagCodec
internal import DiagDigest
internal import DiagModel
internal import DiagSystem
public import SystemPackage

/// Seals a host folder into one `.tar.xz`.
public enum BundleWriter {
    /// The last member: how the bundle was made, and the hash of every other.
    static let manifestName = "manifest.json"
    private static let chunkByteCount = 256 << 10

    /// Writes the bundle of `folder` as `path`, which appears only when it is whole.
    ///
    /// It holds every directory, every file that the folder's manifest lists, sorted by the bytes
    /// of their paths below `topName`, and last the manifest. Times are that of the manifest's
    /// `collected`, so the same folder gives the same bytes as long as the deadline does not come.
    /// A file that is compressed already, as its media type in the manifest says, is stored. Of one
    /// that the manifest lists without a SHA-256, the bundle's manifest has it.
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
        guard
            let compression = options.compression.fitting(
                memoryByteLimit: options.memoryByteLimit)
        else {
            throw ArchiveError(
                .resource, operation: "compress", object: path.string,
                reason: "\(options.memoryByteLimit) bytes of memory are not enough for xz")
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
        let sealing = Sealing(
            top: top, source: source, content: content, deadline: options.deadline)
        do throws(ArchiveError) {
            let output = try BundleOutput(
                file, object: target.path.appending(partialName).string, compression: compression)
            try sealing.write(to: output, isCancelled: isCancelled, progress: progress)
            let sha256 = try output.finish()
            if isCancelled() { throw cancelled(path) }
            try call { () throws(SystemCallError) in
                try target.rename(partialName, to: fileName)
                try target.synchronize()
            }
            return SealedBundle(
                path: path, byteCount: output.byteCount, sha256: sha256,
                seconds: MonotonicTime.now.seconds(since: start),
                storedByteCount: output.storedByteCount, compression: compression,
                leftOut: content.leftOut)
        } catch {
            try? target.removeFile(partialName)
            throw error
        }
    }

    private static func cancelled(_ path: FilePath) -> ArchiveError {
        ArchiveError(
            .cancelled, operation: "seal", object: path.string, reason: "the run was interrupted")
    }

    private static func call<Value: ~Copyable>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(ArchiveError) -> Value {
        do throws(SystemCallError) { return try body() } catch { throw ArchiveError(error) }
    }

    /// One folder on its way into one output.
    private struct Sealing {
        let top: MemberPath
        let source: Directory
        let content: BundleContent
        let deadline: MonotonicTime?

        func write(
            to output: BundleOutput, isCancelled: () -> Bool, progress: (BundleProgress) -> Void
        ) throws(ArchiveError) {
            let tar = try TarStream.start(into: output, hasRawNames: hasRawNames)
            var isStoring = false
            var deadline = deadline
            var done: Int64 = 0
            var hashes = [MemberPath: String]()
            func begin(isCompressed: Bool) throws(ArchiveError) {
                if isCancelled() { throw cancelled(source.path) }
                if !isStoring, !isCompressed, let deadline, deadline <= .now {
                    isStoring = true
                    try output.storeRest()
                }
            }
            func end(_ byteCount: Int, of name: String) {
                done = min(done + Int64(byteCount), content.byteCount)
                progress(
                    BundleProgress(
                        byteCount: done, totalByteCount: content.byteCount, member: name))
            }
            try tar.begin(
                top.bytes, isDirectory: true, byteCount: 0,
                modifiedSeconds: content.modifiedSeconds)
            for member in content.members {
                try tar.begin(
                    top.bytes + [0x2F] + member.path.bytes, isDirectory: member.isDirectory,
                    byteCount: member.byteCount, modifiedSeconds: content.modifiedSeconds)
                if member.isDirectory { continue }
                let name = member.path.text
                let isCompressed = content.compressed.contains(member.path)
                let begun = MonotonicTime.now
                if isCompressed { try output.beginStoring() }
                hashes[member.path] = try copy(member) { bytes throws(ArchiveError) in
                    try begin(isCompressed: isCompressed)
                    try tar.write(bytes)
                    end(bytes.count, of: name)
                }
                if isCompressed {
                    try output.endStoring()
                    let seconds = MonotonicTime.now.seconds(since: begun)
                    deadline = deadline?.advanced(bySeconds: seconds)
                }
            }
            let manifest = try content.manifest.bytes(completedBy: hashes)
            try tar.begin(
                top.bytes + [0x2F] + Array(BundleWriter.manifestName.utf8), isDirectory: false,
                byteCount: Int64(manifest.count), modifiedSeconds: content.modifiedSeconds)
            for start in stride(from: 0, to: manifest.count, by: BundleWriter.chunkByteCount) {
                let count = min(BundleWriter.chunkByteCount, manifest.count - start)
                try begin(isCompressed: false)
                try tar.write(manifest.span.extracting(start..<(start + count)))
                end(count, of: BundleWriter.manifestName)
            }
            try tar.finish()
        }

        private var hasRawNames: Bool {
            !top.bytes.allSatisfy { $0 < 0x80 }
                || content.members.contains { !$0.path.bytes.allSatisfy { $0 < 0x80 } }
        }

        /// Gives all bytes of a member to `body`; their SHA-256.
        private func copy(
            _ member: FolderWalk.Member, _ body: (Span<UInt8>) throws(ArchiveError) -> Void
        ) throws(ArchiveError) -> String {
            let file = try FolderWalk.open(member.path, below: source)
            let object = source.path.string + "/" + MemberPath.text(member.path.bytes)
            var buffer = [UInt8](repeating: 0, count: BundleWriter.chunkByteCount)
            var remaining = member.byteCount
            var hash = SHA256()
            while true {
                let count: Int
                do throws(SystemCallError) { count = try file.read(into: &buffer) } catch {
                    throw ArchiveError(error, object: object)
                }
                guard count > 0, Int64(count) <= remaining else {
                    guard count == 0, remaining == 0 else {
                        throw ArchiveError(
                            .invalid, operation: "seal", object: object,
                            reason: "it has not the \(member.byteCount) bytes that were counted")
                    }
                    let sha256 = hash.digest().hexadecimal
                    try compare(sha256, of: member, object)
                    return sha256
                }
                remaining -= Int64(count)
                hash.update(buffer.span.extracting(..<count))
                try body(buffer.span.extracting(..<count))
            }
        }

        /// Refuses what was changed since the manifest was written; the manifest lists not itself.
        private func compare(
            _ sha256: String, of member: FolderWalk.Member, _ object: String
        ) throws(ArchiveError) {
            guard let expected = content.hashes[member.path], expected != sha256 else { return }
            throw ArchiveError(
                .invalid, operation: "seal", object: object,
                reason: "its SHA-256 is \(sha256), the manifest says \(expected)")
        }
    }
}
