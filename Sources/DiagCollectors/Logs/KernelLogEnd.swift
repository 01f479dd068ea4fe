internal import DiagFormats
internal import DiagSystem

/// Where the kernel ring buffer ended at one moment: records from there on are left to the next
/// run, so that a kernel that writes faster than we read does not keep us.
///
/// No clock can tell them apart: printk takes its times from the processor's counter, which is not
/// slewed as the system's clocks are and knows no time namespaces. A descriptor behind the end
/// gives as its first record the first one that came later.
final class KernelLogEnd {
    /// A look costs a system call; so many records more do not matter.
    private static let recordsBetweenLooks = 64

    private let device: OwnedDescriptor
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)
    private var askedCount = 0
    private var firstLater: UInt64?

    /// Marks the end of what `device`, which does not block, holds now.
    init(of device: consuming OwnedDescriptor) throws(SystemCallError) {
        try device.seekToEnd()
        self.device = device
    }

    /// Whether the record was there when the end was marked, or came so soon after it that this
    /// was not yet looked up.
    ///
    /// Asked for one record after the other.
    func isBehind(_ sequenceNumber: UInt64) -> Bool {
        if firstLater == nil, askedCount % Self.recordsBetweenLooks == 0 { look() }
        askedCount += 1
        guard let firstLater else { return true }
        return sequenceNumber < firstLater
    }

    /// EAGAIN says that nothing came; after EPIPE the next look gives the oldest that is left.
    private func look() {
        guard let count = try? device.read(into: &buffer), count > 0 else { return }
        firstLater = (try? KernelMessage(parsing: buffer[..<count]))?.sequenceNumber
    }
}
