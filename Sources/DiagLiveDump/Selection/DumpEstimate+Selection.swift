public import DiagModel

extension DumpEstimate {
    /// What a dump of `selection` would cost.
    ///
    /// Kernel pages shrink to about three tenths with zstd at level -1 (0.26 to 0.36) and a quarter
    /// with zlib at level 1; each page takes 24 bytes more for its descriptor. One thread
    /// compresses some 55,000 pages a second with zstd and 20,000 with zlib, and copies 250,000 as
    /// they are. An ELF core file has its pages as they are, and neither descriptors nor bitmaps.
    ///
    /// Where the history has the rate of a dump with as many threads and that compression, that
    /// counts instead;
    /// `memoryByteCount` what the dump would set aside beside the selection's own memory.
    public init(
        selection: any PageSelection, options: LiveDumpOptions, pageByteCount: Int,
        threadCount: Int, history: DumpHistory? = nil, memoryByteCount: Int64 = 0,
        warnings: [String] = []
    ) {
        let rows = PageClass.allCases.compactMap { pageClass -> Row? in
            let index = Int(pageClass.rawValue)
            guard selection.tally.present[index] > 0 else { return nil }
            return Row(
                name: pageClass.name, pages: selection.tally.present[index],
                keptPages: selection.tally.kept[index], pageByteCount: pageByteCount)
        }
        let kept = Int64(selection.dumpedCount)
        let bytes = kept * Int64(pageByteCount)
        let isELF = options.format == .elf
        let tables = isELF ? 0 : kept * 24 + Int64(selection.pageFrameLimit / 8) * 2
        let compression: LiveDumpOptions.Compression = isELF ? .none : options.compression
        let (shrunk, rate) =
            switch compression {
            case .zstd: (bytes / 10 * 3, 55_000.0)
            case .zlib: (bytes / 4, 20_000.0)
            case .none: (bytes, 250_000.0)
            }
        // Rates are of pages of 4 KiB.
        let perThread = rate * 4096 / Double(max(pageByteCount, 1))
        let known = history?.pagesPerSecond(
            options.kind, compression: compression.rawValue, threadCount: threadCount)
        self.init(
            kind: options.kind, level: selection.appliedLevel,
            compression: compression.rawValue, pageByteCount: pageByteCount, rows: rows,
            fileByteCount: shrunk + tables + 2 * Int64(pageByteCount),
            pagesPerSecond: known ?? perThread * Double(max(threadCount, 1)),
            isRateMeasured: known != nil, threads: threadCount,
            memoryByteCount: memoryByteCount
                + LivePageSelection.memoryByteCount(
                    pageFrameLimit: Int(selection.pageFrameLimit),
                    keptPages: selection.dumpedCount, threadCount: threadCount),
            warnings: warnings)
    }
}
