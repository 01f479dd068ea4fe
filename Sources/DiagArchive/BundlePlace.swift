internal import DiagSystem
internal import SystemPackage

/// Where a bundle is written: beside its final name, which it gets only when it is whole.
struct BundlePlace: Sendable {
    /// The final name.
    let path: FilePath
    /// What messages call the file while it is written.
    let object: String
    private let target: OutputDirectory
    private let fileName: String
    private let partialName: String

    /// The place of `path`, whose folder is made when needed; nothing is created there yet.
    init(_ path: FilePath) throws(ArchiveError) {
        guard let fileName = path.lastComponent?.string else {
            throw ArchiveError(
                .refused, operation: "create", object: path.string,
                reason: "the bundle needs a plain name")
        }
        self.path = path
        self.fileName = fileName
        partialName = ".\(fileName).partial"
        let parent = path.removingLastComponent()
        do throws(SystemCallError) {
            target = try OutputDirectory.create(parent.isEmpty ? "." : parent)
        } catch { throw ArchiveError(error, kind: .cannotCreate) }
        object = target.path.appending(partialName).string
    }

    /// Makes the file, in the place of one that a killed run left.
    func create() throws(ArchiveError) -> OwnedDescriptor {
        do throws(SystemCallError) {
            try target.removeFile(partialName)
            return try target.createFile(partialName)
        } catch { throw ArchiveError(error, kind: .cannotCreate) }
    }

    /// Gives the file, which is whole and on the disk, its final name.
    func keep() throws(ArchiveError) {
        do throws(SystemCallError) {
            try target.rename(partialName, to: fileName)
            try target.synchronize()
        } catch { throw ArchiveError(error) }
    }

    /// Removes the file that has not got its name.
    func remove() { try? target.removeFile(partialName) }
}
