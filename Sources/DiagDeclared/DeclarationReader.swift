internal import DiagCollect
internal import DiagModel
internal import DiagYAML
internal import SystemPackage

/// Reads the values of one mapping of a declaration.
struct DeclarationReader {
    let mapping: YAMLMapping
    let node: YAMLNode

    init(_ mapping: YAMLMapping, of node: YAMLNode) {
        self.mapping = mapping
        self.node = node
    }

    func required(_ key: String) throws(YAMLError) -> YAMLNode {
        guard let value = mapping[key] else { throw node.error("`\(key)` is missing") }
        return value
    }

    func seconds(_ key: String, in range: ClosedRange<Double>) throws(YAMLError) -> Double? {
        guard let node = mapping[key] else { return nil }
        let seconds: Double
        if let number = Self.wholeNumber(node) {
            seconds = Double(number)
        } else {
            seconds = try node.duration / .seconds(1)
        }
        guard range.contains(seconds) else {
            throw node.error(
                "expected \(Int(range.lowerBound)) to \(Int(range.upperBound)) seconds, "
                    + "but found \(node.summary)")
        }
        return seconds
    }

    func byteCount(_ key: String, atLeast least: Int64 = 1) throws(YAMLError) -> Int64? {
        guard let node = mapping[key] else { return nil }
        let count: Int64
        if let number = Self.wholeNumber(node) {
            count = number
        } else {
            count = try node.byteCount
        }
        guard (least...(64 << 30)).contains(count) else {
            let unit = least == 1 ? "byte" : "bytes"
            throw node.error("expected \(least) \(unit) to 64 GiB, but found \(node.summary)")
        }
        return count
    }

    /// A number in `range`, with or without a fraction, in any notation of YAML.
    func number(_ key: String, in range: ClosedRange<Double>) throws(YAMLError) -> Double? {
        guard let node = mapping[key] else { return nil }
        guard let value = Self.decimal(node), range.contains(value) else {
            throw node.error(
                "expected a number from \(range.lowerBound) to \(Int(range.upperBound)), "
                    + "but found \(node.summary)")
        }
        return value
    }

    /// A whole number in `range`, however it is written.
    func count(_ key: String, in range: ClosedRange<Int64>) throws(YAMLError) -> Int? {
        guard let node = mapping[key] else { return nil }
        return Int(try Self.integer(node, in: range))
    }

    /// One of the words of a choice.
    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: YAMLNode, of type: Choice.Type
    ) throws(YAMLError) -> Choice where Choice.RawValue == String {
        let text = try node.string
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        let hint = NearestName.of(text, in: names).map { "; did you mean `\($0)`?" } ?? ""
        throw node.error(
            "expected one of \(names.map { "`\($0)`" }.joined(separator: ", ")), "
                + "but found \(node.summary)\(hint)")
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(YAMLError) -> Choice? where Choice.RawValue == String {
        guard let node = mapping[key] else { return nil }
        return try Self.choice(node, of: type)
    }

    func choices<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(YAMLError) -> [Choice]? where Choice.RawValue == String {
        guard let node = mapping[key] else { return nil }
        var choices = [Choice]()
        for item in try node.sequence { choices.append(try Self.choice(item, of: type)) }
        return choices
    }

    func profiles() throws(YAMLError) -> Set<CollectionProfile>? {
        guard let choices = try choices("profiles", of: CollectionProfile.self) else { return nil }
        guard !choices.isEmpty else {
            throw try required("profiles").error("name at least one profile")
        }
        return Set(choices)
    }

    static func risk(_ node: YAMLNode) throws(YAMLError) -> CollectorDescriptor.Risk {
        switch try node.string {
        case "R0": return .memoryOnly
        case "R1": return .mayBlock
        case "R2": return .media
        default: throw node.error("expected `R0`, `R1` or `R2`, but found \(node.summary)")
        }
    }

    /// A list of patterns with their braces expanded.
    func patterns(_ key: String, areAbsolute: Bool = true) throws(YAMLError) -> [GlobPattern] {
        let list = try required(key)
        var patterns = [GlobPattern]()
        for item in try list.sequence {
            patterns += try Self.patterns(item, areAbsolute: areAbsolute)
        }
        guard !patterns.isEmpty else { throw list.error("expected at least one pattern") }
        return patterns
    }

    static func patterns(
        _ node: YAMLNode, areAbsolute: Bool = true
    ) throws(YAMLError) -> [GlobPattern] {
        let text = try Self.text(node)
        do throws(GlobPattern.Fault) {
            let patterns = try GlobPattern.expanding(text)
            for pattern in patterns {
                if areAbsolute, !pattern.isAbsolute {
                    throw GlobPattern.Fault(description: "a path begins with `/`")
                }
                if !pattern.isAbsolute, pattern.components.count > 1 {
                    throw GlobPattern.Fault(
                        description: "a name has no `/`; a whole path begins with one")
                }
            }
            return patterns
        } catch {
            throw node.error("\(node.summary): \(error.description)")
        }
    }

    /// The most bytes that are held in memory of a command, or of a file cut to lines.
    static let mostBytesInMemory: Int64 = 64 << 20

    /// The artifacts that the orchestrator writes into a collector's folder.
    static let reservedArtifacts: Set<String> = ["worker.log", "abandoned.txt"]

    /// What is wrong with the path of an artifact, as the rest of a sentence; `nil` when nothing is.
    static func fault(ofArtifact path: String) -> String? {
        do throws(ArtifactPath.Refusal) {
            _ = try ArtifactPath(.init(path: path), collector: "collector")
            return nil
        } catch { return error.reason }
    }

    /// The path of the artifact that an item writes.
    func artifact() throws(YAMLError) -> String {
        let node = try required("to")
        let path = try Self.text(node)
        if let fault = Self.fault(ofArtifact: path) { throw node.error("`\(path)` \(fault)") }
        let first = String(path.prefix { $0 != "/" })
        let hint = first == path ? "" : ", and no folder"
        guard first != CommandRecord.artifact else {
            throw node.error("`\(first)` is written for every collector with commands\(hint)")
        }
        guard !Self.reservedArtifacts.contains(first) else {
            throw node.error("`\(first)` is what a run writes itself of what went wrong\(hint)")
        }
        return path
    }
}

