internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads small facts below the root, and says of each that is not there why.
struct FactReader {
    let context: CollectionContext
    let sink: any CollectionSink

    /// The content of a file, at most `limit` bytes; `nil` after it was told absent or missing.
    func bytes(_ path: FilePath, limit: Int = 1 << 20) throws -> [UInt8]? {
        do throws(SystemCallError) {
            return try context.root.read(path, limit: limit)
        } catch {
            if error.errno == .notSupportedOnSocket {
                // EOPNOTSUPP: for example pressure stall information after psi=0.
                try sink.absent(path.string, why: "the kernel has it switched off")
            } else {
                try context.report(error, on: path, into: sink)
            }
            return nil
        }
    }

    /// The content as text without white space at its end; what is not UTF-8 is escaped.
    func text(_ path: FilePath, limit: Int = 65_536) throws -> String? {
        try bytes(path, limit: limit).map(Self.text)
    }

    /// The same, but nothing is said of a file that does not exist.
    func optionalText(_ path: FilePath, limit: Int = 65_536) throws -> String? {
        do throws(SystemCallError) {
            return Self.text(try context.root.read(path, limit: limit))
        } catch {
            if error.errno != .noSuchFileOrDirectory, error.errno != .notDirectory {
                try context.report(error, on: path, into: sink)
            }
            return nil
        }
    }

    /// A file that holds one number, decimal, or hexadecimal after `0x`.
    func number(_ path: FilePath) throws -> UInt64? {
        guard let text = try optionalText(path) else { return nil }
        return Self.number(text)
    }

    /// Sends the file as an artifact and gives the same bytes back, so that what is typed from it
    /// and the evidence agree.
    ///
    /// At most `limit` bytes are taken; more marks the artifact truncated.
    func evidence(
        _ path: FilePath, as artifact: String, limit: Int = 1 << 20,
        privacy: PrivacyClass = .technical
    ) throws -> [UInt8]? {
        guard let read = try bytes(path, limit: limit + 1) else { return nil }
        let kept = read.count > limit ? Array(read[..<limit]) : read
        try sink.send(
            artifact, kept, source: path.string, mediaType: "text/plain", privacy: privacy)
        if read.count > limit {
            try sink.send(.truncated(.init(why: "only the first \(limit) bytes are kept")))
        }
        return kept
    }

    /// The names in a directory; `nil` when it does not exist, or after it was told missing.
    func names(_ path: FilePath, limit: Int = 10_000) throws -> [Directory.Entry]? {
        do throws(SystemCallError) {
            return try context.root.directory(path).entries(limit: limit)
        } catch {
            if error.errno != .noSuchFileOrDirectory, error.errno != .notDirectory {
                try context.report(error, on: path, into: sink)
            }
            return nil
        }
    }

    /// Whether something is at `path`, links followed.
    func exists(_ path: FilePath) -> Bool { (try? context.root.status(of: path)) != nil }

    /// Bytes as text without white space or zeros at the end; what is not UTF-8 is escaped.
    static func text(_ bytes: [UInt8]) -> String {
        var bytes = bytes[...]
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        return UntrustedText.escapingInvalidUTF8(bytes)
    }

    /// A decimal number, or a hexadecimal one after `0x`.
    static func number(_ text: String) -> UInt64? {
        text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }
}
