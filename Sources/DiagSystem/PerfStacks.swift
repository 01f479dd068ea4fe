internal import CLinux
internal import Glibc
internal import SystemPackage

/// The kernel stacks of processors as they are in the moment of a perf sample.
///
/// Whatever is read after a sample goes on meanwhile. So a program of a few instructions copies the
/// stack where the sample is taken, in the interrupt, into an array with a value for each
/// processor. It reads, writes to that array alone, and is gone with the descriptors. Stacks of
/// processes are never copied: what is not asked for does not come into the kernel's memory, which
/// is dumped.
/// Source: bpf(2), linux/bpf.h. Needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, and Linux 4.11;
/// before 5.11 also RLIMIT_MEMLOCK, whatever the capabilities, for which the limit is raised.
@safe public final class PerfStacks {
    /// Bytes of a kernel stack, which begins at a multiple of that: Linux 6.1
    /// arch/x86/include/asm/page_64_types.h and arch/arm64/include/asm/memory.h, `THREAD_SIZE`: one
    /// page where pages are larger.
    public static let stackByteCount = max(16_384, Int(getpagesize()))
    /// Processors of higher numbers have none: the array is memory of the kernel, 16 KiB for each.
    private static let processorLimit = 256

    /// The stack of one processor.
    public struct Capture: Sendable {
        /// Where it was executing.
        public var instructionPointer: UInt64
        /// The top of the stack.
        public var stackPointer: UInt64
        /// The ``stackByteCount`` bytes that the stack pointer lies in.
        public var bytes: [UInt8]
    }

    private let array: OwnedDescriptor
    private let program: OwnedDescriptor
    private let count: Int

    private init(
        array: consuming OwnedDescriptor, program: consuming OwnedDescriptor, count: Int
    ) {
        self.array = array
        self.program = program
        self.count = count
    }

    /// Loads the program, for processors up to the number `highest`.
    public static func load(highest: Int) throws(SystemCallError) -> PerfStacks {
        let count = min(max(0, highest) + 1, processorLimit)
        _ = HostScheduling.raiseMemoryLockLimit()
        let array = OwnedDescriptor(
            owning: try systemCall("bpf", on: "an array for stacks") {
                diag_bpf_array(UInt32(valueByteCount), UInt32(count))
            })
        let map = array.rawValue
        // The one that reads the kernel's memory alone came with Linux 5.5.
        for helper in [Helper.probeReadKernel, .probeRead] {
            let instructions = instructions(array: map, helper)
            // These instructions may be used under the MIT licence or the GPL, version 2, whichever
            // is preferred: the kernel lets no others read its memory.
            let raw = unsafe instructions.withUnsafeBufferPointer {
                unsafe diag_bpf_load($0.baseAddress, UInt32($0.count), "Dual MIT/GPL")
            }
            if raw >= 0 {
                return PerfStacks(array: array, program: OwnedDescriptor(owning: raw), count: count)
            }
        }
        throw SystemCallError(operation: "bpf", object: "a program for stacks", errno: .last)
    }

    /// Has each sample that `sampler` takes from now on copy the stack.
    public func attach(to sampler: PerfSampler) throws(SystemCallError) {
        try systemCall("perf set bpf", on: "processor \(sampler.processor)") {
            diag_perf_attach(sampler.descriptor.rawValue, program.rawValue)
        }
    }

    /// The stack at the newest sample of a processor; `nil` when there was none, or the stack
    /// pointer was none of the kernel's.
    ///
    /// To be called when the sampler takes no more samples.
    public func capture(of processor: Int) -> Capture? {
        guard processor >= 0, processor < count else { return nil }
        var value = [UInt8](repeating: 0, count: Self.valueByteCount)
        let read = unsafe value.withUnsafeMutableBytes {
            unsafe diag_bpf_read(array.rawValue, UInt32(processor), $0.baseAddress)
        }
        guard read == 0 else { return nil }
        func word(_ field: Field) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(value[Int(field.rawValue) + $1]) << UInt64($1 * 8) }
        }
        // The first is never zero once a sample was taken.
        guard word(.instructionPointer) != 0, word(.result) == 0 else { return nil }
        return Capture(
            instructionPointer: word(.instructionPointer), stackPointer: word(.stackPointer),
            bytes: Array(value[Int(Field.stack.rawValue)...]))
    }

    /// Where each part of a value begins.
    private enum Field: Int16 {
        case instructionPointer = 0
        case stackPointer = 8
        /// What the helper said: 0, or a negative error.
        case result = 16
        case stack = 24
    }

    private static let valueByteCount = Int(Field.stack.rawValue) + stackByteCount

    /// Functions of the kernel that a program may call. Source: linux/bpf.h, `__BPF_FUNC_MAPPER`.
    private enum Helper: Int32 {
        case lookUp = 1
        case probeRead = 4
        case processorNumber = 8
        case probeReadKernel = 113
    }

    /// Where a program finds the registers of what was interrupted: `struct pt_regs` of x86-64,
    /// `struct user_pt_regs` of AArch64, uapi/asm/ptrace.h.
    #if arch(x86_64)
        private static let instructionOffset: Int16 = 128
        private static let stackOffset: Int16 = 152
    #else
        private static let instructionOffset: Int16 = 256
        private static let stackOffset: Int16 = 248
    #endif

    /// The program. Source: linux/bpf.h and the kernel's bpf/standardization/instruction-set.rst.
    private static func instructions(array: CInt, _ read: Helper) -> [UInt64] {
        typealias Code = BPFInstruction
        let (context, value, frame): (UInt8, UInt8, UInt8) = (6, 7, 10)
        let copy = [
            Code.and(to: 3, -Int32(stackByteCount)),
            Code.move(to: 1, from: value),
            Code.add(to: 1, Int32(Field.stack.rawValue)),
            Code.load(to: 2, Int32(stackByteCount)),
            Code.call(read.rawValue),
            Code.storeWord(at: value, offset: Field.result.rawValue, from: 0),
        ]
        let found =
            [
                Code.move(to: value, from: 0),
                Code.loadWord(to: 3, at: context, offset: instructionOffset),
                Code.storeWord(at: value, offset: Field.instructionPointer.rawValue, from: 3),
                Code.loadWord(to: 3, at: context, offset: stackOffset),
                Code.storeWord(at: value, offset: Field.stackPointer.rawValue, from: 3),
                // Until the copy has said how it went: what lies there is an older stack.
                Code.storeWord(at: value, offset: Field.result.rawValue, 1),
                // Addresses of processes have the highest bit clear.
                Code.skipIfNotNegative(3, count: Int16(copy.count)),
            ] + copy
        // The context is the first argument, and is kept over the calls. The key of the processor's
        // value stands on the program's own stack.
        return [
            Code.move(to: context, from: 1),
            Code.call(Helper.processorNumber.rawValue),
            Code.storeHalf(at: frame, offset: -4, from: 0),
            Code.move(to: 2, from: frame),
            Code.add(to: 2, -4),
        ] + Code.loadMap(to: 1, array) + [
            Code.call(Helper.lookUp.rawValue),
            Code.skipIfZero(0, count: Int16(found.count)),
        ] + found + [
            // With 0 the sample itself would be left away.
            Code.load(to: 0, 1), Code.exit,
        ]
    }
}
