internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The programs that run a script: whoever could change one of them could change the script.
enum PluginInterpreter {
    /// The folders of programs that nobody else could have put something into, for `PATH`.
    static var trustedFolders: [String] {
        HostTraits.programFolders.filter { (try? TrustedFolder($0)) != nil }.map(\.string)
    }

    /// Checks what the first line of the script at `path` names; `line` is what follows its `#!`.
    ///
    /// Of `env` its first argument that is a name is checked, too, as `PATH` will lead to it.
    ///
    /// - Throws: ``PluginFile/Refusal`` when others could have written it.
    static func check(_ line: [UInt8], of path: FilePath) throws(PluginFile.Refusal) {
        let blanks: [UInt8] = [0x20, 0x09]
        let words = line.prefix { $0 != 0x0A }.split(whereSeparator: blanks.contains)
        let first = words.first ?? []
        let shown = UntrustedText.escapingForPath(first)
        guard first.first == 0x2F, let text = String(validating: first, as: UTF8.self) else {
            throw PluginFile.Refusal(
                path: path.string,
                reason: "\(path) begins with #! and names no absolute path: \"\(shown)\"")
        }
        try check(FilePath(text), shown, of: path)
        guard FilePath(text).lastComponent?.string == "env" else { return }
        let isName = { (word: ArraySlice<UInt8>) in word.first != 0x2D && !word.contains(0x3D) }
        guard let word = words.dropFirst().first(where: isName),
            let name = String(validating: word, as: UTF8.self)
        else { return }
        guard !name.contains("/") else {
            return try check(FilePath(name), UntrustedText.escapingForPath(word), of: path)
        }
        for folder in trustedFolders {
            let program = FilePath(folder).appending(name)
            guard let tree = try? RootedTree("/"), (try? tree.status(of: program)) != nil else {
                continue
            }
            return try check(program, UntrustedText.escapingControls(program.string), of: path)
        }
    }

    private static func check(
        _ interpreter: FilePath, _ shown: String, of path: FilePath
    ) throws(PluginFile.Refusal) {
        do throws(TrustedFolder.Refusal) { try TrustedFolder.checkProgram(interpreter) } catch {
            let what =
                error.errno == .noSuchFileOrDirectory
                ? "that does not exist here" : UntrustedText.escapingControls(error.description)
            throw PluginFile.Refusal(
                path: path.string, reason: "\(path) is interpreted by \(shown), but \(what)")
        }
    }
}
