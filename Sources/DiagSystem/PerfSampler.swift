internal import CLinux
internal import Glibc
internal import SystemPackage

/// A perf event that samples whatever runs on one processor.
///
/// The ring is used once: records that find no room are lost, and the kernel counts them.
/// Source: perf_event_open(2). Needs CAP_PERFMON, CAP_SYS_ADMIN, or `perf_event_paranoid` below 0.
@safe public final class PerfSampler {
    /// What makes the processor take a sample.
    public enum Trigger: Sendable, CaseIterable {
        /// The PMU counts cycles: samples also where interrupts are off; none while it is idle.
        case cycles
        /// A timer: every machine has it, and it wakes an idle processor.
        case clock
    }

    /// Pages of the ring, behind the page that controls it: 32 KiB, or one page where that is more.
    private static let ringPageCount = max(1, 32_768 / Int(getpagesize()))

    /// The processor's number.
    public let processor: Int
    /// The mask of the registers in each sample; 0 when the kernel gives none.
    public let registerMask: UInt64
    let descriptor: OwnedDescriptor
    private let memory: UnsafeMutableRawBufferPointer
    private let pageByteCount: Int

    private init(
        processor: Int, registerMask: UInt64, descriptor: consuming OwnedDescriptor,
        memory: UnsafeMutableRawBufferPointer, pageByteCount: Int
    ) {
        self.processor = processor
        self.registerMask = registerMask
        self.descriptor = descriptor
        unsafe self.memory = memory
        self.pageByteCount = pageByteCount
    }

    deinit { _ = unsafe munmap(memory.baseAddress, memory.count) }

    /// Opens an event on `processor`, 0 or more; it takes no samples yet.
    ///
    /// `period`: nanoseconds of the clock, or cycles, from one sample to the next. Where the kernel
    /// cannot give registers (`EOPNOTSUPP`, `EINVAL`), the samples have none.
    public static func open(
        processor: Int, trigger: Trigger, registerMask: UInt64, period: UInt64 = 1_000_000
    ) throws(SystemCallError) -> PerfSampler {
        var mask = registerMask
        let hardware: CInt = trigger == .cycles ? 1 : 0
        var raw = diag_perf_open(CInt(clamping: processor), hardware, mask, period)
        if raw < 0, mask != 0, [.invalidArgument, .notSupported].contains(Errno.last) {
            mask = 0
            raw = diag_perf_open(CInt(clamping: processor), hardware, 0, period)
        }
        guard raw >= 0 else {
            throw SystemCallError(
                operation: "perf_event_open", object: "processor \(processor)", errno: .last)
        }
        let descriptor = OwnedDescriptor(owning: raw)
        let page = Int(getpagesize())
        let byteCount = (1 + ringPageCount) * page
        let address = unsafe mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.rawValue, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw SystemCallError(
                operation: "mmap", object: "the samples of processor \(processor)", errno: .last)
        }
        return unsafe PerfSampler(
            processor: processor, registerMask: mask, descriptor: descriptor,
            memory: UnsafeMutableRawBufferPointer(start: address, count: byteCount),
            pageByteCount: page)
    }

    /// Starts taking samples.
    public func enable() throws(SystemCallError) {
        try systemCall("perf enable", on: "processor \(processor)") {
            diag_perf_enable(descriptor.rawValue)
        }
    }

    /// Takes no more samples.
    public func disable() { _ = diag_perf_disable(descriptor.rawValue) }

    /// Whether there is a record.
    public var hasRecords: Bool { recordByteCount != 0 }

    /// Bytes of all records so far; it grows with each until the ring is full.
    public var recordByteCount: UInt64 { unsafe diag_perf_head(memory.baseAddress) }

    /// The records so far, whole ones; the ring is used once, so it never wraps: what has no room
    /// is lost, which the kernel counts.
    public func records() -> [UInt8] {
        let head = unsafe diag_perf_head(memory.baseAddress)
        let byteCount = Int(min(head, UInt64(Self.ringPageCount * pageByteCount)))
        return unsafe Array(memory[pageByteCount..<(pageByteCount + byteCount)])
    }
}

extension Poller {
    /// Watches a sampler for its next sample.
    public mutating func watch(_ sampler: PerfSampler, tag: Int) {
        watch(sampler.descriptor, tag: tag)
    }
}
