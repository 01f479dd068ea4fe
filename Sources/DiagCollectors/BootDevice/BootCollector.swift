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

    /// Sends `boot.json`, `root-stack.json`, `dmi.json`, `efi.json`, `loader.json` and
    /// `kernels.json`, and the texts and raw bytes they rest on.
    ///
    /// What answers from memory is sent first: if the firmware or /boot hangs, that is kept.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        let reader = FactReader(context: context, sink: sink)
        try sink.progress(0, of: 4, unit: "steps", activity: "reading how the host was started")
        let document = try sendDocument(reader)
        for finding in BootFindings.crashKernel(document) { try sink.send(.finding(finding)) }
        try sendFirmwareTables(reader)
        let mounts = try RootStackMount.all(reader)
        let stack = try sendRootStack(mounts, reader)
        let automounts = Self.automounts(mounts ?? [])

        try sink.progress(1, of: 4, unit: "steps", activity: "reading firmware variables")
        if let efi = try EFIFacts(reader: reader).send() {
            // What exists is what the firmware lists, not only what could be read.
            let existing = (try reader.names("/sys/firmware/efi/efivars", limit: 20_000) ?? [])
                .compactMap { EFIVariableName(fileName: $0.name.string)?.bootNumber }
                .map { String(EFIVariableName.boot($0).dropFirst(4)) }
            for finding in BootFindings.firmware(efi, existing: Set(existing)) {
                try sink.send(.finding(finding))
            }
        }

        try sink.progress(2, of: 4, unit: "steps", activity: "reading loader configuration")
        var loader = LoaderConfiguration(reader: reader, automounts: automounts)
        try sink.sendJSON("loader.json", loader.copy(), privacy: .identity)

        try sink.progress(3, of: 4, unit: "steps", activity: "listing /boot")
        var bootListing = BootListing(reader: reader, automounts: automounts)
        let listing = try bootListing.send()
        var matrix = try KernelMatrix(listing: listing, reader: reader)
        matrix.runningConfiguration =
            try sendKernelConfiguration(
                document.runningKernel, isBootClosed: automounts.contains("/boot"), reader)
        try sink.sendJSON("kernels.json", matrix, source: "/boot", privacy: .identity)
        // A container shares the kernel of its host and may hold parts of another.
        let isContainer = ["/run/systemd/container", "/.dockerenv", "/run/.containerenv"]
            .contains { reader.exists(FilePath($0)) }
        if !isContainer {
            for finding in BootFindings.kernels(matrix, listing: listing, stack: stack) {
                try sink.send(.finding(finding))
            }
        }
        try sink.progress(4, of: 4, unit: "steps")
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
        _ mounts: [RootStackMount]?, _ reader: FactReader
    ) throws -> RootStackDocument? {
        guard let mounts else { return nil }
        var resolver = RootStackResolver(reader: reader, mounts: mounts)
        let stack = resolver.resolve()
        try reader.sink.sendJSON("root-stack.json", stack, privacy: .identity)
        try reader.sink.send(
            "root-stack.txt", Array(stack.text.utf8), mediaType: "text/plain", privacy: .identity)
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
