internal import DiagFormats
public import DiagModel
public import DiagSystem
public import SystemPackage

/// Writes a dump anew: filtered, compressed in another way, or in another format.
public enum DumpConversion {
    /// How a dump is written anew.
    public struct Options: Sendable {
        /// Which classes of pages are left out, beside those that the input does not have:
        /// makedumpfile's bits.
        public var level = 0
        /// How it is written.
        public var writing: DumpWriterOptions
        /// The input's name, as our own note has it.
        var origin = ""

        /// Everything that the input has, in the way of a live dump; `started` is what the output
        /// says of its time where the input says nothing.
        public init(started: Timestamp) {
            writing = DumpWriterOptions(started: started)
            writing.rereadRoundCount = 0
            writing.countsTornPages = false
        }
    }

    /// What was converted.
    public struct Outcome: Sendable {
        /// What was written.
        public var result: DumpResult
        /// Page frames by class; all are `kernel` where their classes are not known.
        public var tally: PageTally
        /// The level of the output: makedumpfile's bits.
        public var level: Int
        /// What the reader of the output should know.
        public var warnings: [String]
        /// Those of the warnings that tell of pages which the level was to leave out.
        public var lacks: [String]
    }

    /// A dump that is converted.
    private struct Input {
        /// Its path.
        var name: String
        var source: any MemorySource
        /// The same, where it is a kdump-compressed file.
        var kdump: KdumpSource?
        /// What an ELF file of ours does not hold.
        var holes: ELFHoles?
        /// Whether memory that it names lies behind its end.
        var isCut: Bool

        /// What it has left out already: makedumpfile's bits.
        var level: Int { Int(kdump?.header.dumpLevel ?? 0) | (holes?.report.level ?? 0) }
        /// Those of them that it has no page of any more. A live dump may have left out pages of
        /// processes, and kept those that are a virtual machine's.
        var goneLevel: Int {
            guard let mark = source.kernel.ownReport, mark.kind == .full,
                mark.includesUserPages || mark.includesGuestPages
            else { return level }
            return level & ~PageClass.guest.levelBit
        }

        /// A reader for the map of pages. Where a page that has no bytes may be one that was not
        /// copied, zeros are not what it held: such a page cannot be read.
        func makeMapReader() throws(LiveDumpError) -> any MemoryReader {
            let reader = try source.makeReader()
            guard let holes, !holes.isZero(.kernel) else { return reader }
            return FilledPageReader(
                reader, filled: holes.filled, pageByteCount: source.kernel.pageByteCount)
        }
    }

