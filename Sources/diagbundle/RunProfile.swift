import DiagDeclared
import DiagSystem
import DiagYAML
import SystemPackage

/// How much a run collects: a profile, and what a file changes of it.
struct RunProfile {
    /// The profile that it begins with.
    var base: CollectionProfile
    /// What it is called in messages: a profile, or a file.
    var name: String
    /// These collectors and no others, in the place of the profile's.
    var only: [String]?
    /// These collectors, too.
    var added: [String] = []
    /// These collectors not.
    var skipped: [String] = []

    /// Where a file names a collector first: `only` is looked at before `add`, and `skip` last, as
    /// their collectors are.
    private var places: [String: YAMLNode] = [:]
    /// The lists of a file that leave collectors out, `only` and `skip`, where it has them.
    private var choices: [(key: String, node: YAMLNode)] = []

    /// What is wrong with a collector that it names.
    func fault(with collector: String, _ what: String) -> CommandFailure {
        CommandFailure(.usage, places[collector]?.error(what).description ?? "\(name): \(what)")
    }

    /// What is wrong when no collector is left to run.
    ///
    /// - Parameter hasOption: whether the option `skip` leaves some out, too.
    /// - Returns: the failure at the place of the list; `nil` when no list of a file chooses.
    func emptiness(besideOption hasOption: Bool) -> CommandFailure? {
        guard let last = choices.last else { return nil }
        let names = choices.map { "`\($0.key)`" } + (hasOption ? ["the option `skip`"] : [])
        let verb = names.count == 1 ? "leaves" : "together leave"
        let what = "\(names.joined(separator: " and ")) \(verb) no collector to run"
        return CommandFailure(.usage, last.node.error(what).description)
    }

    /// A profile as it is.
    init(base: CollectionProfile) {
        self.base = base
        name = base.rawValue
    }

    /// What the file of a profile says on its first line of what it is.
    static let schema = "diagbundle.profile/1"

    /// Reads a file: `schema`, and `base`, `only`, `add`, `skip` as they are wanted.
    static func read(_ path: FilePath) throws -> RunProfile {
        let bytes: [UInt8]
        do throws(OwnedDescriptor.InputFailure) {
            bytes = try OwnedDescriptor.readInput(path, limit: YAMLDocument.largestByteCount + 1)
        } catch {
            throw CommandFailure(
                reading: "the profile \(path)", error, wanted: "a profile is a regular file")
        }
        do throws(YAMLError) { return try RunProfile(parsing: bytes, named: path.string) } catch {
            throw CommandFailure(.usage, error.description)
        }
    }

    private init(parsing bytes: [UInt8], named file: String) throws(YAMLError) {
        let document = try YAMLDocument.parse(bytes, named: file)
        let mapping = try document.mapping
        try mapping.checkKeys(known: ["schema", "base", "only", "add", "skip"], noun: "key")
        guard let schema = mapping["schema"] else {
            throw document.error("`schema: \(Self.schema)` is missing")
        }
        guard try schema.string == Self.schema else {
            throw schema.error("expected `\(Self.schema)`, but found \(schema.summary)")
        }
        self.init(base: .default)
        name = file
        if let node = mapping["base"] {
            let text = try node.string
            guard let profile = CollectionProfile(rawValue: text) else {
                let names = CollectionProfile.allCases.map { "`\($0.rawValue)`" }
                throw node.error("expected one of \(names.joined(separator: ", "))")
            }
            base = profile
        }
        only = try mapping["only"]?.strings
        added = try mapping["add"]?.strings ?? []
        skipped = try mapping["skip"]?.strings ?? []
        if let node = mapping["only"] { choices.append(("only", node)) }
        if let node = mapping["skip"], !skipped.isEmpty { choices.append(("skip", node)) }
        for key in ["only", "add", "skip"] {
            for node in try mapping[key]?.sequence ?? [] {
                let collector = try node.string
                places[collector] = places[collector] ?? node
            }
        }
    }
}
