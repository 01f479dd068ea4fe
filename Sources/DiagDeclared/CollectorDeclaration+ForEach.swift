internal import DiagYAML

/// Reading what a command runs for.
extension CollectorDeclaration.ForEach {
    /// Reads one pattern.
    ///
    /// - Throws: `YAMLError` at the pattern.
    init(_ node: YAMLNode) throws(YAMLError) {
        if case .sequence = node.content {
            throw node.error(
                "expected one pattern such as `/sys/class/net/*`; braces hold several:"
                    + " \"/sys/block/{sd*,hd*}\"")
        }
        patterns = try DeclarationReader.patterns(node)
        guard !patterns.contains(where: { $0.components.contains(.anyDepth) }) else {
            throw node.error(
                "`**` has no place here: in several folders things may have the same name")
        }
        if let pattern = patterns.first(where: { $0.components.count { !$0.isLiteral } > 1 }) {
            throw node.error(
                "`\(pattern.text)` looks into several folders, where things may have the same"
                    + " name; match in one component, and write the folders out in braces:"
                    + " \"/sys/block/{sda,sdb}/sd*\"")
        }
    }

    /// Refuses places of a name where there is none to stand there, and a lack of them where each
    /// run would be the same.
    ///
    /// - Parameters:
    ///   - list: the program and its arguments.
    ///   - artifact: the path of the artifact; `nil` where it is missing, which others tell.
    ///   - isForEach: whether the command runs for each of several things.
    /// - Throws: `YAMLError` at the word, at the list, or at the artifact.
    static func checkPlaces(
        _ list: YAMLNode, artifact: YAMLNode?, isForEach: Bool
    ) throws(YAMLError) {
        let words = try list.sequence
        guard isForEach else {
            for node in words { try checkNone(node) }
            if let artifact { try checkNone(artifact) }
            return
        }
        if let program = words.first, hasPlaceholder(try program.string) {
            throw program.error(
                "the program is the same for each thing; `\(placeholder)` stands in its arguments")
        }
        var isFound = false
        for node in words.dropFirst() {
            let word = try node.string
            isFound = isFound || hasPlaceholder(word)
        }
        guard isFound else {
            throw list.error(
                "no argument has `\(placeholder)`: all runs of `for-each` would be the same")
        }
        if let artifact, !hasPlaceholder(try artifact.string) {
            throw artifact.error(
                "`to` needs `\(placeholder)`, for example `\(suggestion(try artifact.string))`:"
                    + " each run of `for-each` writes an artifact of its own")
        }
    }

    /// Refuses the place of a name in what runs, or lists, once.
    static func checkNone(_ node: YAMLNode) throws(YAMLError) {
        guard hasPlaceholder(try node.string) else { return }
        throw node.error(
            "`\(placeholder)` stands for what `for-each` finds, and this item has no `for-each`")
    }

    /// A path with the place of a name in it: `a/{name}.txt` of `a.txt`.
    private static func suggestion(_ path: String) -> String {
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let dot = path[start...].lastIndex(of: "."), dot > start else {
            return "\(path)/\(placeholder)"
        }
        return "\(path[..<dot])/\(placeholder)\(path[dot...])"
    }
}
