internal import DiagSystem
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
    /// Directories get mode 0700, files 0600. No link in `folder` is followed. The archive is read
    /// to its end, so damage behind the last member wanted is found as well.
    ///
    /// `wanted` are paths of files or directories, with or without the top folder; empty for all.
    /// A file that is there already is an error, unless `replacesFiles`.
    ///
    /// - Throws: ``ArchiveError``. What was unpacked before stays; the file that could not be
    ///   finished is removed.
    public static func extract(
        _ path: FilePath, into folder: FilePath, wanted: [String] = [],
        replacesFiles: Bool = false, limits: BundleReader.Limits = .init(),
        isCancelled: () -> Bool = { false }
    ) throws(ArchiveError) -> Extraction {
        let selection = try Selection(wanted, of: path.string)
        let reader = try BundleReader(path, limits: limits)
        let target: Directory
        do throws(SystemCallError) {
            _ = try OutputDirectory.create(folder)
            target = try Directory.open(folder)
        } catch { throw ArchiveError(error, kind: .cannotCreate) }
        var extraction = Extraction()
        var matched = Set<MemberPath>()
        while let member = try reader.next() {
            guard selection.selects(member.path, &matched) else { continue }
            if member.isDirectory {
                _ = try descend(member.path.components, below: target)
                continue
            }
            let written = try write(
                member, of: reader, below: target, replacesFiles: replacesFiles,
                isCancelled: isCancelled)
            extraction.fileCount += 1
            extraction.byteCount += written
        }
        extraction.notFound = selection.notFound(matched)
        return extraction
    }

    /// Gives the content of the one file `wanted`, with or without the top folder, in parts.
    ///
    /// The rest of the archive is read too, so the content is known to be undamaged at the end.
    ///
    /// - Returns: `false` when the bundle holds no such file.
    /// - Throws: ``ArchiveError``, or what `body` throws.
    public static func content(
        of wanted: String, in path: FilePath, limits: BundleReader.Limits = .init(),
        _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Bool {
        let wantedPath = try MemberPath(validating: Array(wanted.utf8), of: path.string)
        let reader = try BundleReader(path, limits: limits)
        var isFound = false
        while let member = try reader.next() {
            let components = member.path.components
            guard !isFound, !member.isDirectory,
                components == wantedPath.components
                    || Array(components.dropFirst()) == wantedPath.components
                    || MemberPath(components: Array(components.dropFirst())).text == wanted
            else { continue }
            isFound = true
            try reader.read(body)
        }
        return isFound
    }

    private static func write(
        _ member: BundleReader.Member, of reader: BundleReader, below target: Directory,
        replacesFiles: Bool, isCancelled: () -> Bool
    ) throws(ArchiveError) -> Int64 {
        let parent = try descend(member.path.components.dropLast(), below: target)
        guard let name = member.path.components.last.flatMap(MemberPath.component) else {
            return 0
        }
        let object = parent.path.appending(name).string
        let file = try create(name, in: parent, replacing: replacesFiles)
        var written: Int64 = 0
        do throws(ArchiveError) {
            try reader.read { bytes throws(ArchiveError) in
                if isCancelled() {
                    throw ArchiveError(
                        .cancelled, operation: "extract", object: object,
                        reason: "interrupted")
                }
                do throws(SystemCallError) { try file.write(bytes) } catch {
                    throw ArchiveError(error, object: object)
                }
                written += Int64(bytes.count)
            }
        } catch {
            try? parent.removeFile(name)
            throw error
        }
        return written
    }

    private static func create(
        _ name: FilePath.Component, in parent: Directory, replacing: Bool
    ) throws(ArchiveError) -> OwnedDescriptor {
        do throws(SystemCallError) {
            if replacing { try parent.removeFile(name) }
        } catch {
            guard error.errno == .noSuchFileOrDirectory else {
                throw ArchiveError(error, kind: .cannotCreate)
            }
        }
        do throws(SystemCallError) { return try parent.makeRegularFile(name) } catch {
            throw ArchiveError(error, kind: .cannotCreate)
        }
    }

    /// Opens the directory with these components, making what is not there; a link is refused.
    private static func descend(
        _ components: some Sequence<[UInt8]>, below target: Directory
    ) throws(ArchiveError) -> Directory {
        var here = target
        for bytes in components {
            guard let name = MemberPath.component(bytes) else { continue }
            do throws(SystemCallError) {
                do throws(SystemCallError) { here = try here.subdirectory(name) } catch {
                    guard error.errno == .noSuchFileOrDirectory else { throw error }
                    try here.makeSubdirectory(name)
                    here = try here.subdirectory(name)
                }
            } catch { throw ArchiveError(error, kind: .cannotCreate) }
        }
        return here
    }

    /// Which members are wanted.
    private struct Selection {
        private let wanted: [(text: String, path: MemberPath)]

        init(_ texts: [String], of object: String) throws(ArchiveError) {
            var wanted = [(text: String, path: MemberPath)]()
            for text in texts {
                wanted.append((text, try MemberPath(validating: Array(text.utf8), of: object)))
            }
            self.wanted = wanted
        }

        func selects(_ path: MemberPath, _ matched: inout Set<MemberPath>) -> Bool {
            guard !wanted.isEmpty else { return true }
            let hits = wanted.filter { path.isSelected(by: $0.path) || path.text == $0.text }
            matched.formUnion(hits.map(\.path))
            return !hits.isEmpty
        }

        func notFound(_ matched: Set<MemberPath>) -> [String] {
            wanted.filter { !matched.contains($0.path) }.map(\.text)
        }
    }
}
