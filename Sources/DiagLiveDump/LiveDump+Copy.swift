internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The copy of the kernel's memory.
extension LiveDump {
    /// Asks whether it may, selects, copies, and fills the report.
    func copy(_ listener: Listener) throws {
        guard tree.isLiveHost else {
            throw LiveDumpError(
                .unsupported, "dump the kernel: the root that is read is not the running host's",
                remedy: "Leave --root away.")
        }
        guard let destination else {
            throw LiveDumpError(.unsuitableOutput, "dump the kernel: there is no file to write to")
        }
        if let early { try heed(early) }
        if let refusal = preparation.refusal {
            throw LiveDumpError(refusal.cause, refusal.message, remedy: refusal.remedy)
        }

        clock.begin(.layout)
        let core = try KernelCore(tree: tree)
        report.warnings += core.warnings
        name(core)
        clock.begin(.preflight)
        let findings = try preflight(
            budget: selectionMemory(core), estimate: nil, output: nil)
        // Selecting takes memory too: the watch is there from here on.
        let control = DumpControl(clock: clock)
        let watch = try startWatch(findings, control)
        defer {
            watch?.end()
            stopReason = control.stopReason
        }
        clock.begin(.registers)
        let samplers = ProcessorSamples.prepare(root: tree)
        let selection = try select(core, control, listener)
        // Longer than a moment only a file of /proc keeps them, and the choice grows old meanwhile.
        awaitStacks(listener, within: 2, dump: control)
        clock.begin(.preflight)
        if listener.isStopRequested() {
            throw LiveDumpError(.interrupted, "dump the kernel: the run was told to end")
        }
        if let reason = control.stopReason {
            throw LiveDumpError(reason.cause, reason.message, remedy: reason.remedy)
        }
        var writing = DumpWriterOptions(started: started)
        writing.threadCount = options.threadCount
        writing.compression = options.compression
        writing.format = options.format
        writing.maxByteCount = min(options.maxByteCount ?? .max, destination.byteLimit)
        writing.locksMemory = true
        let budget = DumpWriter.memoryBudget(
            pageCount: selection.dumpedCount, pageByteCount: core.kernel.pageByteCount,
            options: writing)
        let estimate = DumpEstimate(
            selection: selection, options: options,
            pageByteCount: core.kernel.pageByteCount, threadCount: writing.effectiveThreadCount,
            memoryByteCount: budget)
        let bytes = UInt64(max(0, estimate.fileByteCount))
        try preflight(
            budget: UInt64(max(0, estimate.memoryByteCount)), estimate: bytes,
            output: destination.place)
        if isStored, let place = destination.place {
            try DumpStore(settings: settings).admit(estimatedByteCount: bytes, space: place)
        }
        try begin(destination, estimatedByteCount: bytes)

        let (result, seconds) = try follow(
            source: core, selection: selection,
            writing, destination, estimate: estimate.fileByteCount, samplers, control, listener)
        // Closed any earlier, their memory would be given back while it is copied.
        withExtendedLifetime(samplers) {}
        clock.begin(.finish)
        conclude(result, core, control, destination)
        if result.isComplete {
            clock.begin(.history)
            history.recordRate(
                options.kind, compression: estimate.compression,
                threadCount: result.threadCount, pages: selection.dumpedCount, seconds: seconds)
        }
    }

    /// Takes over the warnings, and throws what forbids the dump.
    private func heed(_ findings: Preflight.Findings) throws(LiveDumpError) {
        for warning in findings.warnings where !report.warnings.contains(warning) {
            report.warnings.append(warning)
        }
        if let refusal = findings.refusal { throw refusal }
    }

    @discardableResult
    private func preflight(
        budget: UInt64, estimate: UInt64?, output: FileSystemPlace?
    ) throws(LiveDumpError) -> Preflight.Findings {
        // What the stacks lack they say themselves, once they are read.
        let findings = Preflight.check(
            .init(
                options: options, budgetByteCount: budget, estimatedByteCount: estimate,
                output: output), in: tree)
        try heed(findings)
        return findings
    }

    private func name(_ core: KernelCore) {
        let bytes = core.kernel.vmcoreInfo
        let info = VMCoreInfo(parsing: bytes.span)
        if let build = info.buildIdentifier { report.kernel.buildIdentifier = build }
        report.kernel.kernelOffset = info.kernelOffset.map { Self.hexadecimal($0) }
        report.kernel.physicalBase = Self.hexadecimal(core.kernel.physicalBase)
        report.pageByteCount = core.kernel.pageByteCount
        let release = (try? tree.read("/etc/os-release", limit: 65_536)) ?? []
        let package = DebugPackage.of(
            release: report.kernel.release,
            osRelease: OSRelease(parsing: String(decoding: release, as: UTF8.self)),
            buildId: report.kernel.buildIdentifier)
        report.kernel.debugPackage = package.name
        debugPackage = package
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        "0x" + String(value, radix: 16)
    }

    private func startWatch(
        _ findings: Preflight.Findings, _ control: DumpControl
    ) throws -> PressureWatch? {
        guard let source = preparation.pressure else { return nil }
        return try PressureWatch.start(
            source,
            limits: .init(
                onPressure: options.onPressure, totalMemory: findings.totalMemory,
                deadline: deadline), control: control)
    }

