import DiagModel

extension SchemaSample {
    /// What is told of a live dump, with every member, and with none.
    static let liveDump: [SchemaSample] = [
        SchemaSample(.liveDump, "full", fullLiveDump),
        SchemaSample(.liveDump, "lean", leanLiveDump),
    ]

    private static let kernel = LiveDumpReport.Kernel(
        release: "6.1.0-53-amd64", version: "#1 SMP", machine: "x86_64", buildIdentifier: "0a1b",
        debugPackage: "linux-image-6.1.0-53-amd64-dbg", kernelOffset: "0x15800000",
        physicalBase: "0xfffffffff0a00000")
    private static let parameters = ["0x646e626761696400", "0x0", "0x1b", "0x0"]

    private static let fullLiveDump: LiveDumpReport = {
        var report = LiveDumpReport(
            kind: .full, outcome: .partial, originator: "diagbndl", parameters: parameters,
            reason: "a hang", host: "host17", kernel: kernel, started: time, ended: time, level: 27)
        report.obstacle = .init(cause: .memoryPressure, message: "some 12 %", remedy: "later")
        report.windows = [.init(pages: "kernel", start: time, end: time)]
        report.torn = .init(sampled: 100, changed: 5, rounds: 2, replaced: 4, remaining: 1)
        report.pages = ["free": 10, "kept.slab": 3]
        report.registers = .init(processors: 2, sampled: 1, why: "perf is forbidden")
        report.file = .init(
            name: "LiveDump.kdump", format: "kdump-compressed", compression: "zstd",
            byteCount: 4096, isComplete: false)
        report.stackFiles = ["LiveDump-stacks.txt"]
        report.stages = [.init(name: "read", pages: 3, threadSeconds: 0.5)]
        report.steps = [.init(name: "copy", seconds: 0.25), .init(name: "finish", seconds: 0)]
        report.stacksRead = .init(start: time, end: time)
        report.limits = .init(
            threads: 2, memoryBudget: 1 << 20, isMemoryLocked: true, maxByteCount: 1 << 30,
            onPressure: "abort", isDirect: true)
        report.openWith = ["drgn -c LiveDump.kdump"]
        report.warnings = ["registers are zero"]
        return report
    }()

    private static let leanLiveDump = LiveDumpReport(
        kind: .stacks, outcome: .refused, originator: "x", parameters: parameters, host: "h",
        kernel: .init(release: "6", version: "1", machine: "aarch64"), started: time, ended: time,
        level: 0)
}
