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
        let file = try DumpFile(path: path)
        let magic = try file.bytes(Int(min(8, file.byteCount)), at: 0, "the first bytes")
        if magic.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
            let source = try ELFCoreSource(file)
            return try convert(source, nil, options, output, control)
        }
        guard magic == KdumpHeader.signature else {
            throw LiveDumpError(
                .unsupported, "\(path.string) is neither a kdump-compressed nor an ELF dump")
        }
        let source = try KdumpSource(file)
        return try convert(source, source, options, output, control)
    }

    private static func convert(
        _ source: any MemorySource, _ kdump: KdumpSource?, _ options: Options,
        _ output: DumpOutput, _ control: DumpControl
    ) throws(LiveDumpError) -> Outcome {
        var options = options
        var warnings = [String]()
        let kernel = source.kernel
        var words: ((UInt64, UnsafeMutableBufferPointer<UInt64>) -> Void)?
        if let kdump {
            options.writing.isSourceIncomplete = kdump.isIncomplete
            if kdump.header.timeMicroseconds > 0 {
                options.writing.started = Timestamp(
                    microsecondsSince1970: kdump.header.timeMicroseconds)
            }
            if kdump.isIncomplete {
                warnings.append("the input is incomplete, and so is the output")
            }
        }
        if let kdump, kernel.notes.contains(where: { $0.name == DumpNotes.markName }) {
            unsafe words = unsafe storedWords(try KdumpReader(kdump))
        } else if let map = PageMapWords(kernel, reader: try source.makeReader()) {
            unsafe words = { frame, found in
                unsafe map.words(from: frame, count: found.count, into: found)
            }
        } else if options.level & ~1 != 0 {
            warnings.append(
                "what the pages hold cannot be told on this machine or from this VMCOREINFO: "
                    + "none is left out")
        }
        let selection: ConvertedSelection
        do {
            selection = unsafe try ConvertedSelection.make(
                source.ranges, of: kdump, pageByteCount: kernel.pageByteCount,
                level: options.level, priorLevel: Int(kdump?.header.dumpLevel ?? 0), words: words)
        } catch { throw LiveDumpError(.inputOutput, error.description) }
        let result = try DumpWriter.write(
            source, selection, notes: DumpNotes(kernel.notes), options: options.writing,
            to: output, control: control)
        return Outcome(
            result: result, tally: selection.tally, level: selection.appliedLevel,
            warnings: warnings)
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
