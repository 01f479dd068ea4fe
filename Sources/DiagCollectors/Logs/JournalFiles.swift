internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Finds and opens the journal files of a host; those of other machines are left to them.
struct JournalFiles {
    /// Below these each machine has a folder. Source: systemd-journald.service(8), "Files".
    static let folders: [FilePath] = ["/var/log/journal", "/run/log/journal"]
    /// The newest so many files are read; each keeps a descriptor open.
    private static let mostFiles = 512
    private static let mostNames = 20_000
    /// So many folders of other machines are named.
    private static let mostOthersNamed = 10

    let context: CollectionContext

    private struct Candidate {
        let path: FilePath
        let modified: Timestamp
    }

    /// Opens the files that may hold entries of `since` or later, the newest first.
    ///
    /// What cannot be opened is sent as missing, or as absent where there is no journal.
    func open(since: UInt64, into sink: any CollectionSink) throws -> [JournalPart] {
        var candidates = try find(into: sink)
        candidates.sort { ($1.modified, $1.path.string) < ($0.modified, $0.path.string) }
        if candidates.count > Self.mostFiles {
            try sink.missing(
                "\(candidates.count - Self.mostFiles) older journal files",
                why: "the newest \(Self.mostFiles) are read")
            candidates.removeLast(candidates.count - Self.mostFiles)
        }
        let pages = JournalPages()
        var parts = [JournalPart]()
        for (number, candidate) in candidates.enumerated() {
            let path = candidate.path
            do {
                let descriptor = try context.root.openRegularFile(path)
                let disk = JournalDiskFile(descriptor, number: number, pages: pages)
                let file = try JournalFile(disk)
                let newest = max(file.header.headRealtime, file.header.tailRealtime)
                if newest > 0, newest < since { continue }
                parts.append(JournalPart(path: path, number: number, file: file))
            } catch let error as SystemCallError {
                try report(error, on: path, into: sink)
            } catch let error as JournalFailure {
                try sink.missing(path.string, why: error.description)
            }
        }
        return parts
    }

    private func find(into sink: any CollectionSink) throws -> [Candidate] {
        var candidates = [Candidate]()
        var foundFile = false
        var others = [String]()
        let machineIdentifier = self.machineIdentifier
        for folder in Self.folders {
            for machine in try names(in: folder, into: sink) ?? [] {
                let path = folder.appending(machine)
                let isOther = machineIdentifier.map { !Self.isFolder(machine.string, of: $0) }
                guard let status = try? context.root.status(of: path), status.kind == .directory
                else { continue }
                for name in try names(in: path, into: sink) ?? [] {
                    let text = name.string
                    guard text.hasSuffix(".journal") || text.hasSuffix(".journal~") else {
                        continue
                    }
                    if isOther == true {
                        others.append(path.string)
                        break
                    }
                    foundFile = true
                    let file = path.appending(name)
                    do throws(SystemCallError) {
                        let modified = try context.root.status(of: file).modified
                        candidates.append(Candidate(path: file, modified: modified))
                    } catch {
                        try report(error, on: file, into: sink)
                    }
                }
            }
        }
        try noteOthers(others, into: sink)
        if !foundFile {
            let places = Self.folders.map(\.string).joined(separator: " or ")
            let whose = others.isEmpty ? "" : " of this machine"
            try sink.absent("systemd journal", why: "no journal files\(whose) below \(places)")
        }
        return candidates
    }

    /// What machine-id(5) says; `nil` when it says nothing, as before the first boot.
    private var machineIdentifier: String? {
        guard let file = try? context.root.read("/etc/machine-id", limit: 4096) else { return nil }
        let digits = file.prefix { $0 > 0x20 }
        guard digits.count == 32,
            digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Whether the folder is this machine's: its identifier, or that with `.` and the name of a
    /// journal namespace. `remote` and those of containers are not.
    private static func isFolder(_ name: String, of machineIdentifier: String) -> Bool {
        name == machineIdentifier || name.hasPrefix(machineIdentifier + ".")
    }

    private func noteOthers(_ others: [String], into sink: any CollectionSink) throws {
        guard !others.isEmpty else { return }
        var names = others.prefix(Self.mostOthersNamed).map(UntrustedText.escapingControls)
        if others.count > names.count { names.append("\(others.count - names.count) more") }
        try sink.send(
            .note(
                .init(
                    text: "journals of other machines are left out: "
                        + names.joined(separator: ", "))))
    }

    private func names(
        in folder: FilePath, into sink: any CollectionSink
    ) throws -> [FilePath.Component]? {
        do throws(SystemCallError) {
            return try context.root.directory(folder).entries(limit: Self.mostNames).map(\.name)
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: return nil
            default: try report(error, on: folder, into: sink)
            }
            return nil
        }
    }

    private func report(
        _ error: SystemCallError, on path: FilePath, into sink: any CollectionSink
    ) throws {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            try sink.missing(
                path.string, why: "\(error.operation): \(error.errno)",
                remedy: "run as root, or as a member of the group systemd-journal")
        default: try context.report(error, on: path, into: sink)
        }
    }
}
