import DiagCollect
import DiagDeclared
import SystemPackage

/// Which plugins are refused.
extension CollectorCatalogue {
    /// That the plugin has the name of a collector; `nil` when it has none.
    func clash(of plugin: PluginCollector) -> PluginFile.Refusal? {
        guard let taken = self[plugin.declaration.name], taken.plugin == nil else { return nil }
        var refusal = PluginFile.Refusal(
            path: plugin.source.program.string,
            reason: "\(plugin.source.description): `\(taken.name)` is the name of a collector"
                + " (\(taken.origin)), which a plugin cannot replace; choose another",
            profiles: plugin.declaration.profiles)
        refusal.isAboutContent = true
        return refusal
    }

    /// Whether one that is refused would have the name `name`.
    func isRefused(_ name: String) -> Bool {
        refused.contains { !$0.isFolder && $0.name == name }
    }
}

extension PluginFile.Refusal {
    /// How a command ends that was to use it, or to show or check it.
    var exitStatus: ExitStatus {
        isAboutContent ? .usage : isAboutNothing ? .unavailable : .notPermitted
    }
}
