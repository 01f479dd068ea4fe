internal import DiagFormats
internal import DiagModel
internal import DiagSystem

/// The notes of a dump that is written anew: those of the input, crash's mark as the format of the
/// output wants it, and our own, which tells what is in the output.
///
/// Our own note has the members of ``LiveDumpReport`` that the input's had, with `level`, `pages`,
/// `outcome` and `obstacle` of the output. Of a dump that was not ours it has these alone. The
/// member `conversion` tells which: `from`, the input's name, and `format`, `kdump` or `elf`.
/// `partialLevel` are the classes of which some pages were left out and others may be there;
/// `hidesHugePages` says that huge pages of processes may stand among the kernel's.
struct ConvertedNotes {
    /// Members of a live dump's note that are about its file, not about what it holds.
    private static let ofTheFile = [
        "obstacle", "limits", "stages", "file", "stackFiles", "openWith",
    ]
    /// Bytes of a note that are taken over.
    private static let largestMark = 1 << 20

    private let kernel: DumpedKernel
    private let format: LiveDumpOptions.Format
    private let origin: JSONValue
    private let warnings: [String]
    private let isSourceIncomplete: Bool
    /// Our own note in the input.
    private let mark: [String: JSONValue]?
    /// Classes of which this conversion left out some pages: makedumpfile's bits.
    var partialLevel = 0
    /// Whether huge pages of processes are taken for the kernel's.
    var hidesHugePages = false
    /// Whether pages of processes, and with them those of virtual machines, were to go.
    var leavesOutUserPages = false

    /// - Parameters:
    ///   - kernel: that of the input, with its notes.
    ///   - origin: the input's name, and how it is laid out.
    ///   - options: how the output is written.
    ///   - warnings: what the reader of the output should know.
    init(
        of kernel: DumpedKernel, from origin: (name: String, format: LiveDumpOptions.Format),
        options: DumpWriterOptions, warnings: [String]
    ) {
        self.kernel = kernel
        format = options.format
        self.origin = [
            "from": .string(origin.name), "format": .string(origin.format.rawValue),
        ]
        self.warnings = warnings
        isSourceIncomplete = options.isSourceIncomplete
        mark = Self.mark(of: kernel)
    }

    /// When the dump with these notes was begun, or its system stopped; `nil` when they do not say.
    static func time(of kernel: DumpedKernel) -> Timestamp? {
        if let text = mark(of: kernel)?["started"]?.text, let time = Timestamp(text) { return time }
        let seconds = VMCoreInfo(parsing: kernel.vmcoreInfo.span).crashTime ?? 0
        guard seconds > 0, seconds < 253_402_300_800 else { return nil }
        return Timestamp(microsecondsSince1970: seconds * 1_000_000)
    }

    /// The notes of the output, as they are before the first page is written.
    func notes(_ selection: any PageSelection) -> DumpNotes {
        var notes = kernel.notes.filter { !Self.isMark($0) }
        for index in notes.indices
        where notes[index].name == "SNAP" && notes[index].type == ELFNote.taskStructure {
            notes[index] = DumpNotes.liveMark(kernel: kernel, format: format)
        }
        if !kernel.vmcoreInfo.isEmpty, !notes.contains(where: { $0.name == "VMCOREINFO" }) {
            notes.append(ELFNote(name: "VMCOREINFO", type: 0, descriptor: kernel.vmcoreInfo))
        }
        return DumpNotes(notes, mark: text(selection, nil))
    }

