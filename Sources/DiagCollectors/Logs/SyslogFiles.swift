internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Copies the text files that syslog daemons and the like keep below /var/log, newest first.
///
/// They are copied as they are: where the kernel repeats its command line in one of them, as in
/// kern.log, its secrets are not masked.
struct SyslogFiles {
    static let folder: FilePath = "/var/log"
    /// The names of the live files. Rotated ones have a number, a date, or both behind it.
    static let names = [
        "auth.log", "boot.log", "cron", "cron.log", "daemon.log", "dpkg.log", "kern.log",
        "mail.log", "maillog", "messages", "secure", "syslog", "user.log",
    ]
    private static let compressions = [".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z"]
    /// A live file has at most this share of the budget, so that one does not take it all.
    private static let liveShare: Int64 = 3

    let context: CollectionContext
    let budget: Int64

    private struct File {
        let name: String
        let isLive: Bool
        let isCompressed: Bool
        let modified: Timestamp
        let byteCount: Int64
    }

    func collect(into sink: any CollectionSink) throws {
        let found: [Directory.Entry]
        do throws(SystemCallError) {
            found = try context.root.directory(Self.folder).entries(limit: 50_000)
        } catch {
            try context.report(error, on: Self.folder, into: sink)
            return
        }
        var files = [File]()
        var olderCount = 0
        for entry in found {
            let name = entry.name.string
            guard let kind = Self.kind(of: name) else { continue }
            let path = Self.folder.appending(entry.name)
            do throws(SystemCallError) {
                let status = try context.root.status(of: path)
                // A rotated file's time is that of its last line.
                if !kind.isLive, let since = context.since, status.modified < since {
                    olderCount += 1
                    continue
                }
                files.append(
                    File(
                        name: name, isLive: kind.isLive, isCompressed: kind.isCompressed,
                        modified: status.modified, byteCount: status.byteCount))
            } catch {
                try context.report(error, on: path, into: sink)
            }
        }
        if files.isEmpty, olderCount == 0 {
            try sink.absent("syslog files", why: "none below \(Self.folder)")
            return
        }
        if context.since != nil, olderCount > 0 || files.contains(where: { !$0.isLive }) {
            try sink.send(
                .note(
                    .init(
                        text: "rotated files of syslog are chosen by their time of last change"
                            + " (left out: \(olderCount)); what is sent is not cut at the wanted"
                            + " time")))
        }
        // Live files first, by name; then the rotated ones from the newest on.
        files.sort { left, right in
            guard left.isLive == right.isLive else { return left.isLive }
            if left.isLive || left.modified == right.modified { return left.name < right.name }
            return left.modified > right.modified
        }
        try send(files, into: sink)
    }

    private func send(_ files: [File], into sink: any CollectionSink) throws {
        let counter = CountingSink(sink)
        var leftOutCount = 0
        var leftOutBytes: Int64 = 0
        for file in files {
            let remaining = budget - counter.byteCount
            let limit = file.isLive ? min(remaining, budget / Self.liveShare) : remaining
            // A part of a compressed file is of no use.
            let mustBeWhole = file.isCompressed && file.byteCount > limit
            if limit <= 0 || mustBeWhole || MonotonicTime.now > context.deadline {
                leftOutCount += 1
                leftOutBytes += max(0, min(file.byteCount, 1 << 50))
                continue
            }
            try context.copy(
                Self.folder.appending(file.name), as: "syslog/" + file.name, limit: limit,
                part: .newest,
                mediaType: file.isCompressed ? "application/octet-stream" : "text/plain",
                privacy: .content, into: counter)
        }
        if leftOutCount > 0 {
            try sink.missing(
                "\(leftOutCount) files of syslog below \(Self.folder)",
                why: "\(leftOutBytes) bytes beyond the \(budget) bytes for such files",
                remedy: "a larger byte budget, or a later start with --since")
        }
    }

    /// Whether a file of this name is kept, and what it is; `nil` when it is not ours.
    static func kind(of name: String) -> (isLive: Bool, isCompressed: Bool)? {
        for base in names where name.hasPrefix(base) {
            if name == base { return (true, false) }
            var rest = name.utf8.dropFirst(base.utf8.count)
            let compression = compressions.first { name.hasSuffix($0) }
            if let compression { rest = rest.dropLast(min(rest.count, compression.utf8.count)) }
            guard let separator = rest.popFirst(), separator == 0x2E || separator == 0x2D,
                let digit = rest.first, (0x30...0x39).contains(digit),
                rest.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E })
            else { continue }
            return (false, compression != nil)
        }
        return nil
    }
}
