public import DiagCollect
internal import DiagFormats
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads what md says of an array, of its journal, or of all arrays in /proc/mdstat.
///
/// No device is opened. See ``MDAttributes`` for why this is a probe all the same.
public struct MDProbe: Probe {
    static let kindName = "md"
    static let tablePath = "/proc/mdstat"

    /// `md`.
    public let kind = MDProbe.kindName
    /// Two seconds: md answers from memory.
    public let deadlineSeconds: Double = 2

    /// A probe of arrays.
    public init() {}

    /// What to ask for: the table of all arrays, each array, and the journal of those with one.
    static func requests(for devices: [BlockDevice]) -> [ProbeRequest] {
        let arrays = devices.filter {
            $0.facts["md/array_state"] != nil || $0.facts["md/level"] != nil
        }
        var requests = arrays.isEmpty ? [] : [ProbeRequest(kind: kindName, target: tablePath)]
        for array in arrays {
            requests.append(
                ProbeRequest(
                    kind: kindName, target: "/dev/\(array.name)",
                    facts: ["folder": .string(array.folder)]))
            if array.facts["md/consistency_policy"] == "journal" {
                requests.append(
                    ProbeRequest(
                        kind: kindName, target: "\(array.folder)/md/journal_mode",
                        facts: ["array": .string(array.name)]))
            }
        }
        return requests
    }

    /// Reads the table for `/proc/mdstat`, the mode of a journal for a path that ends so, else the
    /// array whose folder in sysfs the request's facts name.
    public func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord {
        let start = MonotonicTime.now
        var record = ProbeRecord(kind: kind, target: request.target, outcome: .ok, seconds: 0)
        defer { record.seconds = MonotonicTime.now.seconds(since: start) }
        do {
            if request.target == Self.tablePath {
                try readTable(&record, in: context, into: sink)
            } else if request.target.hasSuffix("/md/journal_mode") {
                let bytes = try context.root.read(FilePath(request.target), limit: 4096)
                let mode = Self.chosen(UntrustedText.escapingInvalidUTF8(bytes))
                record.facts = ["journalMode": .string(mode)]
                record.facts["array"] = request.facts?["array"]
            } else if let folder = request.facts?["folder"]?.text {
                try readArray(&record, folder, in: context, into: sink)
            } else {
                record.outcome = .skipped
                record.reason = "the request does not name the array's folder"
            }
        } catch let error as SystemCallError {
            let isGone = [.noSuchFileOrDirectory, .notDirectory].contains(error.errno)
            record.outcome = isGone ? .skipped : .failed
            record.reason = isGone ? "\(error); the array was stopped meanwhile" : "\(error)"
        }
        return record
    }

    private func readArray(
        _ record: inout ProbeRecord, _ folder: String, in context: CollectionContext,
        into sink: any CollectionSink
    ) throws {
        let name = String(record.target.dropFirst("/dev/".utf8.count))
        var reader = try MDArrayReader(FilePath(folder), in: context.root)
        let document = try reader.document(name: name)
        let path = "md/\(name.replacing("/", with: "!")).json"
        try sink.sendJSON(path, document, source: "\(folder)/md", privacy: .identity)
        record.facts = MDFacts.facts(of: document)
        record.facts["artifact"] = .string("storage/\(path)")
    }

    private func readTable(
        _ record: inout ProbeRecord, in context: CollectionContext, into sink: any CollectionSink
    ) throws {
        let bytes = try context.root.read(FilePath(Self.tablePath), limit: 4 << 20)
        try sink.send(
            "md/mdstat.txt", bytes, source: Self.tablePath, mediaType: "text/plain",
            privacy: .identity)
        record.facts["artifact"] = "storage/md/mdstat.txt"
        do throws(FormatError) {
            let table = try MDStatusTable(parsing: bytes.span)
            record.facts["personalities"] = .array(table.personalities.map { .string($0) })
            record.facts["arrays"] = .object(
                Dictionary(
                    table.arrays.map { ($0.name, MDFacts.facts(of: $0)) },
                    uniquingKeysWith: { first, _ in first }))
        } catch {
            record.outcome = .failed
            record.reason = "read \(Self.tablePath): \(error)"
        }
    }

    /// The word in brackets of `[write-through] write-back`; the text itself without brackets.
    private static func chosen(_ text: String) -> String {
        let words = text.split { $0 == " " || $0 == "\n" }
        guard let word = words.first(where: { $0.hasPrefix("[") && $0.hasSuffix("]") }) else {
            return words.joined(separator: " ")
        }
        return String(word.dropFirst().dropLast())
    }
}
