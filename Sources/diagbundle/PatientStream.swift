import DiagSystem
import SystemPackage

/// A standard stream that a run writes to without ever being held up by it: a terminal that was
/// stopped, a pipe that nobody empties.
final class PatientStream: Sendable {
    /// Numbered -1 when the stream is closed.
    private let descriptor: OwnedDescriptor
    /// The most that is written at once; a pipe that is ready takes at least that.
    private static let pieceByteCount = 512

    /// The standard stream `number`, 1 or 2.
    init(_ number: CInt) { descriptor = Self.open(number) ?? OwnedDescriptor(owning: -1) }

    /// Opened anew where that can be, so that not waiting is a matter of ours alone: the shell and
    /// other processes share the stream as it is.
    private static func open(_ number: CInt) -> OwnedDescriptor? {
        guard let standard = try? OwnedDescriptor.standard(number),
            let kind = try? standard.status().kind
        else { return nil }
        guard kind == .fifo || standard.isTerminal,
            let own = try? OwnedDescriptor.open(
                FilePath("/proc/self/fd/\(number)"), .writeOnly, options: [.nonBlocking])
        else { return standard }
        return own
    }

    /// Writes bytes, and gives up what is not taken within `seconds`.
    func write(_ bytes: [UInt8], withinSeconds seconds: Double) {
        guard descriptor.rawValue >= 0 else { return }
        let end = MonotonicTime.now.advanced(bySeconds: seconds)
        var poller = Poller()
        poller.watch(descriptor, writing: true, tag: 0)
        var offset = 0
        while offset < bytes.count {
            let remaining = end.seconds(since: .now)
            guard !poller.wait(seconds: max(0, remaining)).isEmpty else { return }
            let piece = min(bytes.count - offset, Self.pieceByteCount)
            do throws(SystemCallError) {
                offset += try descriptor.writeSome(bytes.span.extracting(offset..<offset + piece))
            } catch {
                guard error.errno == .resourceTemporarilyUnavailable, remaining > 0 else { return }
            }
        }
    }
}
