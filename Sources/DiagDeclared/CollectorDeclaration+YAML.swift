internal import DiagCollect
internal import DiagModel
public import DiagYAML
internal import SystemPackage

/// Reading a declaration.
extension CollectorDeclaration {
    /// The most bytes of a file that declares a collector.
    public static let largestFileByteCount = YAMLDocument.largestByteCount

    static let keys = [
        "schema", "name", "subject", "description", "risk", "privacy", "profiles", "deadline",
        "limit", "capabilities", "when", "items",
    ]

    /// Reads the declaration in `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: one YAML document.
    ///   - file: what errors call it.
    /// - Throws: `YAMLError`: file, line, column, what is wrong, and what was meant.
    public init(parsing bytes: [UInt8], named file: String) throws(YAMLError) {
        let document = try YAMLDocument.parse(bytes, named: file)
        let mapping = try document.mapping
        try mapping.checkKeys(known: Self.keys, noun: "key")
        let reader = DeclarationReader(mapping, of: document)
        let schema = try reader.required("schema")
        guard try schema.string == Self.schema else {
            throw schema.error("expected `\(Self.schema)`, but found \(schema.summary)")
        }
        let nameNode = try reader.required("name")
        name = try Self.name(nameNode)
        namePosition = nameNode.position
        subject = try Self.line(try reader.required("subject"), atMost: 60)
        description = try reader.required("description").string
        let privacy = try reader.choice("privacy", of: PrivacyClass.self) ?? .content
        let givenProfiles = try reader.profiles()
        deadlineSeconds = try reader.seconds("deadline", in: 1...3600) ?? 60
        byteLimit = try reader.byteCount("limit") ?? 64 << 20
        capabilities = Set(
            try reader.choices("capabilities", of: CommandCapability.self) ?? [])
        condition =
            try mapping["when"].map { node throws(YAMLError) in try Condition(node) }
            ?? .always
        let list = try reader.required("items")
        var items = [Item]()
        for node in try list.sequence {
            items.append(try Item(node, privacy: privacy))
        }
        guard !items.isEmpty else { throw list.error("a collector needs at least one item") }
        let nodes = try list.sequence
        try Self.checkArtifacts(items, in: nodes)
        try Self.checkLimits(items, in: nodes, seconds: deadlineSeconds, bytes: byteLimit)
        self.items = items
        let highest = items.map(\.risk).max() ?? .memoryOnly
        if let node = mapping["risk"] {
            risk = try DeclarationReader.risk(node)
            guard risk >= highest else {
                throw node.error(
                    "an item has the risk R\(highest.rawValue), so the collector has, too")
            }
        } else {
            risk = highest
        }
        profiles = risk >= .media ? [] : givenProfiles ?? [.default, .full]
        if let node = mapping["profiles"] {
            try Self.checkRisk(risk, of: items, besideProfiles: node)
        }
        try Self.checkProfiles(items, in: nodes, of: profiles)
    }

    /// A name that can be a folder: `[a-z0-9-]`, at most 40 characters.
    static func name(_ node: YAMLNode) throws(YAMLError) -> String {
        let name = try DeclarationReader.text(node)
        let isPlain = name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
        }
        guard isPlain, (1...40).contains(name.utf8.count), name.first != "-", name.last != "-"
        else {
            throw node.error(
                "a name has 1 to 40 lower-case letters, digits and hyphens between them, "
                    + "but found \(node.summary)")
        }
        guard !reservedNames.contains(name) else {
            throw node.error("`\(name)` is what a run calls a step of its own; choose another name")
        }
        return name
    }

    /// What progress and report call what is no collector's.
    private static let reservedNames: Set<String> = [
        "diagbundle", "plugins", "probes", "run", "seal",
    ]

    /// One line of text.
    static func line(_ node: YAMLNode, atMost limit: Int) throws(YAMLError) -> String {
        let text = try DeclarationReader.text(node)
        guard !text.isEmpty, text.unicodeScalars.count <= limit,
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else {
            throw node.error("expected one line of at most \(limit) characters")
        }
        return text
    }
}

