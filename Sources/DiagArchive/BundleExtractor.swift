public import SystemPackage

/// Takes members out of a bundle.
public enum BundleExtractor {
    /// What was unpacked.
    public struct Extraction: Hashable, Sendable {
        /// How many files were written.
        public var fileCount = 0
        /// How many bytes they have.
        public var byteCount: Int64 = 0
        /// The paths asked for that the bundle does not hold.
        public var notFound = [String]()
    }

    /// Writes the members of the bundle at `path` into `folder`, which is made when needed.
    ///
    /// Directories get mode 0700, files 0600; holes of sparse files stay holes. No link in `folder` is followed. The index of members
    /// is of the bundle, and not written.
    ///
    /// `wanted` are paths of files or directories, with or without the top folder; empty for all.
    /// With an index of members only the blocks that hold them are read; otherwise, and for all,
    /// the archive is read to its end, so damage behind the last member wanted is found as well.
    /// A file that is there already is an error, unless `replacesFiles`.
    ///
    /// `notice` is told when this is slow for lack of an index.
    ///
    /// - Throws: ``ArchiveError``. What was unpacked before stays; the file that could not be
    ///   finished is removed. Of an encrypted bundle no file stays: that it was not altered is
    ///   known at its end alone.
    public static func extract(
        _ path: FilePath, into folder: FilePath, wanted: [String] = [],
        replacesFiles: Bool = false, keys: DecryptionKeys = .init(),
        limits: BundleReader.Limits = .init(),
        notice: (String) -> Void = { _ in }, isCancelled: @escaping () -> Bool = { false }
    ) throws(ArchiveError) -> Extraction {
        let selection = try MemberSelection(wanted, of: path.string)
        let file = try InputFile(path, keys: keys)
        if !wanted.isEmpty {
            if let bundle = try IndexedBundle.open(file, limits: limits) {
                return try extract(
                    selection, of: bundle,
                    into: { () throws(ArchiveError) in
                        try MemberFiles(
                            in: folder, replacesFiles: replacesFiles, isCancelled: isCancelled)
                    })
            }
            BundleListing.tell(ofSlow: file, notice)
        }
        let reader = try BundleReader(file, limits: limits)
        let files = try MemberFiles(
            in: folder, replacesFiles: replacesFiles, isCancelled: isCancelled)
        guard file.cipher != nil else { return try extract(selection, from: reader, into: files) }
        // Until its end nobody knows that an encrypted file is as it was made.
        var written = [MemberPath]()
        do throws(ArchiveError) {
            return try extract(selection, from: reader, into: files) { written.append($0) }
        } catch {
            for path in written { files.remove(path) }
            throw error
        }
    }

    private static func extract(
        _ selection: MemberSelection, from reader: BundleReader, into files: MemberFiles,
        _ told: (MemberPath) -> Void = { _ in }
    ) throws(ArchiveError) -> Extraction {
        var extraction = Extraction()
        var matched = Set<MemberPath>()
        while let member = try reader.next() {
            guard !member.path.isMemberIndex, selection.selects(member.path, &matched) else {
                continue
            }
            if member.isDirectory {
                try files.makeDirectory(member.path)
                continue
            }
            extraction.byteCount += try files.write(member.path) { file throws(ArchiveError) in
                try reader.read(hole: file.skip, file.write)
            }
            extraction.fileCount += 1
            told(member.path)
        }
        extraction.notFound = selection.notFound(matched)
        return extraction
    }

    private static func extract(
        _ selection: MemberSelection, of bundle: IndexedBundle,
        into folder: () throws(ArchiveError) -> MemberFiles
    ) throws(ArchiveError) -> Extraction {
        var extraction = Extraction()
        let (members, notFound) = try bundle.members(selectedBy: selection.wanted)
        extraction.notFound = notFound
        let files = try folder()
        guard !members.isEmpty else { return extraction }
        let sweep = try MemberSweep(bundle.stream, members)
        for member in members {
            let path = bundle.path(of: member)
            if member.kind == .directory {
                try sweep.read(member) { _ throws(ArchiveError) in }
                try files.makeDirectory(path)
                continue
            }
            extraction.byteCount += try files.write(path) { file throws(ArchiveError) in
                try sweep.read(member, hole: file.skip, file.write)
            }
            extraction.fileCount += 1
        }
        return extraction
    }

    /// Gives the content of the one file `wanted`, with or without the top folder, in parts.
    ///
    /// With an index of members only the blocks that hold it are read, the first bytes before the
    /// rest is decoded. Without one the rest of the archive is read too. Only at the end is the
    /// content known to be undamaged.
    ///
    /// `notice` is told when this is slow for lack of an index.
    ///
    /// - Returns: `false` when the bundle holds no such file.
    /// - Throws: ``ArchiveError``, or what `body` throws.
    public static func content(
        of wanted: String, in path: FilePath, keys: DecryptionKeys = .init(),
        limits: BundleReader.Limits = .init(), notice: (String) -> Void = { _ in },
        _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Bool {
        let wantedPath = try MemberPath(
            validating: Array(wanted.utf8), of: path.string, hasTop: true)
        let file = try InputFile(path, keys: keys)
        if let bundle = try IndexedBundle.open(file, limits: limits) {
            guard let member = try bundle.index.find(text: wanted), member.kind != .directory
            else { return false }
            try MemberSweep(bundle.stream, [member]).read(member, body)
            return true
        }
        BundleListing.tell(ofSlow: file, notice)
        let reader = try BundleReader(file, limits: limits)
        var isFound = false
        while let member = try reader.next() {
            let components = member.path.components
            guard !isFound, !member.isDirectory, !member.path.isMemberIndex,
                components == wantedPath.components
                    || Array(components.dropFirst()) == wantedPath.components
                    || MemberPath(components: Array(components.dropFirst())).text == wanted
            else { continue }
            isFound = true
            try reader.read(body)
        }
        return isFound
    }
}
