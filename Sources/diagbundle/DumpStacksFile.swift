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
        let stacks = try read(FilePath(file))
        var isOpen = true
        var failure: (any Error)?
        KernelStacksText.render(stacks) { text in
            guard isOpen else { return }
            do { isOpen = try StandardStreams.write(Array(text.utf8)) } catch {
                isOpen = false
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private static func read(_ given: FilePath) throws -> KernelStacks {
        var tried = [String]()
        for path in candidates(given) {
            tried.append(path.string)
            let bytes: [UInt8]
            do throws(SystemCallError) {
                bytes = try OwnedDescriptor.open(path, .readOnly).readAll(
                    limit: KernelStacks.fileByteLimit)
            } catch {
                if [.noSuchFileOrDirectory, .notDirectory, .isDirectory].contains(error.errno) {
                    continue
                }
                throw CommandFailure(
                    error.errno == .permissionDenied ? .notPermitted : .inputOutput, "\(error)")
            }
            do throws(LiveDumpError) {
                return try KernelStacks(reading: bytes, of: path.string)
            } catch {
                if path == given { continue }
                throw CommandFailure(.failed, error.description)
            }
        }
        throw CommandFailure(
            .unavailable,
            "there are no stacks beside \(given): looked for \(tried.joined(separator: ", "))."
                + " They are in the file LiveDump-stacks.json that is written with each dump.")
    }

    /// Where stacks may lie, the likeliest first.
    private static func candidates(_ given: FilePath) -> [FilePath] {
        let beside = given.removingLastComponent()
        var paths = [FilePath]()
        if given.extension == "json" { paths.append(given) }
        paths.append(given.appending("LiveDump-stacks.json"))
        if let stem = given.stem { paths.append(beside.appending("\(stem)-stacks.json")) }
        if given.lastComponent != nil { paths.append(beside.appending("LiveDump-stacks.json")) }
        return paths
    }
}
