internal import DiagModel

/// Appends bytes that a stranger wrote to a text that people will print on a terminal.
enum EscapedText {
    /// Appends `bytes` on one line; tabs are kept, all other controls are escaped.
    static func append(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
        if isPlain(bytes) {
            text.append(contentsOf: bytes)
            return
        }
        var rest = bytes
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x09) ?? rest.endIndex
            let piece = rest[..<end]
            if isPlain(piece) {
                text.append(contentsOf: piece)
            } else {
                let valid = UntrustedText.escapingInvalidUTF8(piece)
                text.append(contentsOf: UntrustedText.escapingControls(valid).utf8)
            }
            if end < rest.endIndex { text.append(0x09) }
            rest = rest[min(end + 1, rest.endIndex)...]
        }
    }

    /// The same, with each line after the first on a line of its own, indented by four spaces.
    /// Newlines at the end are left out.
    static func appendLines(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
        var rest = bytes
        while rest.last == 0x0A { rest.removeLast() }
        while let newline = rest.firstIndex(of: 0x0A) {
            append(rest[..<newline], to: &text)
            text.append(contentsOf: "\n    ".utf8)
            rest = rest[(newline + 1)...]
        }
        append(rest, to: &text)
    }

    /// Whether only printable ASCII and tabs are there.
    private static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }
    }
}
