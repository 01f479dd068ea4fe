internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Says whether something is mounted or swapped on, without asking a file system that may hang.
struct MountFinder {
    private let root: RootedTree
    private let swaps: [SwapTable.Entry]
    /// The type of what is seen at each mount point; the last mount covers the others.
    private var types: [String: String] = [:]
    private var knowsMounts: Bool { !types.isEmpty }

    init(_ root: RootedTree, tables: StorageTables) {
        self.root = root
        swaps = tables.swaps.entries
        for (mount, isVisible) in zip(tables.mounts.entries, tables.visibility) where isVisible {
            types[UntrustedText.escapingForPath(mount.mountPoint)] = mount.fileSystemType
        }
    }

    /// Whether something is mounted at `path`, links on the way followed; `nil` when the mounts
    /// are not known.
    func isMounted(_ path: String) -> Bool? {
        guard knowsMounts else { return nil }
        if types[path] != nil { return true }
        guard let resolved = resolved(path) else { return false }
        return types[resolved] != nil
    }

    /// Whether there is no folder at `path`; false where a look would ask anything else than the
    /// root file system or memory.
    func isMissingFolder(_ path: String) -> Bool {
        guard knowsMounts, isSafe(path) else { return false }
        do throws(SystemCallError) {
            _ = try root.status(of: FilePath(path))
            return false
        } catch {
            return error.errno == .noSuchFileOrDirectory
        }
    }

    /// Whether the area `source`, whose device is `device`, is in use; `nil` when the kernel lists
    /// none and the mounts are not known either.
    func isSwapping(_ source: String, device: String?, finder: DeviceFinder) -> Bool? {
        for swap in swaps {
            let path = UntrustedText.escapingForPath(swap.path)
            if path == source { return true }
            if let device, path == "/dev/" + device || finder.find(path) == .found(device) {
                return true
            }
        }
        return knowsMounts ? false : nil
    }

    /// `path` with its symbolic links resolved; `nil` when there are none, or that is not safe.
    private func resolved(_ path: String) -> String? {
        var pending = path.split(separator: "/").map(String.init)
        var done = [String]()
        var followed = 0
        while !pending.isEmpty {
            let part = pending.removeFirst()
            if part == "." { continue }
            if part == ".." {
                _ = done.popLast()
                continue
            }
            let here = "/" + (done + [part]).joined(separator: "/")
            guard isSafe(here) else { return nil }
            guard let target = try? root.readLink(FilePath(here)) else {
                done.append(part)
                continue
            }
            followed += 1
            guard followed <= 40 else { return nil }
            let parts = target.string.split(separator: "/").map(String.init)
            if target.isAbsolute { done = [] }
            pending = parts + pending
        }
        return followed == 0 ? nil : "/" + done.joined(separator: "/")
    }

    /// Whether `path` lies on the root file system or in memory, so that it cannot hang by itself.
    private func isSafe(_ path: String) -> Bool {
        var above = path
        while above.utf8.count > 1 {
            guard let slash = above.lastIndex(of: "/") else { return false }
            above = slash == above.startIndex ? "/" : String(above[..<slash])
            if above == "/" { return true }
            if let type = types[above] {
                return ["tmpfs", "devtmpfs", "ramfs"].contains(type)
            }
        }
        return true
    }
}

/// Which types of file system the running kernel can mount.
struct FileSystemTypes {
    private let root: RootedTree
    private let registered: Set<String>
    private var modules: [UInt8]?
    private var isRead = false

    init(_ root: RootedTree) {
        self.root = root
        let text = (try? root.read("/proc/filesystems", limit: 65_536)) ?? []
        registered = Set(
            text.split(separator: 0x0A).compactMap { line in
                line.split { $0 == 0x09 || $0 == 0x20 }.last.map {
                    String(decoding: $0, as: UTF8.self)
                }
            })
    }

    /// Whether one of `types`, between commas, is registered, can be loaded, has a mount helper,
    /// or stands for another; true when that cannot be known.
    mutating func isKnown(_ types: String) -> Bool {
        guard !registered.isEmpty else { return true }
        for type in types.split(separator: ",").map(String.init) {
            let base = type.split(separator: ".").first.map(String.init) ?? type
            if ["auto", "none", "swap", "ignore", "bind"].contains(type)
                || registered.contains(base)
                || hasHelper(type) || hasHelper(base) || hasModule(base)
            {
                return true
            }
        }
        return false
    }

    private func hasHelper(_ type: String) -> Bool {
        guard !type.isEmpty, !type.utf8.contains(0x2F) else { return false }
        return ["/sbin/mount.", "/usr/sbin/mount.", "/usr/bin/mount."].contains {
            (try? root.status(of: FilePath($0 + type))) != nil
        }
    }

    /// Whether the running kernel has a module for `type`; true when its modules are not there.
    private mutating func hasModule(_ type: String) -> Bool {
        if !isRead {
            isRead = true
            let release = (try? root.read("/proc/sys/kernel/osrelease", limit: 1024)) ?? []
            let name = String(decoding: release.filter { $0 > 0x20 }, as: UTF8.self)
            if !name.isEmpty, !name.utf8.contains(0x2F) {
                let folder = FilePath("/lib/modules").appending(name)
                modules = try? root.read(folder.appending("modules.alias"), limit: 16 << 20)
                if modules != nil {
                    let built = try? root.read(folder.appending("modules.builtin"), limit: 4 << 20)
                    modules = (modules ?? []) + [0x0A] + (built ?? [])
                }
            }
        }
        guard let modules else { return true }
        let alias = Array("alias fs-\(type) ".utf8)
        let file = Array("/\(type).ko".utf8)
        return modules.split(separator: 0x0A).contains { line in
            line.starts(with: alias)
                || line.count >= file.count && line.suffix(file.count).elementsEqual(file)
        }
    }
}
