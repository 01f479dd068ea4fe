internal import DiagModel

/// What is wrong with the body of a message, in words for whoever wrote it.
extension WorkerStreamParser {
    /// What in the line of a message is not as the published schema says.
    static func fault(in line: [UInt8], of message: WorkerMessage) -> String? {
        let body = line.drop { $0 != 0x20 }
        guard body.contains(where: { $0 != 0x20 }),
            let value = try? JSONDocument.decode(JSONValue.self, from: body)
        else { return nil }
        return PublishedSchema.workerMessages.errors(
            in: value, definition: message.verb, limit: 1
        ).first
    }

    /// Why `body` is not what `verb` needs.
    static func describe(
        _ error: DecodingError, in body: ArraySlice<UInt8>, of verb: String
    ) -> String {
        switch error {
        case .keyNotFound(let key, _): return "lacks \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return context.codingPath.isEmpty
                ? "is no JSON object" : "wrong type of \(place(context))"
        case .dataCorrupted(let context):
            if verb == "data" {
                let found = UntrustedText.escapingForPath(body.prefix(40))
                return "needs a byte count, but found \"\(found)\""
            }
            guard let value = try? JSONDocument.decode(JSONValue.self, from: body) else {
                return "broken JSON (\(context.debugDescription))"
            }
            return choice(in: value)
                ?? "wrong value of \(place(context)) (\(context.debugDescription))"
        @unknown default: return "broken JSON"
        }
    }

    /// The members that are one of a few words.
    private static let choices = [
        "privacy": PrivacyClass.allCases.map(\.rawValue),
        "severity": Finding.Severity.allCases.map(\.rawValue),
    ]

    /// Which words a member may be, where one is another.
    private static func choice(in value: JSONValue) -> String? {
        for (member, words) in choices.sorted(by: { $0.key < $1.key }) {
            guard let text = value[member]?.text, !words.contains(text) else { continue }
            let found = UntrustedText.escapingControls(UntrustedText.shortened(text))
            return "\(member): expected one of "
                + "\(words.map { "`\($0)`" }.joined(separator: ", ")), but found \"\(found)\""
        }
        return nil
    }

    private static func place(_ context: DecodingError.Context) -> String {
        context.codingPath.map(\.stringValue).joined(separator: ".")
    }
}
