internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What is usually wrong with a program that is there and that the kernel does not execute.
enum UnexecutedProgram {
    /// What is wrong with one of this kind, as the end of a sentence that begins with its path.
    static func words(_ kind: PluginFile.ProgramKind, _ errno: Errno) -> String {
        let what =
            switch errno {
            case .execFormatError where kind == .binary:
                "is broken, or a program for another machine"
            case .execFormatError where kind == .other:
                "is no program: a script begins with the line that names what interprets it, such"
                    + " as #!/bin/sh"
            case .noSuchFileOrDirectory where kind == .binary:
                "needs a loader that does not exist here"
            default: "cannot be executed"
            }
        return "\(what) (\(errno))"
    }

    /// What is wrong with the program at `path`, as a sentence; `nil` where the kernel said nothing
    /// of it, or where it cannot be read.
    static func reason(_ path: FilePath, _ errno: Errno, in tree: RootedTree) -> String? {
        guard [.execFormatError, .noSuchFileOrDirectory, .permissionDenied].contains(errno),
            let start = try? tree.read(path, limit: 256)
        else { return nil }
        let kind = PluginFile.ProgramKind(start[...])
        guard kind == .script, errno == .noSuchFileOrDirectory else {
            return "\(path) \(words(kind, errno))"
        }
        let line = start.dropFirst(2).prefix { $0 != 0x0A }
        let interpreter = line.split { $0 == 0x20 || $0 == 0x09 }.first ?? []
        if interpreter.last == 0x0D {
            return "\(path) has the line ends of DOS: a line ends with a newline alone"
                + " (sed -i 's/\\r$//')"
        }
        return "\(path) is interpreted by \(UntrustedText.escapingForPath(interpreter)), and that,"
            + " or what it needs, does not exist here"
    }
}
