internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The selection of pages.
extension LiveDump {
    /// Bytes of memory that selecting the pages takes at most. It is not known yet how many they
    /// are: those are left out that /proc/meminfo says are of a class that the level leaves out,
    /// and with page cache that can be many times what the copy then takes.
    func selectionMemory(_ core: KernelCore) -> UInt64 {
        let page = core.kernel.pageByteCount
        let limit = Int(clamping: (core.ranges.last?.end ?? 0) / UInt64(page))
        let count = options.mostPages(
            of: Int(clamping: core.ranges.totalByteCount / UInt64(page)), pageByteCount: page,
            in: tree)
        var writing = DumpWriterOptions(started: started)
        writing.threadCount = options.threadCount
        writing.format = options.format
        let most = LivePageSelection.memoryByteCount(
            pageFrameLimit: limit, keptPages: count, threadCount: writing.effectiveThreadCount)
        return UInt64(max(0, most)) + UInt64(threadCount) * Self.threadByteCount
    }

    /// Bytes that a thread takes at most meanwhile: its stack as text and as frames, and where its
    /// stack and its task_struct lie.
    private static let threadByteCount: UInt64 = 8192

    /// How many threads the host has.
    private var threadCount: Int {
        min(max(0, LiveDumpOptions.threadCount(in: tree) ?? 0), KernelTasks.limit)
    }

    /// The pages to be copied.
    ///
    /// A thread of its own selects them, so that the run can be told to end meanwhile.
    func select(
        _ core: KernelCore, _ control: DumpControl, _ listener: Listener
    ) throws -> any PageSelection {
        let (options, tree) = (options, tree)
        clock.begin(options.kind == .full ? .pageFlags : .symbols)
        let selecting = try BackgroundValue.start(name: "dump-select") {
            () -> Result<Selected, LiveDumpError> in
            // Whatever is done until this is heard is about the stacks.
            defer { control.clock.begin(.stacks) }
            do throws(LiveDumpError) {
                return .success(try Self.select(options, core, tree, control))
            } catch { return .failure(error) }
        }
        var result = selecting.wait(seconds: 0)
        while result == nil {
            if listener.isStopRequested() {
                control.stop(
                    .init(
                        cause: .interrupted, message: "select pages: the run was told to end"))
            }
            // Whatever happens to the selection, what is known is delivered.
            do { try deliverStacks(listener, within: 0) } catch {
                control.stop(.init(cause: .interrupted, message: "\(error)"))
                _ = selecting.wait()
                throw error
            }
            result = selecting.wait(seconds: 0.02)
        }
        // A selection that was stopped says so; why it was stopped is what counts.
        if let reason = control.stopReason {
            throw LiveDumpError(reason.cause, reason.message, remedy: reason.remedy)
        }
        guard let selected = try result?.get() else {
            throw LiveDumpError(.inputOutput, "select pages: the selection was lost")
        }
        report.warnings += selected.warnings
        report.stages += selected.stages
        return selected.pages
    }

    private struct Selected: Sendable {
        var pages: any PageSelection
        var warnings: [String]
        var stages = [LiveDumpReport.Stage]()
    }

    private static func select(
        _ options: LiveDumpOptions, _ core: KernelCore, _ tree: RootedTree,
        _ control: DumpControl
    ) throws(LiveDumpError) -> Selected {
        let isStopped: @Sendable () -> Bool = { control.isStopped }
        switch options.kind {
        case .full:
            let pages = try LivePageSelection(
                source: core, tree: tree, choice: .init(options), isStopped: isStopped)
            let stage = LiveDumpReport.Stage(
                name: "pageFlags", pages: pages.tally.present.reduce(0, +),
                threadSeconds: pages.threadSeconds)
            return Selected(pages: pages, warnings: pages.warnings, stages: [stage])
        case .stacks:
            let names = KernelNames(tree)
            control.clock.begin(.landmarks)
            let landmarks = try KernelLandmarks(source: core, names: names, isStopped: isStopped)
            let pages = try StackPageSelection(
                source: core, tree: tree, landmarks: landmarks, threadCount: options.threadCount,
                isStopped: isStopped)
            return Selected(pages: pages, warnings: pages.warnings)
        }
    }
}
