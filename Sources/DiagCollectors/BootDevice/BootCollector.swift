public import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Gathers how the host starts: firmware, loader, kernels, and what the root stands on.
///
/// It reads files alone and runs no command.
public struct BootCollector: Collector {
    /// A collector without options.
    public init() {}

    /// `boot`: may block in the firmware and in /boot; a parser, 30 seconds, 32 MiB.
    public var descriptor: CollectorDescriptor {
        CollectorDescriptor(
            name: "boot", subject: "boot device and boot chain", risk: .mayBlock,
            confinement: .parser, deadlineSeconds: 30, byteBudget: 32 << 20, weight: 2)
    }

    /// Sends `boot.json`, `root-stack.json`, `dmi.json`, `kdump.json`, `efi.json`, `loader.json`,
    /// `kernels.json`, `esp.json`, `initramfs.json`, `tpm.json` and `boot-history.json`, and the
    /// texts and raw bytes they rest on.
    ///
    /// What answers from memory is sent first: if the firmware or /boot hangs, that is kept.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        let reader = FactReader(context: context, sink: sink)
        func step(_ number: Int64, _ activity: String? = nil) throws {
            try sink.progress(number, of: 8, unit: "steps", activity: activity)
        }
        try step(0, "reading how the host was started")
        let document = try sendDocument(reader)
        let due = CrashKernelRequest(
            document.crashKernel.requested, memoryByteCount: try CrashDumpFacts.memory(reader))
        try report(
            BootFindings.crashKernel(
                document, due: due, unit: CrashDumpFacts.enabledUnit(reader)), to: sink)
        try sendFirmwareTables(reader)
        let mounts = try RootStackMount.all(reader)
        let partitions = BootPartitions(reader)
        let stack = try sendRootStack(mounts, partitions, isEFI: document.firmware == "efi", reader)
        let automounts = Self.automounts(mounts ?? [])
        let places = MountedPlaces(root: context.root, mounts: mounts ?? [])

        try step(1, "reading firmware variables")
        let resolver = EFIEntryResolver(
            reader: reader, partitions: partitions, mounts: mounts ?? [])
        let efi = try EFIFacts(reader: reader, resolver: resolver).send()
        if let efi {
            // What exists is what the firmware lists, not only what could be read.
            let existing = (try reader.names("/sys/firmware/efi/efivars", limit: 20_000) ?? [])
                .compactMap { EFIVariableName(fileName: $0.name.string)?.bootNumber }
                .map { String(EFIVariableName.boot($0).dropFirst(4)) }
            try report(BootFindings.firmware(efi, existing: Set(existing)), to: sink)
            try report(BootChainFindings.entries(efi), to: sink)
        }

        try step(2, "reading loader configuration")
        var loader = LoaderConfiguration(reader: reader, automounts: automounts)
        var loaderResult = try loader.copy()
        let defaults = LoaderDefaults(loaderResult, texts: loader.texts, efi: efi)
        loaderResult.defaults = defaults
        loaderResult.difference = defaults?.difference(from: document.commandLine)
        try sink.sendJSON("loader.json", loaderResult, privacy: .identity)
        try report(BootChainFindings.commandLine(loaderResult.difference), to: sink)

        try step(3, "listing /boot")
        var bootListing = BootListing(reader: reader, automounts: automounts)
        let listing = try bootListing.send()
        var matrix = try KernelMatrix(
            listing: listing, entries: loaderResult.entries, reader: reader)
        matrix.runningConfiguration =
            try sendKernelConfiguration(
                document.runningKernel, isBootClosed: automounts.contains("/boot"), reader)
        let defaultVersion = matrix.markDefault(
            kernel: defaults?.entry?.kernel, version: defaults?.entry?.identifier)
        if let entry = defaults?.entry {
            let fault = matrix.completeDefault(entry, listing: listing)
            if let fault { try sink.missing("the default kernel's initramfs", why: fault) }
        }
        try sink.sendJSON("kernels.json", matrix, source: "/boot", privacy: .identity)
        // A container shares the kernel of its host and may hold parts of another.
        let isContainer = ["/run/systemd/container", "/.dockerenv", "/run/.containerenv"]
            .contains { reader.exists(FilePath($0)) }
        if !isContainer {
            try report(
                BootFindings.kernels(matrix, listing: listing, stack: stack)
                    + BootChainFindings.newerKernel(matrix), to: sink)
        }
        let crashDump = try CrashDumpFacts(reader: reader, places: places)
            .send(document.crashKernel, running: document.runningKernel)
        try report(CrashDumpFacts.findings(crashDump, now: .now), to: sink)

