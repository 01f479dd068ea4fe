internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Copies what earlier kernels left when they crashed: the pstore file system, and where
/// systemd-pstore moves its files at the boot.
///
/// Only `dmesg` files are written when a kernel crashes; `console-ramoops`, `pmsg`, `ftrace` and
/// `powerpc-` ones are there after every boot. Source: Linux `Documentation/ABI/testing/pstore`,
/// `pstore_type_names` in `fs/pstore/platform.c`, systemd-pstore.service(8).
struct CrashRecords {
    static let folders: [(path: FilePath, name: String)] = [
        ("/sys/fs/pstore", "pstore/kernel"), ("/var/lib/systemd/pstore", "pstore/archive"),
    ]
    private static let mostFiles = 500
    static let deepest = 4
    /// A crash that is older than this, in microseconds, is told as a notice: 30 days.
    private static let longestAge: Int64 = 30 * 86_400 * 1_000_000

    let context: CollectionContext
    let budget: Int64
    /// Whether `boots.json` is sent.
    let hasBootList: Bool
    /// The time that ages are measured from.
    let now: Timestamp

    private struct File {
        let path: FilePath
        let artifact: String
        /// The artifact's path in the bytes of the host.
        let artifactBytes: [UInt8]
        let modified: Timestamp

        /// Whether it was written because a kernel crashed.
        var isCrash: Bool { path.lastComponent?.string.hasPrefix("dmesg") == true }
    }

    func collect(into sink: any CollectionSink) throws {
        var files = [File]()
        var refused = false
        for (folder, name) in Self.folders {
            try find(in: folder, artifact: FilePath(name), depth: 0, &files, &refused, into: sink)
        }
        guard !files.isEmpty else {
            if !refused {
                try sink.absent("kernel crash records", why: "pstore is empty or not there")
            }
            return
        }
        if !refused, !files.contains(where: \.isCrash) {
            try sink.absent(
                "kernel crash records",
                why: "pstore holds no dmesg record, only \(files.count) of other kinds")
        }
        files.sort { left, right in
            guard left.isCrash == right.isCrash else { return left.isCrash }
            return (right.modified, left.artifact) < (left.modified, right.artifact)
        }
        if files.count > Self.mostFiles {
            try sink.missing(
                "\(files.count - Self.mostFiles) older files of pstore",
                why: "\(Self.mostFiles) are kept, crash records first")
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
                file.path, as: file.artifact, bytes: file.artifactBytes,
                limit: min(remaining, 4 << 20),
                mediaType: "application/octet-stream", privacy: .content, into: counter)
            {
                sent.append(file)
            }
        }
        if leftOutCount > 0 {
            try sink.missing("\(leftOutCount) files of pstore", why: "beyond the byte budget")
        }
        if let finding = finding(on: sent.filter(\.isCrash)) { try sink.send(.finding(finding)) }
    }

    /// What crash records, the newest first, tell.
    private func finding(on crashes: [File]) -> Finding? {
        guard let newest = crashes.first else { return nil }
        let records = crashes.count == 1 ? "1 record" : "\(crashes.count) records"
        // A time to come is that of a clock that was wrong, and says nothing against a late crash.
        let age = now.microsecondsSince1970.subtractingReportingOverflow(
            newest.modified.microsecondsSince1970)
        let isRecent = !age.overflow && age.partialValue <= Self.longestAge
        var actions = ["Read the newest record: its last lines say why the kernel stopped."]
        if hasBootList {
            actions.append("Compare its time with the boots in logs/boots.json.")
        }
        return Finding(
            fault: "logs.pstore.present", severity: isRecent ? .major : .notice, collector: "logs",
            object: "kernel", place: newest.path.removingLastComponent().string,
            reason: "An earlier kernel crashed or panicked and left \(records);"
                + " the newest is of \(newest.modified).",
            recommendedActions: actions,
            evidence: crashes.prefix(10).map { .init(artifact: "logs/" + $0.artifact) })
    }

    private func find(
        in folder: FilePath, artifact: FilePath, depth: Int, _ files: inout [File],
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
            // Behind the folder that is searched the names are the host's, whatever their bytes.
            let name = artifact.appending(entry.name)
            guard
                let status = try? context.root.status(of: path, followingLinks: false)
            else { continue }
            if status.kind == .directory, depth < Self.deepest {
                try find(in: path, artifact: name, depth: depth + 1, &files, &refused, into: sink)
            } else if status.kind == .regular {
                files.append(
                    File(
                        path: path, artifact: UntrustedText.escapingForPath(name.bytes),
                        artifactBytes: name.bytes, modified: status.modified))
            }
        }
    }
}