    /// Takes the registers, and right after them the stacks that they point to.
    private func pin(
        _ source: any MemorySource, _ samplers: ProcessorSamplers?
    ) throws(LiveDumpError) -> (source: any MemorySource, registers: [ELFNote]) {
        // Made before: nothing must stand between a sample and the reading of its stack.
        let space = try KernelAddressSpace(source)
        var pins = [Int: PinnedMemory.Pin]()
        let samples = ProcessorSamples.take(root: tree, prepared: samplers) { sample in
            let pin = Self.pin(sample, space)
            pins[sample.processor] = pin
            // On a stack of interrupts, whose neighbour is not mapped, there is none: once more.
            return pin?.isOwn ?? (sample.stackPages(pageByteCount: Int(space.pageByteCount)) == nil)
        }
        for sample in samples.samples where pins[sample.processor] == nil {
            pins[sample.processor] = Self.pin(sample, space)
        }
        report.registers = samples.report
        report.registers?.inKernel = samples.samples.count {
            $0.stackPages(pageByteCount: Int(space.pageByteCount)) != nil
        }
        if let problem = samplers?.stackProblem {
            report.warnings.append(
                "the stacks of running processors were read after their registers: \(problem)")
        }
        report.registers?.withStack = pins.values.count { $0.isOwn }
        let machine = ProcessorRegisters.Machine(rawValue: source.kernel.machine)
        var standings = [Int32: KeptOpenFile]()
        for thread in pins.values.map(\.thread) where thread != 0 {
            standings[thread] = KeptOpenFile(FilePath("/proc/\(thread)/stat"), in: tree)
        }
        let pinned = PinnedMemory(source, pins: Array(pins.values)) { [standings] pin in
            pin.thread == 0 || Self.runs(on: pin.processor, standings[pin.thread]?.text)
        }
        return (pinned, machine.map { samples.notes(machine: $0) } ?? [])
    }

    /// The kernel stack of a sample, as it was then or, where that is not known, as it is now; `nil`
    /// where a process's own code ran, or the stack cannot be read.
    private static func pin(
        _ sample: ProcessorSample, _ space: KernelAddressSpace
    ) -> PinnedMemory.Pin? {
        let page = space.pageByteCount
        let sampled = sample.stackBytes(pageByteCount: Int(page))
        guard let addresses = sample.stackPages(pageByteCount: Int(page)),
            let stack = sampled ?? space.read(addresses.lowerBound, count: addresses.count)
        else { return nil }
        var pages = [UInt64: [UInt8]]()
        for start in stride(from: 0, to: stack.count, by: Int(page)) {
            guard let physical = space.physical(addresses.lowerBound &+ UInt64(start)) else {
                continue
            }
            pages[physical / page * page] = Array(stack[start..<(start + Int(page))])
        }
        return PinnedMemory.Pin(
            processor: sample.processor, thread: sample.thread, pages: pages,
            isOwn: sampled != nil
                ? sample.isStackWhole(pageByteCount: Int(page))
                : sample.isOwn(stack, from: addresses.lowerBound))
    }

    /// Whether a thread with this `stat` runs, or could, on a processor. Source:
    /// proc_pid_stat(5), fields 3 and 39.
    static func runs(on processor: Int, _ stat: String?) -> Bool {
        guard let stat, let end = stat.lastIndex(of: ")") else { return false }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        return fields.count > 36 && fields[0] == "R" && fields[36] == "\(processor)"
    }

    /// Copies in a thread of its own, tells how far it is meanwhile, and gives the stacks.
    ///
    /// - Returns: what was written, and in how many seconds, whatever was waited for beside it.
    private func follow(
        source: any MemorySource, selection: any PageSelection,
        _ writing: DumpWriterOptions, _ destination: Destination, estimate: Int64,
        _ samplers: ProcessorSamplers?, _ control: DumpControl, _ listener: Listener
    ) throws -> (DumpResult, seconds: Double) {
        let started = ContinuousClock.now
        clock.begin(.registers)
        let (pinned, registers) = try pin(source, samplers)
        let output = DumpOutput(try destination.open(), name: destination.name)
        report.outcome = .partial
        report.level = selection.appliedLevel
        count(selection)
        let begun = report
        let notes = DumpNotes.live(
            kernel: source.kernel, processors: registers, format: options.format,
            mark: try JSONDocument.encode(begun, layout: .line))
        control.expect(pages: selection.dumpedCount)
        let copying = try BackgroundValue.start(name: "dump-copy") {
            () -> Result<(DumpResult, seconds: Double), LiveDumpError> in
            defer { control.clock.begin(.finish) }
            do throws(LiveDumpError) {
                let result = try DumpWriter.write(
                    pinned, selection, notes: notes, options: writing, to: output,
                    control: control, describe: { Self.mark(begun, $0) })
                return .success((result, (ContinuousClock.now - started) / .seconds(1)))
            } catch { return .failure(error) }
        }
        let heed = {
            guard listener.isStopRequested() else { return }
            control.stop(
                .init(
                    cause: .interrupted,
                    message: "copy the kernel's memory: the run was told to end",
                    remedy: "The file holds the pages that were copied by then."))
        }
        let meter = CopyMeter(control, estimate: estimate)
        var looks = 0
        while true {
            // The stacks go first: they are read, and held by nothing but this.
            if let result = copying.wait(seconds: looks == 0 ? 0 : 0.1) {
                return try result.get()
            }
            heed()
            looks += 1
            if looks % 16 == 0, let reason = source.displacement() { control.stop(reason) }
            do {
                try listener.tell(meter.progress)
                try deliverStacks(listener, within: 0, between: heed)
            } catch {
                control.stop(.init(cause: .interrupted, message: "\(error)"))
                _ = copying.wait()
                throw error
            }
        }
    }

    private func count(_ selection: any PageSelection) {
        for pageClass in PageClass.allCases {
            let index = Int(pageClass.rawValue)
            let present = selection.tally.present[index]
            guard present > 0 else { continue }
            report.pages[pageClass.name] = present
            if selection.tally.kept[index] > 0 {
                report.pages["kept." + pageClass.name] = selection.tally.kept[index]
            }
        }
    }
}
