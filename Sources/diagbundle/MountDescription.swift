import DiagFormats
import DiagModel
import DiagSystem
import SystemPackage

/// A mount in words, for errors that must name the device behind a path.
enum MountDescription {
    /// The mount that an absolute `path` lies on: the longest mount point that is its beginning.
    static func ofPath(_ path: String, in table: MountTable) -> String? {
        let bytes = Array(path.utf8)
        let candidates = table.entries.filter { entry in
            entry.mountPoint == [0x2F]
                || (bytes.starts(with: entry.mountPoint)
                    && (bytes.count == entry.mountPoint.count
                        || bytes[entry.mountPoint.count] == 0x2F))
        }
        // Of two at one place the later hides the earlier.
        let longest = candidates.map(\.mountPoint.count).max()
        return candidates.last { $0.mountPoint.count == longest }.map(describe)
    }

    /// The same by this process's own mount table: the file system is not asked.
    static func ofPath(_ path: String) -> String? {
        guard let file = try? OwnedDescriptor.open("/proc/self/mountinfo", .readOnly),
            let bytes = try? file.readAll(limit: 16 << 20)
        else { return nil }
        return ofPath(path, in: MountTable(parsing: bytes))
    }

    /// For example `the ext4 file system /dev/vda1 mounted at /`.
    static func describe(_ entry: MountTable.Entry) -> String {
        let source = UntrustedText.escapingInvalidUTF8(entry.source)
        let place = UntrustedText.escapingInvalidUTF8(entry.mountPoint)
        return "the \(entry.fileSystemType) file system \(source) mounted at \(place)"
    }
}
