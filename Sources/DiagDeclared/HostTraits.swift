internal import DiagCodec
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What conditions ask of a host, each read once and only when it is asked for.
final class HostTraits {
    private let tree: RootedTree
    private let deadline: MonotonicTime

    init(_ tree: RootedTree, until deadline: MonotonicTime) {
        self.tree = tree
        self.deadline = deadline
    }

    /// Where programs are looked for, whatever `PATH` says.
    static let programFolders: [FilePath] = [
        "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin",
    ]

    private var executables: [String: FilePath?] = [:]

    /// The path of an installed program; a name with a slash is a path itself.
    func executable(_ name: String) -> FilePath? {
        if let known = executables[name] { return known }
        let found = Self.places(of: name).first {
            guard let status = try? tree.status(of: $0) else { return false }
            return status.kind == .regular && status.permissions & 0o111 != 0
                && (!isRoot || isRootsAlone($0, status))
        }
        executables[name] = .some(found)
        return found
    }

    /// The path of a program that is there and that nobody may execute.
    func unexecutable(_ name: String) -> FilePath? {
        Self.places(of: name).first {
            guard let status = try? tree.status(of: $0) else { return false }
            return status.kind == .regular && status.permissions & 0o111 == 0
        }
    }

    private static func places(of name: String) -> [FilePath] {
        name.contains("/") ? [FilePath(name)] : programFolders.map { $0.appending(name) }
    }

    /// Whether root alone can change the program: what root runs must be so, with each folder and
    /// each link on the way to it. From another root nothing is run: there its own folder tells.
    private func isRootsAlone(_ path: FilePath, _ status: FileStatus) -> Bool {
        if tree.isLiveHost { return (try? TrustedFolder.checkProgram(path)) != nil }
        return [status, try? tree.status(of: path.removingLastComponent())].allSatisfy {
            $0.map { $0.ownerIdentifier == 0 && $0.permissions & 0o022 == 0 } ?? false
        }
    }

    var isRoot: Bool { HostFacts.effectiveUser == 0 }

    /// Whether at least one path matches; `nil` when time ran out before one was found.
    func exists(_ pattern: GlobPattern) -> Bool? {
        struct Found: Error {}
        var walk = GlobWalk(tree, until: deadline)
        do {
            try walk.walk(pattern) {
                if (try? tree.status(of: $0)) != nil { throw Found() }
            }
        } catch { return true }
        return walk.isCut ? nil : false
    }

    private lazy var running = RunningPrograms(tree, until: deadline)

    /// Whether a process of this name runs, outside containers; `nil` when that is not known.
    func isRunning(_ name: String) -> Bool? {
        running.contains(name, in: tree) ? true : running.isPartial ? nil : false
    }

    // MARK: - The kernel

    private lazy var release = text("/proc/sys/kernel/osrelease")

    lazy var kernelVersion: KernelVersion? = release.flatMap { KernelVersion($0) }

    /// Whether a kernel tells of itself below the root: none does on a disk that is only mounted.
    lazy var hasKernel = release != nil

    private lazy var loadedModules: Set<String> = Set(
        ((try? tree.directory("/sys/module").entries(limit: 100_000)) ?? [])
            .map { Self.moduleName($0.name.string) })

    /// Modules that are part of the kernel and have no parameters are not in /sys/module; `nil`
    /// where no list of them can be read.
    private lazy var builtInModules: Set<String>? = {
        guard let release, !release.isEmpty, !release.contains("/") else { return nil }
        for folder in ["/lib/modules", "/usr/lib/modules"] {
            let path = FilePath(folder).appending(release).appending("modules.builtin")
            guard let bytes = try? tree.read(path, limit: 4 << 20) else { continue }
            return Set(
                bytes.split(separator: 0x0A).map {
                    let name = String(decoding: $0, as: UTF8.self).split(separator: "/").last ?? ""
                    return Self.moduleName(name.split(separator: ".").first ?? "")
                })
        }
        return nil
    }()

    private static func moduleName(_ name: some StringProtocol) -> String {
        String(name.map { $0 == "-" ? "_" : $0 })
    }

    /// Whether a module is loaded, or built into the kernel; `nil` when that is not known.
    ///
    /// Without the list of what is built in, the options of the build tell. That of a module is
    /// mostly named as it is, or ends so (`CONFIG_SENSORS_DRIVETEMP`): the first is sure, the other
    /// may be of another module, and only where there is neither the module is not there.
    func hasModule(_ name: String) -> Bool? {
        let name = Self.moduleName(name)
        if loadedModules.contains(name) { return true }
        guard hasKernel else { return false }
        if let builtInModules { return builtInModules.contains(name) }
        guard let configuration else { return nil }
        let ending = "_" + name.uppercased()
        if configuration["CONFIG" + ending] == true { return true }
        return configuration.contains { $0.value && $0.key.hasSuffix(ending) } ? nil : false
    }

