internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Lists the initial RAM disks of the running and the default kernel, and checks them against what
/// the root stands on.
struct InitramfsFacts {
    /// Seconds for all of them.
    static let seconds: Double = 12
    private static let listingLimit = 6 << 20
    private static let unifiedLimit = 16
    private static let configurationNames = [
        "etc/crypttab", "cryptroot/crypttab", "etc/mdadm.conf", "etc/mdadm/mdadm.conf",
        "etc/lvm/lvm.conf", "etc/multipath.conf", "etc/multipath/wwids", "etc/fstab",
        "etc/initrd-release", "etc/cmdline.d", "etc/iscsi/initiatorname.iscsi",
        "usr/lib/dracut/hostonly-kernel-modules.txt", "usr/lib/initcpio", "conf/initramfs.conf",
        "etc/modprobe.d", "conf/conf.d/resume",
    ]

    let reader: FactReader
    let stack: RootStackDocument?
    let commandLine: KernelCommandLine?

    /// Sends `initramfs.json` and a listing of each; `nil` where there is none.
    /// `defaultProgram` is the file that the loader's default entry starts.
    func send(
        _ matrix: KernelMatrix, defaultVersion: String?, defaultProgram: String?
    ) throws -> InitramfsDocument? {
        let wanted = matrix.kernels.filter {
            $0.isRunning || (defaultVersion != nil && $0.version == defaultVersion)
        }
        var document = InitramfsDocument(images: [])
        let deadline = min(
            MonotonicTime.now.advanced(bySeconds: Self.seconds),
            reader.context.deadline.advanced(bySeconds: -4))
        let requirements = stack.map {
            InitramfsNeeds(root: reader.context.root, stack: $0).requirements()
        }
        for kernel in wanted.sorted(by: { $0.isRunning && !$1.isRunning }).prefix(4) {
            guard let path = kernel.initramfs else { continue }
            let image = try image(
                FilePath(path), kernel, isDefault: kernel.version == defaultVersion,
                requirements ?? [], deadline)
            if let image { document.images.append(image) }
        }
        let defaultName = defaultProgram?.split(separator: "/").last.map { $0.lowercased() }
        for path in matrix.unifiedImages.prefix(Self.unifiedLimit) {
            let name = path.split(separator: "/").last.map { $0.lowercased() }
            let isDefault = name != nil && name == defaultName
            let image = try unifiedImage(
                path, matrix, isDefault: isDefault, document, requirements ?? [], deadline)
            if let image { document.images.append(image) }
        }
        guard !document.images.isEmpty else { return nil }
        try reader.sink.sendJSON("initramfs.json", document, privacy: .identity)
        return document
    }

    /// The initial RAM disk within a unified kernel image, where the default entry starts that, or
    /// where it is all that the running kernel has.
    private func unifiedImage(
        _ path: String, _ matrix: KernelMatrix, isDefault: Bool, _ document: InitramfsDocument,
        _ requirements: [InitramfsNeeds.Requirement], _ deadline: MonotonicTime
    ) throws -> InitramfsDocument.Image? {
        let unified: UnifiedImageSection
        do throws(UnifiedImageSection.Failure) {
            unified = try UnifiedImageSection(FilePath(path), in: reader.context.root)
        } catch {
            if isDefault {
                try reader.sink.missing("the initramfs within \(path)", why: error.reason)
            }
            return nil
        }
        let isRunning = unified.version != nil && unified.version == matrix.running
        guard isDefault || isRunning && !document.images.contains(where: \.isRunning) else {
            return nil
        }
        guard let range = unified.initramfs, let version = unified.version else {
            try reader.sink.missing(
                "the initramfs within \(path)",
                why: unified.initramfs == nil
                    ? "the image has no section .initrd" : "the image does not tell its kernel")
            return nil
        }
        return try image(
            FilePath(path), .init(version: version, isRunning: isRunning), isDefault: isDefault,
            requirements, deadline, in: range)
    }