        try step(4, "asking the TPM")
        try TPMFacts(reader: reader).send()

        try step(5, "reading initial RAM disks")
        let initramfs = try InitramfsFacts(
            reader: reader, stack: stack, commandLine: document.commandLine
        ).send(
            matrix, defaultVersion: defaultVersion, defaultProgram: defaults?.entry?.kernel)
        if let initramfs, !isContainer {
            try report(InitramfsFacts.findings(initramfs), to: sink)
        }

        try step(6, "hashing the EFI system partition")
        var catalogue = ESPCatalogue(
            reader: reader, mounts: mounts ?? [], partitions: partitions, seconds: 8)
        _ = try catalogue.send()
        // Last: /var/log may lie on a file system that does not answer, and nothing else should be
        // lost by it.
        try step(7, "reading the journal's boots")
        var history = BootHistory(context: context)
        if let boots = try history.send(
            efi: efi, crashes: crashTimes(crashDump, places, reader), into: sink), !isContainer
        {
            try report(BootHistory.findings(boots), to: sink)
        }
        try step(8)
    }

    private func report(_ findings: [Finding], to sink: any CollectionSink) throws {
        for finding in findings { try sink.send(.finding(finding)) }
    }

    /// When crashes were recorded: dumps, and what systemd-pstore(8) moved.
    private func crashTimes(
        _ dumps: CrashDumpDocument, _ places: MountedPlaces, _ reader: FactReader
    ) -> [Timestamp] {
        var times = dumps.records.map(\.modified)
        let folder: FilePath = "/var/lib/systemd/pstore"
        guard places.obstacle(on: folder) == nil else { return times }
        let entries = (try? reader.context.root.directory(folder).entries(limit: 1000)) ?? []
        times += entries.compactMap {
            (try? reader.context.root.status(of: folder.appending($0.name)))?.modified
        }
        return times
    }

    private func sendDocument(_ reader: FactReader) throws -> BootDocument {
        var document = BootDocument(
            firmware: firmware(reader), crashKernel: .init(requested: []))
        document.runningKernel = try reader.text("/proc/sys/kernel/osrelease")
        try readCommandLine(&document, reader)
        try readCrashKernel(&document, reader)
        try reader.sink.sendJSON("boot.json", document, privacy: .identity)
        return document
    }

    private func firmware(_ reader: FactReader) -> String {
        let places: [(FilePath, String)] = [
            ("/sys/firmware/efi", "efi"), ("/sys/firmware/ipl", "ipl"),
            ("/sys/firmware/devicetree", "devicetree"), ("/sys/class/dmi/id", "bios"),
        ]
        return places.first { reader.exists($0.0) }?.1 ?? "unknown"
    }

    private func readCommandLine(_ document: inout BootDocument, _ reader: FactReader) throws {
        if let text = try reader.text("/proc/cmdline") {
            let line = KernelCommandLine(parsing: text)
            document.commandLine = line
            document.crashKernel.requested = line.values(of: "crashkernel")
            try reader.sink.send(
                "cmdline", Array((line.text + "\n").utf8), source: "/proc/cmdline",
                mediaType: "text/plain", privacy: .identity)
        }
        // Since Linux 5.6; the file is there only when a boot configuration is.
        if let text = try reader.optionalText("/proc/bootconfig") {
            var mask = SecretMask()
            try reader.sink.send(
                "bootconfig", mask.text(Array((text + "\n").utf8)), source: "/proc/bootconfig",
                mediaType: "text/plain", privacy: .identity)
        }
    }

    private func readCrashKernel(_ document: inout BootDocument, _ reader: FactReader) throws {
        let kernel: FilePath = "/sys/kernel"
        document.crashKernel.reservedByteCount =
            try reader.number(kernel.appending("kexec_crash_size"))
        document.crashKernel.isLoaded =
            try reader.number(kernel.appending("kexec_crash_loaded")).map { $0 != 0 }
        func firmwareAssisted(_ name: String) throws -> Bool? {
            // Before Linux 5.6 the files had no folder of their own.
            let number =
                try reader.number(kernel.appending("fadump").appending(name))
                ?? reader.number(kernel.appending("fadump_" + name))
            return number.map { $0 != 0 }
        }
        document.crashKernel.isFirmwareAssisted = try firmwareAssisted("enabled")
        document.crashKernel.isRegistered = try firmwareAssisted("registered")
        document.isKexecLoaded =
            try reader.number(kernel.appending("kexec_loaded")).map { $0 != 0 }
    }

    private func sendFirmwareTables(_ reader: FactReader) throws {
        let folder: FilePath = "/sys/class/dmi/id"
        guard reader.exists(folder) else {
            return try reader.sink.absent(folder.string, why: "the firmware gives no DMI table")
        }
        func fields(_ names: [String]) throws -> [String: String] {
            var fields = [String: String]()
            for name in names { fields[name] = try reader.optionalText(folder.appending(name)) }
            return fields
        }
        let technical = try fields([
            "bios_date", "bios_release", "bios_vendor", "bios_version", "board_name",
            "board_vendor", "board_version", "chassis_type", "chassis_vendor", "chassis_version",
            "ec_firmware_release", "product_family", "product_name", "product_sku",
            "product_version", "sys_vendor",
        ])
        try reader.sink.sendJSON(
            "dmi.json", FirmwareTableDocument(schema: "diagbundle.dmi/1", fields: technical),
            source: folder.string, privacy: .technical)
        let identity = try fields([
            "board_asset_tag", "board_serial", "chassis_asset_tag", "chassis_serial",
            "product_serial", "product_uuid",
        ])
        try reader.sink.sendJSON(
            "dmi-identity.json",
            FirmwareTableDocument(schema: "diagbundle.dmi-identity/1", fields: identity),
            source: folder.string, privacy: .identity)
    }

    private func sendRootStack(
        _ mounts: [RootStackMount]?, _ partitions: BootPartitions, isEFI: Bool, _ reader: FactReader
    ) throws -> RootStackDocument? {
        guard let mounts else { return nil }
        var resolver = RootStackResolver(reader: reader, mounts: mounts)
        var stack = resolver.resolve()
        if isEFI {
            for index in stack.targets.indices
            where resolver.mirroredTargets.contains(stack.targets[index].path) {
                stack.targets[index].systemPartitionCopies =
                    stack.targets[index].physicalDisks.map {
                        BootChainFindings.copies(on: $0, partitions)
                    }
            }
        }
        try reader.sink.sendJSON("root-stack.json", stack, privacy: .identity)
        try reader.sink.send(
            "root-stack.txt", Array(stack.text.utf8), mediaType: "text/plain", privacy: .identity)
        if isEFI {
            try report(
                BootChainFindings.systemPartitions(
                    stack, mirrored: resolver.mirroredTargets, partitions: partitions),
                to: reader.sink)
        }
        return stack
    }

    /// Mount points where automounting waits: the last mount there is autofs itself.
    private static func automounts(_ mounts: [RootStackMount]) -> Set<String> {
        let last = Dictionary(mounts.map { ($0.mountPoint, $0.fileSystem) }) { $1 }
        return Set(last.filter { $0.value == "autofs" }.keys)
    }

    /// Sends how the running kernel was configured, from the first place that has it.
    /// `isBootClosed` says that /boot is an automount point, which must not be opened.
    private func sendKernelConfiguration(
        _ release: String?, isBootClosed: Bool, _ reader: FactReader
    ) throws -> String? {
        if let release, !release.isEmpty, !release.contains("/") {
            for path in [
                "/boot/config-\(release)", "/usr/lib/modules/\(release)/config",
                "/lib/modules/\(release)/config",
            ]
            where !(isBootClosed && path.hasPrefix("/boot/")) && reader.exists(FilePath(path)) {
                let isSent = try reader.context.copy(
                    FilePath(path), as: "kernel-config.txt", limit: 2 << 20, privacy: .technical,
                    into: reader.sink)
                if isSent { return "boot/kernel-config.txt" }
            }
        }
        let isSent = try reader.context.copy(
            "/proc/config.gz", as: "kernel-config.gz", limit: 2 << 20,
            mediaType: "application/gzip", privacy: .technical, into: reader.sink)
        return isSent ? "boot/kernel-config.gz" : nil
    }
}
