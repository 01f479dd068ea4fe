internal import DiagSystem
internal import SystemPackage

/// The names of the volumes of one bundle that are there.
struct VolumeNames: Hashable, Sendable {
    /// The folder that they lie in; empty for the current one.
    let folder: FilePath
    /// The name of the whole.
    let whole: [UInt8]
    let digitCount: Int
    /// The numbers that are there, sorted; at least one.
    let numbers: [Int]

    /// The name of the whole as a path, which need not exist.
    var path: FilePath { folder.appending(bytes: whole) }

    /// Where the volume `number` is, or would be.
    func path(of number: Int) -> FilePath {
        folder.appending(
            bytes: VolumeName(of: whole, number: number, digitCount: digitCount).bytes)
    }

    /// The set that `path` names: by one of its volumes, which need not be there, or by the name of
    /// the whole where that is not there.
    ///
    /// - Returns: `nil` for what is no set: also for a file with a number in its name that begins an
    ///   archive itself, beside which is no first volume.
    /// - Throws: ``ArchiveError`` when the folder cannot be listed, or has two sets of that name.
    static func find(_ path: FilePath) throws(ArchiveError) -> VolumeNames? {
        guard let component = path.lastComponent else { return nil }
        let name = FilePath(root: nil, [component]).bytes
        let folder = path.removingLastComponent()
        let kind = try? OwnedDescriptor.kind(of: path)
        guard let volume = VolumeName(name) else {
            guard kind == nil else { return nil }
            // Why the file cannot be read is told when it is opened.
            let sets = (try? sets(of: name, in: folder)) ?? []
            guard sets.count < 2 else {
                throw ArchiveError(
                    .invalid, operation: "read", object: path.string,
                    reason: "there are volumes with numbers of three and of four digits: name one")
            }
            return sets.first
        }
        guard kind == nil || kind == .regular,
            let set = try sets(of: volume.whole, in: folder)
                .first(where: { $0.digitCount == volume.digitCount })
        else { return nil }
        if kind != nil, set.numbers.first != 1, beginsArchive(path) { return nil }
        return set
    }

    /// The sets of volumes of `whole`, by the digits of their numbers. None where there is no folder.
    private static func sets(
        of whole: [UInt8], in folder: FilePath
    ) throws(ArchiveError) -> [VolumeNames] {
        var numbers = [Int: [Int]]()
        do throws(SystemCallError) {
            for entry in try Directory.open(folder.isEmpty ? "." : folder).entries() {
                guard let volume = VolumeName(entry.bytes), volume.whole == whole else { continue }
                numbers[volume.digitCount, default: []].append(volume.number)
            }
        } catch {
            if [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) { return [] }
            throw ArchiveError(error)
        }
        return numbers.map {
            VolumeNames(
                folder: folder, whole: whole, digitCount: $0.key, numbers: $0.value.sorted())
        }
    }

    /// Whether the file at `path` begins as a bundle or another archive does.
    private static func beginsArchive(_ path: FilePath) -> Bool {
        var start = [UInt8](repeating: 0, count: TarHeader.byteCount)
        guard let file = try? InputVolume(path), let count = try? file.read(into: &start, at: 0)
        else { return false }
        start.removeLast(start.count - count)
        return ArchiveStart(start) != nil
    }
}

extension FilePath {
    /// The path with one more name, which need not be UTF-8.
    fileprivate func appending(bytes name: [UInt8]) -> FilePath {
        FilePath(bytes: name).lastComponent.map { appending($0) } ?? self
    }
}
