internal import DiagFormats
internal import DiagSystem
internal import SystemPackage

/// What the files of a kernel say of its structures and symbols: those that ``KernelLandmarks``
/// begins with.
struct KernelNames: Sendable {
    /// The structures of threads, by BTF; `nil` where the kernel has none.
    let types: BTFStructures?
    /// Where some symbols lie, by /proc/kallsyms.
    let symbols: SymbolAddresses

    private static let symbolNames = [
        "init_task", "__per_cpu_offset", "__per_cpu_start", "__per_cpu_end", "idle_threads",
        "vmemmap_base", "_text", "_end",
    ]
    /// Bytes of either file that are read at most.
    private static let byteLimit = 1 << 26

    /// Reads the files below `tree`: the types in a thread of their own, since the kernel takes
    /// long to make up its list of symbols.
    init(_ tree: RootedTree) {
        let reading = try? BackgroundValue.start(name: "dump-types") { Self.types(tree) }
        symbols = Self.symbols(tree)
        types = reading.map { $0.wait() } ?? Self.types(tree)
    }

    private static func types(_ tree: RootedTree) -> BTFStructures? {
        guard let bytes = try? tree.read("/sys/kernel/btf/vmlinux", limit: byteLimit) else {
            return nil
        }
        return try? BTFStructures(parsing: bytes.span, names: KernelTasks.Layout.structures)
    }

    /// Reads lines until all symbols are found: those of modules come last, and none is one of
    /// these.
    private static func symbols(_ tree: RootedTree) -> SymbolAddresses {
        var symbols = SymbolAddresses(names: symbolNames)
        guard let file = try? tree.openRegularFile("/proc/kallsyms") else { return symbols }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var lines = [UInt8]()
        var byteCount = 0
        while !symbols.isDone, byteCount < byteLimit,
            let count = try? file.read(into: &buffer), count > 0
        {
            byteCount += count
            lines += buffer[..<count]
            // What follows the last line end is a line that is not whole yet.
            guard let end = lines.lastIndex(of: 0x0A) else { continue }
            symbols.consume(lines.span.extracting(0...end))
            lines.removeSubrange(0...end)
        }
        symbols.consume(lines.span)
        return symbols
    }
}
