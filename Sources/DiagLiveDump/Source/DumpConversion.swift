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
    }

    /// Converts the dump at `path`: kdump-compressed, flattened or ELF.
    ///
    /// Without debug symbols, by VMCOREINFO alone, the classes of pages are those of the kernel's
    /// map of pages; in a dump of ours they stand beside the pages.
    ///
    /// - Throws: when the input is no dump, or the output cannot be written from the start.
    public static func run(
        input path: FilePath, output: DumpOutput, options: Options, control: DumpControl
    ) throws(LiveDumpError) -> Outcome {
        var options = options
        options.origin = path.lastComponent?.string ?? ""
        let file = try DumpFile(path: path)
        let magic = try file.bytes(Int(min(8, file.byteCount)), at: 0, "the first bytes")
        if magic.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
            let source = try ELFCoreSource(file)
            return try convert(
                source, nil, holes: ELFHoles(source), isCut: source.isCut, options, output,
                control)
        }
        guard magic == KdumpHeader.signature else {
            throw LiveDumpError(
                .unsupported, "\(path.string) is neither a kdump-compressed nor an ELF dump")
        }
        let source = try KdumpSource(file)
        return try convert(
            source, source, holes: nil, isCut: source.isCut(), options, output, control)
    }

    private static func convert(
        _ source: any MemorySource, _ kdump: KdumpSource?, holes: ELFHoles?, isCut: Bool,
        _ options: Options, _ output: DumpOutput, _ control: DumpControl
    ) throws(LiveDumpError) -> Outcome {
        var options = options
        var warnings = [String]()
        let kernel = source.kernel
        if let time = ConvertedNotes.time(of: kernel) { options.writing.started = time }
        var words: ((UInt64, UnsafeMutableBufferPointer<UInt64>) -> Void)?
        if let kdump {
            if kdump.header.timeMicroseconds > 0 {
                options.writing.started = Timestamp(
                    microsecondsSince1970: kdump.header.timeMicroseconds)
            }
        }
        if isCut {
            warnings.append("the input was cut short: memory that it names is not in it")
        }
        if isCut || kdump?.isIncomplete == true || holes?.report.outcome == .partial {
            options.writing.isSourceIncomplete = true
            warnings.append("the input is incomplete, and so is the output")
        }
        if let kdump, let reader = try storedWordsReader(kdump) {
            unsafe words = unsafe storedWords(reader)
        } else if let map = PageMapWords(kernel, reader: try source.makeReader()) {
            unsafe words = { frame, found in
                unsafe map.words(from: frame, count: found.count, into: found)
            }
        } else if options.level & ~1 != 0 {
            warnings.append(
                "what the pages hold cannot be told on this machine or from this VMCOREINFO: "
                    + "none is left out")
        }
        if unsafe words == nil, holes?.areAllZero == false {
            warnings.append(
                "pages of zeros cannot be told from those that were left out: the output has "
                    + "none")
        }
        let selection: ConvertedSelection
        do {
            selection = unsafe try ConvertedSelection.make(
                source.ranges, of: kdump, pageByteCount: kernel.pageByteCount,
                level: options.level,
                priorLevel: Int(kdump?.header.dumpLevel ?? 0) | (holes?.report.level ?? 0),
                holes: holes, words: words, isStopped: { control.isStopped })
        } catch { throw LiveDumpError(.inputOutput, error.description) }
        if let reason = control.stopReason { throw LiveDumpError(reason) }
        let notes = ConvertedNotes(
            of: kernel, from: (options.origin, kdump == nil ? .elf : .kdump),
            options: options.writing, warnings: warnings)
        let result = try DumpWriter.write(
            ImagedMemory(source), selection, notes: notes.notes(selection),
            options: options.writing, to: output, control: control,
            describe: { notes.text(selection, $0) })
        return Outcome(
            result: result, tally: selection.tally, level: selection.appliedLevel,
            warnings: warnings)
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

    /// The words that a dump of ours has beside its pages.
    private static func storedWords(
        _ reader: KdumpReader
    ) -> (UInt64, UnsafeMutableBufferPointer<UInt64>) -> Void {
        { frame, found in
            for index in 0..<found.count {
                unsafe found[index] =
                    reader.descriptor(of: frame + UInt64(index))?.pageFlags ?? 0
            }
        }
    }
}
