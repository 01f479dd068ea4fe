internal import DiagModel
internal import DiagSystem

/// Reads small attributes one after the other into one page.
struct AttributeReader {
    /// What ``read(_:of:)`` has read last.
    private(set) var page = [UInt8](repeating: 0, count: 4096)

    /// Reads the attribute `name` of `directory` into the page: where it stands there, without
    /// blanks and newlines at its ends; `nil` when it is empty or cannot be read. Of a longer one
    /// only the first page counts.
    mutating func read(_ name: String, of directory: Directory) -> Range<Int>? {
        guard var end = directory.attribute(name, into: &page) else { return nil }
        while end > 0, page[end - 1] <= 0x20 { end -= 1 }
        var start = 0
        while start < end, page[start] == 0x20 { start += 1 }
        return start < end ? start..<end : nil
    }

    /// The text of what ``read(_:of:)`` reads.
    mutating func text(_ name: String, of directory: Directory) -> String? {
        read(name, of: directory).map { UntrustedText.escapingInvalidUTF8(page[$0]) }
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
