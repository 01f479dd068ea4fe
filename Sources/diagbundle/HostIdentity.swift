import DiagCollect
import DiagFormats
import DiagModel
import DiagSystem
import SystemPackage

/// What the host calls itself.
struct HostIdentity {
    let name: String
    let manifest: Manifest.Host

    /// The running host's names; of another root those that are written there, and no kernel, as
    /// none runs from it.
    static func read(from tree: RootedTree) -> HostIdentity {
        let names = HostFacts.names
        let release = ["/etc/os-release", "/usr/lib/os-release"].lazy
            .compactMap { try? tree.read(FilePath($0), limit: 65_536) }.first
        let system = release.map { OSRelease(parsing: String(decoding: $0, as: UTF8.self)) }
        var name = names.node
        if !tree.isLiveHost {
            let written = (try? tree.read("/etc/hostname", limit: 4096)) ?? []
            let text = String(decoding: written.prefix { $0 > 0x20 }, as: UTF8.self)
            name = text.isEmpty ? "unnamed" : text
        }
        return HostIdentity(
            name: name,
            manifest: Manifest.Host(
                name: name, kernelRelease: tree.isLiveHost ? names.release : "unknown",
                architecture: tree.isLiveHost ? names.machine : "unknown",
                operatingSystem: system?.fields["PRETTY_NAME"],
                uptimeSeconds: tree.isLiveHost
                    ? (HostFacts.uptimeSeconds * 100).rounded() / 100 : nil))
    }
}
