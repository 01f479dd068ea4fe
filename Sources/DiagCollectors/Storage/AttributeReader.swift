internal import DiagModel
internal import DiagSystem

/// Reads small attributes one after the other into one page.
struct AttributeReader {
    private var page = [UInt8](repeating: 0, count: 4096)

    /// The text of the attribute `name` of `directory`, without blanks and newlines at its ends;
    /// `nil` when it is empty or cannot be read. Of a longer one only the first page counts.
    mutating func text(_ name: String, of directory: Directory) -> String? {
        guard let count = directory.attribute(name, into: &page) else { return nil }
        var bytes = page[..<count]
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        while let first = bytes.first, first == 0x20 { bytes.removeFirst() }
        guard !bytes.isEmpty else { return nil }
        return UntrustedText.escapingInvalidUTF8(bytes)
    }

    /// Adds the attributes `names` of `directory` to `facts`, each under `prefix` and its name.
    mutating func add(
        _ names: [String], of directory: Directory, under prefix: String = "",
        to facts: inout [String: String]
    ) {
        for name in names {
            guard let text = text(name, of: directory) else { continue }
            facts[prefix.isEmpty ? name : prefix + name] = text
        }
    }
}