extension CollectorDeclaration.Item {
    private static let common = ["limits", "privacy", "risk", "when", "profiles"]
    private static let kinds: [(name: String, keys: [String])] = [
        ("files", ["exclude", "since", "secrets", "json"]),
        (
            "command",
            ["for-each", "to", "exit-codes", "since", "secrets", "read-only", "typically"]
        ),
        ("listing", ["to", "depth"]),
    ]

    /// The artifact that it writes, when that is one.
    public var artifact: String? {
        switch source {
        case .files: nil
        case .command(let command): command.artifact
        case .listing(let listing): listing.artifact
        }
    }

    init(_ node: YAMLNode, privacy: PrivacyClass) throws(YAMLError) {
        let mapping = try node.mapping
        let present = Self.kinds.filter { mapping[$0.name] != nil }
        guard let kind = present.first else {
            try mapping.checkKeys(
                known: Self.kinds.flatMap { [$0.name] + $0.keys } + Self.common, noun: "key")
            throw node.error("an item needs one of `files`, `command` and `listing`")
        }
        guard present.count == 1 else {
            throw node.error(
                "an item is one of `files`, `command` and `listing`, but this has "
                    + present.map { "`\($0.name)`" }.joined(separator: " and "))
        }
        try mapping.checkKeys(known: [kind.name] + kind.keys + Self.common, noun: "key")
        let reader = DeclarationReader(mapping, of: node)
        var mediaType = "text/plain"
        switch kind.name {
        case "files":
            source = .files(
                .init(
                    patterns: try reader.patterns("files"),
                    excluded: try mapping["exclude"] == nil
                        ? [] : reader.patterns("exclude", areAbsolute: false),
                    onlyChanged: try Self.onlyChanged(mapping["since"])))
            if try mapping["json"]?.bool == true { mediaType = "application/json" }
        case "command":
            source = .command(try Self.command(reader, mapping))
        default:
            if let node = mapping["to"] { try CollectorDeclaration.ForEach.checkNone(node) }
            source = .listing(
                .init(
                    patterns: try reader.patterns("listing"),
                    depth: try reader.count("depth", in: 0...32) ?? 1,
                    artifact: try reader.artifact()))
        }
        holdsSecrets = try mapping["secrets"]?.bool ?? false
        limits = try Self.limits(
            mapping["limits"], of: kind.name, isForEach: mapping["for-each"] != nil)
        if case .command(var command) = source {
            command.typical = try .init(mapping["typically"], within: limits)
            source = .command(command)
        }
        self.privacy = try reader.choice("privacy", of: PrivacyClass.self) ?? privacy
        risk =
            try mapping["risk"].map { node throws(YAMLError) in try DeclarationReader.risk(node) }
            ?? (Self.answersFromMemory(source) ? .memoryOnly : .mayBlock)
        if let node = mapping["risk"], case .command = source, risk == .memoryOnly {
            throw node.error("a command has at least the risk R1: it may block")
        }
        profiles = try reader.profiles()
        condition =
            try mapping["when"].map { node throws(YAMLError) in try Condition(node) }
            ?? .always
        position = node.position
        self.mediaType = mediaType
        if artifact?.hasSuffix(".json") == true { self.mediaType = "application/json" }
    }

    /// Whether all that is read is procfs, sysfs or the udev database.
    private static func answersFromMemory(_ source: CollectorDeclaration.Source) -> Bool {
        let patterns: [GlobPattern]
        switch source {
        case .files(let files): patterns = files.patterns
        case .listing(let listing): patterns = listing.patterns
        case .command: return false
        }
        return patterns.allSatisfy { pattern in
            ["/proc/", "/sys/", "/run/udev/"].contains { pattern.text.hasPrefix($0) }
        }
    }

