internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The users and groups of a root that nothing runs from.
extension SystemCollector {
    /// The files, what their lines become, and what they are.
    static let accounts: [(path: String, artifact: String, kind: AccountTable.Kind)] = [
        ("/etc/passwd", "users.txt", .users), ("/etc/group", "groups.txt", .groups),
    ]
    /// The most bytes of each that are read.
    static let mostAccountBytes = 4 << 20

    /// Sends `users.txt` and `groups.txt`; on the running host the collector `login` has them from
    /// a program, which cannot run for another root.
    func sendAccounts(_ reader: FactReader) throws {
        guard !reader.context.root.isLiveHost else { return }
        let limit = Self.mostAccountBytes
        for (path, artifact, kind) in Self.accounts where reader.exists(FilePath(path)) {
            guard let bytes = try reader.bytes(FilePath(path), limit: limit + 1) else { continue }
            let table = AccountTable(parsing: Array(bytes.prefix(limit)), of: kind)
            if !table.bytes.isEmpty {
                try reader.sink.send(
                    artifact, table.bytes, source: path, mediaType: "text/plain",
                    privacy: .identity)
                if bytes.count > limit {
                    try reader.sink.send(
                        .truncated(.init(why: "only the first \(limit) bytes are read")))
                }
            }
            if table.leftOutCount > 0 {
                let count = table.leftOutCount
                try reader.sink.send(
                    .note(
                        .init(
                            text: "\(path): \(count) \(count == 1 ? "line is" : "lines are")"
                                + " left out, for it is not known where a password stands in"
                                + " \(count == 1 ? "it" : "them")")))
            }
        }
    }
}