    /// `range` is where it stands within a unified kernel image.
    private func image(
        _ path: FilePath, _ kernel: KernelMatrix.Kernel, isDefault: Bool,
        _ requirements: [InitramfsNeeds.Requirement], _ deadline: MonotonicTime,
        in range: Range<Int64>? = nil
    ) throws -> InitramfsDocument.Image? {
        let result: InitramfsReader.Result
        let byteCount: Int64
        do throws(SystemCallError) {
            let status = try reader.context.root.status(of: path)
            byteCount = range.map { Int64($0.count) } ?? status.byteCount
            result = try InitramfsReader(root: reader.context.root, deadline: deadline)
                .read(path, in: range)
        } catch {
            try reader.context.report(error, on: path, into: reader.sink)
            return nil
        }
        let names = Set(result.entries.lazy.filter { !$0.isDirectory }.map(\.name))
        let folders = Set(result.entries.lazy.filter(\.isDirectory).map(\.name))
        var image = InitramfsDocument.Image(
            path: path.string, section: range == nil ? nil : ".initrd", version: kernel.version,
            isRunning: kernel.isRunning,
            isDefault: isDefault, byteCount: byteCount, parts: result.parts,
            entryCount: result.entries.count,
            moduleCount: result.entries.count { KernelModuleIndex.name($0.name) != nil },
            configuration: Self.configurationNames.filter {
                names.contains($0) || folders.contains($0)
            },
            isComplete: result.isComplete, fault: result.fault,
            needs: InitramfsNeeds.needs(
                requirements, in: result.entries, isComplete: result.isComplete,
                modules: KernelModuleIndex(version: kernel.version, in: reader.context.root),
                commandLine: commandLine))
        if !result.entries.isEmpty {
            let name = UntrustedText.escapingForPath(
                kernel.version.map { $0 == "/" ? "_" : String($0) }.joined().utf8)
            let artifact = "initramfs/\(name)\(range == nil ? "" : ".uki").txt"
            try sendListing(result.entries, as: artifact, source: path.string)
            image.listing = "boot/" + artifact
        }
        return image
    }

    private func sendListing(
        _ entries: [CpioWalker.Entry], as artifact: String, source: String
    ) throws {
        var text = [UInt8]()
        var isCut = false
        for entry in entries {
            let octal = String(entry.mode, radix: 8)
            let line =
                "\(octal) \(entry.byteCount) \(entry.name)"
                + (entry.target.map { " -> " + $0 } ?? "") + "\n"
            guard text.count + line.utf8.count <= Self.listingLimit else {
                isCut = true
                break
            }
            text += line.utf8
        }
        try reader.sink.send(
            artifact, text, source: source, mediaType: "text/plain", privacy: .identity)
        if isCut {
            try reader.sink.send(
                .truncated(.init(why: "only the first \(Self.listingLimit) bytes are kept")))
        }
    }

    /// What is lacking, one finding for each initial RAM disk; and one for each that is damaged.
    static func findings(_ document: InitramfsDocument) -> [Finding] {
        document.images.flatMap { image -> [Finding] in
            var findings = [Finding]()
            let lacking = image.needs.filter { $0.state == .lacking }
            if !lacking.isEmpty {
                let list = lacking.map { need in
                    let word =
                        switch need.kind {
                        case .module: "the module"
                        case .program: "the program"
                        case .file: "the file"
                        }
                    return "\(word) \(need.name) (for \(need.why))"
                }
                findings.append(
                    Finding(
                        fault: "boot.initramfs.lacks", severity: .major, collector: "boot",
                        object: image.version, place: image.path,
                        reason: "The initial RAM disk does not hold what the root file system "
                            + "needs: \(list.joined(separator: ", ")). This kernel will probably "
                            + "not find its root file system at the next start.",
                        recommendedActions: [
                            "Make it anew with the distribution's tool: update-initramfs -u -k "
                                + "\(image.version), dracut --force --kver \(image.version), or "
                                + "mkinitcpio -P.",
                            "Check the configuration that it is made from: /etc/crypttab, "
                                + "/etc/dracut.conf.d, /etc/initramfs-tools or "
                                + "/etc/mkinitcpio.conf.",
                        ],
                        evidence: [
                            .init(artifact: image.listing ?? "boot/initramfs.json"),
                            .init(artifact: "boot/initramfs.json"),
                        ]))
            }
            if image.isEmptyOrCut {
                findings.append(
                    Finding(
                        fault: "boot.initramfs.damaged", severity: .major, collector: "boot",
                        object: image.version, place: image.path,
                        reason: "The initial RAM disk cannot be read to its end: "
                            + "\(image.fault ?? "it is empty"). The kernel will not get all of it.",
                        recommendedActions: [
                            "Check the free space of /boot, then make it anew: update-initramfs "
                                + "-u -k \(image.version), or dracut --force --kver "
                                + "\(image.version)."
                        ],
                        evidence: [.init(artifact: "boot/initramfs.json")]))
            }
            return findings
        }
    }
}

extension InitramfsDocument.Image {
    /// Whether the file itself is at fault, and not a bound of this program.
    fileprivate var isEmptyOrCut: Bool {
        if byteCount == 0 { return true }
        guard let fault else { return false }
        return ["ends too early", "is cut", "damaged", "impossible value"].contains {
            fault.contains($0)
        }
    }
}
