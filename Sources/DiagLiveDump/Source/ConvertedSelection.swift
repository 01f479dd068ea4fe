internal import DiagFormats
internal import DiagSystem

/// Which page frames of a dump go into another one.
final class ConvertedSelection: PageSelection {
    let pageFrameLimit: UInt64
    let present: MappedBitmap
    let dumped: MappedBitmap
    let dumpedCount: Int
    let flagWords: MappedWords
    let tally: PageTally
    let appliedLevel: Int
    /// Classes of which pages were left out, and of which the dump may have others: makedumpfile's
    /// bits.
    let partialLevel: Int
    /// Page frames among those dumped of which nothing tells what they hold, although it is told of
    /// others.
    let untoldCount: Int

    private init(
        limit: UInt64, present: MappedBitmap, dumped: MappedBitmap, count: Int,
        words: MappedWords, tally: PageTally, level: Int, partialLevel: Int, untoldCount: Int
    ) {
        pageFrameLimit = limit
        self.present = present
        self.dumped = dumped
        dumpedCount = count
        flagWords = words
        self.tally = tally
        appliedLevel = level
        self.partialLevel = partialLevel
        self.untoldCount = untoldCount
    }

    /// Chooses the page frames of `ranges`, or of `file` where the source is one, that `level`
    /// leaves; `words` gives what they hold, for 64 of them, with a bit for each of which that is
    /// known, and is `nil` when it is known of none. `holes` tells which of them have no bytes, in
    /// an ELF file of ours.
    ///
    /// `priorLevel` is what the input has left out, and `hidden` are the classes of which `words`
    /// does not know all pages. Of a class that the input may still have, and of which some pages
    /// could not be told, the output does not claim to be free.
    ///
    /// A level without classes leaves out nothing that the input has, whatever it holds. After
    /// `isStopped` says so the selection is not whole.
    static func make(
        _ ranges: [MemoryRange], of file: KdumpSource?, pageByteCount: Int, level: Int,
        priorLevel: Int, wanted: WantedClasses, hidden: Int = 0, holes: ELFHoles? = nil,
        words: ((UInt64, UnsafeMutableBufferPointer<UInt64>) -> UInt64)?,
        isStopped: () -> Bool
    ) throws(SystemCallError) -> ConvertedSelection {
        let page = UInt64(pageByteCount)
        let limit = file?.header.pageFrameLimit ?? (ranges.last?.end ?? 0) / page
        let present: MappedBitmap
        if let file {
            present = file.present
        } else {
            present = try MappedBitmap(count: Int(limit))
            for range in ranges {
                present.set((range.physicalAddress / page)..<(range.end / page))
            }
        }
        let source = file?.dumped ?? present
        let count = (0..<wordCount(source)).reduce(0) { $0 + word(source, $1).nonzeroBitCount }
        let dumped = try MappedBitmap(count: Int(limit))
        let flags = unsafe try MappedWords(count: words == nil ? 0 : count)
        var tally = PageTally()
        var kept = 0
        var untold = 0
        let room = try MappedMemory(byteCount: 64 * 8)
        let found = unsafe UnsafeMutableBufferPointer(
            start: room.bytes.baseAddress?.assumingMemoryBound(to: UInt64.self), count: 64)
        let keepsAll = level & ~1 == 0
        for index in 0..<wordCount(source) {
            if isStopped() { break }
            var bits = word(source, index)
            var filled = UInt64.max
            if let holes {
                filled = word(holes.filled, index)
                // A page of zeros would be false where what was left out cannot be told from one.
                if unsafe words == nil, !holes.areAllZero { bits &= filled }
            }
            guard bits != 0 else { continue }
            guard let words = unsafe words else {
                setWord(dumped, index, bits)
                tally.count(.kernel, isKept: true, by: bits.nonzeroBitCount)
                kept += bits.nonzeroBitCount
                continue
            }
            let known = unsafe words(UInt64(index) * 64, found)
            var chosen: UInt64 = 0
            while bits != 0 {
                let bit = bits.trailingZeroBitCount
                bits &= bits &- 1
                let own = unsafe found[bit]
                let kind = PageClass.of(word: own)
                let isThere = filled >> UInt64(bit) & 1 == 1 || holes?.isZero(kind) != false
                let isKept = isThere && (keepsAll || kind.isKept(at: level))
                tally.count(kind, isKept: isKept)
                guard isKept else { continue }
                let isTold = known >> UInt64(bit) & 1 == 1
                if !isTold { untold += 1 }
                chosen |= 1 << UInt64(bit)
                flags[kept] = isTold ? own : own | PageFlags.untold
                kept += 1
            }
            setWord(dumped, index, chosen)
        }
        // Without words nothing was left out.
        let asked = unsafe words == nil ? 0 : level & ~1
        let partial = asked & wanted.bits & (untold > 0 ? ~0 : hidden)
        return ConvertedSelection(
            limit: limit, present: present, dumped: dumped, count: kept, words: flags,
            tally: tally, level: asked & ~partial | priorLevel, partialLevel: partial,
            untoldCount: untold)
    }

    private static func wordCount(_ bitmap: MappedBitmap) -> Int { (bitmap.count + 63) / 64 }

    private static func word(_ bitmap: MappedBitmap, _ index: Int) -> UInt64 {
        unsafe bitmap.memory.bytes.load(fromByteOffset: index * 8, as: UInt64.self)
    }

    private static func setWord(_ bitmap: MappedBitmap, _ index: Int, _ bits: UInt64) {
        unsafe bitmap.memory.bytes.storeBytes(
            of: bits, toByteOffset: index * 8, as: UInt64.self)
    }
}
