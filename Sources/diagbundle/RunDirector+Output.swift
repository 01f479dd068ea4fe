import DiagArchive
import DiagCollect
import DiagFormats
import DiagModel
import DiagSystem
import SystemPackage

/// The folder that the run writes into.
extension RunDirector {
    func openOutput() throws -> OutputDirectory {
        do throws(SystemCallError) {
            return try OutputDirectory.create(output)
        } catch { throw outputFailure(error, isCreating: true) }
    }

    func takeLock(on directory: OutputDirectory) throws -> FileLock {
        let holder =
            "diagbundle, process \(HostFacts.processIdentifier), since \(startedAt.description)"
        do throws(SystemCallError) {
            switch try FileLock.acquire(".diagbundle.lock", in: directory, holder: holder) {
            case .acquired(let lock): return lock
            case .held(let other):
                throw SystemCallError(operation: "lock", object: other, errno: .wouldBlock)
            }
        } catch {
            guard error.errno == .wouldBlock else { throw outputFailure(error, isCreating: true) }
            throw CommandFailure(
                .temporarilyRefused,
                "\(output) is in use by \(error.object). Wait for it to end, or choose another"
                    + " folder with --output.")
        }
    }

    /// The failure of the output: what was tried, the file system behind it, and the cause.
    func outputFailure(_ error: any Error, isCreating: Bool) -> CommandFailure {
        let errno = (error as? SystemCallError)?.errno ?? (error as? ArchiveError)?.errno
        var message = "\(error)"
        if let mount = MountDescription.ofPath(output.string) { message += ", on \(mount)" }
        if isCreating, let advice = rootAdvice(errno) {
            return CommandFailure(.notPermitted, message + advice)
        }
        switch errno {
        case .noSpace, .diskQuotaExceeded:
            message += ". Free space there, or choose another folder with --output."
        case .readOnlyFileSystem, .permissionDenied, .notPermitted:
            message += ". Choose a folder that can be written with --output."
        default: message += "."
        }
        return CommandFailure(.output(errno, isCreating: isCreating), message)
    }

    /// Refuses a place of the host folder where something else is than a host folder: it would be
    /// replaced.
    ///
    /// - Parameters:
    ///   - name: that of the host folder.
    ///   - directory: where it is to be.
    /// - Throws: ``CommandFailure`` with exit code 73.
    func checkPlace(of name: String, in directory: OutputDirectory) throws {
        let obstacle: String?
        do throws(SystemCallError) {
            obstacle = try HostFolder.obstacle(to: name, in: directory)
        } catch { throw outputFailure(error, isCreating: true) }
        guard let obstacle else { return }
        throw CommandFailure(
            .cannotCreate,
            "create the host folder \(output.appending(name)): \(obstacle), and it is not"
                + " replaced. Move it away, or choose another folder with --output.")
    }

    /// Puts the host folder in its place though there is no bundle of it, or beside it.
    ///
    /// - Parameters:
    ///   - folder: what was collected, whole.
    ///   - directory: where it is to be.
    ///   - failure: why there is no bundle.
    /// - Returns: that, with where the folder is when it is not in its place.
    /// - Throws: what the output said when the folder got no name at all.
    func keep(
        _ folder: HostFolder, in directory: OutputDirectory, after failure: CommandFailure
    ) throws -> CommandFailure {
        guard let obstacle = try put(folder, in: directory) else { return failure }
        return CommandFailure(failure.status, "\(failure.message) And: \(obstacle.message)")
    }

    /// Puts the host folder in its place, or beside it where something else came there meanwhile, or
    /// what is there cannot be moved.
    ///
    /// - Returns: what is in the way, and where the folder is; `nil` when it is in its place.
    /// - Throws: what the output said when the folder got no name at all.
    func put(_ folder: HostFolder, in directory: OutputDirectory) throws -> CommandFailure? {
        let failure: CommandFailure
        do {
            try checkPlace(of: folder.name, in: directory)
            try folder.commit()
            result.folderPath = folder.finalPath.string
            return nil
        } catch let obstacle as CommandFailure {
            failure = obstacle
        } catch let error as SystemCallError { failure = outputFailure(error, isCreating: false) }
        let name = try directory.freeName("\(folder.name)-\(startedAt.compactDescription)")
        try folder.commit(as: name)
        let path = output.appending(name)
        result.folderPath = path.string
        return CommandFailure(
            failure.status, "\(failure.message) What was collected is in \(path).")
    }
}