/// Plain scalars as every other reader of YAML takes them, so that what is right here is right for
/// the published schema, too.
///
/// Source: YAML 1.2.2, section 10.3.2.
extension DeclarationReader {
    /// A text that names something. A number or truth value without quotes is none: an editor would
    /// not take it for one, and `1.0` and `1.00` would be the same to it.
    static func text(_ node: YAMLNode) throws(YAMLError) -> String {
        let text = try node.string
        guard let plain = Self.plain(node) else { return text }
        let isTruth = ["true", "True", "TRUE", "false", "False", "FALSE"].contains(plain)
        guard isTruth || isNumber(plain) else { return text }
        throw node.error(
            "expected a text, but found the \(isTruth ? "truth value" : "number") \(text); "
                + "put it in quotes")
    }

    /// The whole number in `range`, however it is written: `12`, `0xC`, `12.0`, `1.2e1`.
    static func integer(
        _ node: YAMLNode, in range: ClosedRange<Int64>
    ) throws(YAMLError) -> Int64 {
        // What is no whole number is told by the node itself.
        guard let value = wholeNumber(node) else { return try node.integer(in: range) }
        guard range.contains(value) else {
            throw node.error(
                "expected a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "but found \(value)")
        }
        return value
    }

    /// The whole number that stands there without quotes; `nil` for anything else.
    private static func wholeNumber(_ node: YAMLNode) -> Int64? {
        guard let text = plain(node) else { return nil }
        if let value = try? node.integer { return value }
        return isFloat(text) ? Double(text).flatMap { Int64(exactly: $0) } : nil
    }

    /// The number that stands there without quotes; `nil` for anything else.
    private static func decimal(_ node: YAMLNode) -> Double? {
        if let value = wholeNumber(node) { return Double(value) }
        guard let text = plain(node), isFloat(text) else { return nil }
        return Double(text)
    }

    /// What stands there without quotes and without a tag.
    private static func plain(_ node: YAMLNode) -> String? {
        guard node.tag == nil, case .scalar(let scalar) = node.content, !scalar.isQuoted else {
            return nil
        }
        return scalar.text
    }

    private static func isNumber(_ text: String) -> Bool {
        if text.hasPrefix("0x") || text.hasPrefix("0o") {
            let (digits, radix) = (text.dropFirst(2), text.hasPrefix("0x") ? 16 : 8)
            return !digits.isEmpty
                && digits.allSatisfy { $0.isASCII && ($0.hexDigitValue ?? 16) < radix }
        }
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        return isFloat(text) || [".inf", ".Inf", ".INF"].contains(unsigned)
            || [".nan", ".NaN", ".NAN"].contains(text)
    }

    /// Whether it is a decimal number, with or without sign, point and exponent.
    private static func isFloat(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        takeSign(from: &rest)
        var digitCount = takeDigits(from: &rest)
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            digitCount += takeDigits(from: &rest)
        }
        guard digitCount > 0 else { return false }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            takeSign(from: &rest)
            guard takeDigits(from: &rest) > 0 else { return false }
        }
        return rest.isEmpty
    }

    private static func takeSign(from rest: inout ArraySlice<UInt8>) {
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            rest = rest.dropFirst()
        }
    }

    /// Takes the decimal digits at the start, and says how many there are.
    private static func takeDigits(from rest: inout ArraySlice<UInt8>) -> Int {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits.count
    }
}
