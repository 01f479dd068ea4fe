public import DiagCollect
internal import DiagSystem
internal import SystemPackage

/// What the logs collector would do.
extension LogsCollector {
    /// What it reads: the newest of each within its budget.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        var plan = PlanBuilder(context)
        let budget = LogBudget(total: min(context.byteBudget, descriptor.byteBudget))
        plan.reads(
            "kernel ring buffer", risk: .mayBlock,
            files: [KernelLogReader.path.string, "/proc/stat", "/proc/self/timens_offsets"],
            actions: ["read \(KernelLogReader.path), which takes nothing out of it"])
        plan.reads(
            "systemd journal, its newest entries", risk: .mayBlock, files: ["/etc/machine-id"],
            below: JournalFiles.folders.map { folder in
                .init(folder.string, depth: 2) {
                    $0.hasSuffix(".journal") || $0.hasSuffix(".journal~")
                }
            }, total: budget.journalText)
        plan.reads(
            "what earlier kernels left when they crashed", risk: .mayBlock,
            below: CrashRecords.folders.map {
                .init($0.path.string, depth: CrashRecords.deepest + 1)
            }, limit: 4 << 20, total: budget.crashRecords)
        plan.reads(
            "audit log", risk: .mayBlock, files: ["/var/log/audit/audit.log"],
            limit: budget.audit)
        plan.reads(
            "files of syslog, the newest first", risk: .mayBlock,
            below: [.init(SyslogFiles.folder.string) { SyslogFiles.kind(of: $0) != nil }],
            limit: budget.syslog, total: budget.syslog)
        return plan.work
    }
}
