internal import DiagModel
internal import SystemPackage

/// What of the boot chain is at fault.
enum BootFindings {
    /// Boot entries that the firmware's lists name, but that do not exist.
    /// `existing` are the numbers of the entries that efivarfs lists, read or not.
    static func firmware(_ document: EFIDocument, existing: Set<String>) -> [Finding] {
        func finding(_ fault: String, _ object: String, _ reason: String, _ action: String)
            -> Finding
        {
            Finding(
                fault: fault, severity: .minor, collector: "boot", object: object,
                reason: reason, recommendedActions: [action],
                evidence: [
                    .init(
                        artifact: "boot/efi-boot.txt",
                        line: document.line(of: fault.hasSuffix("next") ? "BootNext" : "BootOrder"))
                ])
        }
        var findings = [Finding]()
        var seen = Set<String>()
        for number in document.bootOrder ?? []
        where !existing.contains(number) && seen.insert(number).inserted {
            findings.append(
                finding(
                    "boot.efi.dangling-order", "Boot\(number)",
                    "BootOrder names Boot\(number), but the firmware has no such entry.",
                    "Write a new order without it: efibootmgr -o."))
        }
        if let next = document.bootNext, !existing.contains(next) {
            findings.append(
                finding(
                    "boot.efi.dangling-next", "Boot\(next)",
                    "BootNext names Boot\(next), but the firmware has no such entry.",
                    "Delete BootNext: efibootmgr -N."))
        }
        return findings
    }

    /// Parts of the installed kernels that are not there.
    /// `listing` has the lines of `boot-listing.txt`; `stack` is what the root stands on.
    static func kernels(
        _ matrix: KernelMatrix, listing: [BootListing.Entry], stack: RootStackDocument?
    ) -> [Finding] {
        var findings = [Finding]()
        // A container has neither modules nor images of the kernel that it runs on.
        let hasKernels = matrix.kernels.contains { $0.modulesDirectory != nil || $0.image != nil }
        if hasKernels, matrix.isRunningModular == true, let running = matrix.running,
            !matrix.kernels.contains(where: { $0.isRunning && $0.modulesDirectory != nil })
        {
            findings.append(
                Finding(
                    fault: "boot.kernel.modules-missing", severity: .major, collector: "boot",
                    object: running, place: "/lib/modules/\(running)",
                    reason: "The running kernel loads modules, but its modules directory is gone. "
                        + "A device or file system that needs another module will not work.",
                    recommendedActions: [
                        "Restart the host into an installed kernel.",
                        "Or install the package of the running kernel again.",
                    ],
                    evidence: [.init(artifact: "boot/kernels.json")]))
        }
        let needsInitramfs = stack.map(Self.needsInitramfs) ?? false
        let usesInitramfs = matrix.kernels.contains { $0.initramfs != nil }
        for kernel in matrix.kernels where kernel.initramfs == nil && kernel.modulesDirectory != nil
        {
            guard let image = kernel.image, image.hasPrefix("/boot/") || image.hasPrefix("/efi/"),
                needsInitramfs || usesInitramfs
            else { continue }
            let line = listing.firstIndex { $0.path.string == image }.map { $0 + 1 }
            findings.append(
                Finding(
                    fault: "boot.kernel.initramfs-missing",
                    severity: needsInitramfs ? .major : .minor, collector: "boot",
                    object: kernel.version, place: image,
                    reason: "The kernel has no initramfs. "
                        + (needsInitramfs
                            ? "The root file system lies on a mapped device or an array, "
                                + "which only an initramfs can assemble."
                            : "Other kernels of this host have one."),
                    recommendedActions: [
                        "Make it with the distribution's tool: update-initramfs -c -k "
                            + "\(kernel.version), or dracut --kver \(kernel.version).",
                        "Check that /boot has free space, and do not start this kernel before.",
                    ],
                    evidence: [
                        .init(artifact: "boot/boot-listing.txt", line: line),
                        .init(artifact: "boot/kernels.json"),
                    ]))
        }
        return findings
    }

    private static func needsInitramfs(_ stack: RootStackDocument) -> Bool {
        let kinds: Set<Topology.Kind> = [.array, .mapped, .logicalVolume, .crypt, .multipath]
        var pending = stack.targets.first { $0.path == "/" }?.devices ?? []
        var seen = Set<String>()
        while let name = pending.popLast() {
            guard seen.insert(name).inserted,
                let device = stack.devices.first(where: { $0.name == name })
            else { continue }
            if kinds.contains(device.kind) { return true }
            pending += device.standsOn
        }
        return false
    }

    /// A crash dump that was asked for and cannot be taken.
    /// `due` is what the request gives on this machine, and `unit` the enabled unit that loads it.
    static func crashKernel(
        _ document: BootDocument, due: CrashKernelRequest, unit: String?
    ) -> [Finding] {
        let crash = document.crashKernel
        let isFirmwareAssisted = crash.isFirmwareAssisted == true
        guard isFirmwareAssisted || !crash.requested.isEmpty else { return [] }
        let request =
            isFirmwareAssisted
            ? "fadump" : crash.requested.map { "crashkernel=" + $0 }.joined(separator: " ")
        func finding(
            _ fault: String, _ reason: String, _ actions: [String], isMinor: Bool = true
        ) -> Finding {
            Finding(
                fault: fault, severity: isMinor ? .minor : .notice, collector: "boot",
                object: request,
                reason: reason, recommendedActions: actions,
                evidence: [.init(artifact: "boot/boot.json")])
        }
        if isFirmwareAssisted {
            // kexec reserves and loads nothing then.
            guard crash.isRegistered == false else { return [] }
            return [
                finding(
                    "boot.crash-kernel.not-registered",
                    "Firmware-assisted dump is on, but not registered with the firmware: "
                        + "a crash of this host will leave no dump.",
                    [
                        "Check the kdump service, and start it.",
                        "Read the start of the kernel log for \"fadump\".",
                    ])
            ]
        }
        if crash.reservedByteCount == 0 {
            guard case .bytes = due else { return [] }
            return [
                finding(
                    "boot.crash-kernel.not-reserved",
                    "The command line asks for a crash kernel's memory, but none is reserved.",
                    [
                        "Read the start of the kernel log for \"crashkernel\".",
                        "Ask for an amount that fits this machine, and restart it.",
                    ])
            ]
        }
        if crash.isLoaded == false {
            return [
                finding(
                    "boot.crash-kernel.not-loaded",
                    "Memory is reserved for a crash kernel, but none is loaded: "
                        + "a crash of this host will leave no dump. "
                        + (unit.map { "\($0) is enabled and should have loaded it." }
                            ?? "No kdump service is enabled."),
                    [
                        unit.map { "Look why \($0) did not load it: systemctl status \($0)." }
                            ?? "Enable the kdump service, or take crashkernel= off the command "
                            + "line to have the memory back."
                    ], isMinor: unit != nil)
            ]
        }
        return []
    }
}
