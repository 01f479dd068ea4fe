public import DiagFormats
public import DiagModel
public import DiagSystem
internal import SystemPackage

/// What one processor did at one moment.
public struct ProcessorSample: Hashable, Sendable {
    /// Its number.
    public var processor: Int
    /// The process that ran, 0 for the idle thread.
    public var process: Int32
    /// The thread that ran.
    public var thread: Int32
    /// Nanoseconds on the scheduler's clock.
    public var time: UInt64
    /// Whether a process's own code ran, not the kernel's.
    public var isUser: Bool
    /// Where it was executing.
    public var instructionPointer: UInt64
    /// The kernel's call chain, innermost first.
    public var callChain: [UInt64]
    /// The registers of what was interrupted; none when the kernel gave none.
    public var registers: ProcessorRegisters?
    /// The bytes of the whole kernel stack in that moment; `nil` where they were not taken, or a
    /// process's own code ran.
    public var stack: [UInt8]?

    private static let stackByteCount = UInt64(PerfStacks.stackByteCount)

    /// Whether nothing ran.
    public var isIdle: Bool { process == 0 && thread == 0 && !isUser }

    /// The pages of the kernel stack that are in use: from the one with the stack pointer to the
    /// stack's end, as virtual addresses; `nil` in a process's own code or without registers.
    ///
    /// To be copied next to the sample, so that registers and stack belong together.
    public func stackPages(pageByteCount: Int) -> Range<UInt64>? {
        guard let pointer = registers?.stackPointer, pointer >> 63 == 1, pageByteCount > 0 else {
            return nil
        }
        let page = UInt64(pageByteCount)
        let unit = max(Self.stackByteCount, page)
        let (end, overflows) = (pointer / unit * unit).addingReportingOverflow(unit)
        guard !overflows else { return nil }
        return (pointer / page * page)..<end
    }

    /// The bytes of ``stack`` from ``stackPages(pageByteCount:)`` on; `nil` where there are none, or
    /// pages are larger than it.
    func stackBytes(pageByteCount: Int) -> [UInt8]? {
        guard let stack, let addresses = stackPages(pageByteCount: pageByteCount),
            addresses.count <= stack.count
        else { return nil }
        return Array(stack.suffix(addresses.count))
    }

    /// Whether ``stack`` is the sample's, as far as that can be seen: of AArch64 the places that are
    /// returned to may be signed, and are not looked for.
    func isStackWhole(pageByteCount: Int) -> Bool {
        guard let stack = stackBytes(pageByteCount: pageByteCount),
            let addresses = stackPages(pageByteCount: pageByteCount)
        else { return false }
        return registers?.machine == .arm || callChain.count < 2
            || isOwn(stack, from: addresses.lowerBound)
    }

    /// Whether `stack`, the bytes from ``stackPages(pageByteCount:)`` on, is the one that was
    /// sampled, and not what the thread has put there since: the places that the call chain
    /// returns to stand in it in their order, from the stack pointer on.
    ///
    /// A chain of one place, of a function that called none, says nothing, and is no proof.
    public func isOwn(_ stack: [UInt8], from address: UInt64) -> Bool {
        guard let pointer = registers?.stackPointer, pointer >= address, pointer & 7 == 0,
            pointer - address < UInt64(stack.count), callChain.count > 1
        else { return false }
        var place = Int(pointer - address)
        for wanted in callChain.dropFirst() {
            while true {
                guard place + 8 <= stack.count else { return false }
                var word: UInt64 = 0
                for index in 0..<8 { word |= UInt64(stack[place + index]) << UInt64(index * 8) }
                place += 8
                if word == wanted { break }
            }
        }
        return true
    }
}

/// What all processors did at about one moment, by perf's samples.
public struct ProcessorSamples: Hashable, Sendable {
    /// The numbers of the processors that are online, sorted.
    public var processors: [Int]
    /// One sample of each that gave one, by their numbers.
    public var samples: [ProcessorSample]
    /// Why processors have no sample or no registers; `nil` when all have both.
    public var why: String?

    /// Samples that were taken elsewhere.
    public init(processors: [Int], samples: [ProcessorSample], why: String? = nil) {
        self.processors = processors
        self.samples = samples
        self.why = why
    }

    /// At once as many processors as this: each costs two descriptors.
    private static let batch = 128

