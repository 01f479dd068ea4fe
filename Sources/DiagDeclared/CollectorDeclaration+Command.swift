internal import DiagYAML

/// What a declared command may not be.
///
/// It catches mistakes: what a command does is to stand in its file. It is no fence, since a script
/// could be named as well; whoever may write a declaration is trusted with what it runs.
extension CollectorDeclaration.Command {
    /// Programs whose arguments are programs.
    private static let starters = Set(shells + interpreters + launchers)

    private static let shells = [
        "sh", "bash", "rbash", "dash", "ash", "ksh", "rksh", "mksh", "lksh", "posh", "yash", "zsh",
        "rzsh", "csh", "tcsh", "fish", "pwsh", "busybox", "toybox", "coreutils",
    ]

    private static let interpreters = [
        "python", "pypy", "perl", "ruby", "lua", "luajit", "node", "nodejs", "php", "tclsh",
        "expect", "guile", "awk", "gawk", "mawk", "nawk", "original-awk", "gdb", "make",
    ]

    private static let launchers = [
        // Another user, other rights, another root or namespace.
        "sudo", "su", "su-exec", "gosu", "doas", "run0", "pkexec", "runuser", "setpriv", "capsh",
        "runcon", "nsenter", "unshare", "chroot", "fakeroot", "bwrap", "systemd-nspawn",
        // Another environment, priority, limit, processor or architecture.
        "env", "nice", "ionice", "chrt", "taskset", "numactl", "prlimit", "choom", "uclampset",
        "cgexec", "setarch", "linux32", "linux64", "stdbuf", "setsid", "nohup",
        // Another time, place or terminal, or under another's eyes.
        "xargs", "parallel", "timeout", "time", "flock", "watch", "script", "unbuffer", "ssh",
        "systemd-run", "start-stop-daemon", "run-parts", "strace", "ltrace",
    ]

    /// Refuses a program whose name holds its arguments, too: it would be looked for as it stands.
    ///
    /// A folder on the way to it may have a space in its name, and no program.
    static func checkName(_ list: YAMLNode) throws(YAMLError) {
        guard let node = try list.sequence.first else { return }
        let program = try node.string
        let words = program.split(whereSeparator: \.isWhitespace)
        if program.hasPrefix("/") {
            // On the way only what goes on as arguments do: an option, or another path.
            let starts = words.dropFirst().compactMap(\.first)
            let last = program.split(separator: "/").last ?? ""
            guard
                last.contains(where: \.isWhitespace)
                    || starts.contains(where: { $0 == "-" || $0 == "/" })
            else { return }
        } else {
            guard program.contains(where: \.isWhitespace) else { return }
        }
        // Of quotes, pipes and the like nobody knows what was meant.
        let isClear = !words.isEmpty && words.allSatisfy(isPlain)
        let suggestion = isClear ? ", `[\(words.joined(separator: ", "))]`" : ""
        throw node.error(
            "expected the name of a program, but found \(node.summary): write each word for itself"
                + "\(suggestion); no shell takes the words apart")
    }

    /// Whether a word stands in a list of YAML as it is, and means the same to a shell.
    private static func isPlain(_ word: Substring) -> Bool {
        word != "-"
            && word.allSatisfy { $0.isLetter || $0.isNumber || "._+-/=".contains($0) }
    }

    /// Refuses a program that runs others, and of `find` what runs, deletes and writes.
    ///
    /// - Parameters:
    ///   - list: the program and its arguments.
    ///   - since: the arguments that `--since` adds.
    /// - Throws: `YAMLError` at the list, or at the word of `find`.
    static func checkProgram(_ list: YAMLNode, since: YAMLNode?) throws(YAMLError) {
        let words = try list.sequence
        guard let path = try words.first?.string, let last = path.split(separator: "/").last else {
            return
        }
        let name = String(last)
        let arguments = try words.dropFirst().map { node throws(YAMLError) in try node.string }
        guard !runsOthers(name) || onlyTells(name, arguments) else {
            throw list.error(
                "`\(name)` runs other programs; name the program itself, or write a plugin")
        }
        guard name == "find" else { return }
        let added = try since?.sequence ?? []
        for node in words.dropFirst() + added {
            let word = try node.string
            guard let what = deed(ofFind: word) else { continue }
            throw node.error("`find` with `\(word)` \(what); here it may only find")
        }
    }

