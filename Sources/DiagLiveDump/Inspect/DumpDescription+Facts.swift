internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Numbers as `0x…`.
enum HexadecimalText {
    /// At least `digits` digits.
    static func describe(_ value: UInt64, digits: Int = 1) -> String {
        let text = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    /// The number that `0x…` stands for.
    static func parse(_ text: String) -> UInt64? {
        guard text.hasPrefix("0x") else { return nil }
        return UInt64(text.dropFirst(2), radix: 16)
    }
}

extension DumpDescription {
    /// The six names of uname(2); an empty one says nothing.
    mutating func setNames(_ names: [String]) {
        func name(_ index: Int) -> String? {
            index < names.count && !names[index].isEmpty ? names[index] : nil
        }
        system = name(0) ?? system
        host = name(1) ?? host
        release = name(2) ?? release
        version = name(3) ?? version
        machine = name(4) ?? machine
    }

    /// A time from a header; one outside the years 1970 to 9999 is not believed.
    mutating func setTime(microseconds: Int64, _ source: String) {
        guard microseconds != 0 else { return }
        guard microseconds > 0, microseconds < 253_402_300_800_000_000 else {
            warnings.append("\(source) has an impossible time.")
            return
        }
        time = Timestamp(microsecondsSince1970: microseconds)
    }

    /// A level; bits that mean nothing are told.
    mutating func setLevel(_ value: Int) {
        level = value
        leftOut = Self.classes(ofLevel: value)
        if value & ~31 != 0 { warnings.append("The level \(value) has bits that mean nothing.") }
    }

    /// What our own note or the report beside the file says. Each member counts for itself: an
    /// older or newer program may have written others.
    mutating func apply(report: JSONValue) {
        func text(_ value: JSONValue?) -> String? { value?.text.flatMap { $0.isEmpty ? nil : $0 } }
        func count(_ value: JSONValue?) -> Int? {
            if case .integer(let number)? = value, number >= 0 { return Int(number) }
            return nil
        }
        writer = "diagbundle"
        // A note with nothing but a conversion is of a dump that was not ours.
        if report["conversion"] == nil || report["schema"] != nil {
            isLive = true
            kind =
                text(report["kind"]) == LiveDumpReport.Kind.stacks.rawValue
                ? "live kernel dump, stacks" : "live kernel dump, full"
            consistency = text(report["consistency"]) ?? "smeared"
        }
        originator = text(report["originator"]) ?? originator
        reason = text(report["reason"]) ?? reason
        host = host ?? text(report["host"])
        let kernel = report["kernel"]
        release = release ?? text(kernel?["release"])
        version = version ?? text(kernel?["version"])
        machine = machine ?? text(kernel?["machine"])
        buildIdentifier = buildIdentifier ?? text(kernel?["buildIdentifier"])
        debugPackage = text(kernel?["debugPackage"]) ?? debugPackage
        let start = text(report["started"]).flatMap { Timestamp($0) }
        let end = text(report["ended"]).flatMap { Timestamp($0) }
        time = start ?? time
        seconds = Self.seconds(from: start, to: end) ?? seconds
        if let online = count(report["registers"]?["processors"]), online > 0 {
            processorCount = processorCount ?? online
        }
        let isCurrent = applyLevel(report)
        pageByteCount = pageByteCount ?? count(report["pageByteCount"])
        torn = Self.decode(report["torn"]) ?? torn
        if let list: [LiveDumpReport.Window] = Self.decode(report["windows"]), !list.isEmpty {
            windows = list
            // Stacks and checks come before the copy.
            let all = list.first { $0.pages == "all" }
            seconds = Self.seconds(from: all?.start, to: all?.end) ?? seconds
        }
        let times: [LiveDumpReport.Step]? = Self.decode(report["steps"])
        steps = times.map { $0.filter { $0.seconds >= 0 && !$0.name.isEmpty } } ?? steps
        let costs: [LiveDumpReport.Stage]? = Self.decode(report["stages"])
        stages =
            costs.map {
                $0.filter { $0.threadSeconds >= 0 && $0.pages >= 0 && !$0.name.isEmpty }
            } ?? stages
        if let torn,
            [torn.sampled, torn.changed, torn.rounds, torn.replaced, torn.remaining]
                .contains(where: { $0 < 0 })
        {
            self.torn = nil
        }
        if case .object(let members)? = report["pages"] {
            applyPages(members.compactMapValues(count), isCurrent: isCurrent)
        }
        if case .array(let values)? = report["parameters"] {
            let numbers = values.prefix(4).compactMap { $0.text.flatMap(HexadecimalText.parse) }
            code = StopCode.describe(0x161, numbers, isWindows: false)
        }
        if case .array(let list)? = report["warnings"] {
            for warning in list.compactMap(\.text) where !warnings.contains(warning) {
                warnings.append(warning)
            }
        }
        applyOutcome(report)
    }

