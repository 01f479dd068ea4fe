internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The text of the host's mount table, and which file it is from.
struct HostMountTable {
    /// The lines, as proc_pid_mountinfo(5) describes them.
    let bytes: [UInt8]
    /// `/proc/1/mountinfo`, or our own.
    let source: FilePath

    /// The mounts that the first process sees; our own, with a note, where that is refused.
    ///
    /// At most `limit` bytes are read. `nil` after it was told that there is no table.
    static func read(
        in context: CollectionContext, limit: Int, into sink: any CollectionSink
    ) throws -> HostMountTable? {
        let first: FilePath = "/proc/1/mountinfo"
        let own: FilePath = "/proc/self/mountinfo"
        // Some kernels let an ordinary user open the file, and give no line.
        if let bytes = try? context.root.read(first, limit: limit), !bytes.isEmpty {
            return HostMountTable(bytes: bytes, source: first)
        }
        guard (try? context.root.status(of: own)) != nil else {
            do throws(SystemCallError) {
                _ = try context.root.read(first, limit: limit)
            } catch {
                guard error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory else {
                    try context.report(error, on: first, into: sink)
                    return nil
                }
            }
            try sink.absent(first.string, why: "this root has no mount table")
            return nil
        }
        try sink.send(
            .note(
                .init(
                    text: "the mounts are those that diagbundle sees itself, because \(first) "
                        + "cannot be read; run as root for those of the host")))
        do throws(SystemCallError) {
            return HostMountTable(bytes: try context.root.read(own, limit: limit), source: own)
        } catch {
            try context.report(error, on: own, into: sink)
            return nil
        }
    }
}
