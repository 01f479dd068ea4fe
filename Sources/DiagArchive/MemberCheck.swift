internal import Crypto
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
        /// Whether some of it was too large to be checked against a schema.
        let isUnchecked: Bool
        /// The whole content, of the manifest alone.
        let manifest: [UInt8]?
    }

    private enum Form { case document, lines, other }

    private static let documentByteLimit = 16 << 20
    private static let lineByteLimit = 1 << 20
    private static let differenceLimit = 20

    private let path: MemberPath
    private let isManifest: Bool
    /// Whether it lies beside the collectors' folders, where all is written by this program.
    private let isOurs: Bool
    private let form: Form
    private let byteLimit: Int
    private var hash = SHA256()
    private var byteCount: Int64 = 0
    private var kept = [UInt8]()
    private var lineNumber = 1
    private var isOverlong = false
    private var isUnchecked = false
    private var differences = [String]()

    init(_ path: MemberPath, byteCount: Int64?) {
        self.path = path
        isOurs = path.components.count == 1
        let name = path.components.last ?? []
        isManifest = path.text == BundleWriter.manifestName
        if name.suffix(5) == Array(".json".utf8)[...] {
            form = .document
        } else if name.suffix(6) == Array(".jsonl".utf8)[...] {
            form = .lines
        } else {
            form = .other
        }
        byteLimit =
            isManifest
            ? BundleVerifier.manifestByteLimit
            : form == .lines ? Self.lineByteLimit : Self.documentByteLimit
    }

    /// Takes the next part of the content.
    mutating func take(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
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
        if form == .lines, !kept.isEmpty || isOverlong { endLine() }
        if form == .document {
            if isOverlong { isUnchecked = true } else { check(kept, "") }
        }
        return Outcome(
            path: path, byteCount: byteCount, sha256: hash.finalize().hexadecimal,
            differences: differences, isUnchecked: isUnchecked,
            manifest: isManifest && !isOverlong ? kept : nil)
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
        } else if kept.count > 2 {
            check(kept, " line \(lineNumber)")
        }
        kept.removeAll(keepingCapacity: true)
        isOverlong = false
        lineNumber += 1
    }

    /// Checks one document against the schema that it names, when that is one of ours.
    private mutating func check(_ bytes: [UInt8], _ place: String) {
        guard differences.count < Self.differenceLimit else { return }
        // What names none of our schemas, most lines of a log, need not be parsed.
        guard isOurs || Self.namesSchema(bytes) else { return }
        let errors: [String]
        do {
            let value = try JSONDocument.decode(JSONValue.self, from: bytes)
            errors =
                switch path.text {
                case BundleWriter.manifestName:
                    PublishedSchema.manifest.errors(in: value, limit: 10)
                case "findings.json": PublishedSchema.findings.errors(in: value, limit: 10)
                default: PublishedSchema.errors(in: value, limit: 10)
                }
        } catch {
            // A collected document may be cut or broken on the host; its hash is right then.
            errors = isOurs ? ["not JSON"] : []
        }
        differences += errors.map { "\(path.text)\(place): \($0)" }
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
