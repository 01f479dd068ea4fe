internal import DiagDigest
internal import DiagModel
internal import DiagSystem

/// Artifacts that their worker writes itself.
extension ArtifactIntake {
    /// Such an artifact, from its file's making to its place in the list.
    final class Seekable {
        let wanted: SeekableArtifact
        let path: ArtifactPath
        let collector: String
        let started = MonotonicTime.now
        /// The file, while the worker may need it.
        var file: SeekableFile?
        fileprivate let sink: any ArtifactSink
        fileprivate var reading: SeekableFile?
        fileprivate var hash = SHA256()
        /// How many bytes the file has, known when the worker has ended.
        fileprivate(set) var byteCount: Int64 = 0
        /// How many of them have passed the hash.
        fileprivate(set) var hashedByteCount: Int64 = 0

        /// Bytes that the manifest gives: those that were read back, where the file was.
        var listedByteCount: Int64 { wanted.isHashed ? hashedByteCount : byteCount }

        fileprivate init(
            _ wanted: SeekableArtifact, path: ArtifactPath, collector: String,
            file: SeekableFile, sink: any ArtifactSink
        ) {
            self.wanted = wanted
            self.path = path
            self.collector = collector
            self.file = file
            self.sink = sink
        }
    }

    /// Makes the file of a seekable artifact in the first sink that has a place for one.
    ///
    /// - Throws: ``OutputFailure`` when it cannot be made.
    /// - Returns: `nil` when no sink has a place for it.
    func openSeekable(_ wanted: SeekableArtifact, collector: String) throws -> Seekable? {
        let path = ArtifactPath(document: wanted.path)
        guard paths.insert(path).inserted else {
            throw ArtifactPath.Refusal(name: path.text, reason: "is taken already")
        }
        do {
            for sink in sinks {
                if let file = try sink.createSeekable(path, byteLimit: wanted.byteLimit) {
                    return Seekable(
                        wanted, path: path, collector: collector, file: file, sink: sink)
                }
            }
        } catch { throw OutputFailure(cause: error) }
        return nil
    }

    /// Begins to read the file back, if it is to be, after its writer's end; `false` when it has no
    /// byte, and is gone then.
    func beginHash(of seekable: Seekable) throws -> Bool {
        seekable.file = nil
        do {
            guard let reading = try seekable.sink.openSeekable(seekable.path) else { return false }
            seekable.byteCount = try reading.descriptor.status().byteCount
            guard seekable.byteCount > 0 else {
                try seekable.sink.removeSeekable(seekable.path)
                return false
            }
            if seekable.wanted.isHashed { seekable.reading = reading }
            return true
        } catch { throw OutputFailure(cause: error) }
    }

    /// Reads on for at most `seconds`; whether the whole file has been read.
    func continueHash(
        of seekable: Seekable, buffer: inout [UInt8], forSeconds seconds: Double
    ) throws -> Bool {
        guard let reading = seekable.reading else { return true }
        let end = MonotonicTime.now.advanced(bySeconds: seconds)
        repeat {
            let count: Int
            do throws(SystemCallError) { count = try reading.descriptor.read(into: &buffer) } catch
            {
                throw OutputFailure(
                    cause: SystemCallError(
                        operation: "read back", object: seekable.path.text, errno: error.errno))
            }
            if count == 0 {
                seekable.reading = nil
                return true
            }
            seekable.hash.update(buffer.span.extracting(..<count))
            reading.descriptor.dropFromCache(
                byteCount: Int64(count), at: seekable.hashedByteCount)
            seekable.hashedByteCount += Int64(count)
        } while MonotonicTime.now < end
        return false
    }

    /// Lists the artifact; `truncation` says why it is not whole.
    func close(_ seekable: Seekable, truncation: String?) {
        artifacts.append(
            Artifact(
                collector: seekable.collector, path: seekable.path.text,
                byteCount: seekable.listedByteCount,
                sha256: seekable.wanted.isHashed
                    ? seekable.hash.digest().hexadecimal : nil,
                source: seekable.wanted.source, mediaType: seekable.wanted.mediaType,
                privacy: seekable.wanted.privacy,
                seconds: (MonotonicTime.now.seconds(since: seekable.started) * 1e6).rounded()
                    / 1e6,
                isTruncated: truncation != nil, truncationReason: truncation))
    }

    /// What became of a file whose writer may still write into it.
    enum Leaving: Equatable {
        /// It had no byte, and is gone.
        case removed
        /// It is among the artifacts, without a hash.
        case listed(byteCount: Int64)
        /// It is there, and not among the artifacts.
        case unlisted
    }

    /// Gives up reading back a file whose writer may still write into it; `truncation` says so.
    func leave(_ seekable: Seekable, truncation: String) -> Leaving {
        // Asked of the open file: a folder that hangs is not walked.
        let byteCount = try? seekable.file?.descriptor.status().byteCount
        seekable.file = nil
        guard let byteCount, byteCount > 0 else {
            discard(seekable)
            return .removed
        }
        guard !seekable.wanted.isHashed else { return .unlisted }
        seekable.byteCount = byteCount
        close(seekable, truncation: truncation)
        return .listed(byteCount: byteCount)
    }

    /// Removes the file of an artifact that is given up.
    func discard(_ seekable: Seekable) {
        seekable.file = nil
        try? seekable.sink.removeSeekable(seekable.path)
    }
}
