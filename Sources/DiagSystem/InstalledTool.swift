internal import Glibc
internal import Synchronization
public import SystemPackage

/// A program of the person who runs this, found as a shell finds it.
///
/// For what a person asks for by an option, such as encryption; what is collected is asked of
/// programs in fixed folders.
public struct InstalledTool: Hashable, Sendable {
    /// Where it is.
    public let path: FilePath

    /// The variables that such a program gets: where its keys and its agents are, and how it asks
    /// for a passphrase.
    private static let variables = [
        "HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "TERM", "GNUPGHOME", "GPG_TTY",
        "GPG_AGENT_INFO", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY",
        "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR",
        "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    ]

    /// The first of `names`, the preferred one first, in the absolute folders of `searchPath`, which
    /// has colons between them and is `PATH` by default; `nil` when none is there.
    public static func find(
        _ names: String..., searchPath: String? = HostFacts.environment("PATH")
    ) -> InstalledTool? {
        for name in names {
            for folder in (searchPath ?? "").split(separator: ":") where folder.first == "/" {
                let path = FilePath(String(folder)).appending(name)
                guard (try? OwnedDescriptor.kind(of: path)) == .regular,
                    unsafe path.withPlatformString({ unsafe access($0, X_OK) }) == 0
                else { continue }
                return InstalledTool(path: path)
            }
        }
        return nil
    }

    /// The name of its file.
    public var name: String { path.lastComponent?.string ?? path.string }

    /// What stands in the place of this process's own variables.
    private static let adopted = Mutex<[String: String]?>(nil)

    /// Gives programs `environment`, that of another process: of one whose own has not what they need.
    public static func adopt(environment: [String: String]) {
        adopted.withLock { $0 = environment }
    }

    /// The environment that it gets: messages are in English, so that they can be told apart.
    public static var environment: [String: String] {
        if let adopted = adopted.withLock({ $0 }) { return adopted }
        var environment = ["LC_ALL": "C"]
        for name in variables { environment[name] = HostFacts.environment(name) }
        // Its working directory is another than ours.
        if let home = environment["GNUPGHOME"], let path = try? HostFacts.absolute(FilePath(home)) {
            environment["GNUPGHOME"] = path.string
        }
        return environment
    }

    /// Runs it with nothing on its standard input, to its end or for so many seconds.
    ///
    /// - Throws: when it cannot be started.
    public func run(_ arguments: [String], seconds: Double) throws(SystemCallError) -> CommandRun {
        try CommandRun.run(
            path, arguments, environment: Self.environment, seconds: seconds, limit: 1 << 20)
    }
}
