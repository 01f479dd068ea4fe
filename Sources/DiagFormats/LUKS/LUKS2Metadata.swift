public import DiagModel

/// The text of a LUKS2 header, with only what is known to be no secret.
///
/// Source: LUKS2 On-Disk Format Specification 1.1.1, section 3. Salts, digests and what tokens
/// hold beyond their type and key slots are dropped, and so is every member that the
/// specification does not name: a member is kept because it is known, not dropped because it is
/// feared.
public struct LUKS2Metadata: Codable, Hashable, Sendable {
    /// The text's five objects, with the members that are kept.
    public var document: JSONValue

    /// Reads the text of a header: JSON up to the first NUL.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        var text = [UInt8]()
        for index in 0..<bytes.count {
            if bytes[index] == 0 { break }
            text.append(bytes[index])
        }
        let value: JSONValue
        do throws(JSONTextReader.Failure) {
            value = try JSONTextReader.parse(text, valueLimit: 50_000)
        } catch {
            throw .unexpected(line: 1, expected: "the JSON text of a LUKS2 header")
        }
        guard case .object = value else {
            throw .unexpected(line: 1, expected: "a JSON object")
        }
        var document = [String: JSONValue]()
        document["keyslots"] = Self.each(in: value["keyslots"], Self.keyslot)
        document["tokens"] = Self.each(in: value["tokens"]) {
            Self.kept(["type", "keyslots"], of: $0)
        }
        document["segments"] = Self.each(in: value["segments"]) { segment in
            var kept = Self.kept(
                [
                    "type", "offset", "size", "iv_tweak", "encryption", "sector_size", "flags",
                ], of: segment)
            kept["integrity"] = Self.nested(
                ["type", "journal_encryption", "journal_integrity"], of: segment["integrity"])
            return kept
        }
        document["digests"] = Self.each(in: value["digests"]) {
            Self.kept(["type", "keyslots", "segments", "hash", "iterations"], of: $0)
        }
        if let config = value["config"] {
            var kept = Self.kept(["json_size", "keyslots_size", "flags"], of: config)
            kept["requirements"] = Self.nested(["mandatory"], of: config["requirements"])
            document["config"] = .object(kept)
        }
        self.document = .object(document)
    }

    /// How many members the object `name` has.
    public func count(of name: String) -> Int {
        guard case .object(let members)? = document[name] else { return 0 }
        return members.count
    }

    private static func keyslot(_ slot: JSONValue) -> [String: JSONValue] {
        var kept = kept(["type", "key_size", "priority", "direction", "mode"], of: slot)
        kept["af"] = nested(["type", "stripes", "hash"], of: slot["af"])
        kept["area"] = nested(
            ["type", "offset", "size", "encryption", "key_size", "hash", "sector_size"],
            of: slot["area"])
        kept["kdf"] = nested(
            ["type", "hash", "iterations", "time", "memory", "cpus"], of: slot["kdf"])
        return kept
    }

    /// The objects below `value`, by their numbers; others are no key slots, tokens or segments.
    private static func each(
        in value: JSONValue?, _ keep: (JSONValue) -> [String: JSONValue]
    ) -> JSONValue? {
        guard case .object(let members)? = value else { return nil }
        var kept = [String: JSONValue]()
        for (name, member) in members where !name.isEmpty && name.utf8.count <= 4 {
            guard name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
            kept[name] = .object(keep(member))
        }
        return .object(kept)
    }

    private static func nested(_ names: [String], of value: JSONValue?) -> JSONValue? {
        guard let value, case .object = value else { return nil }
        return .object(kept(names, of: value))
    }

    /// The members `names` of `value` that are numbers, short texts, or lists of these.
    private static func kept(_ names: [String], of value: JSONValue) -> [String: JSONValue] {
        var kept = [String: JSONValue]()
        for name in names {
            guard let member = value[name], let plain = plain(member) else { continue }
            kept[name] = plain
        }
        return kept
    }

    private static func plain(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .null, .bool, .integer, .unsigned, .number: return value
        case .string(let text):
            guard text.utf8.count <= 64 else { return nil }
            return .string(UntrustedText.escapingControls(text))
        case .array(let elements):
            let scalars = elements.filter {
                if case .array = $0 { return false }
                return true
            }
            return .array(scalars.prefix(64).compactMap(plain))
        case .object: return nil
        }
    }
}
