public import DiagFormats
internal import DiagModel

/// Where the symbols of a kernel are to be had on its distribution, and how a dump is opened with
/// them.
///
/// Source: the kernel packages of each distribution and their documentation on debug symbols.
public struct DebugPackage: Hashable, Sendable {
    /// The package; none where the distribution has none, or is not known.
    public var name: String?
    /// The command that installs it.
    public var installCommand: String?
    /// What must be known of it: the archive that has the package, or why there is none.
    public var note: String?
    /// Where the kernel with symbols lies once it is installed; the likeliest first.
    public var images: [String]
    /// The server that gives symbols by build identifier; none where nobody publishes them.
    public var symbolServer: String?
    /// The command that fetches the kernel with symbols by its build identifier, and prints where
    /// it lies. Source: debuginfod-find(1).
    public var fetchCommand: String?

    private static let generalServer = "https://debuginfod.elfutils.org/"

    /// The package for the kernel `release` of the distribution that `osRelease` names.
    ///
    /// What is not a plain release, as uname(2) gives it, is not put into a command.
    public static func of(
        release: String, osRelease: OSRelease, buildId: String?
    ) -> DebugPackage {
        let isPlain =
            !release.isEmpty
            && release.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "._+~-".utf8.contains($0)
                }
            } && release.utf8.first != 0x2D
        let identifiers =
            [osRelease.fields["ID"] ?? ""]
            + (osRelease.fields["ID_LIKE"] ?? "").split(separator: " ").map(String.init)
        var package = isPlain ? known(release, identifiers) : nil
        if package == nil {
            package = DebugPackage(
                images: isPlain ? ["/usr/lib/debug/lib/modules/\(release)/vmlinux"] : [],
                symbolServer: generalServer)
        }
        var found = package ?? DebugPackage(images: [], symbolServer: generalServer)
        if let server = found.symbolServer, let buildId, buildId.utf8.count <= 128,
            buildId.utf8.count >= 16,
            buildId.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        {
            found.fetchCommand = "DEBUGINFOD_URLS=\(server) debuginfod-find debuginfo \(buildId)"
        }
        return found
    }

    /// The package for a kernel of which only the dump is known: the distribution is told by the
    /// marks that it puts into release and version, as uname(2) gives them.
    ///
    /// `name` is what the host that was dumped calls the package, where its dump says it: that
    /// counts more than the marks.
    public static func of(
        release: String, version: String?, buildId: String?, named name: String? = nil
    ) -> DebugPackage {
        func found(for identifier: String) -> DebugPackage {
            of(
                release: release, osRelease: OSRelease(parsing: "ID=\(identifier)\n"),
                buildId: buildId)
        }
        var result = found(for: identifier(release, version ?? ""))
        if let name, name != result.name {
            let others = ["ubuntu", "debian", "el", "suse"].map { found(for: $0) }
            if let other = others.first(where: { $0.name == name }) {
                result = other
            } else {
                result.name = name
                result.installCommand = nil
                result.note = nil
                result.images = []
            }
        }
        if result.name == nil, result.note == nil {
            result.note = "the dump does not tell the distribution of its kernel"
        }
        return result
    }

    /// The distribution by its marks, as os-release has it; `el` for RHEL and all that are built
    /// from its sources, empty where there is no mark.
    ///
    /// Sources: the kernel packages of each; Alpine's sets `KBUILD_BUILD_VERSION` (aports,
    /// main/linux-lts/APKBUILD).
    private static func identifier(_ release: String, _ version: String) -> String {
        if version.contains("Ubuntu") { return "ubuntu" }
        if version.contains("-Alpine") { return "alpine" }
        if release.contains(".fc") { return "fedora" }
        if release.contains(".amzn") { return "amzn" }
        if release.contains("uek") { return "ol" }
        if release.contains(".el") { return "el" }
        if release.contains("-arch") { return "arch" }
        if release.hasSuffix("-default") { return "suse" }
        let endings = ["-amd64", "-arm64", "-pve"]
        let isDebian = version.contains("Debian") || endings.contains { release.hasSuffix($0) }
        return isDebian ? "debian" : ""
    }

    /// By the distribution itself, then by those that it says it is like.
    private static func known(_ release: String, _ identifiers: [String]) -> DebugPackage? {
        for identifier in identifiers {
            switch identifier {
            case "ubuntu": return ubuntu(release)
            case "debian": return debian(release)
            case "fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn", "el":
                return redHat(release, identifier)
            case "sles", "suse", "opensuse", "opensuse-leap", "opensuse-tumbleweed", "sled",
                "sle-micro", "sl-micro", "sle_hpc":
                return suse(release)
            case "arch":
                return DebugPackage(
                    note: "Arch Linux gives symbols by Build ID, not in packages of the"
                        + " repositories that it has at first",
                    images: [], symbolServer: "https://debuginfod.archlinux.org/")
            case "alpine":
                return DebugPackage(
                    note: "Alpine publishes no package with the kernel's symbols",
                    images: [], symbolServer: nil)
            default: continue
            }
        }
        return nil
    }

    private static func debian(_ release: String) -> DebugPackage {
        var name = "linux-image-\(release)-dbg"
        var note: String?
        if release.hasSuffix("-pve") {
            name = "proxmox-kernel-\(release)-dbgsym"
            note = "the package is in Proxmox's own archive"
        }
        return DebugPackage(
            name: name, installCommand: "apt-get install \(name)", note: note,
            images: [
                "/usr/lib/debug/boot/vmlinux-\(release)",
                "/usr/lib/debug/lib/modules/\(release)/vmlinux",
            ], symbolServer: "https://debuginfod.debian.net/")
    }

    private static func ubuntu(_ release: String) -> DebugPackage {
        let name = "linux-image-\(release)-dbgsym"
        return DebugPackage(
            name: name, installCommand: "apt-get install \(name)",
            note: "the package is in the archive http://ddebs.ubuntu.com, whose key is in the"
                + " package ubuntu-dbgsym-keyring; where it is only a link, take"
                + " linux-image-unsigned-\(release)-dbgsym",
            images: ["/usr/lib/debug/boot/vmlinux-\(release)"],
            symbolServer: "https://debuginfod.ubuntu.com/")
    }

    /// The release has the variant behind a plus sign or before the architecture; the package has
    /// it in its name.
    private static func redHat(_ release: String, _ identifier: String) -> DebugPackage {
        let plain = release.split(separator: "+").first.map(String.init) ?? release
        var kernel = "kernel"
        if release.contains("uek") { kernel = "kernel-uek" }
        if release.hasSuffix("+rt") { kernel = "kernel-rt" }
        if release.hasSuffix("+64k") { kernel = "kernel-64k" }
        let name = "\(kernel)-debuginfo-\(plain)"
        let servers = [
            "fedora": "https://debuginfod.fedoraproject.org/",
            "centos": "https://debuginfod.centos.org/",
        ]
        let notes = [
            "rhel": "the package is in the debug repository of the subscription",
            "el": "on RHEL the package is in the debug repository of the subscription",
            "ol": "the package is in Oracle's archive https://oss.oracle.com/, under debuginfo",
        ]
        return DebugPackage(
            name: name,
            installCommand: "dnf --enablerepo='*debug*' install \(name)",
            note: notes[identifier],
            images: ["/usr/lib/debug/lib/modules/\(release)/vmlinux"],
            symbolServer: servers[identifier] ?? generalServer)
    }

    /// The package has the flavour in its name, which is the last part of the release; its version
    /// has a number more than the release. The repositories of debug packages are disabled at
    /// first. Source: zypper(8), `--plus-content`.
    private static func suse(_ release: String) -> DebugPackage {
        let flavour = release.split(separator: "-").last.map(String.init) ?? "default"
        let name = "kernel-\(flavour)-debuginfo"
        return DebugPackage(
            name: name, installCommand: "zypper --plus-content debug install \(name)",
            note: "take the version whose number begins as that of the kernel, \(release)",
            images: [
                "/usr/lib/debug/usr/lib/modules/\(release)/vmlinux.debug",
                "/usr/lib/debug/boot/vmlinux-\(release).debug",
            ], symbolServer: "https://debuginfod.opensuse.org/")
    }

    private init(
        name: String? = nil, installCommand: String? = nil, note: String? = nil, images: [String],
        symbolServer: String?
    ) {
        self.name = name
        self.installCommand = installCommand
        self.note = note
        self.images = images
        self.symbolServer = symbolServer
    }

    /// How crash opens a kdump that lacks pages: it ends at the first that it wants, or with this
    /// reads zeros in its place. Source: crash(8), `--zero_excluded`.
    static let crashOfIncomplete = "crash --zero_excluded"

    /// The commands that open `file`, quoted for a shell: crash and drgn, and makedumpfile where it
    /// reads that form.
    public func openCommands(
        file: String, format: LiveDumpOptions.Format, compression: LiveDumpOptions.Compression,
        isComplete: Bool = true
    ) -> [String] {
        let image = images.first ?? "vmlinux"
        let file = ShellWord.quoted(file)
        let crash = isComplete || format == .elf ? "crash" : Self.crashOfIncomplete
        var commands = ["\(crash) \(image) \(file)", "drgn -s \(image) -c \(file)"]
        if format == .elf || compression != .zstd {
            commands.append("makedumpfile --dump-dmesg \(file) dmesg.txt")
        }
        return commands
    }
}
