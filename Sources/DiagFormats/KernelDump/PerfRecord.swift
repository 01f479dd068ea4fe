internal import DiagModel

/// What a processor did at one moment, from one record of perf's ring.
///
/// Source: Linux 6.1 include/uapi/linux/perf_event.h, `PERF_RECORD_SAMPLE` with the fields `IP`,
/// `TID`, `TIME`, `CPU`, `CALLCHAIN` and, when registers were asked for, `REGS_INTR`.
public struct PerfSample: Hashable, Sendable {
    /// The process that ran, 0 for the idle thread.
    public var processIdentifier: UInt32
    /// The thread that ran.
    public var threadIdentifier: UInt32
    /// Nanoseconds on the scheduler's clock.
    public var time: UInt64
    /// The processor's number.
    public var processor: UInt32
    /// Where it was executing.
    public var instructionPointer: UInt64
    /// Whether a process's own code ran, not the kernel's.
    public var isUser: Bool
    /// Return addresses in the kernel, innermost first; empty in a process's own code.
    public var callChain: [UInt64]
    /// The registers that the mask asked for, lowest bit first; none when the kernel gave none.
    public var registers: [UInt64]

    /// One sample.
    public init(
        processIdentifier: UInt32, threadIdentifier: UInt32, time: UInt64, processor: UInt32,
        instructionPointer: UInt64, isUser: Bool, callChain: [UInt64], registers: [UInt64]
    ) {
        self.processIdentifier = processIdentifier
        self.threadIdentifier = threadIdentifier
        self.time = time
        self.processor = processor
        self.instructionPointer = instructionPointer
        self.isUser = isUser
        self.callChain = callChain
        self.registers = registers
    }
}

/// The records of a perf ring, read in their order.
public struct PerfRecords: Hashable, Sendable {
    /// The samples.
    public var samples: [PerfSample] = []
    /// Records that had no room in the ring.
    public var lostCount: UInt64 = 0

    /// The longest call chain that is kept: the kernel's own limit may be raised.
    private static let chainLimit = 512

    /// Reads whole records from the start of `bytes`; the kernel never leaves a part of one.
    ///
    /// `registerMask` is the mask that the event was opened with; 0 for no registers.
    public init(parsing bytes: Span<UInt8>, registerMask: UInt64) throws(FormatError) {
        var offset = 0
        while offset < bytes.count {
            let type: UInt32 = try bytes.littleEndian(at: offset, field: "perf record type")
            let misc: UInt16 = try bytes.littleEndian(at: offset + 4, field: "perf record misc")
            let byteCount = Int(
                try bytes.littleEndian(UInt16.self, at: offset + 6, field: "perf record size"))
            guard byteCount >= 8 else {
                throw .invalid(
                    field: "perf record size", offset: offset + 6, value: UInt64(byteCount))
            }
            try bytes.check(byteCount, at: offset, field: "perf record")
            let record = bytes.extracting(offset..<(offset + byteCount))
            switch type {
            case 9:
                samples.append(try Self.sample(record, misc: misc, registerMask: registerMask))
            case 2:
                let lost: UInt64 = try record.littleEndian(at: 16, field: "perf lost")
                lostCount = lostCount &+ lost
            default: break
            }
            offset += byteCount
        }
    }

    private static func sample(
        _ record: Span<UInt8>, misc: UInt16, registerMask: UInt64
    ) throws(FormatError) -> PerfSample {
        let instruction: UInt64 = try record.littleEndian(at: 8, field: "perf ip")
        let process: UInt32 = try record.littleEndian(at: 16, field: "perf pid")
        let thread: UInt32 = try record.littleEndian(at: 20, field: "perf tid")
        let time: UInt64 = try record.littleEndian(at: 24, field: "perf time")
        let processor: UInt32 = try record.littleEndian(at: 32, field: "perf cpu")
        let length: UInt64 = try record.littleEndian(at: 40, field: "perf callchain nr")
        guard length <= UInt64(record.count / 8) else {
            throw .invalid(field: "perf callchain nr", offset: 40, value: length)
        }
        var isKernelPart = true
        var chain = [UInt64]()
        for index in 0..<Int(length) {
            let address: UInt64 = try record.littleEndian(
                at: 48 + index * 8, field: "perf callchain")
            // PERF_CONTEXT_*: marks of what follows, the highest numbers there are.
            if address >= UInt64.max - 4094 {
                isKernelPart = address == UInt64.max - 127  // PERF_CONTEXT_KERNEL, -128
            } else if isKernelPart, chain.count < Self.chainLimit {
                chain.append(address)
            }
        }
        var registers = [UInt64]()
        if registerMask != 0 {
            let start = 48 + Int(length) * 8
            let binaryInterface: UInt64 = try record.littleEndian(at: start, field: "perf regs abi")
            if binaryInterface != 0 {
                for index in 0..<registerMask.nonzeroBitCount {
                    registers.append(
                        try record.littleEndian(at: start + 8 + index * 8, field: "perf regs"))
                }
            }
        }
        // PERF_RECORD_MISC_CPUMODE_MASK: 1 kernel, 2 user, 4 and 5 in a guest of this host.
        let isUser = misc & 7 == 2
        return PerfSample(
            processIdentifier: process, threadIdentifier: thread, time: time,
            processor: processor, instructionPointer: instruction, isUser: isUser,
            callChain: chain, registers: registers)
    }
}
