internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// `boot/kernels.json`: which parts of each installed kernel are there.
struct KernelMatrix: Encodable, Hashable {
    /// One kernel version, or one name such as `linux-lts` where a distribution installs so.
    struct Kernel: Encodable, Hashable {
        var version: String
        var isRunning = false
        /// Paths of the files; none for what is not there.
        var image: String?
        var initramfs: String?
        var crashInitramfs: String?
        var fallbackInitramfs: String?
        var configuration: String?
        var systemMap: String?
        var modulesDirectory: String?
        /// Whether the modules directory has `modules.dep`, without which nothing is loaded.
        var hasModulesIndex: Bool?
    }

    var schema = "diagbundle.kernels/1"
    var running: String?
    /// The artifact that tells how the running kernel was configured.
    var runningConfiguration: String?
    /// Whether the running kernel loads modules; none when that is not known.
    var isRunningModular: Bool?
    /// Sorted by version, digits by their value.
    var kernels: [Kernel]
    /// EFI programs that hold kernel, initramfs and command line together.
    var unifiedImages: [String]

    private static let imagePrefixes = [
        "vmlinuz-", "vmlinux-", "kernel-", "Image-", "bzImage-", "zImage-", "image-",
    ]
    private static let initramfsPrefixes = ["initrd.img-", "initramfs-", "initrd-"]

    /// What package managers, dkms(8), editors and people leave beside a file that they replace.
    private static let leftOverEndings = [
        ".old", ".bak", ".dpkg-bak", ".dpkg-new", ".old-dkms", ".rpmsave", ".rpmnew", ".tmp", "~",
    ]

    /// Puts the listing and the modules directories together.
    init(listing: [BootListing.Entry], reader: FactReader) throws {
        running = try reader.optionalText("/proc/sys/kernel/osrelease")
        let running = running
        // Whatever it is called, the running kernel is one.
        func isLeftOver(_ name: String) -> Bool {
            let name = name.hasSuffix(".img") ? String(name.dropLast(4)) : name
            return Self.leftOverEndings.contains(where: name.hasSuffix)
                && !(running.map { !$0.isEmpty && name.hasSuffix($0) } ?? false)
        }
        var found = [String: Kernel]()
        var unified = [String]()
        func change(_ version: String, _ body: (inout Kernel) -> Void) {
            guard !version.isEmpty else { return }
            body(&found[version, default: Kernel(version: version)])
        }
        // On a host with /usr merged /lib is a link, and both lead to the same folder.
        var packageNames = [String: String]()
        for folder in ["/usr/lib/modules", "/lib/modules"] as [FilePath] {
            for entry in try reader.names(folder) ?? [] {
                let path = folder.appending(entry.name)
                guard (try? reader.context.root.status(of: path))?.kind == .directory else {
                    continue
                }
                let version = entry.name.string
                guard found[version]?.modulesDirectory == nil, !isLeftOver(version) else {
                    continue
                }
                if let package = try reader.optionalText(path.appending("pkgbase")) {
                    packageNames[package] = version
                }
                change(version) {
                    $0.modulesDirectory = path.string
                    $0.hasModulesIndex = reader.exists(path.appending("modules.dep"))
                    if reader.exists(path.appending("vmlinuz")) {
                        $0.image = path.appending("vmlinuz").string
                    }
                }
            }
        }
        for entry in listing where entry.kind == .regular || entry.kind == .symbolicLink {
            let components = entry.path.components.map(\.string)
            guard let name = components.last, !isLeftOver(name) else { continue }
            let path = entry.path.string
            if components.contains("EFI"), components.contains("Linux"),
                name.lowercased().hasSuffix(".efi")
            {
                unified.append(path)
            }
            if components.count == 2 {
                Self.sort(name, path: path, packageNames: packageNames, change)
            } else if components.count >= 4, found[components[components.count - 2]] != nil {
                // Boot Loader Specification: /boot/TOKEN/VERSION/linux.
                let version = components[components.count - 2]
                if name == "linux" {
                    change(version) { $0.image = path }
                } else if name.hasPrefix("initrd") {
                    change(version) { $0.initramfs = path }
                }
            }
        }
        if let running { found[running]?.isRunning = true }
        kernels = found.values.sorted { NaturalOrder.precedes($0.version, $1.version) }
        unifiedImages = unified
        isRunningModular = reader.exists("/proc/modules") ? true : nil
        if reader.exists("/proc/sys/kernel"), isRunningModular == nil { isRunningModular = false }
    }

    private static func sort(
        _ name: String, path: String, packageNames: [String: String],
        _ change: (String, (inout Kernel) -> Void) -> Void
    ) {
        func rest(_ prefixes: [String]) -> String? {
            prefixes.first { name.hasPrefix($0) }.map { String(name.dropFirst($0.utf8.count)) }
        }
        func version(_ text: String) -> String { packageNames[text] ?? text }
        func without(_ ending: String, _ text: String) -> String? {
            text.hasSuffix(ending) ? String(text.dropLast(ending.utf8.count)) : nil
        }
        if let text = rest(initramfsPrefixes) {
            let text = without(".img", text) ?? text
            if let base = without("-kdump", text) ?? without("kdump", text) {
                change(version(base)) { $0.crashInitramfs = path }
            } else if let base = without("-fallback", text) {
                change(version(base)) { $0.fallbackInitramfs = path }
            } else {
                change(version(text)) { $0.initramfs = path }
            }
        } else if let text = rest(imagePrefixes) {
            // SUSE keeps an unstripped vmlinux-VERSION.gz beside the image that starts.
            if let base = without(".gz", text) {
                change(version(base)) { $0.image = $0.image ?? path }
            } else if without(".hmac", text) == nil, without(".sig", text) == nil {
                change(version(text)) { $0.image = path }
            }
        } else if let text = rest(["config-"]) {
            change(version(text)) { $0.configuration = path }
        } else if let text = rest(["System.map-"]) {
            change(version(text)) { $0.systemMap = path }
        }
    }
}
