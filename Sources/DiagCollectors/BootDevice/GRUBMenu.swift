/// The entries of a grub.cfg as grub-mkconfig writes it, and which one it starts.
///
/// It reads `menuentry`, `submenu`, `linux`, `initrd` and `set default`, and runs no script.
/// Source: GRUB 2.12 manual, sections "menuentry", "submenu" and "default".
struct GRUBMenu: Hashable {
    /// One entry.
    struct Entry: Hashable {
        var title: String
        /// The value of `--id` or `$menuentry_id_option`.
        var identifier: String?
        var kernel: String?
        var initramfs: [String] = []
        var options: String?
        /// The positions and names in the menus above it, outermost first, then its own.
        var path: [Level]
    }

    /// A place in one menu.
    struct Level: Hashable {
        var position: Int
        var title: String
        var identifier: String?
    }

    private static let entryLimit = 1000

    private(set) var entries = [Entry]()
    /// The last value of `set default`, unless that stands in a condition that does not hold at
    /// an ordinary start (`next_entry`).
    private(set) var defaultEntry: String?

    /// Reads the text.
    init(parsing text: String) {
        var menus = [Level]()
        var positions = [0]
        // For each open brace whether it is of a menu, `m`, or an entry, `e`.
        var braces = [Character]()
        for line in text.split(separator: "\n").prefix(100_000) {
            let words = Self.words(line)
            guard let first = words.first else { continue }
            switch first {
            case "menuentry", "submenu":
                let title = words.count > 1 ? words[1] : ""
                let flag = words.firstIndex { $0 == "--id" || $0.hasSuffix("menuentry_id_option") }
                let identifier = flag.flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
                let level = Level(
                    position: positions[positions.count - 1], title: title, identifier: identifier)
                positions[positions.count - 1] += 1
                if first == "submenu" {
                    guard menus.count < 8 else { return }
                    menus.append(level)
                    positions.append(0)
                    braces.append("m")
                } else {
                    guard entries.count < Self.entryLimit else { return }
                    entries.append(
                        Entry(title: title, identifier: identifier, path: menus + [level]))
                    braces.append("e")
                }
            case "linux", "linux16", "linuxefi", "linuxe":
                guard braces.contains("e"), words.count > 1 else { continue }
                entries[entries.count - 1].kernel = words[1]
                entries[entries.count - 1].options = Self.rest(of: line, after: 2)
            case "initrd", "initrd16", "initrdefi":
                guard braces.contains("e") else { continue }
                entries[entries.count - 1].initramfs = Array(words.dropFirst())
            case "set" where words.count > 1 && words[1].hasPrefix("default="):
                let value = words[1].dropFirst(8)
                if !value.contains("next_entry") { defaultEntry = String(value) }
            case "}":
                guard let brace = braces.popLast() else { continue }
                if brace == "m" {
                    menus.removeLast()
                    positions.removeLast()
                }
            default: continue
            }
        }
    }

    /// The entry that `reference` names: a position, a title or an identifier, and the same of
    /// each menu above it parted by `>`.
    func index(of reference: String) -> Int? {
        let parts = reference.split(separator: ">", omittingEmptySubsequences: false).map(
            String.init)
        func fits(_ level: Level, _ part: String) -> Bool {
            level.title == part || level.identifier == part || String(level.position) == part
        }
        if let exact = entries.firstIndex(where: { entry in
            entry.path.count == parts.count && zip(entry.path, parts).allSatisfy { fits($0, $1) }
        }) {
            return exact
        }
        // A reference to a menu starts its first entry.
        return entries.firstIndex { entry in
            entry.path.count > parts.count && zip(entry.path, parts).allSatisfy { fits($0, $1) }
        }
    }

    /// The words of a line, quotes taken off.
    private static func words(_ line: Substring) -> [String] {
        var words = [String]()
        var word = ""
        var isWord = false
        var quote: Character?
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                isWord = true
            } else if character == " " || character == "\t" {
                if isWord || !word.isEmpty { words.append(word) }
                word = ""
                isWord = false
            } else {
                word.append(character)
            }
        }
        if isWord || !word.isEmpty { words.append(word) }
        return words
    }

    /// What follows the first `count` words, as it is written.
    private static func rest(of line: Substring, after count: Int) -> String {
        var rest = line.drop { $0 == " " || $0 == "\t" }
        for _ in 0..<count {
            rest = rest.drop { $0 != " " && $0 != "\t" }.drop { $0 == " " || $0 == "\t" }
        }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return String(rest)
    }
}
