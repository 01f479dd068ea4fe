import ArgumentParser
import DiagModel

/// `diagbundle dump stacks`: what every processor and thread is at, now or in an earlier dump.
struct DumpStacks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stacks",
        abstract: "Dump the processors' states and the kernel stacks of all threads.",
        discussion: """
            Takes seconds. Writes OUTPUT/<host>-<time>/ with LiveDump-stacks.txt and .json, \
            identical stacks grouped and blocked tasks first, and a small LiveDump.kdump in which \
            crash and drgn unwind the stacks.

            With FILE, a dump or the folder of one, it prints the stacks that are kept beside it \
            and makes nothing.

            Defaults can be changed, shown and restored: see "diagbundle help dump full".

            Exit codes: as of "diagbundle dump full"; 3 also for stacks without the small dump.
            """)

    @Argument(help: "A dump whose stacks are printed; without it a new dump is made.")
    var file: String?
    @OptionGroup var options: DumpOptions

    func run() throws {
        guard let file else { return try options.makeDump(.stacks) }
        guard !options.isAnyGiven else {
            throw CommandFailure(
                .usage, "with a file its stacks are printed; options of a new dump have no place")
        }
        try DumpStacksFile.run(file)
    }
}
