public import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Gathers what the host has logged: the kernel ring buffer, the systemd journal, the files of
/// syslog, the audit log, and what earlier kernels left when they crashed.
///
/// The newest comes first into the budget, and what is left out is said. All artifacts are read as
/// streams, so memory does not grow with the logs.
public struct LogsCollector: Collector {
    /// The time that ages are measured from; none for the host's clock.
    private let now: Timestamp?

    /// A collector for logs.
    public init() { now = nil }

    /// A collector for which it is `now`.
    init(now: Timestamp) { self.now = now }

    /// `logs`; reads what strangers wrote, so it is confined as a parser.
    public var descriptor: CollectorDescriptor {
        CollectorDescriptor(
            name: "logs", subject: "logs", risk: .mayBlock, confinement: .parser,
            deadlineSeconds: 60, byteBudget: 256 << 20, weight: 30)
    }

    /// Sends the logs below `context.root`; the small and the certain before the large.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        let budget = LogBudget(total: context.byteBudget)
        try KernelLog(context: context, budget: budget).collect(into: sink)
        // Opened early, for the crash records refer to what it will send; read last.
        let journal = JournalLog(context: context, budget: budget)
        let journalParts = try journal.open(into: sink)
        try CrashRecords(
            context: context, budget: budget.crashRecords, hasBootList: !journalParts.isEmpty,
            now: now ?? .now
        ).collect(into: sink)
        try context.copy(
            "/var/log/audit/audit.log", as: "audit/audit.log", limit: budget.audit, part: .newest,
            privacy: .sensitive, into: sink)
        try SyslogFiles(context: context, budget: budget.syslog).collect(into: sink)
        try journal.collect(journalParts, into: sink)
    }
}
