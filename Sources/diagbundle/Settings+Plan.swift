import DiagCollect
import DiagDeclared
import DiagLiveDump
import DiagModel
import SystemPackage

/// The settings of a run that goes by a reviewed plan.
extension Settings {
    /// What says how a run goes on and where it writes, and not what it reads.
    private static let free: Set<SettingName> = [
        .output, .progress, .jobs, .deadline, .sealDeadline, .format, .compression, .level,
        .threads, .memory, .noSparse, .split, .encryptTo, .sign, .archiveOnly,
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

    /// What each collector is told when it is asked what it would do: what a run tells it, but for
    /// where a dump goes; and how long that may take.
    func plannedCollectorOptions() throws -> [String: [String: JSONValue]] {
        let options = try dumpOptions(try liveDump ?? .full)
        let dump = [
            "options": try JSONDocument.decode(
                JSONValue.self, from: try JSONDocument.encode(options, layout: .line)),
            "deadlineSeconds": JSONValue.number(try deadlineSeconds),
        ]
        let name = BuiltInCollectors.liveDump.descriptor.name
        return try collectorOptions().merging([name: dump]) { $1 }
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
                let what = name.isFlag ? "it" : given.joined(separator: ", ")
                let has =
                    planned.isEmpty || planned == ["no"] || name.isFlag
                    ? "does not have it" : "has \(planned.joined(separator: ", "))"
                throw wrong(
                    name,
                    "\(what) contradicts the plan, which \(has);"
                        + " \(remedy(name, given, for: file.plan))")
            }
            override(with: [name.rawValue: planned], from: .plan(path: file.path.string))
        }
        try check()
        let root = try self.root
        guard root.string == file.plan.root else {
            throw CommandFailure(
                .usage,
                "the plan \(file.path): its root is \(file.plan.root), and its options say \(root)")
        }
    }

    /// Refuses options of the command line that agree with those of a plan, and ask for what was
    /// taken out of it or against what is left in it: else they would have no effect.
    func checkRest(
        of file: PlanFile, commandLine: [String: [String]], hasReason: Bool
    ) throws {
        let only = Self.meaning(
            commandLine[SettingName.only.rawValue] ?? [], of: .only, from: nil)
        if let gone = only.first(where: { file.plan[$0]?.isTakenOut ?? true }) {
            throw CommandFailure(
                .usage,
                "--\(optionName(.only)): \(gone) contradicts the plan, which does not have it;"
                    + " \(remedy(.only, only, for: file.plan))")
        }
        let isDumpWanted = try liveDump != nil
        guard Self.dump(of: file.plan) == nil else {
            if isDumpWanted || commandLine[SettingName.liveDump.rawValue] == nil { return }
            throw CommandFailure(
                .usage,
                "--\(optionName(.liveDump)): \(text(.liveDump)) contradicts the plan, which has a"
                    + " live dump; take that out of it, or leave the option out")
        }
        let why = "the plan has no live dump"
        for name in SettingName.allCases
        where name.isOfDump || name == .liveDump && isDumpWanted {
            guard let given = commandLine[name.rawValue] else { continue }
            throw CommandFailure(
                .usage,
                "--\(optionName(name)): \(why); \(remedy(name, given, for: file.plan))")
        }
        if hasReason {
            throw CommandFailure(
                .usage,
                "--dump-reason: \(why); \(remedy(.liveDump, ["full"], for: file.plan))")
        }
    }

    /// The live dump that a plan has.
    private static func dump(of plan: CollectionPlan) -> CollectionPlan.Item? {
        plan[BuiltInCollectors.liveDump.descriptor.name]?.dump
    }

    /// What to do with an option that a plan does not have: how a plan is made that has it.
    private func remedy(
        _ name: SettingName, _ texts: [String], for plan: CollectionPlan
    ) -> String {
        let lacksDump = name.isOfDump && Self.dump(of: plan) == nil
        let words =
            ["diagbundle plan"] + (lacksDump ? ["--include-live-dump"] : [])
            + ["--\(optionName(name))"] + (name.isFlag ? [] : texts)
        return "leave it out, or make a new plan with \"\(words.joined(separator: " ")) ...\""
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
