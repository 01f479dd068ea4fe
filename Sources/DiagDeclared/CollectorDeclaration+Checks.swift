internal import DiagCollect
internal import DiagModel
internal import DiagYAML
internal import SystemPackage

/// What the items of a declaration may not be beside each other, and beside what its head says: each
/// would be accepted, and do nothing or fail in every run.
extension CollectorDeclaration {
    /// No two items may write the same artifact, or one in the place of a file that is collected.
    ///
    /// - Parameters:
    ///   - items: all of a declaration.
    ///   - nodes: what they were read from.
    /// - Throws: `YAMLError` at the artifact.
    static func checkArtifacts(_ items: [Item], in nodes: [YAMLNode]) throws(YAMLError) {
        var lines = [String: Int]()
        for (index, item) in items.enumerated() {
            guard let artifact = item.artifact else { continue }
            if let first = lines.updateValue(item.position.line, forKey: artifact) {
                let node = try place(nodes[index])
                throw node.error("`\(artifact)` is what the item in line \(first) writes, too")
            }
        }
        try checkTemplates(items, in: nodes)
        let (files, folders) = landings(of: items)
        for (index, item) in items.enumerated() {
            guard let artifact = item.artifact else { continue }
            let node = try place(nodes[index])
            if folders.contains(artifact) {
                throw node.error("`\(artifact)` is the folder of files that are collected")
            }
            if files.contains(artifact) {
                throw node.error("`\(artifact)` is the place of the file /\(artifact)")
            }
            for folder in foldersOnTheWay(to: artifact) {
                if let line = lines[folder] {
                    throw node.error(
                        "`\(folder)`, which the item in line \(line) writes, is no folder")
                }
                if files.contains(folder) {
                    throw node.error(
                        "`\(folder)` is the place of the file /\(folder), and no folder")
                }
            }
        }
    }

    /// So many items of a declaration may run for several things: each is compared with all others.
    private static let mostForEach = 256

    /// No run of a command for a thing may write what another item writes, or what a run or the
    /// program writes itself, whatever that thing is called.
    private static func checkTemplates(
        _ items: [Item], in nodes: [YAMLNode]
    ) throws(YAMLError) {
        let repeated = items.indices.filter { items[$0].isForEach }
        guard !repeated.isEmpty else { return }
        guard repeated.count <= mostForEach else {
            throw nodes[repeated[mostForEach]].error(
                "a collector has at most \(mostForEach) items with `for-each`")
        }
        let templates = items.map { $0.artifact.map(ArtifactTemplate.init) }
        let landings = landings(of: items)
        let files = landings.files.sorted().map(ArtifactTemplate.init)
        let folders = landings.folders.sorted().map(ArtifactTemplate.init)
        let reserved = [CommandRecord.artifact] + DeclarationReader.reservedArtifacts.sorted()
        for index in repeated {
            guard let template = templates[index] else { continue }
            for other in items.indices where other != index {
                guard let second = templates[other], template.mayMeet(second) else { continue }
                let (first, later) = (min(index, other), max(index, other))
                throw try place(nodes[later]).error(
                    "`\(items[later].artifact ?? "")` may be in the way of"
                        + " `\(items[first].artifact ?? "")`, which the item in line"
                        + " \(items[first].position.line) writes, by the name of a thing; write it"
                        + " into a folder of its own")
            }
            let inTheWay =
                reserved.first { template.mayBegin(with: $0) }
                ?? files.first { template.mayMeet($0) }.map { "/" + $0.text }
                ?? folders.first { template.mayEqual($0) }.map { "/" + $0.text }
            guard let inTheWay else { continue }
            throw try place(nodes[index]).error(
                "`\(template.text)` may be the place of `\(inTheWay)`, by the name of a thing; write"
                    + " it into a folder of its own")
        }
    }

    /// Where an item says which artifact it writes.
    private static func place(_ node: YAMLNode) throws(YAMLError) -> YAMLNode {
        try node.mapping["to"] ?? node
    }

    /// Where files land that are named by their whole paths, and the folders of all whose names are
    /// fixed: each under its own path.
    private static func landings(of items: [Item]) -> (files: Set<String>, folders: Set<String>) {
        var (files, folders) = (Set<String>(), Set<String>())
        for case .files(let item) in items.map(\.source) {
            for pattern in item.patterns {
                var path = ""
                for (index, component) in pattern.components.enumerated() {
                    guard case .literal(let name, _) = component else { break }
                    path += (index > 0 ? "/" : "") + name.string
                    if index < pattern.components.count - 1 {
                        folders.insert(path)
                    } else {
                        files.insert(path)
                    }
                }
            }
        }
        return (files, folders)
    }

    /// `a` and `a/b` of `a/b/c`.
    private static func foldersOnTheWay(to artifact: String) -> [String] {
        artifact.indices.filter { artifact[$0] == "/" }.map { String(artifact[..<$0]) }
    }

    /// No item may be given more seconds or bytes than its whole collector has.
    ///
    /// - Throws: `YAMLError` at the limit.
    static func checkLimits(
        _ items: [Item], in nodes: [YAMLNode], seconds: Double, bytes: Int64
    ) throws(YAMLError) {
        for (index, item) in items.enumerated() {
            guard let limits = try nodes[index].mapping["limits"]?.mapping else { continue }
            if let node = limits["seconds"], item.limits.seconds > seconds {
                throw node.error(
                    "\(DurationText.words(seconds: item.limits.seconds)) is more than the"
                        + " \(DurationText.words(seconds: seconds)) that the collector has;"
                        + " lower it, or raise `deadline`")
            }
            if let node = limits["bytes"], item.limits.byteCount > bytes {
                throw node.error(
                    "\(ByteCountText.describe(item.limits.byteCount)) is more than the"
                        + " \(ByteCountText.describe(bytes)) that the collector has;"
                        + " lower it, or raise `limit`")
            }
        }
    }

    /// What reads media or changes state runs only when its collector is asked for by name, and so
    /// with all of that: it is of no profile.
    ///
    /// - Throws: `YAMLError` at the profiles that a file names all the same.
    static func checkRisk(
        _ risk: CollectorDescriptor.Risk, of items: [Item], besideProfiles node: YAMLNode
    ) throws(YAMLError) {
        guard risk >= .media else { return }
        let item = items.first { $0.risk >= .media }
        let hint = item.map {
            ", or put the item in line \($0.position.line) into a collector of its own"
        }
        throw node.error(
            "a collector with the risk R2 runs only when it is asked for by name, and is of no"
                + " profile: leave `profiles` out\(hint ?? "")")
    }

    /// An item that is of no profile of its collector would never be collected.
    ///
    /// - Throws: `YAMLError` at the profiles of the item.
    static func checkProfiles(
        _ items: [Item], in nodes: [YAMLNode], of profiles: Set<CollectionProfile>
    ) throws(YAMLError) {
        guard !profiles.isEmpty else { return }
        for (index, item) in items.enumerated() {
            guard let own = item.profiles, own.isDisjoint(with: profiles),
                let node = try nodes[index].mapping["profiles"]
            else { continue }
            let names = CollectionProfile.allCases.filter(profiles.contains).map(\.rawValue)
            throw node.error(
                "the collector is of none of these, but of \(names.joined(separator: ", ")):"
                    + " the item would never be collected")
        }
    }
}
