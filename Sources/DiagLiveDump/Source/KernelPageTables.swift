internal import DiagFormats
internal import DiagSystem

/// The kernel's own page tables on x86-64, walked through the memory of a dump.
///
/// Source: Intel 64 Architectures Software Developer's Manual, volume 3A, section 4.5, "4-level
/// paging and 5-level paging".
@safe final class KernelPageTables {
    private let reader: any MemoryReader
    private let root: UInt64
    private let levelCount: Int
    private let encryptionMask: UInt64
    private let addressMask: UInt64 = 0x000F_FFFF_FFFF_F000

    /// Walks from `swapper_pg_dir`; `nil` for another machine, or where VMCOREINFO has no place.
    init?(_ kernel: DumpedKernel, _ info: VMCoreInfo, _ reader: any MemoryReader) {
        guard kernel.machine == 62,
            let symbol = info.symbol("swapper_pg_dir") ?? info.symbol("init_top_pgt")
                ?? info.symbol("init_level4_pgt"),
            let root = KernelAddress.imagePhysical(symbol, kernel, info)
        else { return nil }
        self.reader = reader
        encryptionMask = info.number("sme_mask") ?? 0
        self.root = root
        levelCount = info.number("pgtable_l5_enabled") == 1 ? 5 : 4
    }

    /// The physical address of `address`, and how many bytes from there on lie side by side.
    func translate(_ address: UInt64) -> (physical: UInt64, byteCount: UInt64)? {
        var table = root
        for level in (0..<levelCount).reversed() {
            let shift = UInt64(12 + 9 * level)
            guard let entry = word(at: table &+ ((address >> shift) & 511) * 8), entry & 1 != 0
            else { return nil }
            let target = entry & addressMask & ~encryptionMask
            if level == 0 || (level <= 2 && entry & 0x80 != 0) {
                let size = UInt64(1) << shift
                let offset = address & (size - 1)
                return (target & ~(size - 1) &+ offset, size - offset)
            }
            table = target
        }
        return nil
    }

    /// Reads from the kernel's address on; the count of bytes, up to the first that has no place.
    func read(at address: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        while done < bytes.count {
            guard let place = translate(address &+ UInt64(done)) else { break }
            let part = Int(min(place.byteCount, UInt64(bytes.count - done)))
            let count = unsafe reader.readAcross(
                at: place.physical,
                into: UnsafeMutableRawBufferPointer(rebasing: bytes[done..<(done + part)]))
            done += max(0, count)
            if count < part { break }
        }
        return done
    }

    private func word(at physical: UInt64) -> UInt64? {
        var value: UInt64 = 0
        let count = unsafe withUnsafeMutableBytes(of: &value) {
            unsafe reader.readAcross(at: physical, into: $0)
        }
        return count == 8 ? UInt64(littleEndian: value) : nil
    }
}
