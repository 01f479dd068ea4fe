import DiagSystem
import SystemPackage

/// The file that a conversion writes: it has the ending `.partial` until it is whole.
struct ConversionOutput {
    /// The path that it gets.
    let path: FilePath
    private let name: String
    private let directory: OutputDirectory

    /// The path that it has meanwhile.
    var partialPath: String { path.string + ".partial" }
    private var partialName: String { name + ".partial" }

    /// A file at `path`, which must not exist yet; its folder must.
    init(_ path: FilePath) throws {
        guard let name = path.lastComponent?.string else {
            throw CommandFailure(.cannotCreate, "\(path): a file name is needed")
        }
        self.path = path
        self.name = name
        do throws(SystemCallError) {
            let folder = path.removingLastComponent()
            // Making a folder that was only mistyped helps nobody.
            _ = try OwnedDescriptor.open(folder, .readOnly, options: [.directory])
            directory = try OutputDirectory.create(folder)
            if try directory.status(of: name) != nil {
                throw SystemCallError(operation: "create", object: path.string, errno: .fileExists)
            }
        } catch { throw CommandFailure(.output(error.errno, isCreating: true), "\(error)") }
    }

    /// Makes the file, in the place of one that an earlier conversion left.
    func create() throws -> OwnedDescriptor {
        let obstacle: String?
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                return try locked(directory.createFile(partialName, isReadable: true))
            } catch {
                guard error.errno == .fileExists else { throw error }
            }
            obstacle = try obstacleToReplacing()
            if obstacle == nil {
                return try locked(directory.createFile(partialName, isReadable: true))
            }
        } catch { throw CommandFailure(.output(error.errno, isCreating: true), "\(error)") }
        throw CommandFailure(.cannotCreate, "create \(partialPath): \(obstacle ?? "it exists")")
    }

    private func locked(_ file: consuming OwnedDescriptor) throws(SystemCallError)
        -> OwnedDescriptor
    {
        _ = try file.tryLock()
        return file
    }

    /// Removes what an earlier conversion left, or says why it stays.
    private func obstacleToReplacing() throws(SystemCallError) -> String? {
        guard try directory.status(of: partialName)?.kind == .regular else {
            return "it exists and is no file; choose another name"
        }
        let file = try directory.openFile(partialName)
        guard try file.tryLock() else { return "another conversion writes it" }
        var first = [UInt8](repeating: 0, count: 8)
        let count = try file.read(into: &first, at: 0)
        let begun: [[UInt8]] = [
            Array("KDUMP   ".utf8), [0x7F, 0x45, 0x4C, 0x46], [UInt8](repeating: 0, count: 8),
        ]
        guard count == 0 || begun.contains(where: { first.starts(with: $0) }) else {
            return "it exists and is no dump that a conversion left; remove it, or choose another"
                + " name"
        }
        try directory.removeFile(partialName)
        return nil
    }

    /// Gives the file its name, unless something else got it meanwhile: then it stays as
    /// ``partialPath``.
    func commit() throws {
        do throws(SystemCallError) {
            try directory.renameNew(partialName, to: name)
            try directory.synchronize()
        } catch {
            guard error.errno == .fileExists else {
                throw CommandFailure(.inputOutput, "\(error)")
            }
            throw CommandFailure(
                .cannotCreate,
                "\(path) was made by somebody else meanwhile: the whole dump is \(partialPath)")
        }
    }

    /// Removes the file.
    func discard() { try? directory.removeFile(partialName) }
}
