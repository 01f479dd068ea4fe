public import DiagModel
public import DiagSystem
public import SystemPackage

/// `logs/<host>/` while it is made: under a name of its own beside the final one, put in place
/// only when it is whole.
public final class HostFolder: ArtifactSink {
    /// The output directory that holds it.
    public let output: OutputDirectory
    /// Its final name: the host's.
    public let name: String
    /// The folders of earlier runs that were killed while they had a dump, under the names they
    /// have now.
    public private(set) var rescued: [FilePath] = []
    /// What has the hidden name of an older host folder, and is none: it was left as it is.
    public private(set) var strangers: [(path: FilePath, why: String)] = []
    /// Makes room on a disk that is full; `true` when there may be some now, and what did not fit is
    /// tried again.
    public var makeRoom: () -> Bool = { false }
    private let stagingName: String
    private let staging: OutputDirectory
    /// The files that are open, by path.
    private final class OpenFile {
        let descriptor: OwnedDescriptor
        init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
    }
    private var files: [ArtifactPath: OpenFile] = [:]
    /// Directories that are open still, for the next artifact often goes into the same: by the bytes
    /// of their paths, as ``ArtifactPath`` compares them.
    private var directories: [[UInt8]: OutputDirectory] = [:]
    private static let mostDirectories = 64

    /// The path where it is made.
    public var stagingPath: FilePath { staging.path }
    /// The path where it will be.
    public var finalPath: FilePath { output.path.appending(name) }

    /// Begins a new host folder in `output`; what an earlier run left unfinished is removed, unless
    /// a dump is in it: such a one gets a name that is not hidden, and is not looked at again.
    ///
    /// The caller holds the lock of `output`. What cannot be removed, because another user left it,
    /// stays and is avoided; so does what has the name of an older host folder and is none.
    ///
    /// With `isKeptUnfinished` it is made under `name.partial`, which is not hidden and which no
    /// later run removes: for what is worth having even when this process is killed.
    public init(
        name: String, in output: OutputDirectory, isKeptUnfinished: Bool = false
    ) throws(SystemCallError) {
        self.name = name
        self.output = output
        if !isKeptUnfinished {
            for entry in try output.names().sorted() where Self.isOld(entry, host: name) {
                switch Self.older(entry, in: output) {
                case .stranger(let why): strangers.append((output.path.appending(entry), why))
                // A run without RENAME_EXCHANGE was killed between its two renames.
                case .whole where try output.status(of: name) == nil:
                    try? output.rename(entry, to: name)
                case .whole, .remains: try? Self.removeOlder(entry, in: output)
                }
            }
            for entry in try output.names() where Self.isUnfinished(entry, host: name) {
                if Self.holdsDump(entry, in: output) {
                    let kept = try? Self.show(entry, as: name, in: output)
                    if let kept { rescued.append(output.path.appending(kept)) }
                } else {
                    try? output.removeTree(entry)
                }
            }
        }
        (stagingName, staging) = try Self.make(
            (isKeptUnfinished ? "" : ".") + "\(name).partial", in: output)
    }

    /// Gives the unfinished folder a name that is not hidden, and that no later run removes: where
    /// there is a dump in it. Whether that was so.
    public func keepDump() -> Bool {
        files = [:]
        directories = [:]
        guard Self.holdsDump(stagingName, in: output),
            let kept = try? Self.show(stagingName, as: name, in: output)
        else { return false }
        keptPath = output.path.appending(kept)
        return true
    }

    /// Where ``keepDump()`` has put the folder.
    public private(set) var keptPath: FilePath?

    /// Whether a folder holds the memory of a kernel, or a part of it: the file is empty until its
    /// first header is written.
    private static func holdsDump(_ entry: String, in output: OutputDirectory) -> Bool {
        guard let folder = try? output.directory(entry) else { return false }
        return ["LiveDump.kdump", "LiveDump.elf"].contains { name in
            guard let status = try? folder.status(of: name) else { return false }
            return status.kind == .regular && status.byteCount > 0
        }
    }

