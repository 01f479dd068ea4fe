internal import DiagModel
internal import DiagSystem
internal import Synchronization

/// Whether the files of all threads were read, told by the thread that reads them.
final class ThreadReading: Sendable {
    private let moment = Mutex<Timestamp?>(nil)

    /// When that was; `nil` while they are read.
    var ended: Timestamp? { moment.withLock { $0 } }

    /// They are read now.
    @Sendable func end() { moment.withLock { $0 = .now } }
}
