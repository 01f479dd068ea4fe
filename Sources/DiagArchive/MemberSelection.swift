/// Which members of a bundle are wanted, by the paths that a person gave.
struct MemberSelection {
    /// One of the paths.
    struct Wanted: Hashable {
        /// As it was given.
        let text: String
        let path: MemberPath
    }

    /// The paths; none for all members.
    let wanted: [Wanted]

    /// - Throws: ``ArchiveError`` for a path that no member can have.
    init(_ texts: [String], of object: String) throws(ArchiveError) {
        var wanted = [Wanted]()
        for text in texts {
            let path = try MemberPath(validating: Array(text.utf8), of: object, hasTop: true)
            wanted.append(Wanted(text: text, path: path))
        }
        self.wanted = wanted
    }

    /// Whether a member is wanted; which of ``wanted`` it is goes into `matched`.
    func selects(_ path: MemberPath, _ matched: inout Set<MemberPath>) -> Bool {
        guard !wanted.isEmpty else { return true }
        let inside = MemberPath(components: Array(path.components.dropFirst()))
        let hits = wanted.filter {
            path.isSelected(by: $0.path) || path.text == $0.text || inside.text == $0.text
        }
        matched.formUnion(hits.map(\.path))
        return !hits.isEmpty
    }

    /// The paths that no member had.
    func notFound(_ matched: Set<MemberPath>) -> [String] {
        wanted.filter { !matched.contains($0.path) }.map(\.text)
    }
}

extension MemberPath {
    /// Whether this, with the top folder, is the index of members: of the bundle, not of the
    /// folder.
    var isMemberIndex: Bool {
        components.count == 2 && components[1].elementsEqual(MemberIndexFormat.name.utf8)
    }
}
