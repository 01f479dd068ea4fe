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

    private init(
        limit: UInt64, present: MappedBitmap, dumped: MappedBitmap, count: Int,
        words: MappedWords, tally: PageTally, level: Int
    ) {
        pageFrameLimit = limit
        self.present = present
        self.dumped = dumped
        dumpedCount = count
        flagWords = words
        self.tally = tally
        appliedLevel = level
    }

    /// Chooses the page frames of `ranges`, or of `file` where the source is one, that `level`
    /// leaves; `words` gives what they hold, for 64 of them, and `nil` when that is not known.
    static func make(
        _ ranges: [MemoryRange], of file: KdumpSource?, pageByteCount: Int, level: Int,
        priorLevel: Int,
        words: ((UInt64, UnsafeMutableBufferPointer<UInt64>) -> Void)?
    ) throws(SystemCallError) -> ConvertedSelection {
        let page = UInt64(pageByteCount)
        let limit = file?.header.pageFrameLimit ?? (ranges.last?.end ?? 0) / page
        let present: MappedBitmap
        if let file {
            present = file.present
        } else {
            present = try MappedBitmap(count: Int(limit))
            for range in ranges {
                fill(present, Int(range.physicalAddress / page)..<Int(range.end / page))
            }
        }
        let source = file?.dumped ?? present
        let count = (0..<wordCount(source)).reduce(0) { $0 + word(source, $1).nonzeroBitCount }
        let dumped = try MappedBitmap(count: Int(limit))
        let flags = unsafe try MappedWords(count: words == nil ? 0 : count)
        var tally = PageTally()
        var kept = 0
        let room = try MappedMemory(byteCount: 64 * 8)
        let found = unsafe UnsafeMutableBufferPointer(
            start: room.bytes.baseAddress?.assumingMemoryBound(to: UInt64.self), count: 64)
        for index in 0..<wordCount(source) {
            var bits = word(source, index)
            guard bits != 0 else { continue }
            guard let words = unsafe words else {
                setWord(dumped, index, bits)
                tally.count(.kernel, isKept: true, by: bits.nonzeroBitCount)
                kept += bits.nonzeroBitCount
                continue
            }
            unsafe words(UInt64(index) * 64, found)
            var chosen: UInt64 = 0
            while bits != 0 {
                let bit = bits.trailingZeroBitCount
                bits &= bits &- 1
                let own = unsafe found[bit]
                let kind = PageClass.of(word: own)
                let isKept = kind.isKept(at: level)
                tally.count(kind, isKept: isKept)
                guard isKept else { continue }
                chosen |= 1 << UInt64(bit)
                flags[kept] = own
                kept += 1
            }
            setWord(dumped, index, chosen)
        }
        return unsafe ConvertedSelection(
            limit: limit, present: present, dumped: dumped, count: kept, words: flags,
            tally: tally, level: (words == nil ? 0 : level) | priorLevel)
    }

    private static func wordCount(_ bitmap: MappedBitmap) -> Int { (bitmap.count + 63) / 64 }

    private static func word(_ bitmap: MappedBitmap, _ index: Int) -> UInt64 {
        unsafe bitmap.memory.bytes.load(fromByteOffset: index * 8, as: UInt64.self)
    }

    private static func setWord(_ bitmap: MappedBitmap, _ index: Int, _ bits: UInt64) {
        unsafe bitmap.memory.bytes.storeBytes(
            of: bits, toByteOffset: index * 8, as: UInt64.self)
    }

    private static func fill(_ bitmap: MappedBitmap, _ range: Range<Int>) {
        var bit = range.lowerBound
        while bit < range.upperBound {
            if bit & 63 == 0, bit + 64 <= range.upperBound {
                setWord(bitmap, bit >> 6, .max)
                bit += 64
            } else {
                bitmap[bit] = true
                bit += 1
            }
        }
    }
}
