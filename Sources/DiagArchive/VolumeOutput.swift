internal import DiagDigest
internal import DiagSystem
internal import Synchronization
public import SystemPackage

/// One volume of a bundle, under its final name.
public struct SealedVolume: Hashable, Sendable {
    /// The least of ``BundleOptions/volumeByteCount`` that a person should choose: 1 MiB.
    public static let leastByteCount: Int64 = 1 << 20

    /// What comes behind the name of the whole in that of a first volume: of few volumes, of many.
    public static var firstSuffixes: [String] {
        VolumeName.digitCounts.map { "." + VolumeName.digits(1, count: $0) }
    }

    /// Where it is.
    public let path: FilePath
    /// Its size in bytes.
    public let byteCount: Int64
    /// SHA-256 of its bytes, 64 lower-case hexadecimal digits.
    public let sha256: String
}

/// Where the bytes of a bundle go: into one file, or into volumes of one size.
///
/// Until ``commit()`` they have hidden names that no glob for the final ones finds. Used by one
/// thread at a time, but for ``discard()``.
final class VolumeOutput: Sendable {
    /// A file that is being written; closed with its last owner.
    private final class Part: Sendable {
        let file: OwnedDescriptor
        init(_ file: consuming OwnedDescriptor) { self.file = file }
    }

    private struct State: Sendable {
        var part: Part?
        /// Bytes of the part at hand.
        var byteCount: Int64 = 0
        var hash = SHA256()
        /// Size and SHA-256 of the parts that are on the disk.
        var ended = [(byteCount: Int64, sha256: String)]()
        /// Final names that were given.
        var named = [String]()
    }

    /// The file at work, for messages.
    let object: String
    /// The folder that it is in.
    let folder: OutputDirectory
    private let path: FilePath
    /// What it is called, of volumes without the number.
    let name: String
    private let volumeByteCount: Int64?
    private let mostByteCount: Int64?
    private let greatestCount: Int
    private let state = Mutex(State())
    private let isDiscarded = Atomic(false)

    private init(
        _ folder: OutputDirectory, _ path: FilePath, _ name: String, _ volumeByteCount: Int64?,
        _ mostByteCount: Int64?, _ greatestCount: Int
    ) {
        self.folder = folder
        self.path = path
        self.name = name
        self.volumeByteCount = volumeByteCount
        self.mostByteCount = mostByteCount
        self.greatestCount = greatestCount
        let first = Self.partialName(of: name, volumeByteCount == nil ? nil : 1)
        object = folder.path.appending(first).string
    }

    /// Begins the output that will be `path`, or its volumes of `volumeByteCount` bytes, at least 1:
    /// `path` with a dot and a number. What an interrupted run left behind is removed.
    ///
    /// `mostByteCount` is what the bundle will hold at most, where that is known: with it an error
    /// about too many volumes says which size is sure to do.
    ///
    /// - Throws: ``ArchiveError``: `cannotCreate`, also when something other than a file has the
    ///   name of a volume.
    static func create(
        _ path: FilePath, volumeByteCount: Int64?, mostByteCount: Int64? = nil,
        greatestCount: Int = VolumeName.greatestNumber
    ) throws(ArchiveError) -> VolumeOutput {
        guard let name = path.lastComponent?.string else {
            throw ArchiveError(
                .refused, operation: "create", object: path.string,
                reason: "a bundle needs a plain name")
        }
        let output: VolumeOutput
        do throws(SystemCallError) {
            let parent = path.removingLastComponent()
            let folder = try OutputDirectory.create(parent.isEmpty ? "." : parent)
            output = VolumeOutput(
                folder, path, name, volumeByteCount, mostByteCount, greatestCount)
            try output.removePartial()
        } catch { throw ArchiveError(error, kind: .cannotCreate) }
        if volumeByteCount != nil { try output.checkPlaces() }
        do throws(SystemCallError) {
            try output.state.withLock { state throws(SystemCallError) in
                state.part = try output.begin(1)
            }
        } catch { throw ArchiveError(error, kind: .cannotCreate) }
        return output
    }