    /// The name that an older host folder has while it is removed; with a number where something
    /// has it that stays.
    private static func oldName(
        _ name: String, in output: OutputDirectory
    ) throws(SystemCallError) -> String {
        let stem = ".\(name).old"
        var candidate = stem
        var number = 2
        while try output.status(of: candidate) != nil {
            candidate = "\(stem)-\(number)"
            number += 1
        }
        return candidate
    }

    private static func isOld(_ entry: String, host name: String) -> Bool {
        let stem = ".\(name).old"
        if entry == stem { return true }
        guard entry.hasPrefix(stem + "-") else { return false }
        return entry.dropFirst(stem.count + 1).allSatisfy { ("0"..."9").contains($0) }
    }

    /// Gives a folder the first name of `NAME.partial`, `NAME.partial-2`, … that nothing has.
    private static func show(
        _ entry: String, as name: String, in output: OutputDirectory
    ) throws(SystemCallError) -> String {
        let stem = "\(name).partial"
        if entry.hasPrefix(stem) { return entry }
        var candidate = stem
        var number = 2
        while try output.status(of: candidate) != nil {
            candidate = "\(stem)-\(number)"
            number += 1
        }
        try output.rename(entry, to: candidate)
        return candidate
    }

    /// Makes the new directory `stem`, or one with a number: what is there already may be another
    /// user's, in an output such as /tmp, and is never used.
    private static func make(
        _ stem: String, in output: OutputDirectory
    ) throws(SystemCallError) -> (name: String, directory: OutputDirectory) {
        var candidate = stem
        var number = 2
        while true {
            do throws(SystemCallError) {
                return (candidate, try output.makeDirectory(candidate, isNew: true))
            } catch {
                guard error.errno == .fileExists, number < 1000 else { throw error }
            }
            candidate = "\(stem)-\(number)"
            number += 1
        }
    }

    /// Whether `entry` is a host folder or bundle of this host that a run did not finish.
    private static func isUnfinished(_ entry: String, host name: String) -> Bool {
        entry.hasPrefix(".\(name).partial")
            || (entry.hasPrefix(".\(name)-")
                && bundleEndings.contains { entry.hasSuffix("\($0).partial") })
    }

    /// What the names of bundles end with.
    private static let bundleEndings = [".tar.xz", ".tar.zst", ".tar", ".zip"]

