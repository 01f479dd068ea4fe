import ArgumentParser

/// `diagbundle dump`: live dumps of the kernel, and what is in them.
struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Dump the running kernel, without a crash; look into dumps.",
        subcommands: [
            DumpFull.self, DumpStacks.self, DumpInfo.self, DumpConvert.self,
        ])
}
