internal import Synchronization
public import SystemPackage

/// The files that may be read below a root, and the folders that may be listed: what a reviewed
/// plan leaves of it.
///
/// It goes by the paths that are asked for. What a file is, and where a link points, may be asked
/// of any.
public final class ReadScope: Sendable {
    private let files: Set<[UInt8]>
    private let trees: [[UInt8]]
    private let folders: [[UInt8]]
    /// Folders on the way to one of these.
    private let ways: Set<[UInt8]>
    private let refusals = Mutex<[[UInt8]]>([])
    private static let mostRefusals = 1000

    /// A scope of single `files`, of `trees` with all that is in them, and of `folders` whose names
    /// alone may be read.
    public init(files: [[UInt8]], trees: [[UInt8]], folders: [[UInt8]]) {
        self.files = Set(files)
        self.trees = trees
        self.folders = folders
        var ways = Set<[UInt8]>()
        for path in files + trees + folders {
            var path = path[...]
            while let slash = path.lastIndex(of: 0x2F) {
                path = path[..<slash]
                // What leads to this one leads to those above it, too.
                guard ways.insert(Array(path)).inserted else { break }
            }
        }
        self.ways = ways
    }

    /// Whether the content of the file at `path` may be read.
    public func allowsReading(_ path: FilePath) -> Bool {
        let bytes = Self.bytes(path)
        return files.contains(bytes) || trees.contains { Self.is(bytes, in: $0) }
    }

    /// Whether the names in the folder at `path` may be read.
    public func allowsListing(_ path: FilePath) -> Bool {
        let bytes = Self.bytes(path)
        return ways.contains(bytes) || (trees + folders).contains { Self.is(bytes, in: $0) }
    }

    /// Checks what is about to be opened; what is refused does not exist for whoever asks.
    func check(_ path: FilePath, isFolder: Bool) throws(SystemCallError) {
        guard !(isFolder ? allowsListing(path) : allowsReading(path)) else { return }
        refusals.withLock { refusals in
            if refusals.count < Self.mostRefusals { refusals.append(Self.bytes(path)) }
        }
        throw SystemCallError(
            operation: isFolder ? "list" : "read", object: path.string,
            errno: .noSuchFileOrDirectory)
    }

    /// The same for whoever needs no reason.
    func isReadable(_ path: FilePath) -> Bool { (try? check(path, isFolder: false)) != nil }

    /// What was asked for and refused, sorted, each once; at most a thousand.
    public var refused: [[UInt8]] {
        refusals.withLock { Set($0) }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func bytes(_ path: FilePath) -> [UInt8] {
        let bytes = path.lexicallyNormalized().bytes
        return bytes == [0x2F] ? [] : bytes
    }

    /// The folders of all processes, as one tree: the only pattern that there is.
    public static let processes = "/proc/[0-9]*"
    private static let processBytes = Array(processes.utf8)

    private static func `is`(_ path: [UInt8], in tree: [UInt8]) -> Bool {
        guard tree == processBytes else {
            return !tree.isEmpty && path.starts(with: tree)
                && (path.count == tree.count || path[tree.count] == 0x2F)
        }
        let isBelow = path.starts(with: Array("/proc/".utf8))
        return isBelow && path.count > 6 && (0x30...0x39).contains(path[6])
    }
}
