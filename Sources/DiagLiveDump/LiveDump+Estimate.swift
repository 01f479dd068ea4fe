public import DiagModel
public import DiagSystem

extension LiveDump {
    /// What a dump would take and cost; the classes of pages are read, and no page.
    ///
    /// - Throws: ``LiveDumpError`` when the dump could not be made either.
    public static func estimate(
        _ options: LiveDumpOptions, tree: RootedTree, directory: FileSystemPlace?
    ) throws(LiveDumpError) -> DumpEstimate {
        do throws(LiveDumpError) {
            return try reckon(options, tree: tree, directory: directory)
        } catch { throw LiveDumpError(namingStacks(error.obstacle, kind: options.kind)) }
    }

    private static func reckon(
        _ options: LiveDumpOptions, tree: RootedTree, directory: FileSystemPlace?
    ) throws(LiveDumpError) -> DumpEstimate {
        let early = Preflight.check(.init(options: options, budgetByteCount: 0), in: tree)
        if let refusal = early.refusal { throw refusal }
        let core = try KernelCore(tree: tree)
        let selection: any PageSelection
        var warnings = early.warnings + early.stackWarnings + core.warnings
        switch options.kind {
        case .full:
            let live = try LivePageSelection(source: core, tree: tree, choice: .init(options))
            warnings += live.warnings
            selection = live
        case .stacks:
            let stacks = try StackPageSelection(
                source: core, tree: tree, landmarks: KernelLandmarks(source: core, tree: tree))
            warnings += stacks.warnings
            selection = stacks
        }
        var writing = DumpWriterOptions(started: .now)
        writing.threadCount = options.threadCount
        writing.compression = options.compression
        writing.format = options.format
        let memory = DumpWriter.memoryBudget(
            pageCount: selection.dumpedCount, pageByteCount: core.kernel.pageByteCount,
            options: writing)
        var estimate = DumpEstimate(
            selection: selection, options: options, pageByteCount: core.kernel.pageByteCount,
            threadCount: writing.effectiveThreadCount, history: DumpHistory(),
            memoryByteCount: memory)
        let late = Preflight.check(
            .init(
                options: options, budgetByteCount: UInt64(max(0, estimate.memoryByteCount)),
                estimatedByteCount: UInt64(max(0, estimate.fileByteCount)), output: directory),
            in: tree)
        // What would refuse the dump now may be gone later: it is said, and the table shown.
        warnings += late.obstacles.map(\.message) + late.warnings
        for warning in warnings where !estimate.warnings.contains(warning) {
            estimate.warnings.append(warning)
        }
        return estimate
    }
}
