internal import SystemPackage

/// Where autofs is mounted on the running host, whether or not something is mounted over it now.
///
/// It only says which paths need care, so that all others are opened as fast as ever: what a point
/// is at the moment the kernel tells. What was mounted over a point may go at any time, so each
/// counts.
public struct AutomountTable: Hashable, Sendable {
    /// One mount of autofs.
    public struct Point: Hashable, Sendable {
        /// Its path without the slash at the start.
        fileprivate let path: [UInt8]
        fileprivate let isIndirect: Bool

        /// The mount at `mountPoint`; of one that `isIndirect` each name in it is an automount
        /// point, and not the folder itself.
        public init(mountPoint: [UInt8], isIndirect: Bool) {
            path = Array(mountPoint.drop { $0 == 0x2F })
            self.isIndirect = isIndirect
        }
    }

    private let points: [Point]
    private let isKnown: Bool

    /// A table of these.
    public init(_ points: [Point]) {
        self.init(points, isKnown: true)
    }

    private init(_ points: [Point], isKnown: Bool) {
        self.points = points
        self.isKnown = isKnown
    }

    /// That of a host whose mount table cannot be read: any path may lead to an automount point.
    public static let unknown = AutomountTable([], isKnown: false)

    /// Whether no path needs care.
    var isEmpty: Bool { isKnown && points.isEmpty }

    /// Whether a path may lead to one of them, if there is no link on its way.
    func concerns(_ path: FilePath) -> Bool {
        guard isKnown else { return true }
        guard !points.isEmpty else { return false }
        // `..` may come back from one.
        guard path.isLexicallyNormal else { return true }
        let names = path.bytes.drop { $0 == 0x2F }
        return points.contains { point in
            guard names.starts(with: point.path) else { return false }
            let rest = names.dropFirst(point.path.count)
            return rest.isEmpty || point.path.isEmpty || rest.first == 0x2F
        }
    }

    /// Whether the names at `place`, to which no link leads, are automount points, and not it.
    func isIndirect(_ place: FilePath) -> Bool {
        let names = Array(place.bytes.drop { $0 == 0x2F })
        return points.last { $0.path == names }?.isIndirect ?? false
    }
}
