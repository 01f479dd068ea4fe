public import DiagCollect
internal import DiagFormats
internal import DiagSystem

/// What the system collector would do.
extension SystemCollector {
    /// What it reads.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        var plan = PlanBuilder(context)
        plan.reads(
            "kernel statistics", files: Self.evidence.map(\.path), limit: 2 << 20)
        plan.reads(
            "release, kernel, processors, memory and load",
            files: [
                "/etc/os-release", "/usr/lib/os-release", "/etc/machine-id", "/etc/timezone",
                "/proc/version", "/proc/modules", "/proc/uptime", "/proc/stat", "/proc/cpuinfo",
                "/proc/meminfo", "/proc/loadavg", "/proc/cmdline", "/run/systemd/container",
                "/sys/kernel/security/lockdown", "/sys/kernel/security/lsm",
                "/sys/hypervisor/type", "/sys/firmware/devicetree/base/model",
            ],
            listed: ["/sys/fs/cgroup"],
            trees: [
                "/proc/pressure", "/sys/devices/system/cpu",
                "/sys/devices/system/clocksource", "/sys/class/dmi/id",
            ], limit: 8 << 20)
        plan.reads("kernel parameters", trees: ["/proc/sys"])
        if !context.root.isLiveHost {
            plan.reads(
                "users and groups, without the field of the password",
                files: Self.accounts.map(\.path), limit: Int64(Self.mostAccountBytes))
        }
        return plan.work
    }
}
