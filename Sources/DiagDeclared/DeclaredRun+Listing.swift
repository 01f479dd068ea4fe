internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Listing names for a declared collector.
extension DeclaredRun {
    /// Sends the names below what the patterns match, one a line: kind and permissions, owner,
    /// group, bytes, time of the last change, path, and where a link points. No file is opened.
    func list(
        _ listing: CollectorDeclaration.Listing, _ item: CollectorDeclaration.Item,
        plan: CollectionPlan.Item?
    ) throws {
        let planned = plan.map { Set($0.folders ?? []) }
        var gone = planned ?? []
        var lines = ListingLines(item.limits, until: softDeadline)
        var walk = GlobWalk(context.root, until: softDeadline)
        for pattern in listing.patterns {
            try walk.walk(pattern) { path in
                if let planned,
                    !planned.contains(UntrustedText.escapingInvalidUTF8(path.bytes))
                {
                    return
                }
                guard lines.add(path, in: context.root, depth: listing.depth) else { return }
                gone.remove(UntrustedText.escapingInvalidUTF8(path.bytes))
            }
        }
        let isCut = walk.isCut || lines.isLate
        let kept = LineLimit.wholeLines(of: lines.text, atMost: Int(clamping: remaining))
        if !kept.isEmpty {
            try sink.open(
                .init(
                    path: listing.artifact, source: item.title, mediaType: "text/plain",
                    privacy: item.privacy))
            try sink.write(kept.span)
            remaining -= Int64(kept.count)
            let why =
                kept.count < lines.text.count
                ? budgetReason : isCut ? ListingLines.tookTooLong : lines.cutReason
            if let why { try sink.send(.truncated(.init(why: why))) }
        } else if !lines.text.isEmpty {
            try tellBudget(item.title)
        } else if isCut {
            try sink.missing(item.title, why: Self.outOfTime)
        }
        // What the plan says of these was told with it.
        let told = Set(plan?.shownUnreadable.named.map(\.path) ?? [])
        let failures = walk.failures + lines.failures
        try report(
            failures.filter { !told.contains(UntrustedText.escapingControls($0.object)) }, of: item)
        if plan == nil { try tellTooDeep(walk.tooDeepCount, of: item) }
        if !isCut { try tellGone(gone, failures) }
        if gone.isEmpty, lines.text.isEmpty, failures.isEmpty, !isCut, walk.tooDeep.isEmpty {
            try sink.absent(item.title, why: absence(of: item))
        }
    }
}

extension DeclaredRun {
    /// Tells of the places that the plan lists and that are no longer there; of those that could
    /// not be looked at `failures` tell.
    private func tellGone(_ paths: Set<String>, _ failures: [SystemCallError]) throws {
        let gone = paths.sorted().filter { path in
            !failures.contains { FilePath(path).starts(with: FilePath($0.object)) }
        }
        try GoneSincePlan.tell(gone, into: sink)
    }
}

/// The lines of a listing, as they are made.
private struct ListingLines {
    private let limits: CollectorDeclaration.Limits
    private let deadline: MonotonicTime
    private(set) var text = [UInt8]()
    private(set) var failures: [SystemCallError] = []
    private var count = 0
    private var leftOutCount = 0
    /// Whether time ran out.
    private(set) var isLate = false

    /// What is said then.
    static let tookTooLong = "listing took too long"

    init(_ limits: CollectorDeclaration.Limits, until deadline: MonotonicTime) {
        self.limits = limits
        self.deadline = deadline
    }

    var cutReason: String? {
        leftOutCount > 0
            ? "only the first \(count) names are kept, at least \(leftOutCount) more are there"
            : nil
    }

    /// Adds what is at `path`; tells whether anything is, or may be behind an automount point.
    mutating func add(_ path: FilePath, in tree: RootedTree, depth: Int) -> Bool {
        do throws(SystemCallError) {
            let status = try tree.status(of: path, followingLinks: false)
            let isFolder = add(path.bytes, status) { try? tree.readLink(path) }
            if isFolder, depth > 0 {
                do throws(SystemCallError) {
                    enter(try tree.directory(path), depth: depth)
                } catch { fail(error) }
            }
            return true
        } catch {
            fail(error)
            return error.automountPoint != nil
        }
    }

    private mutating func enter(_ folder: Directory, depth: Int) {
        do throws(SystemCallError) {
            for entry in try folder.entries(limit: GlobWalk.mostNames) {
                if MonotonicTime.now >= deadline { isLate = true }
                if isLate { return }
                guard count < limits.fileCount, text.count < limits.byteCount else {
                    leftOutCount += 1
                    continue
                }
                let path = folder.path.appending(entry.name)
                let name = entry.name.string
                guard let status = try? folder.status(of: entry.name) else { continue }
                if add(path.bytes, status, target: { try? folder.readLink(name) }), depth > 1 {
                    do throws(SystemCallError) {
                        enter(try folder.directory(name), depth: depth - 1)
                    } catch { fail(error) }
                }
            }
        } catch { fail(error) }
    }

    private mutating func fail(_ error: SystemCallError) {
        let gone: [Errno] = [.noSuchFileOrDirectory, .noSuchProcess, .notDirectory]
        guard !gone.contains(error.errno) else { return }
        failures.append(error)
    }

    /// Adds one line; tells whether it is a folder.
    private mutating func add(
        _ path: [UInt8], _ status: FileStatus, target: () -> FilePath?
    ) -> Bool {
        guard count < limits.fileCount, text.count < limits.byteCount else {
            leftOutCount += 1
            return false
        }
        count += 1
        var line = Self.mode(status)
        line += " \(status.ownerIdentifier) \(status.groupIdentifier) "
        switch status.kind {
        case .blockDevice, .characterDevice:
            line += "\(status.representedDevice.major):\(status.representedDevice.minor)"
        default: line += "\(status.byteCount)"
        }
        line += " \(status.modified) \(UntrustedText.escapingForPath(path))"
        if status.kind == .symbolicLink, let target = target() {
            line += " -> \(UntrustedText.escapingForPath(target.bytes))"
        }
        text += Array(line.utf8)
        text.append(0x0A)
        return status.kind == .directory
    }

    /// Kind and permissions as ls(1) writes them.
    private static func mode(_ status: FileStatus) -> String {
        let kind =
            switch status.kind {
            case .regular: "-"
            case .directory: "d"
            case .symbolicLink: "l"
            case .fifo: "p"
            case .socket: "s"
            case .blockDevice: "b"
            case .characterDevice: "c"
            case .unknown: "?"
            }
        let bits = status.permissions
        func group(_ shift: UInt16, _ special: UInt16, _ letter: String) -> String {
            let part = bits >> shift & 7
            let isSpecial = bits & special != 0
            let last =
                isSpecial
                ? (part & 1 != 0 ? letter : letter.uppercased()) : part & 1 != 0 ? "x" : "-"
            return (part & 4 != 0 ? "r" : "-") + (part & 2 != 0 ? "w" : "-") + last
        }
        return kind + group(6, 0o4000, "s") + group(3, 0o2000, "s") + group(0, 0o1000, "t")
    }
}
