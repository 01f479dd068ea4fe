import ArgumentParser
import DiagLiveDump
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle dump convert`: a dump written anew, with other pages or another compression.
struct DumpConvert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a dump anew: filtered, compressed otherwise, or in another format.",
        discussion: """
            IN is an ELF core file or a kdump-compressed one, of this program or another; a \
            flattened one too. OUT must not exist, and its folder must. Without --level all that \
            IN has is in OUT. OUT gets its name when it is whole; when the disk is full, what was \
            written stays as OUT.partial, which opens. An interruption leaves nothing.

            Pages are told by the words that this program writes beside them, or by VMCOREINFO on \
            x86-64. Where neither tells any that --level is to leave out, nothing is written.

            Exit codes: 0 converted, 1 IN begins like a dump but is damaged, 3 converted with \
            pages missing, or with pages that --level was to leave out, 64 usage, or IN is neither \
            a file nor a block device, 69 no such file, not a dump that can be \
            converted, or one of which nothing that --level is to leave out can be told, 73 cannot \
            create OUT, 74 input/output error, 77 IN must not be read, 130 interrupted.
            """)

    @Argument(help: .init("The dump to read.", valueName: "in")) var input: String
    @Argument(help: .init("The dump to write.", valueName: "out")) var output: String
    @Option(
        help: """
            Classes of pages to leave out beside those that IN does not have, 0 to 31, as in \
            "dump full" (default: 0, none).
            """)
    var level: String?
    @Option(help: "How pages are stored: zstd, zlib or none (default: zstd).")
    var compress: String?
    @Option(help: "What the file is: kdump or elf (default: kdump).")
    var format: String?
    @Option(help: "Threads that copy (default: as many as serve).")
    var threads: String?
    @Option(help: "How to show progress: auto, plain, json or none.")
    var progress: String?

    func run() throws {
        var settings = Settings()
        settings.isOfDump = true
        let single: [(SettingName, String?)] = [
            (.dumpLevel, level ?? "0"), (.dumpCompress, compress), (.dumpFormat, format),
            (.dumpThreads, threads), (.progress, progress),
        ]
        for case (let name, let value?) in single {
            settings.override(with: [name.rawValue: [value]])
        }
        let options = try settings.dumpOptions(.full)
        try DumpConversionCommand.run(
            try HostFacts.absolute(FilePath(input)), try HostFacts.absolute(FilePath(output)),
            options: options, style: try settings.progress)
    }
}