    /// Samples each processor of the running host once, and waits at most `seconds` for each batch
    /// of them.
    ///
    /// The timer's sample is taken where there is one; the PMU's where interrupts stay off.
    /// `prepared` are samplers that were opened before, for as many processors as they are for.
    ///
    /// With `isTaken` those of `prepared` are sampled one after the other: it is called right after
    /// each sample, and where it says no the processor is sampled again, some times. What is left
    /// when the time is over is sampled together.
    public static func take(
        root: RootedTree, seconds: Double = 0.2, prepared: ProcessorSamplers? = nil,
        isTaken: ((ProcessorSample) -> Bool)? = nil
    ) -> ProcessorSamples {
        let online = onlineProcessors(root)
        guard root.isLiveHost else {
            return .init(
                processors: online, samples: [], why: "only the running host can be sampled")
        }
        guard let machine = ProcessorRegisters.Machine(name: HostFacts.names.machine) else {
            return .init(
                processors: online, samples: [],
                why: "the registers of \(HostFacts.names.machine) are not known")
        }
        var result = ProcessorSamples(processors: online, samples: [])
        var problems = prepared?.problems ?? []
        let others = online.filter { prepared?.processors.contains($0) != true }
        for start in stride(from: 0, to: others.count, by: batch) {
            let part = others[start..<min(start + batch, others.count)]
            let samplers = ProcessorSamplers(Array(part), machine, root)
            result.samples += samplers.sample(
                machine, of: online, until: .now.advanced(bySeconds: seconds))
            for problem in samplers.problems where !problems.contains(problem) {
                problems.append(problem)
            }
        }
        if let prepared {
            var rest = online
            if let isTaken {
                result.samples += prepared.sampleInTurn(
                    machine, of: online, until: .now.advanced(bySeconds: seconds), isTaken)
                let sampled = Set(result.samples.map(\.processor))
                rest = online.filter { !sampled.contains($0) }
            }
            if rest.contains(where: prepared.processors.contains) {
                result.samples += prepared.sample(
                    machine, of: rest, until: .now.advanced(bySeconds: seconds))
            }
        }
        result.samples.sort { $0.processor < $1.processor }
        let silent = online.count - result.samples.count
        if silent > 0, problems.isEmpty {
            problems.append("\(silent) of \(online.count) processors gave no sample in time")
        }
        if result.samples.contains(where: { $0.registers == nil }) {
            problems.append("the kernel gives no registers with its samples")
        }
        result.why = problems.isEmpty ? nil : problems.joined(separator: "; ")
        return result
    }

    /// Opens the samplers of as many processors as one batch has; `nil` where none can be had.
    ///
    /// Each takes memory of the kernel: opened before it is chosen what is dumped, that is in the
    /// dump. Their samples have the stacks, where the kernel lets a program copy them.
    public static func prepare(root: RootedTree) -> ProcessorSamplers? {
        guard root.isLiveHost,
            let machine = ProcessorRegisters.Machine(name: HostFacts.names.machine)
        else { return nil }
        return ProcessorSamplers(
            Array(onlineProcessors(root).prefix(batch)), machine, root, withStacks: true)
    }

    /// The processors that are online; where that is not said, as many as the host has.
    static func onlineProcessors(_ root: RootedTree) -> [Int] {
        let bytes = (try? root.read("/sys/devices/system/cpu/online", limit: 65_536)) ?? []
        let numbers = processorNumbers(String(decoding: bytes, as: UTF8.self))
        if !numbers.isEmpty { return numbers }
        return root.isLiveHost ? Array(0..<HostFacts.processorCount) : []
    }

    /// The numbers of a list such as `0-3,8`; at most 65,536, empty when it makes no sense.
    static func processorNumbers(_ text: String) -> [Int] {
        var numbers = [Int]()
        for part in text.split(whereSeparator: { ", \n\t".contains($0) }) {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first, let low = first, let last = ends.last, let high = last,
                ends.count <= 2, low <= high, high < 65_536
            else { return [] }
            numbers += Array(low...high)
        }
        return numbers
    }

    /// The notes of the registers: one for each processor online, zero where there is no sample.
    ///
    /// `pr_pid` is the processor's place plus 1, by which drgn finds it when there was no crash.
    public func notes(machine: ProcessorRegisters.Machine) -> [ELFNote] {
        processors.map { processor in
            let registers = samples.first { $0.processor == processor }?.registers
            return ProcessorStatus(
                processIdentifier: Int32(clamping: processor + 1),
                registers: registers ?? ProcessorRegisters(zero: machine)
            ).note
        }
    }

    /// How many were sampled, for the dump's report.
    public var report: LiveDumpReport.Registers {
        .init(
            processors: processors.count,
            sampled: samples.count { $0.registers != nil }, why: why)
    }
}