    /// Whether such a program is only asked for what it knows: `numactl --hardware`, `php -m`.
    private static func onlyTells(_ name: String, _ arguments: [String]) -> Bool {
        let known = questions(for: starters.contains(name) ? name : unversioned(name))
        return !arguments.isEmpty && arguments.allSatisfy(known.contains)
    }

    /// The arguments that make this program tell something and end. The same letters make another
    /// run a shell (`su -m`, `unshare -m`), read commands (`sh -v`) or write (`sudo -v`).
    private static func questions(for program: String) -> Set<String> {
        switch program {
        case "php": ["--version", "-v", "-m"]
        case "python", "pypy": ["--version", "-V"]
        case "perl": ["--version", "-v", "-V"]
        case "node", "nodejs": ["--version", "-v"]
        case "lua", "luajit", "expect": ["-v"]
        case "numactl": ["--version", "--hardware", "-H", "--show"]
        case "capsh": ["--version", "--print"]
        case "chrt": ["--version", "-V", "--max", "-m"]
        case "choom", "flock", "ionice", "linux32", "linux64", "nsenter", "prlimit", "script",
            "setarch", "setpriv", "setsid", "ssh", "strace", "sudo", "taskset", "uclampset",
            "unshare":
            ["--version", "-V"]
        // They know no such question, and do what their input says.
        case "tclsh", "unbuffer": []
        default: ["--version"]
        }
    }

    private static func runsOthers(_ name: String) -> Bool {
        // The dynamic loader: ld.so, ld-linux-x86-64.so.2, ld64.so.2, ld-musl-x86_64.so.1.
        let isLoader = ["ld.", "ld-", "ld64."].contains { name.hasPrefix($0) }
        return isLoader && name.contains(".so") || starters.contains(name)
            || starters.contains(unversioned(name))
    }

    /// The name without a version: `python` of `python3.11`, `perl` of
    /// `perl5.36-x86_64-linux-gnu`, `busybox` of `busybox-static`.
    private static func unversioned(_ name: String) -> String {
        var stem = name.prefix { !isDigit($0) }
        let rest = name.dropFirst(stem.count).drop { isDigit($0) || $0 == "." }
        // A special build has a letter more (`python3.11d`), or says for which machine it is.
        guard rest.count <= 1 || rest == "-dbg" || rest.contains("-linux-") else { return name }
        for ending in ["-", ".", "-static", ".static"] where stem.hasSuffix(ending) {
            stem = stem.dropLast(ending.count)
        }
        return String(stem)
    }

    private static func isDigit(_ character: Character) -> Bool {
        ("0"..."9").contains(character)
    }

    /// What `find` does with an option beside finding.
    private static func deed(ofFind word: String) -> String? {
        switch word {
        case "-exec", "-execdir", "-ok", "-okdir": "runs other programs"
        case "-delete": "deletes"
        case "-fls": "writes files"
        default: word.hasPrefix("-fprint") ? "writes files" : nil
        }
    }

    /// What stands in the arguments that `--since` adds for its moment.
    private static let placeholders = ["{since}", "{since-epoch}"]

    /// Refuses other braces in these arguments: the program would be given them as they are.
    static func checkPlaceholders(_ list: YAMLNode) throws(YAMLError) {
        for node in try list.sequence {
            let text = try node.string
            var rest = text.utf8[...]
            while let brace = rest.firstIndex(where: { $0 == 0x7B || $0 == 0x7D }) {
                rest = rest[brace...]
                guard let known = placeholders.first(where: { rest.starts(with: $0.utf8) }) else {
                    throw node.error(unknownPlaceholder(String(Substring(rest))))
                }
                rest = rest.dropFirst(known.utf8.count)
            }
        }
    }

    /// What is wrong with a text that begins with a brace.
    private static func unknownPlaceholder(_ text: String) -> String {
        let known = placeholders.map { "`\($0)`" }.joined(separator: " and ")
        guard text.first == "{", let end = text.firstIndex(of: "}") else {
            return "a brace stands only in \(known)"
        }
        let name = String(text[...end])
        let hint = NearestName.of(name, in: placeholders).map { "did you mean `\($0)`?" }
        return "unknown placeholder `\(name)`; \(hint ?? "known are \(known)")"
    }
}
