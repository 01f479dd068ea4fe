internal import DiagYAML

/// Reading a condition.
extension Condition {
    private static let predicates = [
        "root", "commands", "running", "files", "modules", "filesystems", "kernel", "config",
        "init", "distribution", "virtual", "container", "any", "not",
    ]

    /// Reads the mapping of `when`: all of its predicates must hold.
    init(_ node: YAMLNode) throws(YAMLError) {
        let mapping = try node.mapping
        try mapping.checkKeys(known: Self.predicates, noun: "predicate")
        guard !mapping.entries.isEmpty else { throw node.error("expected a predicate") }
        var parts = [Condition]()
        for entry in mapping.entries {
            parts += try Self.parts(entry.key, entry.value)
        }
        self = parts.count == 1 ? parts[0] : .all(parts)
    }

    private static func parts(
        _ key: String, _ value: YAMLNode
    ) throws(YAMLError) -> [Condition] {
        switch key {
        case "root": return [.root(try value.bool)]
        case "virtual": return [.virtual(try value.bool)]
        case "container": return [.container(try value.bool)]
        case "not": return [.not(try Condition(value))]
        case "kernel":
            guard let comparison = KernelVersion.Comparison(try value.string) else {
                throw value.error(
                    "expected a comparison such as \">=5.10\", but found \(value.summary)")
            }
            return [.kernel(comparison)]
        case "any":
            var choices = [Condition]()
            for node in try list(value) { choices.append(try Condition(node)) }
            return [.any(choices)]
        case "files":
            var parts = [Condition]()
            for node in try list(value) {
                let patterns = try DeclarationReader.patterns(node).map(Condition.file)
                parts.append(patterns.count == 1 ? patterns[0] : .any(patterns))
            }
            return parts
        case "init":
            var systems = [InitSystem]()
            for node in try list(value) {
                systems.append(try DeclarationReader.choice(node, of: InitSystem.self))
            }
            return [.initSystem(systems)]
        default:
            var words = [String]()
            for node in try list(value) { words.append(try word(node, of: key)) }
            switch key {
            case "commands": return words.map(Condition.command)
            case "running": return words.map(Condition.running)
            case "modules": return words.map(Condition.module)
            case "filesystems": return words.map(Condition.filesystem)
            case "config": return words.map(Condition.configuration)
            default: return [.distribution(words)]
            }
        }
    }

    private static func list(_ node: YAMLNode) throws(YAMLError) -> [YAMLNode] {
        let nodes = try node.sequence
        guard !nodes.isEmpty else { throw node.error("expected at least one") }
        return nodes
    }

    private static func word(_ node: YAMLNode, of key: String) throws(YAMLError) -> String {
        let word = try DeclarationReader.text(node)
        guard !word.isEmpty, !word.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw node.error("expected a name, but found \(node.summary)")
        }
        if let fault = fault(in: word, of: key) {
            let hint = fault.meant.map { "; did you mean `\($0)`?" } ?? ""
            throw node.error("\(fault.expected), but found \(node.summary)\(hint)")
        }
        return word
    }
}
