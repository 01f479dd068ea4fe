internal import DiagFormats
internal import DiagModel

/// Where memory and the kernel image lie, by the program headers of /proc/kcore.
struct KernelCoreLayout {
    /// Where x86-64 links its kernel image. Source: Linux 6.1
    /// arch/x86/include/asm/page_64_types.h, `__START_KERNEL_map`.
    static let imageMap: UInt64 = 0xFFFF_FFFF_8000_0000
    /// No memory lies beyond, on any machine. Source: Intel SDM volume 3, 4.1.4; Arm `FEAT_LPA`.
    static let physicalLimit: UInt64 = 1 << 52

    /// Memory, sorted, whole pages, not overlapping.
    var ranges: [MemoryRange]
    /// The kernel image, on x86-64.
    var image: MemoryRange?
    /// All ranges, sorted by kernel address.
    var virtualRanges: [ELFProgramHeader]
    /// Headers that were not used, and why.
    var warnings = [String]()
    private let machine: UInt16

    /// Sorts the headers of a file.
    ///
    /// - Throws: `unsupported` for other machines than x86-64 and AArch64, for kernels before
    ///   4.11, and when no memory is there.
    init(_ header: KernelCoreHeader, pageByteCount: Int) throws(LiveDumpError) {
        machine = header.machine
        guard machine == 62 || machine == 183 else {
            throw LiveDumpError(
                .unsupported, "machines of ELF number \(machine) cannot be dumped",
                remedy: "Only x86-64 and AArch64 can; let the hypervisor dump the machine.")
        }
        guard pageByteCount >= 4096, pageByteCount & (pageByteCount - 1) == 0 else {
            throw LiveDumpError(.unsupported, "pages of \(pageByteCount) bytes are not known")
        }
        if !header.loads.isEmpty, header.loads.allSatisfy({ $0.physicalAddress == 0 }) {
            throw LiveDumpError(
                .unsupported, "this kernel's /proc/kcore has no physical addresses",
                remedy: "Linux 4.11 and newer have them; let the hypervisor dump the machine.")
        }
        let page = UInt64(pageByteCount)
        var found = [MemoryRange]()
        virtualRanges = []
        for load in header.loads where load.memoryByteCount != 0 {
            let count = min(load.memoryByteCount, load.fileByteCount)
            if load.virtualAddress.addingReportingOverflow(count &- 1).overflow { continue }
            virtualRanges.append(load)
            guard load.physicalAddress != .max else { continue }
            guard load.physicalAddress < Self.physicalLimit, count < Self.physicalLimit else {
                warnings.append(
                    "/proc/kcore has memory beyond 52 bits of address: it was left out")
                continue
            }
            let start = (load.physicalAddress + page - 1) / page * page
            let end = (load.physicalAddress + count) / page * page
            guard start < end else { continue }
            let skipped = start - load.physicalAddress
            let range = MemoryRange(
                physicalAddress: start, byteCount: end - start,
                fileOffset: load.fileOffset &+ skipped,
                virtualAddress: load.virtualAddress &+ skipped)
            if machine == 62, load.virtualAddress >= Self.imageMap {
                if image == nil { image = range }
            } else {
                found.append(range)
            }
        }
        virtualRanges.sort { $0.virtualAddress < $1.virtualAddress }
        found.sort { $0.physicalAddress < $1.physicalAddress }
        ranges = []
        for var range in found {
            if let last = ranges.last, range.physicalAddress < last.end {
                let skipped = last.end - range.physicalAddress
                warnings.append("ranges of /proc/kcore overlap by \(skipped) bytes or more")
                guard skipped < range.byteCount else { continue }
                range.physicalAddress += skipped
                range.byteCount -= skipped
                range.fileOffset &+= skipped
                range.virtualAddress &+= skipped
            }
            ranges.append(range)
        }
        guard !ranges.isEmpty else {
            throw LiveDumpError(.unsupported, "/proc/kcore has no range of memory")
        }
    }

    /// Physical base, modulo 2^64: what is added to an address of the image, less its map.
    ///
    /// Source: Linux 6.1 arch/x86/kernel/machine_kexec_64.c and
    /// arch/arm64/kernel/machine_kexec.c, `arch_crash_save_vmcoreinfo`.
    func physicalBase(
        vmcoreInfo: VMCoreInfo, warnings: inout [String]
    ) throws(LiveDumpError) -> UInt64 {
        if machine == 183 {
            if let base = vmcoreInfo.number("PHYS_OFFSET") { return base }
            warnings.append("VMCOREINFO has no PHYS_OFFSET: the lowest memory stands for it")
            return ranges.first?.physicalAddress ?? 0
        }
        let told = vmcoreInfo.number("phys_base")
        guard let image else {
            if let told { return told }
            throw LiveDumpError(
                .unsupported, "neither /proc/kcore nor VMCOREINFO says where the kernel lies")
        }
        let base = image.physicalAddress &- (image.virtualAddress &- Self.imageMap)
        if let told, told != base {
            warnings.append(
                "physical base is 0x\(String(base, radix: 16)) by /proc/kcore, "
                    + "0x\(String(told, radix: 16)) by VMCOREINFO")
        }
        if let offset = vmcoreInfo.kernelOffset {
            // Without KASLR the image begins somewhere in the first gibibyte of its map.
            let linked = image.virtualAddress &- offset
            if linked < Self.imageMap || linked &- Self.imageMap >= 1 << 30 {
                warnings.append("KERNELOFFSET of VMCOREINFO does not fit the kernel image")
            }
        }
        if let start = vmcoreInfo.symbol("_stext"),
            start &- image.virtualAddress >= image.byteCount
        {
            warnings.append("_stext of VMCOREINFO lies outside of the kernel image")
        }
        return base
    }
}