    /// Refuses what is no file in the place of a volume: it would be removed.
    private func checkPlaces() throws(ArchiveError) {
        var obstacle: (name: String, kind: FileStatus.Kind)?
        do throws(SystemCallError) {
            for volume in try volumeNames() {
                if let kind = try folder.status(of: volume)?.kind, kind != .regular {
                    obstacle = (volume, kind)
                }
            }
        } catch { throw ArchiveError(error, kind: .cannotCreate) }
        guard let obstacle else { return }
        throw ArchiveError(
            .cannotCreate, operation: "replace",
            object: folder.path.appending(obstacle.name).string,
            reason: "it is a \(obstacle.kind.words), and a volume of the bundle has that name")
    }

    /// Writes the next bytes: the first `byteCount` of `bytes`, or all.
    ///
    /// - Throws: ``ArchiveError``, also when there would be more than 9,999 volumes.
    func write(_ bytes: [UInt8], count byteCount: Int? = nil) throws(ArchiveError) {
        let end = byteCount ?? bytes.count
        try change { state throws(ArchiveError) in
            var start = 0
            while start < end {
                if let volumeByteCount, state.byteCount >= volumeByteCount {
                    try endPart(&state)
                    try beginNext(&state)
                }
                let room = (volumeByteCount ?? .max) - state.byteCount
                let count = Int(min(room, Int64(end - start)))
                let part = bytes.span.extracting(start..<(start + count))
                do throws(SystemCallError) { try state.part?.file.write(part) } catch {
                    throw ArchiveError(error, object: place(state.ended.count + 1))
                }
                if volumeByteCount != nil { state.hash.update(part) }
                state.byteCount += Int64(count)
                start += count
            }
        }
    }

    /// Waits until every byte is on the disk; nothing is written behind that.
    func finish() throws(ArchiveError) {
        try change { state throws(ArchiveError) in try endPart(&state) }
    }

    /// Gives all bytes to `take` as they are on the disk, those of the volumes joined; asked between
    /// ``finish()`` and ``commit()``.
    func read(
        _ take: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        for number in 1...max(1, state.withLock { $0.ended.count }) {
            let partial = Self.partialName(of: name, volumeByteCount == nil ? nil : number)
            let file: OwnedDescriptor
            do throws(SystemCallError) { file = try folder.openFile(partial) } catch {
                throw ArchiveError(error)
            }
            while true {
                let count: Int
                do throws(SystemCallError) { count = try file.read(into: &buffer) } catch {
                    throw ArchiveError(error, object: place(number))
                }
                guard count > 0 else { break }
                try take(buffer.span.extracting(..<count))
            }
        }
    }

    /// Gives the final names, and waits until they are on the disk.
    ///
    /// Volumes of an older set go first, its first before the others; the first of the new set comes
    /// last. So what a crash leaves never begins a bundle that lacks volumes, or has those of
    /// another one.
    ///
    /// - Returns: the volumes in their order; none of an output that is one file.
    /// - Throws: ``ArchiveError``; ``discard()`` is the caller's.
    func commit() throws(ArchiveError) -> [SealedVolume] {
        try change { state throws(ArchiveError) in
            do throws(SystemCallError) {
                guard volumeByteCount != nil else {
                    try folder.rename(Self.partialName(of: name, nil), to: name)
                    try folder.synchronize()
                    // What it replaced is gone: only what fails behind that takes it away.
                    state.named.append(name)
                    return []
                }
                let old = try volumeNames()
                for (place, volume) in old.enumerated() {
                    try folder.removeFile(volume)
                    if place == 0 { try folder.synchronize() }
                }
                let digitCount = VolumeName.digitCount(ofCount: state.ended.count)
                func finalName(_ number: Int) -> String {
                    name + "." + VolumeName.digits(number, count: digitCount)
                }
                for number in stride(from: state.ended.count, through: 1, by: -1) {
                    // The others have reached the disk when the first appears.
                    if number == 1 { try folder.synchronize() }
                    try folder.rename(Self.partialName(of: name, number), to: finalName(number))
                    state.named.append(finalName(number))
                }
                try folder.synchronize()
                return state.ended.enumerated().map { place, volume in
                    SealedVolume(
                        path: path.removingLastComponent().appending(finalName(place + 1)),
                        byteCount: volume.byteCount, sha256: volume.sha256)
                }
            } catch { throw ArchiveError(error) }
        }
    }

