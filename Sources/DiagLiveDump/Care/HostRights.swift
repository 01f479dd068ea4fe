public import DiagSystem
internal import DiagModel
internal import SystemPackage

/// What the kernel lets this process do, and where it runs.
public struct HostRights: Hashable, Sendable {
    /// How far the kernel keeps root away from itself.
    public enum Lockdown: String, Hashable, Sendable {
        /// Not at all, or the kernel does not know of it.
        case none
        /// Root cannot change the kernel; reading it is allowed.
        case integrity
        /// Root can neither change nor read the kernel.
        case confidentiality
    }

    /// The effective capabilities.
    public var capabilities: CapabilitySet
    /// Whether capabilities count for the kernel itself, and not only in a user namespace.
    public var isInInitialUserNamespace: Bool
    /// What shows that this is a container: its kind or a file, in words.
    public var container: String?
    /// The kernel's lockdown.
    public var lockdown: Lockdown

    /// Reads the rights of this thread below `tree`.
    ///
    /// Source: proc(5), /proc/PID/status and user_namespaces(7), uid_map; kernel_lockdown(7);
    /// systemd's "Container Interface" for /run/systemd/container.
    public static func read(in tree: RootedTree) -> HostRights {
        func text(_ path: String) -> String? {
            (try? tree.read(.init(path), limit: 65_536)).map { String(decoding: $0, as: UTF8.self) }
        }
        let status = text("/proc/thread-self/status") ?? text("/proc/self/status") ?? ""
        // Every user is mapped to itself; a kernel without user namespaces has no such file.
        let map = text("/proc/self/uid_map")?.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        return HostRights(
            capabilities: CapabilitySet(effectiveInStatus: status) ?? [],
            isInInitialUserNamespace: map.map { $0 == ["0", "0", "4294967295"] } ?? true,
            container: container(in: tree, text),
            lockdown: lockdown(text("/sys/kernel/security/lockdown")))
    }

    private static func container(
        in tree: RootedTree, _ text: (String) -> String?
    ) -> String? {
        if let name = text("/run/systemd/container")?.split(separator: "\n").first {
            return UntrustedText.escapingControls(String(name.prefix(40)))
        }
        if (try? tree.status(of: "/.dockerenv")) != nil { return "docker" }
        if (try? tree.status(of: "/run/.containerenv")) != nil { return "podman" }
        return nil
    }

    /// The word in brackets: `none [integrity] confidentiality`.
    private static func lockdown(_ text: String?) -> Lockdown {
        guard let text, let start = text.firstIndex(of: "["), let end = text.firstIndex(of: "]"),
            start < end
        else { return .none }
        return Lockdown(rawValue: String(text[text.index(after: start)..<end])) ?? .none
    }
}
