public import DiagCollect
public import DiagModel
internal import DiagSystem
public import DiagYAML

/// A collector that is a program of its own, as the YAML file beside it describes it.
public struct PluginDeclaration: Hashable, Sendable {
    /// What a file says on its first line of what it is.
    public static let schema = "diagbundle.plugin/1"

    /// Its name, that of its program and of its folder: lower-case letters, digits and hyphens.
    public var name: String
    /// What it does, for a person, after "Collecting".
    public var subject: String
    /// What it collects, and for whom.
    public var description: String
    /// The arguments that its program is given.
    public var arguments: [String]
    /// What it may touch.
    public var risk: CollectorDescriptor.Risk
    /// The privacy class of artifacts for which it names none.
    public var privacy: PrivacyClass
    /// The profiles that it is part of; of none where its risk is R2.
    public var profiles: Set<CollectionProfile>
    /// Seconds until it is told to end.
    public var deadlineSeconds: Double
    /// How many bytes all of it may have.
    public var byteLimit: Int64
    /// How its process is confined.
    public var confinement: CollectorDescriptor.Confinement
    /// The capabilities that it needs beside those that its confinement leaves.
    public var capabilities: Set<CommandCapability>
    /// What must hold for it to be run at all.
    public var condition: Condition

    private static let keys = [
        "schema", "name", "subject", "description", "protocol", "arguments", "risk", "privacy",
        "profiles", "deadline", "limit", "confinement", "capabilities", "when",
    ]

    /// Reads the description in `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: one YAML document.
    ///   - file: what errors call it.
    ///   - program: the name of the program beside it, which is its own.
    /// - Throws: `YAMLError`: file, line, column, what is wrong, and what was meant.
    public init(
        parsing bytes: [UInt8], named file: String, beside program: String
    ) throws(YAMLError) {
        let document = try YAMLDocument.parse(bytes, named: file)
        let mapping = try document.mapping
        try mapping.checkKeys(known: Self.keys, noun: "key")
        let reader = DeclarationReader(mapping, of: document)
        let schema = try reader.required("schema")
        guard try schema.string == Self.schema else {
            throw schema.error("expected `\(Self.schema)`, but found \(schema.summary)")
        }
        let nameNode = try reader.required("name")
        name = try CollectorDeclaration.name(nameNode)
        guard name == program else {
            throw nameNode.error(
                "the name is that of the program, `\(program)`, but found \(nameNode.summary)")
        }
        subject = try CollectorDeclaration.line(try reader.required("subject"), atMost: 60)
        description = try reader.required("description").string
        if let node = mapping["protocol"] {
            let version = WorkerRequest.protocolVersion
            guard try node.string == "\(version)" else {
                throw node.error(
                    "version \(version) of the protocol is spoken here, but found \(node.summary)")
            }
        }
        arguments = try mapping["arguments"]?.strings ?? []
        if arguments.contains(where: { $0.utf8.contains(0) }), let node = mapping["arguments"] {
            throw node.error("an argument must not hold NUL")
        }
        risk =
            try mapping["risk"].map { node throws(YAMLError) in try DeclarationReader.risk(node) }
            ?? .mayBlock
        privacy = try reader.choice("privacy", of: PrivacyClass.self) ?? .content
        let givenProfiles = try reader.profiles()
        profiles = risk >= .media ? [] : givenProfiles ?? [.default, .full]
        if let node = mapping["profiles"] {
            try CollectorDeclaration.checkRisk(risk, of: [], besideProfiles: node)
        }
        deadlineSeconds = try reader.seconds("deadline", in: 1...3600) ?? 60
        byteLimit = try reader.byteCount("limit") ?? 64 << 20
        confinement =
            try reader.choice("confinement", of: CollectorDescriptor.Confinement.self) ?? .inspector
        capabilities = Set(
            try reader.choices("capabilities", of: CommandCapability.self) ?? [])
        condition =
            try mapping["when"].map { node throws(YAMLError) in try Condition(node) }
            ?? .always
    }

    /// Whether the YAML document in `bytes` says that it describes a plugin, right or wrong.
    public static func isDescribed(in bytes: [UInt8]) -> Bool {
        guard let mapping = try? YAMLDocument.parse(bytes, named: "").mapping,
            let text = try? mapping["schema"]?.string
        else { return false }
        return text.hasPrefix("diagbundle.plugin/")
    }
}
