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
        to file: PlanFile, commandLine: [String: [String]]
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
            if let given = commandLine[name.rawValue], given != planned {
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
}
