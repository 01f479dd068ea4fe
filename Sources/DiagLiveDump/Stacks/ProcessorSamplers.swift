internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Samplers of some processors, ready to be used once.
public struct ProcessorSamplers {
    /// The processors that they are for, whether or not they could be opened.
    let processors: [Int]
    /// Why some could not be opened.
    private(set) var problems: [String] = []
    private var clocks: [PerfSampler] = []
    private var cycles: [Int: PerfSampler] = [:]
    /// The stacks at the clocks' samples; `nil` where they are not wanted, or the kernel gives none.
    private let stacks: PerfStacks?
    /// Why the samples have no stacks; `nil` when they have, or none are wanted.
    let stackProblem: String?

    init(
        _ processors: [Int], _ machine: ProcessorRegisters.Machine, _ root: RootedTree,
        withStacks: Bool = false
    ) {
        self.processors = processors
        do throws(SystemCallError) {
            stacks = withStacks ? try PerfStacks.load(highest: processors.max() ?? 0) : nil
            stackProblem = nil
        } catch {
            stacks = nil
            stackProblem = error.description
        }
        for processor in processors {
            do throws(SystemCallError) {
                let clock = try PerfSampler.open(
                    processor: processor, trigger: .clock, registerMask: machine.perfMask)
                try? stacks?.attach(to: clock)
                clocks.append(clock)
            } catch {
                // ENODEV: it went offline meanwhile.
                if error.errno == .operationNotSupportedByDevice { continue }
                let why = Self.explanation(error, root)
                if !problems.contains(why) { problems.append(why) }
                continue
            }
            cycles[processor] = try? .open(
                processor: processor, trigger: .cycles, registerMask: machine.perfMask)
        }
    }

    /// One sample of each processor of `online` that gives one in time.
    func sample(
        _ machine: ProcessorRegisters.Machine, of online: [Int], until deadline: MonotonicTime
    ) -> [ProcessorSample] {
        // One that went offline meanwhile gives none, however long it is waited for.
        let clocks = clocks.filter { online.contains($0.processor) }
        for sampler in clocks { try? sampler.enable() }
        for sampler in cycles.values { try? sampler.enable() }
        var poller = Poller()
        while true {
            poller.removeAll()
            var waiting = 0
            for sampler in clocks {
                if sampler.hasRecords {
                    sampler.disable()
                } else {
                    poller.watch(sampler, tag: sampler.processor)
                    waiting += 1
                }
            }
            let left = deadline.seconds(since: .now)
            if waiting == 0 || left <= 0 { break }
            _ = poller.wait(seconds: min(left, 0.05))
        }
        for sampler in clocks { sampler.disable() }
        for sampler in cycles.values { sampler.disable() }
        return clocks.compactMap { clock in
            last(clock, machine) ?? cycles[clock.processor].flatMap { last($0, machine) }
        }
    }

    /// How often a processor is sampled whose stack had gone on before it was read.
    private static let tryCount = 12
    /// How long one that takes no sample is waited for, in seconds: it may have its timer stopped.
    private static let patience = 0.02

    /// One sample of each processor of `online` after the other, as long as there is time: the first
    /// that is taken, or the last of some that are not.
    ///
    /// Nothing sleeps between a sample and the call of `isTaken`: what it reads then goes on, where
    /// the sample has no stack.
    func sampleInTurn(
        _ machine: ProcessorRegisters.Machine, of online: [Int], until deadline: MonotonicTime,
        _ isTaken: (ProcessorSample) -> Bool
    ) -> [ProcessorSample] {
        var samples = [ProcessorSample]()
        for sampler in clocks where online.contains(sampler.processor) {
            var newest: ProcessorSample?
            for _ in 0..<Self.tryCount where MonotonicTime.now < deadline {
                let before = sampler.recordByteCount
                let end = min(deadline, .now.advanced(bySeconds: Self.patience))
                try? sampler.enable()
                while sampler.recordByteCount == before, MonotonicTime.now < end {}
                sampler.disable()
                guard sampler.recordByteCount != before, let sample = last(sampler, machine)
                else { break }
                newest = sample
                if isTaken(sample) { break }
            }
            if let newest { samples.append(newest) }
        }
        return samples
    }

    /// The newest sample of one processor.
    private func last(
        _ sampler: PerfSampler, _ machine: ProcessorRegisters.Machine
    ) -> ProcessorSample? {
        let records = sampler.records()
        guard
            let parsed = try? PerfRecords(
                parsing: records.span, registerMask: sampler.registerMask),
            let sample = parsed.samples.last
        else { return nil }
        var newest = ProcessorSample(
            processor: sampler.processor, process: Int32(bitPattern: sample.processIdentifier),
            thread: Int32(bitPattern: sample.threadIdentifier), time: sample.time,
            isUser: sample.isUser, instructionPointer: sample.instructionPointer,
            callChain: sample.callChain,
            registers: ProcessorRegisters(machine: machine, perfValues: sample.registers))
        if let capture = stacks?.capture(of: sampler.processor),
            capture.instructionPointer == newest.registers?.instructionPointer,
            capture.stackPointer == newest.registers?.stackPointer
        {
            newest.stack = capture.bytes
        }
        return newest
    }

    private static func explanation(_ error: SystemCallError, _ root: RootedTree) -> String {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            let lockdown = (try? root.read("/sys/kernel/security/lockdown", limit: 256)) ?? []
            if String(decoding: lockdown, as: UTF8.self).contains("[confidentiality]") {
                return "kernel lockdown=confidentiality forbids perf samples of processors"
            }
            let level = (try? root.read("/proc/sys/kernel/perf_event_paranoid", limit: 64)) ?? []
            let text = String(decoding: level.filter { $0 > 0x20 }, as: UTF8.self)
            return "perf samples of processors need CAP_PERFMON or CAP_SYS_ADMIN"
                + (text.isEmpty
                    ? "" : " (perf_event_paranoid is \(UntrustedText.escapingControls(text)))")
        case .noSuchFileOrDirectory, .noFunction:
            return "this kernel has no perf events"
        default: return error.description
        }
    }
}
