import ArgumentParser
import DiagModel
import DiagTerminal

extension CommandTree {
    /// This program's own commands, as the parser of its command line knows them.
    static func own() throws -> CommandTree {
        do {
            _ = try Diagbundle.parseAsRoot(["--experimental-dump-help"])
        } catch {
            return try JSONDocument.decode(
                CommandTree.self, from: Diagbundle.fullMessage(for: error).utf8)
        }
        throw CommandFailure(.failed, "describe the commands: the parser gave no description")
    }
}
