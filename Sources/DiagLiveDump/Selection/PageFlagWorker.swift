internal import DiagSystem

/// What one thread does of a pass over /proc/kpageflags.
final class PageFlagWorker {
    private let file: OwnedDescriptor
    private let buffer: MappedMemory
    private let rule: PageFlagScan.Rule
    private let present: MappedBitmap
    private let dumped: MappedBitmap
    private let words: MappedWords
    /// What was counted so far.
    private(set) var tally = PageTally()
    /// Frames whose word the kernel did not give.
    private(set) var unknownCount = 0

    init(
        file: consuming OwnedDescriptor, buffer: MappedMemory, rule: PageFlagScan.Rule,
        present: MappedBitmap, dumped: MappedBitmap, words: MappedWords
    ) {
        self.file = file
        self.buffer = buffer
        self.rule = rule
        self.present = present
        self.dumped = dumped
        self.words = words
    }

    /// Reads and sorts the frames of a unit; how many of them are kept.
    func scan(_ unit: PageFlagScan.Plan.Unit) -> Int {
        var kept = 0
        for frames in unit.frames { kept += scan(frames, wordsAt: unit.offset + kept) }
        return kept
    }

    private func scan(_ frames: Range<Int>, wordsAt offset: Int) -> Int {
        let target = unsafe UnsafeMutableRawBufferPointer(
            rebasing: buffer.bytes[..<(frames.count * 8)])
        let known = unsafe file.readMemory(into: target, at: UInt64(frames.lowerBound) * 8) / 8
        for index in known..<frames.count {
            unsafe target.storeBytes(of: rule.unknownWord, toByteOffset: index * 8, as: UInt64.self)
        }
        unknownCount += frames.count - known
        var inherited = unsafe head(before: frames.lowerBound, first: target.load(as: UInt64.self))
        let source = unsafe target.bindMemory(to: UInt64.self)
        let output = unsafe words.memory.bytes.bindMemory(to: UInt64.self)
        let presentBytes = unsafe present.memory.bytes
        let dumpedBytes = unsafe dumped.memory.bytes
        let isPlain = rule.guests == nil && rule.wanted == nil && rule.unwanted == nil
        // The counts are its own meanwhile: each access to a property of a class is checked.
        var counts = PageTally()
        let keeps = rule.keeps
        var keptCount = 0
        var presentByte: UInt8 = 0
        var dumpedByte: UInt8 = 0
        for index in 0..<frames.count {
            var word = unsafe source[index]
            if word & PageFlags.tail != 0 {
                word |= inherited
            } else {
                inherited = PageFlags.inherited(from: word)
            }
            let frame = frames.lowerBound + index
            var pageClass = PageClass.of(word: word)
            var isKept = keeps[Int(pageClass.rawValue)]
            if !isPlain { adjust(frame, &word, &pageClass, &isKept) }
            counts.present[Int(pageClass.rawValue)] &+= 1
            let bit: UInt8 = 1 << UInt8(frame & 7)
            presentByte |= bit
            if isKept {
                counts.kept[Int(pageClass.rawValue)] &+= 1
                dumpedByte |= bit
                unsafe output[offset + keptCount] = word
                keptCount += 1
            }
            if frame & 7 == 7 || index == frames.count - 1 {
                unsafe presentBytes[frame >> 3] |= presentByte
                unsafe dumpedBytes[frame >> 3] |= dumpedByte
                presentByte = 0
                dumpedByte = 0
            }
        }
        tally.add(counts)
        return keptCount
    }

    private func adjust(
        _ frame: Int, _ word: inout UInt64, _ pageClass: inout PageClass, _ isKept: inout Bool
    ) {
        if let guests = rule.guests, frame < guests.count, guests[frame] {
            switch pageClass {
            case .user, .cache, .cachePrivate:
                word |= PageFlags.guest
                pageClass = .guest
                isKept = rule.keeps[Int(PageClass.guest.rawValue)]
            default: break
            }
        }
        if let wanted = rule.wanted, frame < wanted.count, wanted[frame] {
            // What has become free, cache or a process's since it was found is not wanted: the
            // image's own start-up code is given back, for one.
            isKept = isKept || (pageClass.isReadable && pageClass.levelBit == 0)
        } else if let unwanted = rule.unwanted, frame < unwanted.count, unwanted[frame] {
            isKept = false
        }
    }

    /// What the first frames take from a head that lies before them: compound pages begin at
    /// multiples of their size, a power of two of at most 2^20 pages.
    private func head(before frame: Int, first: UInt64) -> UInt64 {
        guard first & PageFlags.tail != 0 else { return 0 }
        for order in 1...20 {
            let candidate = frame & ~((1 << order) - 1)
            guard candidate != frame else { continue }
            guard let bytes = file.readExactly(8, at: UInt64(candidate) * 8) else { return 0 }
            let word = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
            if word & PageFlags.head != 0 { return PageFlags.inherited(from: word) }
            guard word & PageFlags.tail != 0 else { return 0 }
        }
        return 0
    }
}
