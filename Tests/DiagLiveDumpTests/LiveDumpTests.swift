import DiagFormats
import DiagModel
import DiagSystem
import Testing

@testable import DiagLiveDump

@Suite("A live dump as a whole")
struct LiveDumpTests {
    @Test("Who asked stands in the first parameter as Windows writes it")
    func parameters() {
        #expect(
            LiveSystemDumpCode.parameters(originator: "Taskmgr", kind: .stacks, level: 27) == [
                "0x005461736b6d6772", "0x0000000000000002", "0x000000000000001b",
                "0x0000000000000000",
            ])
        #expect(
            LiveSystemDumpCode.parameters(originator: "", kind: .full, level: 0)[0]
                == "0x0000000000000000")
    }

    @Test("Pinned pages are read as they were, whatever they lie between")
    func pinned() throws {
        let memory = InventedMemory(frames: [16..<32])
        let old = [UInt8](repeating: 0xA5, count: 4096)
        let source = PinnedMemory(
            memory,
            pins: [
                .init(processor: 0, thread: 0, pages: [18 * 4096: old], isOwn: true),
                .init(processor: 1, thread: 7, pages: [31 * 4096: old], isOwn: true),
            ], isCurrent: { $0.thread == 0 })
        let reader = try source.makeReader()
        let room = try MappedMemory(byteCount: 16 * 4096)
        let all = unsafe UnsafeMutableRawBufferPointer(rebasing: room.bytes[0..<(16 * 4096)])
        #expect(unsafe reader.read(at: 16 * 4096, into: all) == 16 * 4096)
        for frame in 16..<32 {
            let start = (frame - 16) * 4096
            let seen = unsafe Array(room.bytes[start..<(start + 4096)])
            #expect(seen == (frame == 18 || frame == 31 ? old : memory.page(UInt64(frame))))
        }
        // A read that ends before a pinned page leaves it alone.
        let two = unsafe UnsafeMutableRawBufferPointer(rebasing: room.bytes[0..<(2 * 4096)])
        #expect(unsafe reader.read(at: 29 * 4096, into: two) == 2 * 4096)
        #expect(unsafe Array(room.bytes[4096..<8192]) == memory.page(30))
        // A thread that has left its processor has its own stack again.
        source.willBeReadAgain()
        #expect(unsafe reader.read(at: 16 * 4096, into: all) == 16 * 4096)
        for (frame, isOld) in [(18, true), (31, false)] {
            let start = (frame - 16) * 4096
            let seen = unsafe Array(room.bytes[start..<(start + 4096)])
            #expect(seen == (isOld ? old : memory.page(UInt64(frame))))
        }
    }

    @Test("A root that is not the running host's gives the stacks and a refusal, and no file")
    func otherRoot() throws {
        let root = try CareRoot()
        let tree = try RootedTree(root.path)
        let dump = LiveDump(
            options: LiveDumpOptions(), settings: DumpSettings(), isStored: false, tree: tree,
            destination: nil,
            preparation: LiveDumpPreparation(lock: nil, pressure: nil, refusal: nil, warnings: []))
        var taken = 0
        let report = try dump.run(
            .init(isStopRequested: { false }, tell: { _ in }, take: { _, _ in taken += 1 }))
        #expect(taken == 1)
        #expect(report.outcome == .refused)
        #expect(report.obstacle?.cause == .unsupported)
        #expect(report.file == nil)
        #expect(report.parameters[0] == "0x64696167626e646c")
    }

    @Test("Between the parts that are made of the stacks a copy hears that it is to end")
    func between() throws {
        let root = try CareRoot()
        let dump = LiveDump(
            options: LiveDumpOptions(), settings: DumpSettings(), isStored: false,
            tree: try RootedTree(root.path), destination: nil,
            preparation: LiveDumpPreparation(lock: nil, pressure: nil, refusal: nil, warnings: []))
        var (parts, heard) = (0, 0)
        let listener = LiveDump.Listener(
            isStopRequested: { parts > 1 }, tell: { _ in },
            take: { _, between in
                for _ in 0..<3 {
                    parts += 1
                    between()
                }
            })
        _ = try dump.run(listener) { listener in
            try dump.deliverStacks(listener, within: 60) {
                if listener.isStopRequested() { heard += 1 }
            }
        }
        #expect(parts == 3)
        #expect(heard == 2)
    }

    @Test("The time left follows from the pages that are done")
    func meter() {
        let control = DumpControl()
        control.expect(pages: 1000)
        let meter = CopyMeter(control, estimate: 4000)
        #expect(meter.progress.totalByteCount == 4000)
        #expect(meter.progress.remainingSeconds == nil)
        control.advance(pages: 500, bytesWritten: 1500)
        let progress = meter.progress
        #expect(progress.totalByteCount == 3000)
        #expect(progress.byteCount == 1500)
        #expect(progress.remainingSeconds.map { $0 > 0 } == true)
    }
}
