internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The parts of kernels that only entries of a loader lead to, such as those of ostree and of
/// openSUSE, whose files are named after checksums.
extension KernelMatrix {
    /// What one entry leads to.
    struct EntryParts: Hashable {
        var version: String
        /// Paths below the root of the host.
        var image: String
        var initramfs: String?
    }

    /// The parts that `entries` of the Boot Loader Specification name and that `listing` has.
    ///
    /// `versions` are the names of modules directories; `packageNames` has them by the package.
    static func parts(
        of entries: [LoaderConfiguration.Entry], in listing: [BootListing.Entry],
        versions: Set<String>, packageNames: [String: String]
    ) -> [EntryParts] {
        let files = Self.files(listing)
        return entries.compactMap { entry in
            guard let kernel = entry.entry.linux,
                let image = Self.place(of: kernel, namedBy: entry.path, in: files),
                let version = Self.version(
                    ofImage: image, entry.entry.version, versions, packageNames)
            else { return nil }
            return EntryParts(
                version: version, image: image,
                initramfs: Self.initramfs(entry.entry.initrds, namedBy: entry.path, in: files))
        }
    }

    /// Takes the initramfs that the loader's default entry names, where the kernel has none yet.
    ///
    /// - Returns: why the default kernel has none; `nil` where it has one or needs none.
    mutating func completeDefault(
        _ entry: LoaderDefaults.Entry, listing: [BootListing.Entry]
    ) -> String? {
        // The program of a unified kernel image has its initramfs within.
        guard let kernel = entry.kernel, !kernel.lowercased().hasSuffix(".efi") else { return nil }
        let index = kernels.firstIndex { $0.isDefault == true }
        if let index, kernels[index].initramfs != nil { return nil }
        let name = UntrustedText.escapingControls(entry.title ?? entry.identifier ?? kernel)
        let files = Self.files(listing)
        if let path = Self.initramfs(entry.initramfs, namedBy: entry.source, in: files) {
            guard let index else {
                return "the default entry \(name) starts \(kernel), whose version is not known"
            }
            kernels[index].initramfs = path
            kernels[index].missing?.removeAll { $0 == "initramfs" }
            if let file = listing.first(where: { $0.path.string == path }) {
                kernels[index].files?.append(
                    File(path: path, byteCount: file.byteCount, modified: file.modified))
            }
            return nil
        }
        guard !entry.initramfs.isEmpty else { return "the default entry \(name) names none" }
        let names = UntrustedText.escapingControls(entry.initramfs.joined(separator: " "))
        return names.contains("$")
            ? "the default entry \(name) names it with variables: \(names)"
            : "the default entry \(name) names \(names), which is not in the listing of /boot"
    }

    private static func files(_ listing: [BootListing.Entry]) -> Set<String> {
        Set(
            listing.lazy.filter { $0.kind == .regular || $0.kind == .symbolicLink }
                .map(\.path.string))
    }

    /// Where a file is that an entry names from the root of its own file system.
    private static func place(
        of file: String, namedBy source: String, in files: Set<String>
    ) -> String? {
        // GRUB writes (hd0,gpt2)/vmlinuz or ($root)/vmlinuz as well.
        let path = file.hasPrefix("(") ? String(file.drop { $0 != "/" }) : file
        let name = path.hasPrefix("/") ? path : "/" + path
        var bases = ["/boot", "/efi", "/boot/efi", ""]
        if let end = source.firstRange(of: "/loader/entries/") {
            bases.insert(String(source[..<end.lowerBound]), at: 0)
        }
        return bases.lazy.map { $0 + name }.first(where: files.contains)
    }

    /// The last of the initial RAM disks that is there: microcode comes before it.
    private static func initramfs(
        _ names: [String], namedBy source: String, in files: Set<String>
    ) -> String? {
        names.lazy.filter { !$0.hasSuffix("-ucode.img") }
            .compactMap { Self.place(of: $0, namedBy: source, in: files) }.last
    }

    private static func version(
        ofImage path: String, _ entryVersion: String?, _ versions: Set<String>,
        _ packageNames: [String: String]
    ) -> String? {
        let components = path.split(separator: "/").map(String.init)
        guard let name = components.last else { return nil }
        if let prefix = imagePrefixes.first(where: name.hasPrefix) {
            let text = String(name.dropFirst(prefix.utf8.count))
            return packageNames[text] ?? text
        }
        // Boot Loader Specification: TOKEN/VERSION/linux, or linux-CHECKSUM of openSUSE.
        let folder = components.count > 1 ? components[components.count - 2] : nil
        if let folder, versions.contains(folder) { return folder }
        if let entryVersion, versions.contains(entryVersion) { return entryVersion }
        return nil
    }
}
