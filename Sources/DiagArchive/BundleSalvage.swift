internal import DiagCodec
public import SystemPackage

/// Takes out of a damaged bundle whatever is whole.
public enum BundleSalvage {
    /// What was saved, and what was not.
    public struct Outcome: Hashable, Sendable {
        /// How many files were written.
        public var fileCount = 0
        /// How many bytes they have.
        public var byteCount: Int64 = 0
        /// The members that are lost, sorted: all of them where ``isListed``, otherwise those whose
        /// headers were found.
        public var lost = [String]()
        /// How many compressed blocks could not be decoded, of those that were found.
        public var lostBlockCount = 0
        /// Whether the index of members was readable, so that all that is lost is known.
        public var isListed = false
        /// Whether a check of the format, or the index, covers what was saved. Otherwise a file may
        /// have every byte and some of them wrong.
        public var isChecked = true
        /// What is damaged beside members, in words.
        public var damage = [String]()

        /// Whether nothing was found damaged.
        public var isWhole: Bool { lost.isEmpty && lostBlockCount == 0 && damage.isEmpty }
    }

    /// Writes every whole member of the bundle at `path` into `folder`, as ``BundleExtractor`` does.
    ///
    /// A damaged block costs the members in it. Where the table of blocks or the index of members is
    /// damaged or cut off, blocks are found by their own headers and members by theirs. A member is
    /// written only when all its bytes came from blocks whose check is right. Their SHA-256 must be
    /// that of the index, where that is readable and the member's header was searched for or is
    /// under no check. Memory is that of one block, at most 64 MiB, and what grows with the number of
    /// members; a larger block is one that is lost, unless most are. Of what has no blocks, such as
    /// `tar.gz`, or is encrypted, everything up to the first damage is saved.
    ///
    /// Of a set of volumes those are read that are there; ``Outcome/damage`` names the others.
    ///
    /// - Throws: ``ArchiveError`` when the file cannot be read at all, or `folder` not be written.
    public static func salvage(
        _ path: FilePath, into folder: FilePath, replacesFiles: Bool = false,
        keys: DecryptionKeys = .init(), limits: BundleReader.Limits = .init(),
        isCancelled: @escaping () -> Bool = { false }
    ) throws(ArchiveError) -> Outcome {
        let file = try InputFile(path, keys: keys, isSalvaged: true)
        let files = try MemberFiles(
            in: folder, replacesFiles: replacesFiles, isCancelled: isCancelled)
        guard var stream = try SalvageStream(file) else {
            var outcome = try readToDamage(file, into: files, limits)
            outcome.damage = file.faults + outcome.damage
            return outcome
        }
        var outcome = Outcome()
        outcome.damage = file.faults
        let (top, index) = members(of: file, limits, &outcome)
        var salvage = TarSalvage(
            into: files, object: file.object, limits: limits, top: top, index: index,
            isListed: outcome.isListed, isChecked: stream.isChecked)
        while let piece = try stream.next() {
            if isCancelled() {
                throw ArchiveError(
                    .cancelled, operation: "save", object: file.object, reason: "interrupted")
            }
            switch piece {
            case .bytes(let bytes): try salvage.take(bytes.span)
            case .gap(let byteCount): salvage.skip(byteCount)
            }
        }
        salvage.finish()
        let result = salvage.result
        outcome.fileCount = result.fileCount
        outcome.byteCount = result.byteCount
        outcome.lostBlockCount = stream.lostBlockCount
        outcome.isChecked = stream.isChecked || outcome.isListed
        if stream.isTableDamaged {
            outcome.damage.append("its table of blocks is damaged or cut off")
        }
        if let first = result.contradicted.first {
            outcome.damage.append(
                "the index of members says something else of \(result.contradicted.count) that are"
                    + " saved, as of \(MemberPath.text(first.bytes))")
        }
        if result.hasGap { outcome.damage.append("parts of its tar stream are missing") }
        if outcome.isListed, let top {
            outcome.lost = index.values.filter {
                $0.kind != .directory && !result.saved.contains($0.path)
            }.map { MemberPath(components: [top] + $0.path.components).text }.sorted()
        } else {
            outcome.lost = Set(result.lost.map(\.text)).sorted()
        }
        return outcome
    }

    /// What the index says, as far as it is readable: the top folder, and the members below it.
    private static func members(
        of file: InputFile, _ limits: BundleReader.Limits, _ outcome: inout Outcome
    ) -> (top: [UInt8]?, index: [MemberPath: IndexedMember]) {
        var members = [MemberPath: IndexedMember]()
        var top: [UInt8]?
        do throws(ArchiveError) {
            guard let bundle = try IndexedBundle.open(file, limits: limits) else {
                return (nil, [:])
            }
            top = bundle.index.top.components.first
            try bundle.index.forEach { member throws(ArchiveError) in
                members[member.path] = member
            }
            outcome.isListed = true
        } catch { outcome.damage.append("\(error)") }
        return (top, members)
    }

    /// Reads a file without blocks up to its end or the first damage.
    private static func readToDamage(
        _ file: InputFile, into files: MemberFiles, _ limits: BundleReader.Limits
    ) throws(ArchiveError) -> Outcome {
        let reader = try BundleReader(file, limits: limits)
        var outcome = Outcome()
        while true {
            let member: BundleReader.Member?
            do throws(ArchiveError) { member = try reader.next() } catch {
                outcome.damage.append("\(error)")
                break
            }
            guard let member else { break }
            if member.path.isMemberIndex { continue }
            if member.isDirectory {
                try files.makeDirectory(member.path)
                continue
            }
            guard let target = try files.begin(member.path) else { continue }
            var isWriting = false
            do throws(ArchiveError) {
                try reader.read(hole: target.skip) { bytes throws(ArchiveError) in
                    isWriting = true
                    try target.write(bytes)
                    isWriting = false
                }
            } catch {
                // What cannot be written is no damage of the bundle.
                if isWriting { throw error }
                outcome.lost.append(member.path.text)
                outcome.damage.append("\(error)")
                break
            }
            try target.keep()
            outcome.fileCount += 1
            outcome.byteCount += target.byteCount
        }
        // Age gives no byte that it has not checked.
        outcome.isChecked = outcome.damage.isEmpty || file.cipher == .age
        return outcome
    }
}