    /// Converts the dump at `path`: kdump-compressed, flattened or ELF.
    ///
    /// Without debug symbols, by VMCOREINFO alone, the classes of pages are those of the kernel's
    /// map of pages; in a dump of ours they stand beside the pages.
    ///
    /// - Throws: when the input is no dump, the output cannot be written from the start, or nothing
    ///   of what is to be left out can be told; then nothing was written.
    public static func run(
        input path: FilePath, output: DumpOutput, options: Options, control: DumpControl
    ) throws(LiveDumpError) -> Outcome {
        var options = options
        options.origin = path.lastComponent?.string ?? ""
        let file = try DumpFile(path: path)
        let magic = try file.bytes(Int(min(8, file.byteCount)), at: 0, "the first bytes")
        if magic.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
            let source = try ELFCoreSource(file)
            let holes = try ELFHoles(source)
            return try convert(
                Input(name: path.string, source: source, holes: holes, isCut: source.isCut),
                options, output, control)
        }
        guard magic == KdumpHeader.signature else {
            throw LiveDumpError(
                .unsupported, "\(path.string) is neither a kdump-compressed nor an ELF dump")
        }
        let source = try KdumpSource(file)
        let isCut = try source.isCut()
        return try convert(
            Input(name: path.string, source: source, kdump: source, isCut: isCut), options, output,
            control)
    }

    private static func convert(
        _ input: Input, _ options: Options, _ output: DumpOutput, _ control: DumpControl
    ) throws(LiveDumpError) -> Outcome {
        var options = options
        var warnings = [String]()
        var lacks = [String]()
        let kernel = input.source.kernel
        if let time = ConvertedNotes.time(of: kernel) { options.writing.started = time }
        if let header = input.kdump?.header, header.timeMicroseconds > 0 {
            options.writing.started = Timestamp(microsecondsSince1970: header.timeMicroseconds)
        }
        if input.isCut {
            warnings.append("the input was cut short: memory that it names is not in it")
        }
        if input.isCut || input.kdump?.isIncomplete == true
            || input.holes?.report.outcome == .partial
        {
            options.writing.isSourceIncomplete = true
            warnings.append("the input is incomplete, and so is the output")
        }
        let wanted = WantedClasses(level: options.level, prior: input.goneLevel)
        var hidesHugePages = false
        var words: ((UInt64, UnsafeMutableBufferPointer<UInt64>) -> UInt64)?
        if let kdump = input.kdump, let reader = try storedWordsReader(kdump) {
            unsafe words = unsafe storedWords(reader)
            hidesHugePages = kernel.ownReport?.hidesHugePages == true
        } else if let map = PageMapWords(kernel, reader: try input.makeMapReader()) {
            unsafe words = { frame, found in
                unsafe map.words(from: frame, count: found.count, into: found)
            }
            hidesHugePages = map.hidesHugePages
        } else if !wanted.isEmpty {
            throw wanted.nothingLeftOut(of: input.name, because: PageMapWords.obstacle(to: kernel))
        }
        if hidesHugePages, wanted.hasUserPages {
            lacks.append(
                "huge pages of processes (hugetlbfs) cannot be told from the kernel's by this"
                    + " VMCOREINFO, and stay if there are any")
        }
        if unsafe words == nil, input.holes?.areAllZero == false {
            warnings.append(
                "pages of zeros cannot be told from those that were left out: the output has "
                    + "none")
        }
        let selection: ConvertedSelection
        do {
            selection = unsafe try ConvertedSelection.make(
                input.source.ranges, of: input.kdump, pageByteCount: kernel.pageByteCount,
                level: options.level, priorLevel: input.level, wanted: wanted,
                hidden: hidesHugePages ? PageClass.user.levelBit : 0, holes: input.holes,
                words: words, isStopped: { control.isStopped })
        } catch { throw LiveDumpError(.inputOutput, error.description) }
        if let reason = control.stopReason { throw LiveDumpError(reason) }
        if !wanted.isEmpty, selection.untoldCount > 0 {
            lacks.append(try untold(selection, wanted, of: input.name))
        }
        warnings += lacks
        var notes = ConvertedNotes(
            of: kernel, from: (options.origin, input.kdump == nil ? .elf : .kdump),
            options: options.writing, warnings: warnings)
        notes.partialLevel = selection.partialLevel
        notes.hidesHugePages = hidesHugePages
        notes.leavesOutUserPages = wanted.hasUserPages
        let result = try DumpWriter.write(
            ImagedMemory(input.source), selection, notes: notes.notes(selection),
            options: options.writing, to: output, control: control,
            describe: { [notes] in notes.text(selection, $0) })
        return Outcome(
            result: result, tally: selection.tally, level: selection.appliedLevel,
            warnings: warnings, lacks: lacks)
    }

    /// What to say of pages whose part of the kernel's map of pages is not in the dump.
    ///
    /// - Throws: when it is in it for none of them.
    private static func untold(
        _ selection: ConvertedSelection, _ wanted: WantedClasses, of name: String
    ) throws(LiveDumpError) -> String {
        let (count, all) = (selection.untoldCount, selection.tally.present.reduce(0, +))
        guard count == all else {
            return "\(count) of \(all) pages were not left out, whatever they hold: their part of"
                + " the kernel's map of pages is not in the input"
        }
        throw wanted.nothingLeftOut(
            of: name, because: "the kernel's map of pages is not in the dump")
    }

    /// How many entries of the table are looked at for a word.
    private static let wordSearchCount = 1 << 20

    /// A reader of the words beside the pages, when the dump is of ours and has any: a dump whose
    /// pages could not be told has none, nor has one that makedumpfile wrote anew.
    private static func storedWordsReader(
        _ kdump: KdumpSource
    ) throws(LiveDumpError) -> KdumpReader? {
        guard kdump.kernel.notes.contains(where: { $0.name == DumpNotes.markName }) else {
            return nil
        }
        let reader = try KdumpReader(kdump)
        for index in 0..<min(kdump.dumpedCount, wordSearchCount) {
            guard let descriptor = reader.descriptor(at: index) else { return nil }
            if descriptor.pageFlags != 0 { return reader }
        }
        return nil
    }

    /// The words that a dump of ours has beside its pages, but for those that a conversion could not
    /// tell.
    private static func storedWords(
        _ reader: KdumpReader
    ) -> (UInt64, UnsafeMutableBufferPointer<UInt64>) -> UInt64 {
        { frame, found in
            var known = UInt64.max
            for index in 0..<found.count {
                let word = reader.descriptor(of: frame + UInt64(index))?.pageFlags ?? 0
                unsafe found[index] = word & ~PageFlags.untold
                if word & PageFlags.untold != 0 { known &= ~(1 << UInt64(index)) }
            }
            return known
        }
    }
}