    /// The folder name for a host name, which could be anything: a single safe path component.
    public static func folderName(forHost name: String) -> String {
        let safe = name.unicodeScalars.map { scalar -> Character in
            let isSafe =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "-._".unicodeScalars.contains(scalar))
            return isSafe ? Character(scalar) : "_"
        }
        let text = String(safe.prefix(200)).drop { $0 == "." }
        return text.isEmpty ? "localhost" : String(text)
    }

    /// What the kernel says of one name, not of the whole output.
    private static let errnosOfNames: [Errno] = [
        .notDirectory, .fileExists, .isDirectory, .noSuchFileOrDirectory, .invalidArgument,
        .fileNameTooLong, .illegalByteSequence,
    ]

    /// Creates the file of an artifact and the directories above it.
    public func open(_ path: ArtifactPath) throws {
        do throws(SystemCallError) {
            guard let file = path.components.last else { return }
            files[path] = try withRoom { () throws(SystemCallError) in
                let directory = try self.directory(path.components.dropLast())
                return OpenFile(try directory.createFile(file))
            }
        } catch {
            guard Self.errnosOfNames.contains(error.errno) else {
                throw error
            }
            throw ArtifactPath.Refusal(
                name: path.text, reason: "cannot be a file here (\(error.errno))")
        }
    }

    /// The directory with these names below the folder, made where it is missing.
    private func directory(
        _ names: ArraySlice<String>
    ) throws(SystemCallError) -> OutputDirectory {
        guard let name = names.last else { return staging }
        let key = Array(names.joined(separator: "/").utf8)
        if let known = directories[key] { return known }
        let directory = try self.directory(names.dropLast()).makeDirectory(name)
        if directories.count >= Self.mostDirectories { directories = [:] }
        directories[key] = directory
        return directory
    }

    /// Writes bytes of an artifact.
    public func write(_ bytes: Span<UInt8>, to path: ArtifactPath) throws {
        guard let file = files[path] else { return }
        do throws(SystemCallError) { try write(bytes, to: file.descriptor) } catch {
            throw SystemCallError(
                operation: "write", object: finalPath.pushing(FilePath(path.text)).string,
                errno: error.errno)
        }
    }

    private func write(
        _ bytes: Span<UInt8>, to file: borrowing OwnedDescriptor
    ) throws(SystemCallError) {
        var offset = 0
        while offset < bytes.count {
            do throws(SystemCallError) {
                offset += try file.writeSome(bytes.extracting(offset..<bytes.count))
            } catch { guard Self.isFull(error), makeRoom() else { throw error } }
        }
    }

    private func withRoom<Value>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(SystemCallError) -> Value {
        do throws(SystemCallError) { return try body() } catch {
            guard Self.isFull(error), makeRoom() else { throw error }
            return try body()
        }
    }

    private static func isFull(_ error: SystemCallError) -> Bool {
        [.noSpace, .diskQuotaExceeded].contains(error.errno)
    }

    /// Closes the file of an artifact.
    public func close(_ path: ArtifactPath, as artifact: Artifact) throws { files[path] = nil }

    /// Makes the file of an artifact at the folder's top that a worker writes itself.
    public func createSeekable(_ path: ArtifactPath, byteLimit: Int64) throws -> SeekableFile? {
        SeekableFile(
            try staging.createFile(path.text, isReadable: true), name: path.text,
            byteLimit: byteLimit)
    }

    /// Opens that file for reading: anew, so that how the worker wrote it plays no part.
    public func openSeekable(_ path: ArtifactPath) throws -> SeekableFile? {
        SeekableFile(try staging.openFile(path.text), name: path.text, byteLimit: 0)
    }

    /// Removes that file.
    public func removeSeekable(_ path: ArtifactPath) throws {
        try staging.removeFile(path.text)
    }

    /// Writes one of the documents at the folder's top, such as `manifest.json`.
    public func writeDocument(_ name: String, _ bytes: [UInt8]) throws(SystemCallError) {
        let file = try withRoom { () throws(SystemCallError) in
            OpenFile(try staging.createFile(name))
        }
        do throws(SystemCallError) { try write(bytes.span, to: file.descriptor) } catch {
            throw SystemCallError(
                operation: "write", object: finalPath.appending(name).string, errno: error.errno)
        }
    }

    /// Puts the folder in its place; an older one goes only now.
    ///
    /// Its bytes have reached the disk before. The caller has asked for an ``obstacle(to:in:)``: one
    /// that is there even so gets a hidden name and stays, and so does what cannot be removed.
    public func commit() throws(SystemCallError) {
        directories = [:]
        try staging.synchronizeFileSystem()
        guard try output.status(of: name) != nil else {
            try output.rename(stagingName, to: name)
            return try output.synchronize()
        }
        let oldName = try Self.oldName(name, in: output)
        do throws(SystemCallError) {
            try output.exchange(stagingName, with: name)
            // Under the staging name a dump in the older one would be taken for one that a killed
            // run left.
            try? output.rename(stagingName, to: oldName)
        } catch {
            // A file system or kernel without RENAME_EXCHANGE: a moment without the folder.
            guard [.invalidArgument, .noFunction].contains(error.errno) else { throw error }
            try output.rename(name, to: oldName)
            do throws(SystemCallError) {
                try output.rename(stagingName, to: name)
            } catch {
                try? output.rename(oldName, to: name)
                throw error
            }
        }
        try output.synchronize()
        // What came to the place after the caller had asked stays.
        for entry in [stagingName, oldName] {
            if case .stranger = Self.older(entry, in: output) { continue }
            try? Self.removeOlder(entry, in: output)
        }
    }

    /// Puts the folder under another name than its own, beside what is in its place.
    ///
    /// - Throws: `EEXIST` when something has the name.
    public func commit(as otherName: String) throws(SystemCallError) {
        directories = [:]
        try staging.synchronizeFileSystem()
        try output.renameNew(stagingName, to: otherName)
        try output.synchronize()
    }

    /// Removes what was made; an older host folder stays as it was.
    public func discard() {
        files = [:]
        directories = [:]
        try? output.removeTree(stagingName)
    }
}
