import DiagCollect
import DiagDeclared
import DiagModel
import DiagSystem
import DiagYAML
import SystemPackage

/// Which collectors run.
extension Settings {
    /// The folders with more collectors, relative ones below `workingDirectory`.
    func collectorFolders(from workingDirectory: String?) throws -> [FilePath] {
        try folders(.collectors, from: workingDirectory)
    }

    /// The folders with more plugins.
    func pluginFolders(from workingDirectory: String?) throws -> [FilePath] {
        try folders(.plugins, from: workingDirectory)
    }

    private func folders(
        _ name: SettingName, from workingDirectory: String?
    ) throws -> [FilePath] {
        try texts(name).map { text in
            let path = FilePath(text)
            if path.isAbsolute { return path.lexicallyNormalized() }
            guard let workingDirectory else {
                throw wrong(name, "the working directory is gone; name an absolute path")
            }
            return FilePath(workingDirectory).pushing(path).lexicallyNormalized()
        }
    }

    /// How much is collected: one of the profiles, or what a file makes of one.
    func runProfile(from workingDirectory: String?) throws -> RunProfile {
        let text = text(.profile)
        if let profile = CollectionProfile(rawValue: text) { return RunProfile(base: profile) }
        guard text.contains("/") || text.hasSuffix(".yaml") || text.hasSuffix(".yml") else {
            let names = CollectionProfile.allCases.map(\.rawValue)
            let hint = NearestName.of(text, in: names).map { "; did you mean \($0)?" } ?? ""
            throw wrong(
                .profile,
                "there is no profile \"\(text)\"\(hint) There are: \(names.joined(separator: ", "));"
                    + " a file is named with a / or .yaml")
        }
        var path = FilePath(text)
        if !path.isAbsolute, let workingDirectory {
            path = FilePath(workingDirectory).pushing(path).lexicallyNormalized()
        }
        return try RunProfile.read(path)
    }

    /// The collectors to run, of those that there are, in their order.
    func selection(
        of catalogue: CollectorCatalogue, profile: RunProfile
    ) throws -> [CollectorCatalogue.Entry] {
        func checked(
            _ chosen: [String], _ refuse: (_ collector: String, _ what: String) -> CommandFailure
        ) throws -> Set<String> {
            for choice in chosen
            where catalogue[choice] == nil && !catalogue.isRefused(choice) {
                throw refuse(choice, catalogue.unknown(choice))
            }
            return Set(chosen)
        }
        let only = try checked(words(.only)) { wrong(.only, $1) }
        var skip = try checked(words(.skip)) { wrong(.skip, $1) }
        let added = try checked(profile.added, profile.fault)
        let chosen = try profile.only.map { try checked($0, profile.fault) }
        // A live dump is made only when it is asked for, and then beside whatever else.
        let dump = BuiltInCollectors.liveDump.descriptor.name
        if try liveDump != nil, skip.contains(dump), !isOverridden(.liveDump, by: .skip) {
            throw wrong(.skip, "\(dump) is skipped, and a live dump is asked for")
        }
        if only.isEmpty { skip.formUnion(try checked(profile.skipped, profile.fault)) }
        let isDumpWanted = try liveDump != nil || only.contains(dump)
        let selected = catalogue.entries.filter { entry in
            guard !skip.contains(entry.name) else { return false }
            if entry.name == dump { return isDumpWanted }
            if !only.isEmpty { return only.contains(entry.name) }
            if added.contains(entry.name) { return true }
            if let chosen { return chosen.contains(entry.name) }
            // What reads media or changes state runs only when it is asked for by name.
            return entry.profiles.contains(profile.base)
                && entry.collector.descriptor.risk < .media
        }
        if try root != "/", selected.contains(where: { $0.name == dump }) {
            throw wrong(.root, "a live dump is of the running kernel, whose root is /")
        }
        guard !selected.isEmpty else {
            let named = only.isEmpty ? chosen ?? [] : only
            let refused = catalogue.refused.first {
                !$0.isFolder && named.contains($0.name) && !skip.contains($0.name)
            }
            if let refused { throw CommandFailure(refused.exitStatus, refused.reason) }
            guard only.isEmpty else {
                throw wrong(.skip, "it leaves no collector of those of `only` to run")
            }
            throw profile.emptiness(besideOption: !words(.skip).isEmpty)
                ?? wrong(.skip, "it leaves no collector of the profile \(profile.name) to run")
        }
        return selected
    }

    /// The refused plugins that a run would have used, or could have; of a refused folder nobody
    /// knows.
    func refused(
        of catalogue: CollectorCatalogue, profile: RunProfile
    ) -> [PluginFile.Refusal] {
        let (only, skip) = (words(.only), words(.skip))
        return catalogue.refused.filter { refusal in
            if refusal.isFolder { return true }
            if skip.contains(refusal.name) { return false }
            if !only.isEmpty { return only.contains(refusal.name) }
            if profile.skipped.contains(refusal.name) { return false }
            if profile.added.contains(refusal.name) { return true }
            if let chosen = profile.only { return chosen.contains(refusal.name) }
            return refusal.profiles?.contains(profile.base) ?? true
        }
    }

    private func texts(_ name: SettingName) -> [String] { values[name]?.texts ?? [] }

    /// The names of a list, which commas may part.
    private func words(_ name: SettingName) -> [String] {
        texts(name).flatMap { $0.split(separator: ",").map(String.init) }
    }
}
