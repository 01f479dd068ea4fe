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

    private var programs: [String: InstalledProgram] = [:]

    /// What the host has of a program; a name with a slash is a path itself.
    func program(_ name: String) -> InstalledProgram {
        if let known = programs[name] { return known }
        let places =
            name.contains("/")
            ? [FilePath(name)] : Self.programFolders.map { $0.appending(name) }
        let program = InstalledProgram(at: places, in: tree, isRoot: isRoot)
        programs[name] = program
        return program
    }

    /// The path of an installed program that can be run.
    func executable(_ name: String) -> FilePath? {
        guard case .usable(let path) = program(name) else { return nil }
        return path
    }

    var isRoot: Bool { HostFacts.effectiveUser == 0 }

    /// What keeps it from being known whether something matches a pattern.
    private var hindrances: [GlobPattern: SystemCallError] = [:]

    /// Whether at least one path matches; `nil` when time ran out before one was found, or when one
    /// may lie behind an automount point that is not mounted, or where nobody let us look.
    func exists(_ pattern: GlobPattern) -> Bool? {
        struct Found: Error {}
        var walk = GlobWalk(tree, until: deadline)
        var hindrance: SystemCallError?
        do {
            try walk.walk(pattern) { path in
                do throws(SystemCallError) { _ = try tree.status(of: path) } catch {
                    if hindrance == nil, Self.leavesOpen(error) { hindrance = error }
                    return
                }
                throw Found()
            }
        } catch { return true }
        guard !walk.isCut else { return nil }
        hindrance = hindrance ?? walk.failures.first(where: Self.leavesOpen)
        hindrances[pattern] = hindrance
        return hindrance == nil ? false : nil
    }

    /// Whether something may be there that could not be looked at.
    ///
    /// A link that leads nowhere, or is one of those that are not followed, is as good as nothing.
    private static func leavesOpen(_ error: SystemCallError) -> Bool {
        if error.automountPoint != nil { return true }
        return switch error.errno {
        case .noSuchFileOrDirectory, .notDirectory, .noSuchProcess, .tooManySymbolicLinkLevels,
            .notPermitted:
            false
        default: true
        }
    }

    /// Why it is not known whether a path matches.
    func doubtOfExistence(_ pattern: GlobPattern) -> String {
        guard let hindrance = hindrances[pattern] else { return Condition.outOfTime }
        let claim = "\(pattern.text) exists"
        if let point = hindrance.automountPoint {
            return Condition.doubt(whether: claim, behind: point)
        }
        if hindrance.errno == .permissionDenied, !isRoot { return Condition.needsRoot }
        return Condition.doubt(whether: claim, for: hindrance)
    }

    private lazy var running = RunningPrograms(tree, until: deadline)

    /// Whether a process of this name runs, outside containers; `nil` when that is not known.
    func isRunning(_ name: String) -> Bool? { running.contains(name, in: tree) }

    /// Why it is not known whether a process runs.
    func doubtOfRunning(_ name: String) -> String {
        if running.gap == .outOfTime { return Condition.outOfTime }
        return isRoot ? "whether \(name) runs is not known" : Condition.needsRoot
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
    /// Without the list of what is built in, the options of the build tell, where it is known which
    /// they are (``KernelModuleOptions``). Of a root that no kernel runs from nothing is loaded.
    func hasModule(_ name: String) -> Bool? {
        let name = Self.moduleName(name)
        if loadedModules.contains(name) { return true }
        guard hasKernel else { return false }
        if let builtInModules { return builtInModules.contains(name) }
        guard let configuration else { return nil }
        let options = KernelModuleOptions.names(of: name)
        if let option = options.first(where: { configuration[$0] != nil }) {
            return configuration[option] == .builtIn
        }
        return KernelModuleOptions.isKnown(name) ? false : nil
    }

    /// The file systems that the kernel knows; `nil` where it does not tell them.
    lazy var filesystems: Set<String>? = text("/proc/filesystems").map { table in
        Set(
            table.split(separator: "\n").compactMap {
                $0.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.map(String.init)
            })
    }

    /// What a kernel's build has of an option.
    private enum BuildOption { case builtIn, module, off }

    /// The options of the running kernel's build; `nil` where no file tells them.
    private lazy var configuration: [String: BuildOption]? = {
        var bytes = (try? tree.read("/proc/config.gz", limit: 2 << 20)).flatMap {
            Self.gunzip($0, limit: 16 << 20)
        }
        if bytes == nil, let release, !release.contains("/") {
            bytes =
                (try? tree.read(FilePath("/boot/config-\(release)"), limit: 4 << 20))
                ?? (try? tree.read(FilePath("/lib/modules/\(release)/config"), limit: 4 << 20))
        }
        var options = [String: BuildOption]()
        for line in (bytes ?? []).split(separator: 0x0A) {
            guard let (name, option) = Self.buildOption(line) else { continue }
            options[name] = option
        }
        return options.isEmpty ? nil : options
    }()

    /// What a line of a kernel's configuration says: `CONFIG_X=y`, `=m`, or `# CONFIG_X is not set`.
    private static func buildOption(
        _ line: ArraySlice<UInt8>
    ) -> (name: String, option: BuildOption)? {
        if line.starts(with: "# CONFIG_".utf8), line.suffix(11).elementsEqual(" is not set".utf8) {
            return (String(decoding: line.dropFirst(2).dropLast(11), as: UTF8.self), .off)
        }
        let parts = line.split(separator: 0x3D, maxSplits: 1)
        guard line.first == 0x43, parts.count == 2 else { return nil }
        let name = String(decoding: parts[0], as: UTF8.self)
        if parts[1].elementsEqual("y".utf8) { return (name, .builtIn) }
        return parts[1].elementsEqual("m".utf8) ? (name, .module) : nil
    }

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

    /// Whether the kernel was built with the option, as module or not; `nil` when no file tells.
    func hasConfiguration(_ option: String) -> Bool? {
        configuration.map { $0[option] == .builtIn || $0[option] == .module }
    }

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

    /// Whether this is a virtual machine; `nil` for a root that no kernel runs from.
    lazy var isVirtual: Bool? = {
        if isThere("/sys/hypervisor/type") || isThere("/proc/device-tree/hypervisor") {
            return true
        }
        guard hasKernel else { return nil }
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

extension RootedTree {
    /// The same as declarations see it: what a service puts into its own folders must not name files
    /// of others, and no look at a path has something mounted.
    func forDeclarations() throws(SystemCallError) -> RootedTree {
        let tree = try followingTrustedLinks()
        guard isLiveHost else { return tree }
        return try tree.leavingAutomounts(of: .read(in: tree))
    }
}

extension AutomountTable {
    /// That of the running host, as this process sees it.
    fileprivate static func read(in tree: RootedTree) -> AutomountTable {
        let limit = 16 << 20
        guard let bytes = try? tree.read("/proc/self/mountinfo", limit: limit),
            !bytes.isEmpty, bytes.count < limit
        else { return .unknown }
        let mounts = MountTable(parsing: bytes).entries.filter { $0.fileSystemType == "autofs" }
        // Source: `autofs_show_options`, fs/autofs/inode.c of Linux 6.12.
        return AutomountTable(
            mounts.map { mount in
                let options = mount.superOptions.split(separator: ",")
                return Point(
                    mountPoint: mount.mountPoint, isIndirect: options.contains("indirect"))
            })
    }
}