    /// The text of our own note; `result` is what was written, `nil` at the start.
    func text(_ selection: any PageSelection, _ result: DumpResult?) -> [UInt8]? {
        var members = mark ?? [:]
        for name in Self.ofTheFile { members[name] = nil }
        members["conversion"] = origin
        members["level"] = .integer(selection.appliedLevel)
        let before = kernel.ownReport?.partialLevel ?? 0
        let isGone = leavesOutUserPages && partialLevel & PageClass.user.levelBit == 0
        let partial = partialLevel | before & ~selection.appliedLevel
        members["partialLevel"] = partial == 0 ? nil : .integer(partial)
        members["hidesHugePages"] = hidesHugePages ? true : nil
        if isGone {
            for name in ["includesUserPages", "includesGuestPages"] where members[name] != nil {
                members[name] = false
            }
        }
        members["pageByteCount"] = .integer(kernel.pageByteCount)
        if case .array(var parameters)? = members["parameters"], parameters.count > 2 {
            parameters[2] = .string(
                LiveSystemDumpCode.hexadecimal(UInt64(clamping: selection.appliedLevel)))
            members["parameters"] = .array(parameters)
        }
        var known = [JSONValue]()
        if case .array(let list)? = members["warnings"] { known = list }
        known += warnings.map(JSONValue.string).filter { !known.contains($0) }
        if !known.isEmpty { members["warnings"] = .array(known) }
        members["pages"] = .object(pages(selection, result))
        let obstacle = obstacle(result)
        members["outcome"] = obstacle == nil ? "complete" : "partial"
        members["obstacle"] = obstacle
        return try? JSONDocument.encode(JSONValue.object(members), layout: .line)
    }

    /// Why the output does not have all that it should have.
    private func obstacle(_ result: DumpResult?) -> JSONValue? {
        func because(
            _ cause: LiveDumpReport.Obstacle.Cause, _ message: String
        ) -> JSONValue {
            ["cause": .string(cause.rawValue), "message": .string(message)]
        }
        guard let result else {
            return because(.interrupted, "the conversion did not come to its end")
        }
        if let obstacle = result.obstacle { return because(obstacle.cause, obstacle.message) }
        // What the kernel itself refused to the first dump is no fault of this one.
        if result.pagesUnreadable > refusedCount {
            return because(
                .inputOutput, "\(result.pagesUnreadable) pages could not be read from the input")
        }
        if isSourceIncomplete || !result.isComplete {
            return mark?["obstacle"] ?? because(.inputOutput, "the input lacks pages")
        }
        return nil
    }

    /// Pages that could not be read when the first dump was made.
    private var refusedCount: Int {
        guard case .object(let pages)? = mark?["pages"],
            case .integer(let count)? = pages["unreadable"]
        else { return 0 }
        return Int(clamping: count)
    }

    private func pages(
        _ selection: any PageSelection, _ result: DumpResult?
    ) -> [String: JSONValue] {
        let tally = selection.tally
        var pages = [String: JSONValue]()
        // What the machine had is what the first dump of it says.
        if case .object(let before)? = mark?["pages"] {
            let classes = Set(PageClass.allCases.map(\.name))
            pages = before.filter { classes.contains($0.key) }
        }
        let isKnown = selection.flagWords.count > 0
        let isAll =
            pages.isEmpty && isKnown
            && tally.present.reduce(0, +) == Self.count(selection.present)
        var kept = [String: Int]()
        for pageClass in PageClass.allCases where isKnown {
            let index = Int(pageClass.rawValue)
            if isAll, tally.present[index] > 0 {
                pages[pageClass.name] = .integer(tally.present[index])
            }
            if tally.kept[index] > 0 { kept[pageClass.name] = tally.kept[index] }
        }
        if kept.isEmpty { kept["unknown"] = selection.dumpedCount }
        for (name, count) in kept { pages["kept." + name] = .integer(count) }
        if let result {
            pages["copied"] = .integer(result.pagesCopied)
            pages["zero"] = .integer(result.pagesZero)
            pages["unreadable"] = .integer(result.pagesUnreadable)
        }
        return pages
    }

    private static func count(_ bitmap: MappedBitmap) -> Int {
        (0..<(bitmap.count + 63) / 64).reduce(0) {
            unsafe $0
                + bitmap.memory.bytes.load(fromByteOffset: $1 * 8, as: UInt64.self).nonzeroBitCount
        }
    }

    private static func isMark(_ note: ELFNote) -> Bool {
        note.name == DumpNotes.markName && note.type == DumpNotes.markType
    }

    private static func mark(of kernel: DumpedKernel) -> [String: JSONValue]? {
        guard let note = kernel.notes.first(where: isMark), note.descriptor.count <= largestMark,
            let value = try? JSONDocument.decode(
                JSONValue.self, from: note.descriptor.prefix { $0 != 0 }),
            case .object(let members) = value
        else { return nil }
        return members
    }
}