    lazy var filesystems: Set<String> = Set(
        (text("/proc/filesystems") ?? "").split(separator: "\n").compactMap {
            $0.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.map(String.init)
        })

    /// `CONFIG_X=y` or `=m` of the running kernel's build, and whether it is `y`: built in; `nil`
    /// where no file tells it.
    private lazy var configuration: [String: Bool]? = {
        var bytes = (try? tree.read("/proc/config.gz", limit: 2 << 20)).flatMap {
            Self.gunzip($0, limit: 16 << 20)
        }
        if bytes == nil, let release, !release.contains("/") {
            bytes =
                (try? tree.read(FilePath("/boot/config-\(release)"), limit: 4 << 20))
                ?? (try? tree.read(FilePath("/lib/modules/\(release)/config"), limit: 4 << 20))
        }
        var options = [String: Bool]()
        for line in (bytes ?? []).split(separator: 0x0A) where line.first == 0x43 {
            let parts = line.split(separator: 0x3D, maxSplits: 1)
            guard parts.count == 2, parts[1].first == 0x79 || parts[1].first == 0x6D else {
                continue
            }
            options[String(decoding: parts[0], as: UTF8.self)] = parts[1] == [0x79]
        }
        return options.isEmpty ? nil : options
    }()

    private static func gunzip(_ packed: [UInt8], limit: Int) -> [UInt8]? {
        guard let decoder = try? StreamDecompressor(.gzip) else { return nil }
        var output = [UInt8](repeating: 0, count: 256 << 10)
        var (bytes, offset) = ([UInt8](), 0)
        while !decoder.hasEnded, bytes.count < limit {
            guard
                let step = try? decoder.decode(
                    packed.span.extracting(offset..<packed.count), isLast: true, into: &output),
                step.consumed + step.produced > 0
            else { return nil }
            offset += step.consumed
            bytes += output[..<step.produced]
        }
        return bytes
    }

    func hasConfiguration(_ option: String) -> Bool { configuration?[option] != nil }

    // MARK: - The system

    lazy var distributions: Set<String> = {
        let text = text("/etc/os-release") ?? text("/usr/lib/os-release") ?? ""
        let fields = OSRelease(parsing: text).fields
        let like = (fields["ID_LIKE"] ?? "").split(separator: " ").map(String.init)
        return Set([fields["ID"] ?? ""] + like).subtracting([""])
    }()

    /// Source: sd_booted(3) for systemd; the folders that OpenRC keeps; else the program itself. On
    /// the running host systemd's program alone does not make it the manager: its tools would only
    /// say so, each by itself.
    lazy var initSystem: Condition.InitSystem? = {
        if isThere("/run/systemd/system") { return .systemd }
        if isThere("/run/openrc") { return .openrc }
        var program: FilePath = "/sbin/init"
        for _ in 0..<8 {
            guard let target = try? tree.readLink(program) else { break }
            program =
                target.isAbsolute
                ? target : program.removingLastComponent().appending(target.components)
        }
        switch program.lastComponent?.string {
        case "systemd": return tree.isLiveHost ? nil : .systemd
        case "busybox": return isThere("/sbin/openrc") ? .openrc : .busybox
        case "openrc-init": return .openrc
        case "init" where isThere("/etc/inittab"):
            return isThere("/sbin/openrc") ? .openrc : .sysvinit
        default: return nil
        }
    }()

    lazy var isVirtual: Bool = {
        if isThere("/sys/hypervisor/type") || isThere("/proc/device-tree/hypervisor") {
            return true
        }
        let processors = (try? tree.read("/proc/cpuinfo", limit: 16_384)) ?? []
        return ProcessorList(parsing: String(decoding: processors, as: UTF8.self))
            .features.contains("hypervisor")
    }()

    /// Source: the Container Interface of systemd; the marks that Docker and podman leave.
    lazy var isContainer: Bool = ["/run/systemd/container", "/.dockerenv", "/run/.containerenv"]
        .contains { isThere(FilePath($0)) }

    private func isThere(_ path: FilePath) -> Bool { (try? tree.status(of: path)) != nil }

    private func text(_ path: FilePath) -> String? {
        guard let bytes = try? tree.read(path, limit: 1 << 20) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
