import DiagLiveDump
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle dump stacks FILE`: the stacks that are kept beside a dump.
enum DumpStacksFile {
    /// Prints the stacks beside the dump `file`, in the folder `file`, or in the JSON file itself.
    ///
    /// - Throws: ``CommandFailure`` when there are none, or they cannot be read.
    static func run(_ file: String) throws {
        SignalDisposition.ignoreWriteSignals()
        let (stacks, path) = try read(FilePath(file))
        var isOpen = true
        var failure: (any Error)?
        func show(_ text: String) {
            guard isOpen else { return }
            do { isOpen = try StandardStreams.write(Array(text.utf8)) } catch {
                isOpen = false
                failure = error
            }
        }
        if path != FilePath(file) {
            show("From \(UntrustedText.escapingControls(path.string))\n")
        }
        KernelStacksText.render(stacks, write: show)
        if let failure { throw failure }
    }

    /// The stacks that belong to `given`, and where they lie. A file that is wrong is an error: no
    /// other is looked for in its place.
    private static func read(_ given: FilePath) throws -> (KernelStacks, FilePath) {
        let path = try place(given)
        do throws(LiveDumpError) { return (try KernelStacks.read(path), path) } catch {
            throw CommandFailure(
                error.obstacle.cause == .notPermitted ? .notPermitted : .inputOutput,
                error.description)
        }
    }

    /// Where the stacks lie that belong to a document, a folder or a dump.
    private static func place(_ given: FilePath) throws -> FilePath {
        let kind = try kind(of: given)
        guard kind == .regular || kind == .directory else {
            throw CommandFailure(
                .usage,
                "read \(given): it is a \(kind.words), and neither a dump nor a folder of one")
        }
        let name = given.lastComponent?.string ?? ""
        if kind == .regular, given.extension == "json" { return given }
        let candidates: [FilePath]
        if kind == .directory {
            candidates = [given.appending(DumpFolder.stacksName)]
        } else {
            let beside = given.removingLastComponent()
            // Only a dump that has our name can be the one of the stacks that have it.
            candidates =
                [beside.appending("\(given.stem ?? name)-stacks.json")]
                + (name.hasPrefix("LiveDump") ? [beside.appending(DumpFolder.stacksName)] : [])
        }
        for path in candidates where try isThere(path) { return path }
        throw CommandFailure(
            .unavailable,
            "there are no stacks of \(given): looked for "
                + candidates.map(\.string).joined(separator: ", ")
                + ". They are in the file \(DumpFolder.stacksName) that is written with each"
                + " dump.")
    }

    private static func kind(of path: FilePath) throws -> FileStatus.Kind {
        do throws(OwnedDescriptor.InputFailure) {
            let file = try OwnedDescriptor.openInput(path, kinds: [.regular, .directory])
            do throws(SystemCallError) { return try file.status().kind } catch {
                throw .system(error)
            }
        } catch {
            let cause: SystemCallError
            switch error {
            case .kind(let kind): return kind
            case .system(let error): cause = error
            }
            let status: ExitStatus =
                switch cause.errno {
                case .noSuchFileOrDirectory, .notDirectory, .noSuchAddressOrDevice: .unavailable
                case .permissionDenied, .notPermitted: .notPermitted
                default: .inputOutput
                }
            throw CommandFailure(status, "\(cause)")
        }
    }

    private static func isThere(_ path: FilePath) throws -> Bool {
        do { _ = try kind(of: path) } catch let failure as CommandFailure {
            if failure.status == .unavailable { return false }
            throw failure
        }
        return true
    }
}