    private static func seconds(from start: Timestamp?, to end: Timestamp?) -> Double? {
        guard let start, let end, end >= start else { return nil }
        return (Double(end.microsecondsSince1970) - Double(start.microsecondsSince1970)) / 1e6
    }

    /// Takes the level and what is told of a conversion.
    ///
    /// - Returns: whether the report tells of the file as it is. Where a header has another level
    ///   it counts: the file was written anew since, by a program that left the note as it was.
    private mutating func applyLevel(_ report: JSONValue) -> Bool {
        if let conversion = report["conversion"], let name = conversion["from"]?.text {
            let format = conversion["format"]?.text == "elf" ? "ELF" : "kdump-compressed"
            let text = "Converted from \(name), \(format)."
            if !warnings.contains(text) { warnings.append(text) }
        }
        guard case .integer(let number)? = report["level"] else { return true }
        // Pages of zeros are all there, whatever was asked: our header does not have bit 1.
        if format == .kdump, let level, (level ^ Int(number)) & ~1 != 0 {
            let text =
                "The note of diagbundle tells of level \(number), the header of level \(level): "
                + "the file was filtered after the note was written."
            if !warnings.contains(text) { warnings.append(text) }
            return false
        }
        setLevel(Int(number))
        return true
    }

    private mutating func applyOutcome(_ report: JSONValue) {
        guard let outcome = report["outcome"]?.text, outcome != "complete" else { return }
        let message = report["obstacle"]?["message"]?.text
        let shortcoming =
            "The dump ended as \(outcome)" + (message.map { ": \($0)" } ?? ".")
        if !shortcomings.contains(shortcoming) { addShortcoming(shortcoming) }
    }

    private mutating func applyPages(_ counts: [String: Int], isCurrent: Bool) {
        var present = [String: Int]()
        var kept = [String: Int]()
        // What was copied, zero or unreadable is counted beside the classes.
        let classes = Set(PageClass.allCases.map(\.name))
        for (name, count) in counts {
            if name.hasPrefix("kept.") {
                kept[String(name.dropFirst(5))] = count
            } else if classes.contains(name) {
                present[name] = count
            }
        }
        if !present.isEmpty { pages.presentByClass = present }
        if !kept.isEmpty, isCurrent { pages.dumpedByClass = kept }
    }

    private static func decode<Value: Decodable>(_ value: JSONValue?) -> Value? {
        guard let value, let bytes = try? JSONDocument.encode(value, layout: .line) else {
            return nil
        }
        return try? JSONDocument.decode(Value.self, from: bytes)
    }

    /// Takes from `LiveDump.json` beside a dump of ours what only the end of the run could tell,
    /// when it is the report of this very dump.
    mutating func applyReport(beside path: FilePath) {
        guard writer == "diagbundle", let stem = path.stem, let name = path.lastComponent else {
            return
        }
        let place = path.removingLastComponent().appending(stem + ".json")
        guard
            let file = try? OwnedDescriptor.open(place, .readOnly, options: [.nonBlocking]),
            let status = try? file.status(), status.kind == .regular, status.byteCount <= 4 << 20,
            let bytes = try? file.readAll(limit: 4 << 20),
            let report = try? JSONDocument.decode(LiveDumpReport.self, from: bytes),
            report.file?.name == name.string, report.started == time
        else { return }
        guard let value = try? JSONDocument.decode(JSONValue.self, from: bytes) else { return }
        let (counted, wasPartial) = (pages.dumpedByClass, completeness == .partial)
        apply(report: value)
        // What the file itself shows counts more than what was written about it.
        if counted != nil || wasPartial { pages.dumpedByClass = counted }
        DumpOpening.fill(&self)
    }
}
