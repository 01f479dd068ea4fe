import FoundationEssentials

/// The one JSON encoder and decoder: sorted names, no escaped slashes, UTF-8.
public enum JSONDocument {
    /// How the text is laid out.
    public enum Layout: Sendable {
        /// Indented, with a newline at the end: for files that a person may open.
        case document
        /// On one line, without a newline: for messages and JSON lines.
        case line
    }

    /// The UTF-8 text of `value`.
    ///
    /// - Throws: `EncodingError`, for a number that JSON cannot write (NaN, infinity).
    public static func encode(_ value: some Encodable, layout: Layout) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            layout == .document
            ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            : [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Array(try encoder.encode(value))
        if layout == .document { bytes.append(0x0A) }
        return bytes
    }

    /// The value that `bytes`, one whole JSON text, stand for.
    ///
    /// - Throws: `DecodingError`, when the text is not JSON or not of this shape.
    public static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: some Sequence<UInt8>
    ) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
