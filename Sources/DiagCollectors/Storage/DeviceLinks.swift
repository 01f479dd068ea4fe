internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The links below /dev/disk and /dev/mapper that lead to block devices.
struct DeviceLinks {
    /// Each link's path, with the name of the device it leads to.
    private(set) var links: [(path: String, device: String)] = []

    /// Reads the links; a host without /dev has none.
    init(_ root: RootedTree) {
        let disk = try? root.directory("/dev/disk")
        for folder in (try? disk?.entries()) ?? [] where folder.kind == .directory {
            add(root, folder: FilePath("/dev/disk").appending(folder.name))
        }
        add(root, folder: "/dev/mapper")
    }

    /// The paths of each device's links.
    var pathsByDevice: [String: [String]] {
        var paths = [String: [String]]()
        for link in links { paths[link.device, default: []].append(link.path) }
        return paths
    }

    private mutating func add(_ root: RootedTree, folder: FilePath) {
        guard let directory = try? root.directory(folder), let entries = try? directory.entries()
        else { return }
        for entry in entries where entry.kind == .symbolicLink {
            guard let target = try? directory.readLink(entry.name.string) else { continue }
            let whole = (target.isAbsolute ? target : folder.pushing(target)).lexicallyNormalized()
            let text = UntrustedText.escapingInvalidUTF8(whole.string.utf8)
            guard text.hasPrefix("/dev/") else { continue }
            links.append(
                (
                    UntrustedText.escapingInvalidUTF8(folder.appending(entry.name).string.utf8),
                    String(text.dropFirst(5))
                ))
        }
    }
}
