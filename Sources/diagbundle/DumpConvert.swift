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
            IN is an ELF core file or a kdump-compressed one, of this program or another. OUT must \
            not exist. Exit codes: 0 converted, 3 converted with pages missing, 64 usage, 69 IN is \
            not a dump that can be read, 73 cannot create OUT, 74 input/output error.
            """)

    @Argument(help: .init("The dump to read.", valueName: "in")) var input: String
    @Argument(help: .init("The dump to write.", valueName: "out")) var output: String
    @Option(help: "Classes of pages that are left out, 0 to 31 (default: 27).")
    var level: String?
    @Option(help: "How pages are stored: zstd, zlib or none (default: zstd).")
    var compress: String?
    @Option(help: "What the file is: kdump or elf (default: kdump).")
    var format: String?
    @Option(help: "Threads that copy (default: as many as serve).")
    var threads: String?

    func run() throws {
        var settings = Settings()
        settings.isOfDump = true
        let single: [(SettingName, String?)] = [
            (.dumpLevel, level), (.dumpCompress, compress), (.dumpFormat, format),
            (.dumpThreads, threads),
        ]
        for case (let name, let value?) in single {
            settings.override(with: [name.rawValue: [value]])
        }
        let options = try settings.dumpOptions(.full)
        try DumpConversionCommand.run(
            try HostFacts.absolute(FilePath(input)), try HostFacts.absolute(FilePath(output)),
            options: options)
    }
}
