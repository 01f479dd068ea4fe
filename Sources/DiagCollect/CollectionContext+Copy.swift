internal import FoundationEssentials
public import DiagModel
public import DiagSystem
public import SystemPackage

extension CollectionContext {
    /// How much of a file to take when it is larger than allowed.
    public enum Part: Sendable {
        /// The start.
        case beginning
        /// The end, from a line's start on: for logs.
        case newest
    }

    /// Sends the file at `path` as it is, at most `limit` bytes of it.
    ///
    /// `artifactBytes` is the artifact's path in the host's own bytes, where `artifactPath` is
    /// that with what cannot stand in a path escaped.
    ///
    /// A file that does not exist is sent as absent; one that is refused, is not a regular file,
    /// loops through links or fails while it is read is sent as missing, with what was read before
    /// kept and marked. The size is fixed when the file is opened: what a growing file gains
    /// meanwhile is left to the next run, and one that shrinks is marked truncated. Files whose
    /// size the kernel gives as 0, as in procfs, are read to their end.
    ///
    /// `failing` takes what goes wrong with the file; without it that is sent.
    ///
    /// - Returns: whether an artifact was sent.
    @discardableResult
    public func copy(
        _ path: FilePath, as artifactPath: String, bytes artifactBytes: [UInt8]? = nil,
        limit: Int64 = 16 << 20,
        part: Part = .beginning, mediaType: String = "text/plain", privacy: PrivacyClass,
        into sink: any CollectionSink, failing: ((SystemCallError) throws -> Void)? = nil
    ) throws -> Bool {
        func fail(_ error: SystemCallError) throws {
            if let failing { try failing(error) } else { try report(error, on: path, into: sink) }
        }
        let opened: OwnedDescriptor?
        do throws(SystemCallError) { opened = try root.openRegularFile(path) } catch {
            try fail(error)
            return false
        }
        guard let file = opened else { return false }
        let size = try file.status().byteCount
        let limit = max(0, min(limit, byteBudget))
        // Sysfs says 4096 of every attribute, and gives what there is.
        let isSynthetic =
            size == 0 || path.starts(with: "/sys") || path.starts(with: "/proc")
        var offset: Int64 = 0
        if !isSynthetic, size > limit, part == .newest { offset = size - limit }
        var remaining = isSynthetic ? limit : min(limit, size - offset)
        var skipsPartialLine = offset > 0
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var isOpen = false
        func open() throws {
            guard !isOpen else { return }
            isOpen = true
            try sink.open(
                .init(
                    path: artifactPath,
                    pathBytes: artifactBytes.flatMap {
                        $0.elementsEqual(artifactPath.utf8) ? nil : Data($0).base64EncodedString()
                    }, source: path.string, mediaType: mediaType,
                    privacy: privacy))
        }
        let start = offset
        while remaining > 0 {
            let count: Int
            do throws(SystemCallError) {
                count = Int(
                    min(
                        Int64(
                            isSynthetic
                                ? try file.read(into: &buffer)
                                : try file.read(into: &buffer, at: offset)), remaining))
            } catch {
                if isOpen {
                    try sink.send(.truncated(.init(why: "read at byte \(offset): \(error.errno)")))
                }
                try fail(
                    SystemCallError(
                        operation: "read", object: "\(path) at byte \(offset)", errno: error.errno))
                return isOpen
            }
            if count == 0 { break }
            var from = 0
            if skipsPartialLine {
                // A first line longer than the buffer is passed over up to its end.
                from = buffer[..<count].firstIndex(of: 0x0A).map { $0 + 1 } ?? count
                skipsPartialLine = from == count && buffer[count - 1] != 0x0A
            }
            try open()
            if from < count { try sink.write(buffer.span.extracting(from..<count)) }
            offset += Int64(count)
            remaining -= Int64(count)
        }
        try open()
        if isSynthetic {
            if remaining == 0, (try? file.read(into: &buffer)) ?? 0 > 0 {
                try sink.send(.truncated(.init(why: "only the first \(limit) bytes are kept")))
            }
        } else if remaining > 0 {
            try sink.send(
                .truncated(
                    .init(why: "the file shrank from \(size) to \(offset) bytes while it was read"))
            )
        } else if start > 0 || size > limit {
            let which = part == .newest ? "last" : "first"
            try sink.send(
                .truncated(.init(why: "only the \(which) \(limit) of \(size) bytes are kept")))
        }
        return true
    }

    /// Sends why `path` could not be read: as absent when it does not exist, else as missing.
    public func report(
        _ error: SystemCallError, on path: FilePath, into sink: any CollectionSink
    ) throws {
        switch error.errno {
        case .noSuchFileOrDirectory, .notDirectory:
            try sink.absent(path.string)
        case .permissionDenied, .notPermitted:
            try sink.missing(
                path.string, why: "\(error.operation): \(error.errno)",
                remedy: HostFacts.effectiveUser == 0
                    ? nil : "run as root, or with CAP_DAC_READ_SEARCH")
        default:
            try sink.missing(path.string, why: "\(error.operation) \(error.object): \(error.errno)")
        }
    }
}
