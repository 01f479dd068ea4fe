internal import DiagCollect
internal import DiagModel
internal import DiagYAML
internal import SystemPackage

/// Reads the values of one mapping of a declaration.
struct DeclarationReader {
    let mapping: YAMLMapping
    let node: YAMLNode

    init(_ mapping: YAMLMapping, of node: YAMLNode) {
        self.mapping = mapping
        self.node = node
    }

    func required(_ key: String) throws(YAMLError) -> YAMLNode {
        guard let value = mapping[key] else { throw node.error("`\(key)` is missing") }
        return value
    }

    func seconds(_ key: String, in range: ClosedRange<Double>) throws(YAMLError) -> Double? {
        guard let node = mapping[key] else { return nil }
        let seconds = try node.duration / .seconds(1)
        guard range.contains(seconds) else {
            throw node.error(
                "expected \(Int(range.lowerBound)) to \(Int(range.upperBound)) seconds, "
                    + "but found \(node.summary)")
        }
        return seconds
    }

    func byteCount(_ key: String) throws(YAMLError) -> Int64? {
        guard let node = mapping[key] else { return nil }
        let count = try node.byteCount
        guard (1...(64 << 30)).contains(count) else {
            throw node.error("expected 1 byte to 64 GiB, but found \(node.summary)")
        }
        return count
    }

    /// One of the words of a choice.
    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: YAMLNode, of type: Choice.Type
    ) throws(YAMLError) -> Choice where Choice.RawValue == String {
        let text = try node.string
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        let hint = NearestName.of(text, in: names).map { "; did you mean `\($0)`?" } ?? ""
        throw node.error(
            "expected one of \(names.map { "`\($0)`" }.joined(separator: ", ")), "
                + "but found \(node.summary)\(hint)")
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(YAMLError) -> Choice? where Choice.RawValue == String {
        guard let node = mapping[key] else { return nil }
        return try Self.choice(node, of: type)
    }

    func choices<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(YAMLError) -> [Choice]? where Choice.RawValue == String {
        guard let node = mapping[key] else { return nil }
        var choices = [Choice]()
        for item in try node.sequence { choices.append(try Self.choice(item, of: type)) }
        return choices
    }

    func profiles() throws(YAMLError) -> Set<CollectionProfile>? {
        guard let choices = try choices("profiles", of: CollectionProfile.self) else { return nil }
        guard !choices.isEmpty else {
            throw try required("profiles").error("name at least one profile")
        }
        return Set(choices)
    }

    static func risk(_ node: YAMLNode) throws(YAMLError) -> CollectorDescriptor.Risk {
        switch try node.string {
        case "R0": return .memoryOnly
        case "R1": return .mayBlock
        case "R2": return .media
        default: throw node.error("expected `R0`, `R1` or `R2`, but found \(node.summary)")
        }
    }

    /// A list of patterns with their braces expanded.
    func patterns(_ key: String, areAbsolute: Bool = true) throws(YAMLError) -> [GlobPattern] {
        let list = try required(key)
        var patterns = [GlobPattern]()
        for item in try list.sequence {
            patterns += try Self.patterns(item, areAbsolute: areAbsolute)
        }
        guard !patterns.isEmpty else { throw list.error("expected at least one pattern") }
        return patterns
    }

    static func patterns(
        _ node: YAMLNode, areAbsolute: Bool = true
    ) throws(YAMLError) -> [GlobPattern] {
        do throws(GlobPattern.Fault) {
            let patterns = try GlobPattern.expanding(try text(node))
            for pattern in patterns {
                if areAbsolute, !pattern.isAbsolute {
                    throw GlobPattern.Fault(description: "a path begins with `/`")
                }
                if !pattern.isAbsolute, pattern.components.count > 1 {
                    throw GlobPattern.Fault(
                        description: "a name has no `/`; a whole path begins with one")
                }
            }
            return patterns
        } catch {
            throw node.error("\(node.summary): \(error.description)")
        }
    }

    private static func text(_ node: YAMLNode) throws(GlobPattern.Fault) -> String {
        do throws(YAMLError) { return try node.string } catch {
            throw GlobPattern.Fault(description: "expected a text")
        }
    }

    /// The most bytes that are held in memory of a command, or of a file cut to lines.
    static let mostBytesInMemory: Int64 = 64 << 20

    /// The artifacts that the orchestrator writes into a collector's folder.
    private static let reservedArtifacts: Set<String> = ["worker.log", "abandoned.txt"]

    /// The path of the artifact that an item writes.
    func artifact() throws(YAMLError) -> String {
        let node = try required("to")
        let path = try node.string
        do throws(ArtifactPath.Refusal) {
            _ = try ArtifactPath(.init(path: path), collector: "collector")
        } catch {
            throw node.error("`\(path)` \(error.reason)")
        }
        guard path != CommandRecord.artifact else {
            throw node.error("`\(path)` is written for every collector with commands")
        }
        guard !Self.reservedArtifacts.contains(path) else {
            throw node.error("`\(path)` is what a run writes itself of what went wrong")
        }
        return path
    }
}
