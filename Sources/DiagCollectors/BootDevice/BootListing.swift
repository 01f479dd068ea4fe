internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What lies below /boot and /efi: names, sizes and times, no content.
struct BootListing {
    /// One file or folder.
    struct Entry: Hashable {
        var path: FilePath
        var kind: FileStatus.Kind
        var permissions: UInt16
        var byteCount: Int64
        var modified: Timestamp
        /// Where a symbolic link points.
        var target: String?
    }

    /// More entries than this are left out.
    static let entryLimit = 20_000
    /// Bytes of paths beyond this are left out.
    static let byteLimit = 4 << 20
    private static let depthLimit = 12

    let reader: FactReader
    /// Places that must not be opened, because that would mount something.
    let automounts: Set<String>
    private var byteCount = 0

    init(reader: FactReader, automounts: Set<String>) {
        self.reader = reader
        self.automounts = automounts
    }

    /// Lists both trees in the order of their paths, and sends `boot-listing.txt`.
    mutating func send() throws -> [Entry] {
        var entries = [Entry]()
        var stop: String?
        byteCount = 0
        for root in ["/boot", "/efi"] as [FilePath] {
            if automounts.contains(root.string) {
                try reader.sink.missing(root.string, why: AutomountPoint.reason)
                continue
            }
            guard let link = try? reader.context.root.status(of: root, followingLinks: false)
            else {
                try reader.sink.absent(root.string)
                continue
            }
            // /efi as a link to /boot/efi would be listed twice.
            guard link.kind == .directory else { continue }
            try walk(root, depth: 0, &entries, &stop)
        }
        let text = entries.map { $0.line + "\n" }.joined()
        // Folders of the Boot Loader Specification are named after the machine.
        try reader.sink.send(
            "boot-listing.txt", Array(text.utf8), source: "/boot", mediaType: "text/plain",
            privacy: .identity)
        if let stop { try reader.sink.send(.truncated(.init(why: stop))) }
        return entries
    }

    private mutating func walk(
        _ path: FilePath, depth: Int, _ entries: inout [Entry], _ stop: inout String?
    ) throws {
        guard stop == nil else { return }
        let directory: Directory
        let names: [Directory.Entry]
        do throws(SystemCallError) {
            directory = try reader.context.root.directory(path)
            names = try directory.entries(limit: Self.entryLimit)
        } catch {
            return try reader.context.report(error, on: path, into: reader.sink)
        }
        for name in names {
            let inner = path.appending(name.name)
            guard entries.count < Self.entryLimit else {
                stop = "only the first \(Self.entryLimit) entries are listed"
                return
            }
            byteCount += inner.string.utf8.count + 64
            guard byteCount <= Self.byteLimit else {
                stop = "only the first \(entries.count) entries are listed: their paths are long"
                return
            }
            guard MonotonicTime.now.advanced(bySeconds: 5) < reader.context.deadline else {
                stop = "the deadline came near"
                return
            }
            if automounts.contains(inner.string) {
                try reader.sink.missing(inner.string, why: AutomountPoint.reason)
                continue
            }
            let status: FileStatus
            do throws(SystemCallError) {
                status = try directory.status(of: name.name)
            } catch {
                try reader.context.report(error, on: inner, into: reader.sink)
                continue
            }
            entries.append(
                Entry(
                    path: inner, kind: status.kind, permissions: status.permissions,
                    byteCount: status.byteCount, modified: status.modified,
                    target: status.kind == .symbolicLink
                        ? (try? directory.readLink(name.name.string))?.string : nil))
            if status.kind == .directory {
                guard depth < Self.depthLimit else {
                    try reader.sink.missing(inner.string, why: "too deep to be listed")
                    continue
                }
                try walk(inner, depth: depth + 1, &entries, &stop)
            }
        }
    }
}

extension BootListing.Entry {
    /// For example `regular 0644 8269248 2026-11-21T10:00:00.000000Z /boot/vmlinuz-6.1.0`.
    var line: String {
        let octal = String(permissions, radix: 8)
        let link = target.map { " -> " + $0 } ?? ""
        return UntrustedText.escapingControls(
            "\(kind.rawValue) \(String(repeating: "0", count: max(0, 4 - octal.utf8.count)))\(octal)"
                + " \(byteCount) \(modified) \(path.string)\(link)")
    }
}
