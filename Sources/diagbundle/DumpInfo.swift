import ArgumentParser
import DiagLiveDump
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// `diagbundle dump info`: what a file with the memory of a kernel says of itself, or that in a
/// folder.
struct DumpInfo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract:
            "Tell what a memory dump is: of which kernel, when, whole or not, how to open it.",
        discussion: """
            Knows kdump-compressed files, ELF core files of kernels, flattened files \
            (makedumpfile -F), LiME, AVML and Windows .dmp files. Reads headers, notes, bitmaps \
            and the table of pages; of the memory only the names of the system, in ELF core files. \
            LiME and AVML files tell nothing of the kernel: in their memory the kernel's own \
            account (VMCOREINFO) is looked for, in at most 16 GiB and for at most 20 seconds. \
            Tells which package has the symbols of the kernel, how it is got, and what opens the \
            dump with them.

            With a folder, it describes the dump in it: the one file that is called \
            LiveDump.kdump, LiveDump.elf or LiveDump.dmp.

            Exit codes: 0 described, also when the dump is partial, 1 begins like a dump but is \
            too damaged to describe, 64 a FIFO, a socket or a device, 69 no such \
            file, no memory dump, or a folder without a dump or with several, 74 cannot be read, 77 not permitted.
            """)

    @Argument(help: "The dump, or the folder of one.")
    var file: String
    @Flag(help: "Print one JSON document.")
    var json = false
    @Flag(
        help: """
            Also print where the time of a dump of diagbundle went: its steps, which sum to the \
            whole, and what each stage of the copy cost (LiveDump.json beside it tells). With \
            --json they are there anyway.
            """)
    var steps = false

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        let description: DumpDescription
        do throws(DumpInspectionError) {
            description = try DumpInspector.describe(FilePath(file))
        } catch { throw CommandFailure(inspecting: error) }
        if json {
            _ = try StandardStreams.write(JSONDocument.encode(description, layout: .document))
        } else {
            for line in DumpPage.lines(description, showsSteps: steps) {
                guard try StandardStreams.write(Array((line + "\n").utf8)) else { return }
            }
        }
    }
}

extension CommandFailure {
    /// A dump of which nothing can be told.
    init(inspecting error: DumpInspectionError) {
        let status: ExitStatus =
            switch error.kind {
            case .notAFile, .notADump: .unavailable
            case .wrongKind: .usage
            case .notPermitted: .notPermitted
            case .damaged: .failed
            case .inputOutput: .inputOutput
            }
        self.init(status, error.description)
    }
}
