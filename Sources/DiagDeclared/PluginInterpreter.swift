internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The programs that run a script: whoever could change one of them could change the script.
enum PluginInterpreter {
    /// The folders of programs that nobody else could have put something into, for `PATH`.
    static var trustedFolders: [String] {
        HostTraits.programFolders.filter { (try? TrustedFolder($0)) != nil }.map(\.string)
    }

    /// How many scripts may interpret one another; the kernel follows five.
    private static let mostLevels = 5

    /// Checks what the first line of the script at `path` names; `line` is what follows its `#!`.
    ///
    /// Where that is a script itself, its interpreter is checked, too; of `env` the program that it
    /// will find in `PATH`.
    ///
    /// - Throws: ``PluginFile/Refusal`` when others could have written one of them, or when one is
    ///   not there: that is about what the script says.
    static func check(_ line: [UInt8], of path: FilePath) throws(PluginFile.Refusal) {
        try check(line, of: path, level: 0)
    }

    private static func check(
        _ line: [UInt8], of path: FilePath, level: Int
    ) throws(PluginFile.Refusal) {
        let blanks: [UInt8] = [0x20, 0x09]
        let line = line.prefix { $0 != 0x0A }
        var words = line.split(whereSeparator: blanks.contains)[...]
        let first = words.popFirst() ?? []
        guard first.last != 0x0D else { throw refusal(path, lineEnds(of: line)) }
        guard first.first == 0x2F, let text = String(validating: first, as: UTF8.self) else {
            throw refusal(
                path,
                "begins with #! and names no absolute path:"
                    + " \"\(UntrustedText.escapingForPath(first))\"")
        }
        try check(FilePath(text), of: path, level: level)
        guard FilePath(text).lastComponent?.string == "env" else { return }
        if words.first?.elementsEqual("-S".utf8) == true { words = words.dropFirst() }
        guard words.first?.last != 0x0D else { throw refusal(path, lineEnds(of: line)) }
        guard let word = words.first, word.first != 0x2D, !word.contains(0x3D),
            let name = String(validating: word, as: UTF8.self)
        else {
            throw refusal(
                path,
                "is interpreted by \(text), which is to be given a program and no options of its"
                    + " own")
        }
        guard let program = name.contains("/") ? FilePath(name) : program(name) else {
            throw refusal(
                path,
                "is interpreted by \(UntrustedText.escapingControls(name)), which \(text) does"
                    + " not find here")
        }
        guard program.lastComponent?.string != "env" else {
            throw refusal(
                path, "is interpreted by \(text), which is to be given a program, not env")
        }
        try check(program, of: path, level: level)
    }

    /// The program that a `PATH` of the trusted folders leads to.
    private static func program(_ name: String) -> FilePath? {
        guard let tree = try? RootedTree("/") else { return nil }
        return trustedFolders.map { FilePath($0).appending(name) }.first { path in
            guard let status = try? tree.status(of: path) else { return false }
            return status.kind == .regular && status.permissions & 0o111 != 0
        }
    }

    /// Checks an interpreter, and whoever interprets it.
    private static func check(
        _ interpreter: FilePath, of path: FilePath, level: Int
    ) throws(PluginFile.Refusal) {
        let shown = UntrustedText.escapingForPath(interpreter.bytes)
        guard interpreter.isAbsolute else {
            throw refusal(path, "is interpreted by \(shown), which is no absolute path")
        }
        do throws(TrustedFolder.Refusal) { try TrustedFolder.checkProgram(interpreter) } catch {
            let what =
                error.errno == .noSuchFileOrDirectory
                ? "that does not exist here" : UntrustedText.escapingControls(error.description)
            // Without a word of the kernel it is about who may have written it.
            throw refusal(
                path, "is interpreted by \(shown), but \(what)", isAboutContent: error.errno != nil)
        }
        guard let start = try? RootedTree("/").read(interpreter, limit: 256),
            start.starts(with: [0x23, 0x21])
        else { return }
        guard level < mostLevels else {
            throw refusal(path, "is interpreted by more than \(mostLevels) scripts in turn")
        }
        do throws(PluginFile.Refusal) {
            try check(Array(start.dropFirst(2)), of: interpreter, level: level + 1)
        } catch {
            throw refusal(
                path, "is interpreted by \(shown), but \(error.reason)",
                isAboutContent: error.isAboutContent)
        }
    }

    /// That a script was written on another system; `line` is its first one behind `#!`.
    private static func lineEnds(of line: ArraySlice<UInt8>) -> String {
        "has the line ends of DOS: \"#!\(UntrustedText.escapingForPath(line))\"; a line ends with a"
            + " newline alone (sed -i 's/\\r$//')"
    }

    private static func refusal(
        _ path: FilePath, _ what: String, isAboutContent: Bool = true
    ) -> PluginFile.Refusal {
        var refusal = PluginFile.Refusal(path: path.string, reason: "\(path) \(what)")
        refusal.isAboutContent = isAboutContent
        return refusal
    }
}