    private static func onlyChanged(_ node: YAMLNode?) throws(YAMLError) -> Bool {
        guard let node else { return false }
        guard try node.string == "mtime" else {
            throw node.error("expected `mtime`, but found \(node.summary)")
        }
        return true
    }

    private static func command(
        _ reader: DeclarationReader, _ mapping: YAMLMapping
    ) throws(YAMLError) -> CollectorDeclaration.Command {
        let node = try reader.required("command")
        if case .scalar = node.content {
            throw node.error(
                "expected a list such as `[ip, -json, address]`: no shell takes the words apart")
        }
        let arguments = try node.strings
        guard let program = arguments.first, !program.isEmpty else {
            throw node.error("a command needs the name of a program")
        }
        try CollectorDeclaration.Command.checkName(node)
        if program.contains("/"), !program.hasPrefix("/") {
            throw node.error("a program is a plain name, or a path that begins with `/`")
        }
        try CollectorDeclaration.Command.checkProgram(node, since: mapping["since"])
        let forEach = try mapping["for-each"].map { node throws(YAMLError) in
            try CollectorDeclaration.ForEach(node)
        }
        try CollectorDeclaration.ForEach.checkPlaces(
            node, artifact: mapping["to"], isForEach: forEach != nil)
        let sinceArguments = try mapping["since"]?.strings ?? []
        if let list = mapping["since"] {
            try CollectorDeclaration.Command.checkPlaceholders(list)
        }
        for (words, list) in [(arguments, node), (sinceArguments, mapping["since"] ?? node)]
        where words.contains(where: { $0.utf8.contains(0) }) {
            throw list.error("an argument must not hold NUL")
        }
        var codes: Set<Int> = [0]
        if let list = mapping["exit-codes"] {
            codes = []
            for code in try list.sequence {
                codes.insert(Int(try DeclarationReader.integer(code, in: 0...255)))
            }
        }
        return .init(
            arguments: arguments, artifact: try reader.artifact(), exitCodes: codes,
            sinceArguments: sinceArguments,
            isReadOnly: try mapping["read-only"]?.bool ?? false, forEach: forEach)
    }

    private static func limits(
        _ node: YAMLNode?, of kind: String, isForEach: Bool
    ) throws(YAMLError) -> CollectorDeclaration.Limits {
        var limits = CollectorDeclaration.Limits(
            byteCount: kind == "files" ? 1 << 20 : 4 << 20, lineCount: nil,
            fileCount: kind == "listing" ? 10_000 : 1000, runCount: 64, seconds: 10,
            keepsNewest: false)
        guard let node else { return limits }
        let mapping = try node.mapping
        var known = ["bytes", "lines", "newest"]
        switch kind {
        case "files": known.append("files")
        case "command": known += ["seconds", "runs"]
        default: known = ["bytes", "files"]
        }
        try mapping.checkKeys(known: known, noun: "limit")
        let reader = DeclarationReader(mapping, of: node)
        limits.byteCount = try reader.byteCount("bytes") ?? limits.byteCount
        if let node = mapping["bytes"], kind == "command" || mapping["lines"] != nil,
            limits.byteCount > DeclarationReader.mostBytesInMemory
        {
            throw node.error("a command, and a file cut to lines, has at most 64 MiB")
        }
        limits.lineCount = try reader.count("lines", in: 1...10_000_000)
        let most: Int64 = kind == "files" ? 100_000 : 1_000_000
        limits.fileCount = try reader.count("files", in: 1...most) ?? limits.fileCount
        if let node = mapping["runs"], !isForEach {
            throw node.error("`runs` counts those of `for-each`, and this item has no `for-each`")
        }
        limits.runCount = try reader.count("runs", in: 1...10_000) ?? limits.runCount
        if let seconds = try reader.count("seconds", in: 1...3600) {
            limits.seconds = Double(seconds)
        }
        limits.keepsNewest = try mapping["newest"]?.bool ?? false
        return limits
    }
}
