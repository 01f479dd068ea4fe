internal import DiagSystem
internal import SystemPackage

/// Tells from the mount table alone which places are not to be looked at: what lies behind an
/// automount point, where a look mounts something, and what a server must answer for.
struct MountedPlaces {
    private static let linkLimit = 40

    private let root: RootedTree
    /// The type of the last mount on each place, which hides those before it.
    private let types: [String: String]

    init(root: RootedTree, mounts: [RootStackMount]) {
        self.root = root
        types = Dictionary(mounts.map { ($0.mountPoint, $0.fileSystem) }) { $1 }
    }

    /// Why `path` is to be left alone; `nil` where it may be looked at.
    ///
    /// Links are followed by their names, one component at a time, and nothing is opened.
    /// The file system of the root itself is not judged: everything rests on it.
    func obstacle(on path: FilePath) -> String? {
        var pending = Array(path.components.map(\.string).reversed())
        var place: FilePath = "/"
        var linkCount = 0
        while let name = pending.popLast() {
            if name == "." { continue }
            if name == ".." {
                place.removeLastComponent()
                continue
            }
            guard let component = FilePath.Component(name) else { return nil }
            let inner = place.appending(component)
            if let reason = reason(at: inner.string) { return reason }
            guard let target = try? root.readLink(inner) else {
                place = inner
                continue
            }
            linkCount += 1
            guard linkCount <= Self.linkLimit else { return "too many links lead to it" }
            if target.isAbsolute { place = "/" }
            pending += target.components.map(\.string).reversed()
        }
        return nil
    }

    private func reason(at mountPoint: String) -> String? {
        guard let type = types[mountPoint] else { return nil }
        if type == "autofs" {
            return "\(mountPoint) is an automount point that is not mounted; it was left alone"
        }
        if FileSystemKind.isNetwork(type) || type == "fuse" || type.hasPrefix("fuse.") {
            return "\(mountPoint) is a network file system (\(type)), which may not answer; "
                + "it was left alone"
        }
        return nil
    }
}
