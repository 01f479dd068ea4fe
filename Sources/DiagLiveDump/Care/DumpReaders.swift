/// Which tools read a dump of a given form, and since when.
///
/// Source: measured with crash 8.0.2, drgn 0.3.0 and makedumpfile 1.7.2 of Debian 12, which is
/// built without zstd; crash 8.0.6 lists the tasks of kernels that 8.0.2 does not.
public struct DumpReader: Hashable, Sendable {
    /// The tool.
    public var name: String
    /// The version from which on it reads it, and what it needs; empty when nothing is to be said.
    public var condition: String

    /// A tool and what it needs.
    public init(_ name: String, _ condition: String = "") {
        self.name = name
        self.condition = condition
    }

    /// For example `crash (8.0.2 or newer)`.
    public var text: String { condition.isEmpty ? name : "\(name) (\(condition))" }

    /// The tools that read a dump in this form.
    public static func of(
        format: LiveDumpOptions.Format, compression: LiveDumpOptions.Compression
    ) -> [DumpReader] {
        switch (format, compression) {
        case (.elf, _):
            [
                DumpReader("crash", "8.0.2 or newer; 8.0.6 to list the tasks of new kernels"),
                DumpReader("drgn"), DumpReader("makedumpfile"), DumpReader("gdb"),
                DumpReader("volatility3"),
            ]
        case (.kdump, .zstd):
            [
                DumpReader("crash", "8.0.2 or newer; 8.0.6 to list the tasks of new kernels"),
                DumpReader("drgn", "with libkdumpfile that has zstd, as in its PyPI wheels"),
                DumpReader(
                    "makedumpfile",
                    "1.7.0 or newer, only where built with zstd: Debian 12's is not"),
            ]
        case (.kdump, .zlib), (.kdump, .none):
            [
                DumpReader("crash", "8.0.2 or newer; 8.0.6 to list the tasks of new kernels"),
                DumpReader("drgn", "with libkdumpfile, as in its PyPI wheels"),
                DumpReader("makedumpfile"),
            ]
        }
    }
}
