internal import DiagModel

/// The registers of one processor, in the order in which dumps have them.
///
/// Source: Linux 6.1 arch/x86/include/asm/user_64.h (`struct user_regs_struct`, 27 words),
/// arch/arm64/include/uapi/asm/ptrace.h (`struct user_pt_regs`, 34 words).
public struct ProcessorRegisters: Hashable, Sendable {
    /// The machines whose registers are known.
    public enum Machine: UInt16, Hashable, Sendable, CaseIterable {
        /// x86-64.
        case x86 = 62
        /// AArch64.
        case arm = 183

        /// The machine that `uname -m` names so.
        public init?(name: String) {
            switch name {
            case "x86_64": self = .x86
            case "aarch64": self = .arm
            default: return nil
            }
        }

        /// The names of the registers, in the order of `pr_reg`.
        public var registerNames: [String] {
            switch self {
            case .x86:
                [
                    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax",
                    "rcx", "rdx", "rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss",
                    "fs_base", "gs_base", "ds", "es", "fs", "gs",
                ]
            case .arm: (0..<31).map { "x\($0)" } + ["sp", "pc", "pstate"]
            }
        }

        /// The registers that a perf sample is to hold: bit n stands for register n of
        /// `enum perf_event_x86_regs` or `enum perf_event_arm_regs`, uapi/asm/perf_regs.h.
        public var perfMask: UInt64 {
            switch self {
            case .x86: 0xFF_0FFF  // All but DS, ES, FS and GS, which 64-bit kernels do not give.
            case .arm: 0x1_FFFF_FFFF
            }
        }

        /// Where each register of a perf sample belongs in `pr_reg`, by the number of its bit.
        fileprivate var perfOrder: [Int: Int] {
            switch self {
            case .x86:
                // ax bx cx dx si di bp sp ip flags cs ss, then r8 to r15 from bit 16 on.
                [
                    0: 10, 1: 5, 2: 11, 3: 12, 4: 13, 5: 14, 6: 4, 7: 19, 8: 16, 9: 18, 10: 17,
                    11: 20, 16: 9, 17: 8, 18: 7, 19: 6, 20: 3, 21: 2, 22: 1, 23: 0,
                ]
            case .arm:
                Dictionary(uniqueKeysWithValues: (0...32).map { ($0, $0) })
            }
        }

        fileprivate var instructionIndex: Int { self == .x86 ? 16 : 32 }
        fileprivate var stackIndex: Int { self == .x86 ? 19 : 31 }
        /// Bytes of `struct elf_prstatus`.
        fileprivate var statusByteCount: Int { self == .x86 ? 336 : 392 }
    }

    /// Which registers these are.
    public let machine: Machine
    /// Their values in the order of ``Machine/registerNames``.
    public var values: [UInt64]

    /// All registers zero: what a processor has that was not sampled.
    public init(zero machine: Machine) {
        self.machine = machine
        values = Array(repeating: 0, count: machine.registerNames.count)
    }

    /// The registers of a perf sample that was asked for with ``Machine/perfMask``; `nil` when
    /// their number is another.
    public init?(machine: Machine, perfValues: [UInt64]) {
        guard perfValues.count == machine.perfMask.nonzeroBitCount else { return nil }
        self.init(zero: machine)
        let order = machine.perfOrder
        var taken = 0
        for bit in 0..<64 where machine.perfMask >> UInt64(bit) & 1 != 0 {
            if let index = order[bit] { values[index] = perfValues[taken] }
            taken += 1
        }
        // Nothing of a system call is known: -1, as the kernel has it outside of one.
        if machine == .x86 { values[15] = .max }
    }

    /// Where it was executing.
    public var instructionPointer: UInt64 { values[machine.instructionIndex] }
    /// The top of its stack.
    public var stackPointer: UInt64 { values[machine.stackIndex] }
}

/// One NT_PRSTATUS note's descriptor: the registers of a processor, as readers of dumps take them.
///
/// Source: Linux 6.1 include/linux/elfcore.h, `struct elf_prstatus`: `pr_pid` at byte 32, `pr_reg`
/// at 112; 336 bytes on x86-64 and 392 on AArch64.
public struct ProcessorStatus: Hashable, Sendable {
    /// `pr_pid`: drgn finds a running task's registers by the processor's number plus 1 here.
    public var processIdentifier: Int32
    /// The registers.
    public var registers: ProcessorRegisters

    /// The registers of a processor.
    public init(processIdentifier: Int32, registers: ProcessorRegisters) {
        self.processIdentifier = processIdentifier
        self.registers = registers
    }

    /// Reads the descriptor of a note of a dump of `machine`.
    public init(
        parsing bytes: Span<UInt8>, machine: ProcessorRegisters.Machine
    ) throws(FormatError) {
        try bytes.check(machine.statusByteCount, at: 0, field: "elf_prstatus")
        let identifier: UInt32 = try bytes.littleEndian(at: 32, field: "pr_pid")
        processIdentifier = Int32(bitPattern: identifier)
        var registers = ProcessorRegisters(zero: machine)
        for index in registers.values.indices {
            registers.values[index] = try bytes.littleEndian(at: 112 + index * 8, field: "pr_reg")
        }
        self.registers = registers
    }

    /// The descriptor's bytes.
    public var encoded: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: registers.machine.statusByteCount)
        bytes.setLittleEndian(UInt32(bitPattern: processIdentifier), at: 32)
        for (index, value) in registers.values.enumerated() {
            bytes.setLittleEndian(value, at: 112 + index * 8)
        }
        return bytes
    }

    /// The note itself, named `CORE`.
    public var note: ELFNote {
        ELFNote(name: "CORE", type: ELFNote.processorStatus, descriptor: encoded)
    }
}
