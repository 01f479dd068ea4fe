public import DiagCollect
internal import DiagSystem
internal import SystemPackage

/// What the boot collector would do.
extension BootCollector {
    /// What it reads.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        var plan = PlanBuilder(context)
        plan.reads(
            "how the host was started, and what its root stands on",
            files: [
                "/proc/1/mountinfo", "/proc/self/mountinfo", "/proc/cmdline", "/proc/bootconfig",
                "/proc/meminfo", "/proc/iomem", "/proc/uptime", "/proc/config.gz",
                "/sys/kernel/vmcoreinfo", "/sys/kernel/crash_elfcorehdr_size",
                "/sys/kernel/kexec_crash_size", "/sys/kernel/kexec_crash_loaded",
                "/sys/kernel/kexec_loaded", "/sys/kernel/fadump_enabled",
                "/sys/kernel/fadump_registered",
            ],
            listed: ["/dev/disk/by-partuuid"],
            trees: [
                "/proc/sys/kernel", "/sys/kernel/fadump", "/sys/class/block", "/sys/dev/block",
                "/sys/block", "/sys/devices", "/sys/fs/btrfs", "/sys/class/dmi/id",
                "/sys/class/nvme", "/sys/class/nvme-subsystem", "/sys/bus", "/run/udev/data",
            ], limit: 2 << 20)
        plan.reads(
            "firmware variables and tables", risk: .mayBlock,
            trees: ["/sys/firmware"])
        plan.reads(
            "loader configuration, without its secrets", risk: .mayBlock,
            files: LoaderConfiguration.files,
            below: LoaderConfiguration.folders.map { folder in
                .init(folder.path) { name in folder.endings.contains { name.hasSuffix($0) } }
            })
        plan.reads(
            "kernels, initial RAM disks and the EFI system partition", risk: .mayBlock,
            below: ["/boot", "/efi"].map { .init($0, depth: 8) },
            total: 4 << 20)
        plan.reads(
            "modules of the kernels", risk: .mayBlock,
            below: ["/usr/lib/modules", "/lib/modules"].map { folder in
                .init(folder, depth: 2) {
                    ["modules.builtin", "modules.dep", "config", "pkgbase", "vmlinuz"].contains($0)
                }
            }, total: 1 << 20)
        plan.reads(
            "crash dumps and what loads the crash kernel", risk: .mayBlock,
            below: [.init("/var/crash", depth: 2) { $0.contains("dmesg") }],
            listed: ["/etc/systemd/system", "/var/lib/systemd/pstore"], total: 1 << 20)
        plan.reads(
            "TPM: versions and event log, never its registers", risk: .mayBlock,
            trees: ["/sys/class/tpm", "/sys/kernel/security"])
        plan.reads(
            "ends of earlier boots in the journal", risk: .mayBlock, files: ["/etc/machine-id"],
            below: JournalFiles.folders.map { folder in
                .init(folder.string, depth: 2) {
                    $0.hasSuffix(".journal") || $0.hasSuffix(".journal~")
                }
            }, total: 1 << 16)
        return plan.work
    }
}
