/// How the bytes that the collector may send are split among the kinds of logs.
///
/// Shares of the whole, so that a smaller budget shrinks them all; together less than the whole,
/// for the small documents beside them.
struct LogBudget: Hashable, Sendable {
    /// `kernel.txt`; a kernel ring buffer has 32 MiB at most.
    let kernelText: Int64
    /// `kernel.jsonl`
    let kernelRecords: Int64
    /// `journal.txt`
    let journalText: Int64
    /// `journal.export`
    let journalExport: Int64
    /// The files of syslog below `syslog/`, all together.
    let syslog: Int64
    /// The file of the audit daemon.
    let audit: Int64
    /// What crashes left, all files together.
    let crashRecords: Int64

    /// Splits `total` bytes.
    init(total: Int64) {
        let total = max(0, total)
        kernelText = total / 8
        kernelRecords = total / 16 * 3
        journalText = min(50 << 20, total / 5)
        journalExport = min(64 << 20, total / 4)
        syslog = total / 6
        audit = total / 32
        crashRecords = total / 32
    }
}
