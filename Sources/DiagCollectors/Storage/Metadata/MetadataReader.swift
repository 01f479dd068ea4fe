internal import DiagFormats
internal import DiagModel

/// What one format found on a device.
struct MetadataPart {
    /// Members of the document, by their names; each is an object or a list.
    var members: [String: JSONValue]
    /// Facts for the record, by their names.
    var facts: [String: JSONValue] = [:]
    /// What only the collector is told.
    var details: [String: JSONValue] = [:]
    /// What is wrong, in words.
    var problems: [String] = []
    /// Bytes to keep as they are, by a name for each; never anything secret.
    var raw: [(name: String, offset: UInt64, bytes: [UInt8])] = []
}

/// Looks for the metadata of one kind on a device. ``MetadataProbe/readers`` lists them all.
struct MetadataReader: Sendable {
    /// Where something stands.
    enum Place: Sendable {
        /// Bytes from the start of the device.
        case fromStart(UInt64)
        /// Bytes before its end.
        case beforeEnd(UInt64)
    }

    /// What it looks for, for tests and lists.
    let name: String
    /// Gives `nil` when there is nothing of that kind.
    let read: @Sendable (any MetadataSource) -> MetadataPart?

    /// A reader that goes where it wants.
    init(_ name: String, read: @escaping @Sendable (any MetadataSource) -> MetadataPart?) {
        self.name = name
        self.read = read
    }

    /// A reader of `count` bytes at one place, for formats that need no more.
    init(
        _ name: String, at place: Place, count: Int,
        parse: @escaping @Sendable ([UInt8]) -> MetadataPart?
    ) {
        self.init(name) { source in
            let bytes =
                switch place {
                case .fromStart(let offset): source.bytes(count, at: offset)
                case .beforeEnd(let distance):
                    distance <= source.byteCount
                        ? source.bytes(count, at: source.byteCount - distance) : nil
                }
            return bytes.flatMap(parse)
        }
    }
}

extension JSONValue {
    /// `value` as its encoder writes it; `null` when it cannot be written.
    init(encoding value: some Encodable) {
        let bytes = (try? JSONDocument.encode(value, layout: .line)) ?? []
        self = (try? JSONTextReader.parse(bytes)) ?? .null
    }
}
