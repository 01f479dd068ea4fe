internal import DiagFormats

/// The memory of a dump that does not tell where its kernel's image lies: a kdump-compressed file
/// has no place for it, and crash wants its LOAD in an ELF file.
///
/// On x86-64 the image begins at `_stext`, and reaches at least to the highest symbol of
/// VMCOREINFO: that much is told. Source: crash 8.0.6 x86_64.c, `x86_64_calc_phys_base`, which
/// takes the physical base from the LOAD of the image.
struct ImagedMemory: MemorySource {
    let kernel: DumpedKernel
    let ranges: [MemoryRange]
    private let base: any MemorySource

    init(_ base: any MemorySource) {
        self.base = base
        ranges = base.ranges
        var kernel = base.kernel
        if kernel.image == nil { kernel.image = Self.image(kernel, base.ranges) }
        self.kernel = kernel
    }

    func makeReader() throws(LiveDumpError) -> any MemoryReader { try base.makeReader() }

    private static func image(_ kernel: DumpedKernel, _ ranges: [MemoryRange]) -> MemoryRange? {
        let info = VMCoreInfo(parsing: kernel.vmcoreInfo.span)
        // Without its base no address of the image can be told.
        guard kernel.machine == 62, info.number("phys_base") != nil,
            let text = info.symbol("_stext"), KernelAddress.isImage(text)
        else { return nil }
        let page = UInt64(kernel.pageByteCount)
        let start = text / page * page
        let highest =
            info.values.keys.lazy.filter { $0.hasPrefix("SYMBOL(") && $0.hasSuffix(")") }
            .compactMap { info.symbol(String($0.dropFirst(7).dropLast())) }
            .filter { KernelAddress.isImage($0) && $0 >= start && $0 - start < largestByteCount }
            .max() ?? start
        guard let physical = KernelAddress.imagePhysical(start, kernel, info),
            physical % page == 0,
            let range = ranges.first(where: {
                $0.physicalAddress <= physical && physical < $0.end
            })
        else { return nil }
        let byteCount = min((highest - start) / page * page + page, range.end - physical)
        return MemoryRange(
            physicalAddress: physical, byteCount: byteCount,
            fileOffset: range.fileOffset &+ (physical - range.physicalAddress),
            virtualAddress: start)
    }

    /// The room for the image. Source: Linux 6.1 arch/x86/include/asm/page_64_types.h,
    /// `KERNEL_IMAGE_SIZE`.
    private static let largestByteCount: UInt64 = 1 << 30
}
