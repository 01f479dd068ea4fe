internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Copies the configuration of boot loaders and of what makes boot entries, without its secrets.
struct LoaderConfiguration {
    /// One file that was copied.
    struct File: Encodable, Hashable {
        var path: String
        /// The artifact in the host folder.
        var artifact: String
        var byteCount: Int
        /// How many values were taken out as secret.
        var maskedCount: Int
    }

    /// An entry of the Boot Loader Specification.
    struct Entry: Encodable, Hashable {
        var path: String
        var entry: BootLoaderEntry
    }

    /// `boot/loader.json`: what was copied, and what the files say.
    struct Result: Encodable, Hashable {
        var schema = "diagbundle.loader/1"
        var files = [File]()
        var entries = [Entry]()
        /// GRUB's variables by the path of their block.
        var environments = [String: [String: String]]()
        /// What GRUB and systemd-boot start by themselves.
        var defaults: LoaderDefaults?
        /// How the running command line differs from the default entry's.
        var difference: LoaderDefaults.Difference?
    }

    /// No host has more files of configuration.
    static let fileLimit = 1000
    static let byteLimit = 1 << 20
    /// Bytes of all files together; what is beyond is told as missing.
    static let totalByteLimit = 12 << 20

    let reader: FactReader
    /// Places that must not be opened, because that would mount something.
    let automounts: Set<String>
    /// Folders that we may not look into: each is told once.
    private var refused: Set<String> = []
    /// The texts that defaults are found in, by path; secrets masked.
    private(set) var texts = [String: String]()

    /// Reads below the root of `reader`, but nothing below `automounts`.
    init(reader: FactReader, automounts: Set<String>) {
        self.reader = reader
        self.automounts = automounts
    }

    /// Single files, then folders whose files are taken when their name ends so.
    static let files = [
        "/boot/grub/grub.cfg", "/boot/grub/grubenv", "/boot/grub/custom.cfg",
        "/boot/grub/user.cfg", "/boot/grub/menu.lst", "/boot/grub/device.map",
        "/boot/grub2/grub.cfg", "/boot/grub2/grubenv", "/boot/grub2/custom.cfg",
        "/boot/grub2/user.cfg", "/boot/grub2/device.map",
        "/boot/loader/loader.conf", "/efi/loader/loader.conf", "/boot/efi/loader/loader.conf",
        "/boot/loader/entries.srel", "/boot/extlinux/extlinux.conf",
        "/boot/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/boot/cmdline.txt",
        "/boot/config.txt", "/boot/firmware/cmdline.txt", "/boot/firmware/config.txt",
        "/boot/refind_linux.conf", "/boot/limine.conf", "/boot/limine.cfg",
        "/boot/zipl/active_devices.txt", "/boot/uEnv.txt", "/boot/boot.cmd",
        "/boot/armbianEnv.txt", "/boot/orangepiEnv.txt",
        "/etc/default/grub", "/etc/default/extlinux", "/etc/default/u-boot",
        "/etc/default/kexec", "/etc/default/flash-kernel", "/etc/fw_env.config",
        "/etc/default/kdump-tools", "/etc/kdump.conf",
        "/etc/sysconfig/bootloader", "/etc/sysconfig/grub", "/etc/sysconfig/kdump",
        "/etc/sysconfig/kernel", "/etc/kernel-img.conf", "/etc/zipl.conf", "/etc/lilo.conf",
        "/etc/dracut.conf", "/etc/mkinitcpio.conf", "/etc/initramfs-tools/initramfs.conf",
        "/etc/initramfs-tools/modules", "/etc/initramfs-tools/update-initramfs.conf",
        "/etc/kernel/cmdline", "/etc/kernel/install.conf", "/etc/kernel/entry-token",
        "/etc/kernel/tries", "/etc/kernel/devicetree", "/etc/kernel/uki.conf",
    ]
    static let folders: [(path: String, endings: [String])] = [
        ("/etc/default/grub.d", [".cfg"]), ("/etc/grub.d", [""]),
        ("/boot/loader/entries", [".conf"]), ("/efi/loader/entries", [".conf"]),
        ("/boot/efi/loader/entries", [".conf"]), ("/etc/dracut.conf.d", [".conf"]),
        ("/etc/initramfs-tools/conf.d", [""]), ("/etc/mkinitcpio.d", [".preset"]),
        ("/etc/mkinitcpio.conf.d", [".conf"]), ("/etc/kernel/cmdline.d", [".conf"]),
        ("/etc/kernel/install.conf.d", [".conf"]), ("/etc/zipl.conf.d", [".conf"]),
        ("/etc/kernel/uki.conf.d", [".conf"]),
    ]

