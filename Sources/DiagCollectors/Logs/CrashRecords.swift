internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Copies what earlier kernels left when they crashed: the pstore file system, and where
/// systemd-pstore moves its files at the boot.
///
/// Source: Linux `Documentation/ABI/testing/pstore`, systemd-pstore.service(8).
struct CrashRecords {
    static let folders: [(path: FilePath, name: String)] = [
        ("/sys/fs/pstore", "pstore/kernel"), ("/var/lib/systemd/pstore", "pstore/archive"),
    ]
    private static let mostFiles = 500
    private static let deepest = 4

    let context: CollectionContext
    let budget: Int64

    private struct File {
        let path: FilePath
        let artifact: String
        let modified: Timestamp
    }

    func collect(into sink: any CollectionSink) throws {
        var files = [File]()
        var refused = false
        for (folder, name) in Self.folders {
            try find(in: folder, artifact: name, depth: 0, &files, &refused, into: sink)
        }
        guard !files.isEmpty else {
            if !refused {
                try sink.absent("kernel crash records", why: "pstore is empty or not there")
            }
            return
        }
        files.sort { ($1.modified, $0.artifact) < ($0.modified, $1.artifact) }
        if files.count > Self.mostFiles {
            try sink.missing(
                "\(files.count - Self.mostFiles) older crash records",
                why: "the newest \(Self.mostFiles) are kept")
            files.removeLast(files.count - Self.mostFiles)
        }
        let counter = CountingSink(sink)
        var sent = [File]()
        var leftOutCount = 0
        for file in files {
            let remaining = budget - counter.byteCount
            guard remaining > 0 else {
                leftOutCount += 1
                continue
            }
            if try context.copy(
                file.path, as: file.artifact, limit: min(remaining, 4 << 20),
                mediaType: "application/octet-stream", privacy: .content, into: counter)
            {
                sent.append(file)
            }
        }
        if leftOutCount > 0 {
            try sink.missing("\(leftOutCount) crash records", why: "beyond the byte budget")
        }
        if let newest = sent.first {
            let records = sent.count == 1 ? "1 record" : "\(sent.count) records"
            try sink.send(
                .finding(
                    Finding(
                        fault: "logs.pstore.present", severity: .major, collector: "logs",
                        object: "kernel", place: newest.path.removingLastComponent().string,
                        reason: "An earlier kernel crashed or panicked and left \(records);"
                            + " the newest is of \(newest.modified).",
                        recommendedActions: [
                            "Read the newest record: its last lines say why the kernel stopped.",
                            "Compare its time with the boots in logs/boots.json.",
                        ],
                        evidence: sent.prefix(10).map { .init(artifact: "logs/" + $0.artifact) })))
        }
    }

    private func find(
        in folder: FilePath, artifact: String, depth: Int, _ files: inout [File],
        _ refused: inout Bool, into sink: any CollectionSink
    ) throws {
        let entries: [Directory.Entry]
        do throws(SystemCallError) {
            entries = try context.root.directory(folder).entries(limit: 10_000)
        } catch {
            if error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory { return }
            refused = true
            try context.report(error, on: folder, into: sink)
            return
        }
        for entry in entries where files.count < 10 * Self.mostFiles {
            let path = folder.appending(entry.name)
            let name = artifact + "/" + UntrustedText.escapingControls(entry.name.string)
            guard
                let status = try? context.root.status(of: path, followingLinks: false)
            else { continue }
            if status.kind == .directory, depth < Self.deepest {
                try find(in: path, artifact: name, depth: depth + 1, &files, &refused, into: sink)
            } else if status.kind == .regular {
                files.append(File(path: path, artifact: name, modified: status.modified))
            }
        }
    }
}
