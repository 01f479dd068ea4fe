internal import DiagModel

/// Words of the commands that are told to a person, who copies them into a shell.
enum ShellWord {
    /// `text` as one word of a shell: as it is when it is plain, else between quotes.
    static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "._+~-/:@%".utf8.contains($0)
            }
        }
        if isPlain, !text.isEmpty, text.utf8.first != 0x2D { return text }
        let dash = text.utf8.first == 0x2D ? "./" : ""
        let safe = UntrustedText.escapingControls(text)
        let parts = safe.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + dash + parts.joined(separator: #"'\''"#) + "'"
    }
}
