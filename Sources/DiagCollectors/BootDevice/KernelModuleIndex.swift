internal import DiagCollect
internal import DiagSystem
internal import SystemPackage

/// Which modules a kernel has, in itself or as files. Source: modules.builtin and modules.dep of
/// depmod(8).
struct KernelModuleIndex {
    /// Names of modules that are part of the kernel; none when that is not known.
    let builtIn: Set<String>?
    /// Names of modules that are files.
    let files: Set<String>

    /// Reads the lists of the kernel `version`.
    init(version: String, in root: RootedTree) {
        let folders = ["/usr/lib/modules/", "/lib/modules/"].map { FilePath($0 + version) }
        func names(_ list: String) -> Set<String>? {
            for folder in folders {
                guard let bytes = try? root.read(folder.appending(list), limit: 8 << 20) else {
                    continue
                }
                let lines = bytes.split(separator: 0x0A).map { line in
                    Self.name(String(decoding: line.prefix { $0 != 0x3A }, as: UTF8.self))
                }
                return Set(lines.compactMap(\.self))
            }
            return nil
        }
        builtIn = names("modules.builtin")
        files = names("modules.dep") ?? []
    }

    /// The name of the module in the file at `path`, with underscores; `nil` for another file.
    static func name(_ path: String) -> String? {
        var name = path.split(separator: "/").last ?? ""
        for ending in [".xz", ".zst", ".gz", ".bz2"] where name.hasSuffix(".ko" + ending) {
            name = name.dropLast(ending.utf8.count)
        }
        guard name.hasSuffix(".ko"), name.utf8.count > 3 else { return nil }
        return canonical(String(name.dropLast(3)))
    }

    /// A name as the kernel writes it: dashes and underscores are the same.
    static func canonical(_ name: String) -> String {
        String(name.map { $0 == "-" ? "_" : $0 })
    }
}
