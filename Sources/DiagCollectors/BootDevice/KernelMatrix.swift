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
        /// Whether the loader starts it by itself.
        var isDefault: Bool?
        /// The parts that a kernel usually has and this one has not.
        var missing: [String]?
        /// Sizes and times of its files, as far as they are listed.
        var files: [File]?
    }

    /// One file of a kernel.
    struct File: Encodable, Hashable {
        var path: String
        var byteCount: Int64
        var modified: Timestamp
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

    static let imagePrefixes = [
        "vmlinuz-", "vmlinux-", "kernel-", "Image-", "bzImage-", "zImage-", "image-",
    ]
    private static let initramfsPrefixes = ["initrd.img-", "initramfs-", "initrd-"]

    /// What package managers, dkms(8), editors and people leave beside a file that they replace.
    private static let leftOverEndings = [
        ".old", ".bak", ".dpkg-bak", ".dpkg-new", ".old-dkms", ".rpmsave", ".rpmnew", ".tmp", "~",
    ]

    /// Puts the listing, the modules directories and the entries of loaders together.
    init(
        listing: [BootListing.Entry], entries: [LoaderConfiguration.Entry], reader: FactReader
    ) throws {
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
        for parts in Self.parts(
            of: entries, in: listing, versions: Set(found.keys), packageNames: packageNames)
        {
            change(parts.version) {
                // What lies beside the modules is where the loader's file was copied from.
                if $0.image.map({ $0.contains("/lib/modules/") }) ?? true {
                    $0.image = parts.image
                }
                $0.initramfs = $0.initramfs ?? parts.initramfs
            }
        }
        if let running { found[running]?.isRunning = true }
        kernels = found.values.sorted { NaturalOrder.precedes($0.version, $1.version) }
        let byPath = Dictionary(listing.map { ($0.path.string, $0) }) { first, _ in first }
        for index in kernels.indices {
            let kernel = kernels[index]
            let files = [
                kernel.image, kernel.initramfs, kernel.crashInitramfs, kernel.fallbackInitramfs,
                kernel.configuration, kernel.systemMap,
            ].compactMap { $0.flatMap { byPath[$0] } }
            kernels[index].files = files.map {
                File(path: $0.path.string, byteCount: $0.byteCount, modified: $0.modified)
            }
            let parts: [(String, Bool)] = [
                ("image", kernel.image != nil), ("initramfs", kernel.initramfs != nil),
                ("modules", kernel.modulesDirectory != nil),
                ("modules.dep", kernel.hasModulesIndex != false),
            ]
            kernels[index].missing = parts.filter { !$0.1 }.map(\.0)
        }
        unifiedImages = unified
        isRunningModular = reader.exists("/proc/modules") ? true : nil
        if reader.exists("/proc/sys/kernel"), isRunningModular == nil { isRunningModular = false }
    }

    /// Marks the kernel whose image or version the loader's default entry names.
    ///
    /// - Returns: its version; `nil` when no kernel is named.
    mutating func markDefault(kernel path: String?, version: String?) -> String? {
        let name = path.map { $0.split(separator: "/").suffix(2).joined(separator: "/") }
        let index = kernels.firstIndex { kernel in
            if let version, kernel.version == version { return true }
            guard let image = kernel.image, let name, let last = name.split(separator: "/").last
            else { return false }
            return image.hasSuffix("/" + name) || image.hasSuffix("/" + last) && last != "linux"
        }
        guard let index else { return nil }
        for other in kernels.indices { kernels[other].isDefault = other == index }
        return kernels[index].version
    }

    /// The newest installed kernel of the running one's kind, where it is newer and can be started.
    var newerThanRunning: Kernel? {
        guard let running, kernels.contains(where: { $0.isRunning }) else { return nil }
        // Of one kind: the same letters, so that `-rt` and `-cloud` are left out.
        func letters(_ text: String) -> String { text.filter(\.isLetter) }
        return kernels.last {
            $0.image != nil && $0.modulesDirectory != nil
                && letters($0.version) == letters(running)
                && NaturalOrder.precedes(running, $0.version)
        }
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
