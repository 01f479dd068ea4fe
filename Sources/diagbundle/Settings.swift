import DiagCollect
import DiagModel
import DiagSystem
import DiagTerminal
import DiagYAML
import SystemPackage

/// The value of every option, and where each comes from.
struct Settings {
    /// Where a value comes from.
    enum Source: Hashable {
        case builtIn
        case file(path: String, line: Int)
        case plan(path: String)
        case commandLine

        var description: String {
            switch self {
            case .builtIn: "built in"
            case .file(let path, let line): "\(path):\(line)"
            case .plan(let path): "the plan \(path)"
            case .commandLine: "command line"
            }
        }
    }

    /// The texts of a value, and where they come from.
    struct Value {
        var texts: [String]
        var source: Source
    }

    /// Where the configuration stands unless another file is named.
    static let standardPath = "/etc/diagbundle/config.yaml"

    private(set) var values: [SettingName: Value] = [:]
    /// Whether the command line is that of `diagbundle dump`, where options have no prefix.
    var isOfDump = false

    /// Whether the configuration file was looked at.
    private var isWhole = false

    /// The built-in defaults.
    init() {
        let processors = HostFacts.processorCount
        let defaults: [SettingName: [String]] = [
            .output: ["logs"], .deadline: ["10m"], .sealDeadline: ["60s"],
            .format: ["tar"], .compression: ["xz"], .level: [], .threads: [], .memory: [],
            .noSparse: ["no"], .split: [], .encryptTo: [], .sign: [], .archiveOnly: ["no"],
            .jobs: ["\(min(max(2, processors), 64))"], .maxSize: ["2G"], .since: [],
            .profile: ["default"], .collectors: [], .plugins: [], .only: [], .skip: [],
            .subsystem: [], .persistentEvents: ["no"],
            .progress: ["auto"], .root: ["/"],
        ]
        for (name, texts) in defaults.merging(Self.dumpDefaults, uniquingKeysWith: { $1 }) {
            values[name] = Value(texts: texts, source: .builtIn)
        }
    }

    /// The defaults, what the configuration file says instead, and what the command line says.
    ///
    /// - Parameters:
    ///   - path: The file; `nil` for the standard one, which need not exist.
    ///   - commandLine: The options that were typed, by name.
    /// - Throws: ``CommandFailure`` when the file is wrong, or was named and is not there.
    init(configuration path: String?, commandLine: [String: [String]]) throws {
        self.init()
        try read(path ?? Self.standardPath, isOptional: path == nil)
        override(with: commandLine)
        isWhole = true
    }

    /// Puts what the command line, or a plan, says in the place of the rest.
    mutating func override(
        with given: [String: [String]], from source: Source = .commandLine
    ) {
        for (name, texts) in given {
            guard let name = SettingName(rawValue: name) else { continue }
            values[name] = Value(texts: texts, source: source)
        }
    }

    private mutating func read(_ path: String, isOptional: Bool) throws {
        let bytes: [UInt8]
        do throws(OwnedDescriptor.InputFailure) {
            bytes = try OwnedDescriptor.readInput(FilePath(path), limit: (1 << 20) + 1)
        } catch {
            if isOptional, case .system(let cause) = error, cause.errno == .noSuchFileOrDirectory {
                return
            }
            throw CommandFailure(
                reading: "the configuration \(path)", error,
                wanted: "a configuration is a regular file")
        }
        do throws(YAMLError) {
            let document = try YAMLDocument.parse(bytes, named: path)
            if document.isNull { return }
            let mapping = try document.mapping
            try mapping.checkKeys(known: SettingName.allCases.map(\.rawValue))
            for entry in mapping.entries {
                guard let name = SettingName(rawValue: entry.key) else { continue }
                let texts: [String] =
                    switch entry.value.content {
                    case .sequence where name.isList: try entry.value.strings
                    default: [try entry.value.string]
                    }
                values[name] = Value(
                    texts: texts, source: .file(path: path, line: entry.keyPosition.line))
            }
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }

    /// Where the value of `name` comes from, for a message: `--deadline`, or file and line.
    private func place(_ name: SettingName) -> String {
        switch values[name]?.source {
        case .file(let path, let line): "\(path):\(line): \(name.rawValue)"
        case .plan(let path): "the plan \(path): \(name.rawValue)"
        default: "--\(optionName(name))"
        }
    }

    /// What the option is called on the command line.
    func optionName(_ name: SettingName) -> String {
        if name == .dumpThrottle { return isOfDump ? "no-throttle" : "dump-no-throttle" }
        guard isOfDump, name.rawValue.hasPrefix("dump-") else { return name.rawValue }
        return name == .dumpDirectory ? "output" : String(name.rawValue.dropFirst(5))
    }

    /// Whether the command line says it.
    func isTyped(_ name: SettingName) -> Bool { values[name]?.source == .commandLine }

    func text(_ name: SettingName) -> String { values[name]?.texts.last ?? "" }

    func wrong(_ name: SettingName, _ what: String) -> CommandFailure {
        CommandFailure(.usage, "\(place(name)): \(what)")
    }
}

/// The values as what they mean; each throws ``CommandFailure`` when its text is wrong.
extension Settings {
    var output: FilePath {
        get throws {
            guard !text(.output).isEmpty else { throw wrong(.output, "a folder is needed") }
            return FilePath(text(.output))
        }
    }

