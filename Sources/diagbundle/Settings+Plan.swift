import DiagDeclared
import DiagModel
import SystemPackage

/// The settings of a run that goes by a reviewed plan.
extension Settings {
    /// What says how a run goes on and where it writes, and not what it reads.
    private static let free: Set<SettingName> = [
        .output, .progress, .jobs, .deadline, .sealDeadline,
    ]

    /// What a plan keeps of these settings: those of what is read, as far as somebody set them.
    ///
    /// A file of a profile, and a time that is counted from now, are kept as what they mean now.
    func planOptions(
        profile: RunProfile, folders: [String], pluginFolders: [String], since: Timestamp?
    ) -> [String: [String]] {
        var options = [String: [String]]()
        for name in SettingName.allCases where !Self.free.contains(name) {
            guard let value = values[name], value.source != .builtIn else { continue }
            options[name.rawValue] = value.texts
        }
        options[SettingName.profile.rawValue] = [profile.base.rawValue]
        options[SettingName.root.rawValue] = [text(.root)]
        if !folders.isEmpty { options[SettingName.collectors.rawValue] = folders }
        if !pluginFolders.isEmpty { options[SettingName.plugins.rawValue] = pluginFolders }
        if let since { options[SettingName.since.rawValue] = [since.description] }
        return options
    }

    /// Takes the options of a plan in the place of those of the configuration file.
    ///
    /// - Throws: ``CommandFailure`` when the command line asks for something else than the plan.
    mutating func hold(
        to file: PlanFile, commandLine: [String: [String]], from workingDirectory: String?
    ) throws {
        let known = Set(SettingName.allCases.filter { !Self.free.contains($0) }.map(\.rawValue))
        if let stranger = file.plan.options.keys.filter({ !known.contains($0) }).min() {
            throw CommandFailure(
                .usage,
                "the plan \(file.path): `\(UntrustedText.escapingControls(stranger))` is no option"
                    + " that a plan has")
        }
        guard file.plan.options[SettingName.since.rawValue]?.first == file.plan.since?.description
        else {
            throw CommandFailure(
                .usage, "the plan \(file.path): its `since` is another than that of its options")
        }
        let builtIn = Settings()
        for name in SettingName.allCases where !Self.free.contains(name) {
            let planned = file.plan.options[name.rawValue] ?? builtIn.values[name]?.texts ?? []
            if let given = commandLine[name.rawValue],
                Self.meaning(given, of: name, from: workingDirectory)
                    != Self.meaning(planned, of: name, from: nil)
            {
                let what = planned.isEmpty ? "has none" : "has \(planned.joined(separator: ", "))"
                throw wrong(
                    name,
                    "\(given.joined(separator: ", ")) contradicts the plan, which \(what);"
                        + " make a plan with this option, or leave it out")
            }
            override(with: [name.rawValue: planned])
        }
        try check()
        let root = try self.root
        guard root.string == file.plan.root else {
            throw CommandFailure(
                .usage,
                "the plan \(file.path): its root is \(file.plan.root), and its options say \(root)")
        }
    }

    /// The texts of an option in one form, so that two forms of one value are equal.
    private static func meaning(
        _ texts: [String], of name: SettingName, from workingDirectory: String?
    ) -> [String] {
        switch name {
        case .only, .skip, .subsystem:
            return Set(texts.flatMap { $0.split(separator: ",").map(String.init) }).sorted()
        case .collectors, .plugins:
            return texts.map {
                FilePath(workingDirectory ?? "/").pushing(FilePath($0)).lexicallyNormalized().string
            }
        case .root: return texts.map { FilePath($0).lexicallyNormalized().string }
        case .maxSize, .dumpMaxSize:
            return texts.map { text in (try? ByteCountText.parse(text)).map { "\($0)" } ?? text }
        case .since: return texts.map { Timestamp($0)?.description ?? $0 }
        case .dumpInterval, .dumpOriginatorInterval:
            return texts.map { text in
                (try? DurationText.parse(text)).map { "\($0 / .seconds(1))" } ?? text
            }
        case .persistentEvents, .dumpUserPages, .dumpGuestPages, .dumpThrottle:
            return texts.map { ["yes": "true", "no": "false"][$0] ?? $0 }
        default: return texts
        }
    }
}
