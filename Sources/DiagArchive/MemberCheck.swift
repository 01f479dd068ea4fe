internal import DiagDigest
internal import DiagModel

/// One member as its bytes pass: its hash, its size, and whether its documents keep their schema.
struct MemberCheck {
    /// What is known of a member when all of it has passed.
    struct Outcome {
        let path: MemberPath
        let byteCount: Int64
        let sha256: String
        /// What is against a schema.
        let differences: [String]
        /// Where something else than JSON stands, in a document that has a schema by its place or
        /// by its collector; that may be so when the artifact was cut.
        let notJSON: [String]
        /// Whether its place alone says that it is JSON.
        let hasKnownPlace: Bool
        /// Whether some of it was too large for a check, or is of a schema not known here.
        let isUnchecked: Bool
        /// The whole content, of the manifest and the findings alone, when their schema is kept.
        let content: [UInt8]?
    }

    private enum Form { case document, lines, other }

    private static let documentByteLimit = 16 << 20
    private static let lineByteLimit = 1 << 20
    private static let differenceLimit = 20

    private let path: MemberPath
    /// The schema of what stands at this path.
    private let known: PublishedSchema?
    /// Whether a collector of this program, or the program itself, writes what lies there.
    private let isOurs: Bool
    /// Whether the content is needed as a whole, to compare with.
    private let isKept: Bool
    private let form: Form
    private let byteLimit: Int
    private var hash = SHA256()
    private var byteCount: Int64 = 0
    private var kept = [UInt8]()
    private var lineNumber = 1
    /// The schema that the first line named, where all others keep it too.
    private var lines: PublishedSchema?
    private var isOverlong = false
    private var isUnchecked = false
    private var differences = [String]()
    private var notJSON = [String]()

    init(_ path: MemberPath, byteCount: Int64?) {
        self.path = path
        let text = path.text
        known = PublishedSchema(path: text)
        let name = path.components.last ?? []
        let top = MemberPath(components: Array(path.components.prefix(1))).text
        isOurs = path.components.count == 1 || PublishedSchema.collectorNames.contains(top)
        isKept = known == .manifest || known == .findings
        if name.suffix(5) == Array(".json".utf8)[...] {
            form = .document
        } else if name.suffix(6) == Array(".jsonl".utf8)[...] {
            form = .lines
        } else {
            form = .other
        }
        byteLimit =
            known == .manifest
            ? Manifest.byteLimit
            : form == .lines ? Self.lineByteLimit : Self.documentByteLimit
    }

    /// Takes the next part of the content.
    mutating func take(_ bytes: Span<UInt8>) {
        hash.update(bytes)
        byteCount += Int64(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { bytes in
            switch form {
            case .other: break
            case .document: unsafe keep(bytes[...])
            case .lines:
                var rest = unsafe bytes[...]
                while let end = unsafe rest.firstIndex(of: 0x0A) {
                    unsafe keep(rest[..<end])
                    endLine()
                    unsafe rest = rest[(end + 1)...]
                }
                unsafe keep(rest)
            }
        }
    }

    /// What is known when all of it has passed.
    mutating func finish() -> Outcome {
        if form == .lines {
            if !kept.isEmpty || isOverlong { endLine() }
            if known?.isLines == true, lines == nil, lineNumber == 1 { check([], " line 1") }
        }
        if form == .document {
            if isOverlong { isUnchecked = true } else { check(kept, "") }
        }
        let isSound = !isOverlong && differences.isEmpty && notJSON.isEmpty
        return Outcome(
            path: path, byteCount: byteCount, sha256: hash.digest().hexadecimal,
            differences: differences, notJSON: notJSON, hasKnownPlace: known != nil,
            isUnchecked: isUnchecked, content: isKept && isSound ? kept : nil)
    }

    private mutating func keep(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        if isOverlong { return }
        if unsafe kept.count + bytes.count > byteLimit {
            isOverlong = true
            kept = []
        } else {
            unsafe kept.append(contentsOf: bytes)
        }
    }

    private mutating func endLine() {
        if isOverlong {
            isUnchecked = true
        } else if kept.count > 2 || known?.isLines == true {
            check(kept, " line \(lineNumber)")
        }
        kept.removeAll(keepingCapacity: true)
        isOverlong = false
        lineNumber += 1
    }

    /// Checks one document, or line, against the schema of its place or the one that it names.
    private mutating func check(_ bytes: [UInt8], _ place: String) {
        guard differences.count + notJSON.count < Self.differenceLimit else { return }
        // What names none of our schemas, most lines of a log, need not be parsed.
        guard
            (isOurs && form == .document) || known != nil || lines != nil
                || Self.namesSchema(bytes)
        else { return }
        let value: JSONValue
        let valueLimit = known == .manifest ? Manifest.valueLimit : JSONTextReader.valueLimit
        do throws(JSONTextReader.Failure) {
            value = try JSONTextReader.parse(bytes, valueLimit: valueLimit)
        } catch {
            if case .malformed = error {
                // A foreign document may be cut or broken on the host; its hash is right then.
                if isOurs { notJSON.append("\(path.text)\(place): not JSON") }
            } else if isKept {
                differences.append(
                    "\(path.text): nested too deep, or more than \(valueLimit) values")
            } else {
                isUnchecked = true
            }
            return
        }
        let (schema, definition) = schema(of: value)
        guard let schema else { return }
        differences += schema.errors(in: value, definition: definition, limit: 10)
            .map { "\(path.text)\(place): \($0)" }
    }

    /// The schema for `value`, and which definition of it; notes one that is not known here.
    private mutating func schema(
        of value: JSONValue
    ) -> (schema: PublishedSchema?, definition: String?) {
        let identifier = value["schema"]?.text
        let named = identifier.flatMap(PublishedSchema.init(identifier:))
        if !isKept, named == nil, lines == nil || lineNumber == 1,
            identifier?.hasPrefix("diagbundle.") == true
        {
            // Written by another version of this program.
            isUnchecked = true
            return (nil, nil)
        }
        guard form == .lines else { return (known ?? named, nil) }
        if lineNumber == 1, let header = known ?? named, header.isLines {
            lines = header
            return (header, "header")
        }
        return lines.map { ($0, "line") } ?? (named, nil)
    }

    private static let mark = Array("\"diagbundle.".utf8)

    private static func namesSchema(_ bytes: [UInt8]) -> Bool {
        var from = 0
        while let found = bytes[from...].firstIndex(of: 0x22) {
            if bytes[found...].starts(with: mark) { return true }
            from = found + 1
        }
        return false
    }
}
