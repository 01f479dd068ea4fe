import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollectors
@testable import DiagFormats

@Suite("Logs: the ring buffer of the running kernel")
struct LogsLiveKernelTests {
    /// The sequence numbers of all records, as a plain loop reads them; `nil` where it may not.
    private static func sequenceNumbers() -> [UInt64]? {
        guard
            let device = try? OwnedDescriptor.open("/dev/kmsg", .readOnly, options: .nonBlocking)
        else { return nil }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var numbers = [UInt64]()
        while true {
            do throws(SystemCallError) {
                let count = try device.read(into: &buffer)
                guard count > 0 else { return numbers }
                let fields = buffer[..<count].split(separator: 0x2C, maxSplits: 2)
                guard fields.count == 3,
                    let number = UInt64(String(decoding: fields[1], as: UTF8.self))
                else { return nil }
                numbers.append(number)
            } catch {
                if error.errno == .brokenPipe { continue }
                return error.errno == .resourceTemporarilyUnavailable ? numbers : nil
            }
        }
    }

    private static let isReadable = sequenceNumbers()?.isEmpty == false

    @Test(
        "No record that was there is left out, and none comes twice",
        .enabled(if: isReadable, "/dev/kmsg cannot be read here"))
    func allRecords() throws {
        let before = try #require(Self.sequenceNumbers())
        let sink = MemorySink()
        let context = CollectionContext(root: try RootedTree("/"))
        try KernelLog(context: context, budget: LogBudget(total: 256 << 20)).collect(into: sink)
        let after = try #require(Self.sequenceNumbers())

        let records = try #require(sink["kernel.jsonl"]).text.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        let sent = records.compactMap { ($0?["sequenceNumber"] as? NSNumber)?.uint64Value }
        #expect(sent.count == records.count)
        let (first, last) = (try #require(sent.first), try #require(sent.last))
        #expect(last >= (try #require(before.last)))
        // A buffer that is full loses its oldest records meanwhile.
        let oldest = max(first, try #require(after.first))
        #expect(sent.filter { $0 >= oldest } == after.filter { $0 >= oldest && $0 <= last })
        // Further lines of a record are indented.
        let lines = try #require(sink["kernel.txt"]).text.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("[") } == sent.count)
    }

    @Test(
        "With a wanted time before the boot all records are there",
        .enabled(if: isReadable, "/dev/kmsg cannot be read here"))
    func since() throws {
        let before = try #require(Self.sequenceNumbers())
        let sink = MemorySink()
        let context = CollectionContext(
            root: try RootedTree("/"), since: Timestamp(microsecondsSince1970: 0))
        try KernelLog(context: context, budget: LogBudget(total: 256 << 20)).collect(into: sink)
        let lines = try #require(sink["kernel.jsonl"]).text.split(separator: "\n")
        let after = try #require(Self.sequenceNumbers())
        #expect(lines.count >= before.filter { $0 >= after[0] }.count)
        #expect(!sink.messages.contains { if case .note = $0 { true } else { false } })
    }
}