    var root: FilePath {
        get throws {
            let path = FilePath(text(.root))
            guard path.isAbsolute else { throw wrong(.root, "an absolute path is needed") }
            return path
        }
    }

    var deadlineSeconds: Double { get throws { try seconds(.deadline) } }

    var sealDeadlineSeconds: Double { get throws { try seconds(.sealDeadline) } }

    private func seconds(_ name: SettingName) throws -> Double {
        let value = try duration(name)
        if value > 0 { return value }
        throw wrong(name, "a time above 0 is needed")
    }

    /// A length of time in seconds, 0 included.
    func duration(_ name: SettingName) throws -> Double {
        do throws(ValueTextError) {
            return try DurationText.parse(text(name)) / .seconds(1)
        } catch { throw wrong(name, "\(error)") }
    }

    var jobs: Int {
        get throws {
            guard let jobs = Int(text(.jobs)), (1...256).contains(jobs) else {
                throw wrong(.jobs, "a number from 1 to 256 is needed, not \"\(text(.jobs))\"")
            }
            return jobs
        }
    }

    var maxByteCount: Int64 {
        get throws {
            let count = try byteCount(.maxSize)
            guard count > 0 else { throw wrong(.maxSize, "a size above 0 is needed") }
            return count
        }
    }

    /// The bytes that a setting is given as.
    func byteCount(_ name: SettingName) throws -> Int64 {
        do throws(ValueTextError) {
            return try ByteCountText.parse(text(name))
        } catch { throw wrong(name, "\(error)") }
    }

    var progress: ProgressStyle {
        get throws {
            guard let style = ProgressStyle(rawValue: text(.progress)) else {
                let names = ProgressStyle.allCases.map(\.rawValue).joined(separator: ", ")
                throw wrong(.progress, "one of \(names) is needed, not \"\(text(.progress))\"")
            }
            return style
        }
    }

    /// The moment that `--since` means, when it is now `now`: a time, or a duration before now.
    func since(now: Timestamp) throws -> Timestamp? {
        guard !text(.since).isEmpty else { return nil }
        if let moment = Timestamp(text(.since)) { return moment }
        guard let duration = try? DurationText.parse(text(.since)) else {
            throw wrong(
                .since,
                "\"\(text(.since))\" is neither a time such as 2026-11-21T09:30Z nor a duration"
                    + " such as 12h or 7d")
        }
        let microseconds = Int64(min(duration / .microseconds(1), 4e15))
        return Timestamp(microsecondsSince1970: now.microsecondsSince1970 - microseconds)
    }

    /// The storage subsystems to narrow the run to; none for all.
    var subsystems: [String] {
        (values[.subsystem]?.texts ?? []).flatMap { $0.split(separator: ",").map(String.init) }
    }

    /// What each collector is told beside the settings of all, by its name.
    func collectorOptions() throws -> [String: [String: JSONValue]] {
        var storage = [String: JSONValue]()
        if !subsystems.isEmpty {
            storage["subsystems"] = .array(subsystems.map { .string($0) })
        }
        if try includesPersistentEvents { storage["persistentEvents"] = true }
        return storage.isEmpty ? [:] : ["storage": storage]
    }

    /// Whether NVMe persistent event logs are read: the controller is told to hold them meanwhile.
    private var includesPersistentEvents: Bool { get throws { try isYes(.persistentEvents) } }

    /// The choice `yes` or `no`.
    func isYes(_ name: SettingName) throws -> Bool {
        switch text(name) {
        case "yes", "true": return true
        case "no", "false": return false
        default: throw wrong(name, "yes or no is needed, not \"\(text(name))\"")
        }
    }

    /// Checks every value without using it.
    func check() throws {
        _ = try output
        _ = try root
        _ = try deadlineSeconds
        _ = try sealDeadlineSeconds
        // What a level may be follows from the compression, which the file may say.
        if isWhole || [.compression, .format].contains(where: { isTyped($0) }) {
            _ = try sealing
        }
        _ = try isArchiveOnly
        _ = try jobs
        _ = try maxByteCount
        _ = try progress
        _ = try since(now: .now)
        _ = try collectorOptions()
        try checkDump()
    }
}
