import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("What a dump says of itself, whatever ends it")
struct CareRunTests {
    private struct Gone: Error {}

    private func dump(
        maxByteCount: Int64? = nil, byteLimit: Int64 = .max, reason: String? = nil
    ) throws -> (dump: LiveDump, destination: LiveDump.Destination) {
        var options = LiveDumpOptions()
        options.maxByteCount = maxByteCount
        let destination = LiveDump.Destination(
            name: "LiveDump.kdump", byteLimit: byteLimit, byteLimitReason: reason, place: nil
        ) { () throws(SystemCallError) in try OwnedDescriptor.open("/dev/null", .readWrite) }
        return (
            LiveDump(
                options: options, settings: DumpSettings(), isStored: false,
                tree: try CareRoot(isEmpty: true).tree, destination: destination,
                preparation: LiveDumpPreparation(
                    lock: nil, pressure: nil, refusal: nil, warnings: [])), destination
        )
    }

    private let listener = LiveDump.Listener(
        isStopRequested: { false }, tell: { _ in }, take: { _, _ in })

    @Test("An error of any kind while it is made is in the report")
    func translated() throws {
        let cause = SystemCallError(
            operation: "create a thread", object: "dump-copy",
            errno: .resourceTemporarilyUnavailable)
        let report = try dump().dump.run(listener) { _ in throw cause }
        #expect(report.outcome == .refused)
        #expect(report.obstacle?.cause == .inputOutput)
        #expect(report.obstacle?.message == "dump the kernel: \(cause)")
        let refused = try dump().dump.run(listener) { _ in
            throw LiveDumpError(.throttled, "too soon", remedy: "Wait.")
        }
        #expect(
            refused.obstacle == .init(cause: .throttled, message: "too soon", remedy: "Wait."))
    }

    @Test("A stall of memory ends the stacks, too, whether the dump is partial or refused")
    func stalled() throws {
        let reason = LiveDumpReport.Obstacle(cause: .memoryPressure, message: "a stall")
        for isPartial in [false, true] {
            let (dump, _) = try dump()
            _ = try dump.run(listener) { _ in
                dump.stopReason = reason
                if !isPartial { throw LiveDumpError(reason) }
            }
            #expect(dump.stacksControl.stopReason == reason)
        }
        // Another end of the copy leaves them alone.
        let (whole, _) = try dump()
        _ = try whole.run(listener) { _ in
            whole.stopReason = .init(cause: .noSpace, message: "full")
        }
        #expect(!whole.stacksControl.isStopped)
    }

    @Test("What the listener throws is thrown on")
    func thrownOn() throws {
        var deaf = listener
        deaf.tell = { _ in throw Gone() }
        #expect(throws: Gone.self) {
            try dump().dump.run(deaf) { heard in
                try heard.tell(CopyMeter(DumpControl(), estimate: 1).progress)
            }
        }
        deaf = listener
        deaf.take = { _, _ in throw Gone() }
        #expect(throws: Gone.self) { try dump().dump.run(deaf) { _ in } }
    }

    @Test("A dump that ended for want of room says how large it could have been, and why")
    func limited() throws {
        func message(_ most: Int64?, _ limit: Int64) throws -> String? {
            let (dump, _) = try dump(
                maxByteCount: most, byteLimit: limit, reason: "half of what is free")
            return try dump.run(listener) { _ in
                dump.report.file = .init(
                    name: "LiveDump.kdump", format: "kdump", compression: "zstd", byteCount: 1,
                    isComplete: false)
                dump.report.obstacle = .init(cause: .noSpace, message: "it ended")
            }.obstacle?.message
        }
        #expect(
            try message(nil, 1 << 30) == "it ended; it could have 1.0 GiB: half of what is free")
        #expect(
            try message(1 << 20, 1 << 30) == "it ended; it could have 1.0 MiB: as --max-size says")
        #expect(try message(nil, .max) == "it ended")
    }

    @Test("Whether memory came or went meanwhile is told, also when nobody knows")
    func ranges() throws {
        func warnings(_ change: ([UInt8]) -> [UInt8]) throws -> [String] {
            let host = try SyntheticHost()
            let bytes = SyntheticKernel().file()
            try host.write(bytes, to: "proc/kcore")
            try host.write(SyntheticKernel.iomem, to: "proc/iomem")
            let core = try KernelCore(tree: host.tree, host: SyntheticHost.host)
            try host.write(change(bytes), to: "proc/kcore")
            let made = try dump()
            let before = made.dump.report.warnings
            var result = DumpResult()
            result.isComplete = true
            made.dump.conclude(result, core, DumpControl(), made.destination)
            #expect(made.dump.report.outcome == .complete)
            return Array(made.dump.report.warnings.dropFirst(before.count))
        }
        #expect(try warnings { $0 } == [])
        let grown = try warnings { bytes in
            var bytes = bytes
            bytes[64 + 56 * 4 + 41] = 3  // p_memsz of the last range
            bytes[64 + 56 * 4 + 33] = 3
            return bytes
        }
        #expect(
            grown == [
                "memory was added or taken away while it was copied: the dump has the ranges of"
                    + " its begin"
            ])
        #expect(
            try warnings { _ in [] } == [
                "whether memory was added or taken away while it was copied is not known:"
                    + " /proc/kcore could not be read again"
            ])
    }

    @Test("Less room than the dump needs is a refusal, unless --max-size cuts it to that")
    func refusal() throws {
        let (_, destination) = try dump(byteLimit: 120, reason: "half of what is free")
        #expect(destination.refusal(estimatedByteCount: 100, maxByteCount: nil) == nil)
        #expect(destination.refusal(estimatedByteCount: 1000, maxByteCount: 120) == nil)
        let refusal = try #require(
            destination.refusal(estimatedByteCount: 101 * 1024, maxByteCount: nil))
        #expect(refusal.obstacle.cause == .noSpace)
        #expect(
            refusal.description
                == "write LiveDump.kdump: it may have 120 bytes, half of what is free, and needs"
                + " 121.1 KiB")
        #expect(destination.refusal(estimatedByteCount: .max, maxByteCount: nil) != nil)
    }

    @Test("An ELF core file is estimated without compression")
    func elf() throws {
        let host = try SyntheticHost()
        try host.write(flags: [UInt64](repeating: 1 << 7, count: 100))
        let selection = try LivePageSelection(source: BareMemory([0..<100]), tree: host.tree)
        func estimate(_ change: (inout LiveDumpOptions) -> Void) -> DumpEstimate {
            var options = LiveDumpOptions()
            change(&options)
            return DumpEstimate(
                selection: selection, options: options, pageByteCount: 4096, threadCount: 1)
        }
        let zstd = estimate { _ in }
        let elf = estimate { $0.format = .elf }
        let bytes = Int64(100 * 4096)
        #expect(zstd.total.keptPages == 100)
        #expect(zstd.compression == "zstd" && zstd.pagesPerSecond == 55_000)
        #expect(zstd.fileByteCount == bytes / 10 * 3 + 2400 + 24 + 8192)
        #expect(elf.compression == "none" && elf.pagesPerSecond == 250_000)
        #expect(elf.fileByteCount == bytes + 8192)
    }
}