    /// Sends every file that exists, as `loader/` and its path.
    ///
    /// Of the many loaders a host has one or two: what does not exist is not told one by one.
    mutating func copy() throws -> Result {
        var result = Result()
        for path in Self.files { try copy(FilePath(path), &result) }
        for (path, endings) in Self.folders {
            for entry in try names(path)
            where endings.contains(where: entry.name.string.hasSuffix)
                && entry.kind != .directory
            {
                try copy(FilePath(path).appending(entry.name), &result)
            }
        }
        // Each distribution has its own folder on the EFI system partition.
        for system in ["/boot/efi/EFI", "/efi/EFI", "/boot/EFI"] {
            for entry in try names(system) {
                let folder = FilePath(system).appending(entry.name)
                try copy(folder.appending("grub.cfg"), &result)
                try copy(folder.appending("grubenv"), &result)
            }
        }
        if result.files.isEmpty {
            try reader.sink.absent(
                "boot loader configuration", why: "none of the known places has one")
        }
        return result
    }

    private func isOpenable(_ path: String) -> Bool {
        ![automounts, refused].joined().contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    private mutating func names(_ path: String) throws -> [Directory.Entry] {
        guard isOpenable(path) else { return [] }
        do throws(SystemCallError) {
            return try reader.context.root.directory(FilePath(path)).entries(limit: 10_000)
        } catch {
            try report(error, on: FilePath(path))
            return []
        }
    }

    /// Says why `path` could not be read; where a folder above it is refused, that of the folder.
    private mutating func report(_ error: SystemCallError, on path: FilePath) throws {
        switch error.errno {
        case .noSuchFileOrDirectory, .notDirectory: return
        case .permissionDenied, .notPermitted:
            var folder: FilePath = "/"
            for component in path.components {
                let inner = folder.appending(component)
                do throws(SystemCallError) {
                    _ = try reader.context.root.status(of: inner)
                } catch {
                    guard [.permissionDenied, .notPermitted].contains(error.errno) else { break }
                    refused.insert(folder.string)
                    return try reader.context.report(error, on: folder, into: reader.sink)
                }
                folder = inner
            }
        default: break
        }
        try reader.context.report(error, on: path, into: reader.sink)
    }

    private mutating func copy(_ path: FilePath, _ result: inout Result) throws {
        guard isOpenable(path.string), result.files.count < Self.fileLimit else { return }
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try reader.context.root.read(path, limit: Self.byteLimit + 1)
        } catch {
            return try report(error, on: path)
        }
        let source = UntrustedText.escapingForPath(path.bytes)
        guard result.files.reduce(bytes.count, { $0 + $1.byteCount }) <= Self.totalByteLimit else {
            return try reader.sink.missing(
                source, why: "more than \(Self.totalByteLimit) bytes of loader configuration")
        }
        let kept = Array(bytes.prefix(Self.byteLimit))
        var mask = SecretMask()
        let masked = mask.text(kept)
        let artifact = "loader" + source
        try reader.sink.send(
            artifact, masked, source: source, mediaType: "text/plain", privacy: .content)
        if bytes.count > kept.count {
            try reader.sink.send(
                .truncated(.init(why: "only the first \(Self.byteLimit) bytes are kept")))
        }
        result.files.append(
            .init(
                path: source, artifact: "boot/" + artifact, byteCount: masked.count,
                maskedCount: mask.maskedCount))
        if ["/grub.cfg", "/loader.conf", "/custom.cfg", "/zipl.conf", "/etc/default/grub"]
            .contains(where: source.hasSuffix)
        {
            texts[source] = FactReader.text(masked)
        }
        if source.hasSuffix("/grubenv") {
            do throws(FormatError) {
                result.environments[source] = try GRUBEnvironment(parsing: kept).variables
            } catch {
                try reader.sink.missing(source, why: error.description)
            }
        } else if source.contains("/loader/entries/") {
            result.entries.append(
                .init(path: source, entry: BootLoaderEntry(parsing: FactReader.text(kept))))
        }
    }
}
