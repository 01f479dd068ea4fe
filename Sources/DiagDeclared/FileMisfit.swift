internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Something that a pattern of files matches and that is no file to copy.
struct FileMisfit: Hashable {
    /// What it is.
    enum Kind: CaseIterable {
        case folder, pipe, socket, device
        /// /dev/null under another name: what was put out of force, or hidden from a container.
        case null
        /// A file of procfs or sysfs that is only written.
        case unreadable
        case unknown

        /// What `status` says of `path` beside that it is a file to copy; `nil` for such a file.
        ///
        /// A file that nobody may read is left alone in procfs and sysfs alone: elsewhere root
        /// reads it all the same.
        init?(_ status: FileStatus, at path: FilePath) {
            switch status.kind {
            case .regular:
                guard status.permissions & 0o444 == 0,
                    path.starts(with: "/proc") || path.starts(with: "/sys")
                else { return nil }
                self = .unreadable
            case .directory: self = .folder
            case .fifo: self = .pipe
            case .socket: self = .socket
            case .blockDevice: self = .device
            case .characterDevice:
                let device = status.representedDevice
                self = device.major == 1 && device.minor == 3 ? .null : .device
            case .symbolicLink, .unknown: self = .unknown
            }
        }

        /// What one is called, and what several are.
        fileprivate var nouns: (one: String, many: String) {
            switch self {
            case .folder: ("folder", "folders")
            case .pipe: ("pipe", "pipes")
            case .socket: ("socket", "sockets")
            case .device: ("device", "devices")
            case .null: ("name that leads to /dev/null", "names that lead to /dev/null")
            case .unreadable: ("file that nobody may read", "files that nobody may read")
            case .unknown: ("thing that is no file", "things that are no files")
            }
        }
    }

    /// Where it is.
    let path: FilePath
    /// What it is.
    let kind: Kind

    /// Why nothing of it is copied though a pattern names it by its whole path, and what to write
    /// instead; `nil` where the host means it to be so.
    var why: String? {
        switch kind {
        case .folder:
            "is a folder; write `\(UntrustedText.escapingForPath(path.bytes))/*`, or use `listing`"
        case .pipe, .socket, .device: "is a \(kind.nouns.one) and is not read"
        case .null, .unreadable: nil
        case .unknown: "is no file"
        }
    }

    /// That only this much is there, and no file to copy; `nil` where nothing is.
    ///
    /// - Parameters:
    ///   - counts: how many there are of each kind.
    ///   - hasExcluded: whether `exclude` leaves something out.
    /// - Returns: it, as the end of a sentence.
    static func reason(_ counts: [Kind: Int], hasExcluded: Bool) -> String? {
        var parts = [String]()
        var total = 0
        for kind in Kind.allCases {
            guard let count = counts[kind], count > 0 else { continue }
            total += count
            parts.append("\(count) \(count == 1 ? kind.nouns.one : kind.nouns.many)")
        }
        if hasExcluded {
            total += 1
            parts.append("what `exclude` leaves out")
        }
        guard let last = parts.popLast() else { return nil }
        let words = parts.isEmpty ? last : "\(parts.joined(separator: ", ")) and \(last)"
        return "only \(words) \(total == 1 ? "is" : "are") there"
    }
}
