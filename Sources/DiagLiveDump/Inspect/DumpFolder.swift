internal import DiagSystem
public import SystemPackage

/// The folder of a dump: which file in it is the dump, and which are its stacks.
public enum DumpFolder {
    /// The names that a dump has in its folder: ours by format, and that of Windows.
    public static let dumpNames = ["LiveDump.kdump", "LiveDump.elf", "LiveDump.dmp"]
    /// The name of the document with the stacks beside it.
    public static let stacksName = "LiveDump-stacks.json"
    /// How many names of other files are told.
    private static let shownCount = 8
    /// How many names are read for that at most.
    private static let listedCount = 100_000

    /// The dump in the folder at `path`; `path` itself, when it is anything else than a folder.
    ///
    /// - Throws: ``DumpInspectionError``, when the folder holds no dump by one of ``dumpNames``, or
    ///   more than one, or cannot be looked into.
    public static func dump(at path: FilePath) throws(DumpInspectionError) -> FilePath {
        try dump(at: path, listing: listedCount)
    }

    static func dump(
        at path: FilePath, listing limit: Int
    ) throws(DumpInspectionError) -> FilePath {
        let folder: Directory
        let found: [String]
        do throws(SystemCallError) {
            folder = try Directory.open(path)
            found = try dumps(in: folder)
        } catch {
            if error.errno == .notDirectory { return path }
            throw DumpInspectionError(error, on: path.string)
        }
        if found.count == 1 { return path.appending(found[0]) }
        guard found.isEmpty else {
            throw DumpInspectionError(
                .notAFile,
                "\(path) is a directory with more than one dump: "
                    + found.joined(separator: ", ") + ". Name one of them")
        }
        let wanted = dumpNames.joined(separator: ", ")
        throw DumpInspectionError(
            .notAFile,
            "\(path) is a directory without a dump: looked for \(wanted), and it holds "
                + (try listed(folder, limit, path)) + ". Name the file of a dump")
    }

    /// Which of the names of a dump are in a folder.
    private static func dumps(in folder: Directory) throws(SystemCallError) -> [String] {
        var found = [String]()
        for name in dumpNames {
            guard let component = FilePath.Component(name) else { continue }
            do throws(SystemCallError) {
                _ = try folder.status(of: component)
                found.append(name)
            } catch { if error.errno != .noSuchFileOrDirectory { throw error } }
        }
        return found
    }

    /// What a folder holds, in words.
    private static func listed(
        _ folder: Directory, _ limit: Int, _ path: FilePath
    ) throws(DumpInspectionError) -> String {
        let names: [String]
        do throws(SystemCallError) {
            names = try folder.entries(limit: limit).map(\.name.string)
        } catch {
            if error.errno == .noBufferSpace { return "more than \(limit) files" }
            throw DumpInspectionError(error, on: path.string)
        }
        guard !names.isEmpty else { return "nothing" }
        let more = names.count - shownCount
        return names.prefix(shownCount).joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
    }
}