    /// Removes what was written, under either name, and lets nothing more be written. A write that a
    /// disk holds up is not waited for: whoever waits there removes what it has made since.
    func discard() {
        isDiscarded.store(true, ordering: .sequentiallyConsistent)
        _ = state.withLockIfAvailable { state in
            state.part = nil
            for name in state.named.reversed() { try? folder.removeFile(name) }
        }
        try? removePartial()
    }

    // MARK: - Parts

    private func change<Value: Sendable>(
        _ body: (inout State) throws(ArchiveError) -> Value
    ) throws(ArchiveError) -> Value {
        try state.withLock { state throws(ArchiveError) in
            guard !isDiscarded.load(ordering: .sequentiallyConsistent) else {
                throw ArchiveError(
                    .cancelled, operation: "write", object: object, reason: "it was given up")
            }
            defer {
                // Not behind that: another output may have begun under these names.
                if isDiscarded.load(ordering: .sequentiallyConsistent) { try? removePartial() }
            }
            return try body(&state)
        }
    }

    private func place(_ number: Int) -> String {
        let partial = Self.partialName(of: name, volumeByteCount == nil ? nil : number)
        return folder.path.appending(partial).string
    }

    private func begin(_ number: Int) throws(SystemCallError) -> Part {
        Part(
            try folder.createFile(
                Self.partialName(of: name, volumeByteCount == nil ? nil : number)))
    }

    private func beginNext(_ state: inout State) throws(ArchiveError) {
        let number = state.ended.count + 1
        guard number <= greatestCount else {
            let size = volumeByteCount ?? 0
            let sure = max(mostByteCount.map { $0 / Int64(greatestCount) + 1 } ?? 0, size + 1)
            throw ArchiveError(
                .cannotCreate, operation: "split", object: path.string,
                reason: "volumes of \(size) bytes would be more than \(greatestCount): "
                    + (mostByteCount == nil
                        ? "choose a larger size" : "\(sure) bytes are sure to be enough"))
        }
        do throws(SystemCallError) { state.part = try begin(number) } catch {
            throw ArchiveError(error)
        }
    }

    /// Ends the part at hand when it is on the disk.
    private func endPart(_ state: inout State) throws(ArchiveError) {
        guard let part = state.part else { return }
        do throws(SystemCallError) { try part.file.synchronize() } catch {
            throw ArchiveError(error, object: place(state.ended.count + 1))
        }
        state.ended.append((state.byteCount, state.hash.digest().hexadecimal))
        state.part = nil
        state.byteCount = 0
        state.hash = SHA256()
    }

    // MARK: - Names

    private static func partialName(of name: String, _ number: Int?) -> String {
        guard let number else { return ".\(name).partial" }
        return ".\(name).\(VolumeName.digits(number, count: 4)).partial"
    }

    private func removePartial() throws(SystemCallError) {
        try folder.removeFile(Self.partialName(of: name, nil))
        let suffix = Array(".partial".utf8)
        // Where they cannot be listed, one of the same name is an error when it is made.
        for other in (try? folder.names()) ?? [] {
            let bytes = Array(other.utf8)
            guard bytes.first == 0x2E, bytes.reversed().starts(with: suffix.reversed()),
                let volume = VolumeName(Array(bytes.dropFirst().dropLast(suffix.count))),
                volume.whole == Array(name.utf8)
            else { continue }
            try folder.removeFile(other)
        }
    }

    /// The names that volumes of this bundle have, of sets of any size, the first volumes first.
    private func volumeNames() throws(SystemCallError) -> [String] {
        let whole = Array(name.utf8)
        return try folder.names().compactMap { name -> (Int, String)? in
            guard let volume = VolumeName(Array(name.utf8)), volume.whole == whole else {
                return nil
            }
            return (volume.number, name)
        }.sorted { $0 < $1 }.map(\.1)
    }
}
