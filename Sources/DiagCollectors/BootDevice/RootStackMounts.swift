internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// A mount as the root stack needs it, whoever read the mount table.
struct RootStackMount: Hashable {
    /// Where it is mounted, unescaped.
    var mountPoint: String
    /// The device's number, `major:minor`; a major of 0 is no block device.
    var deviceNumber: String
    /// What was mounted, unescaped.
    var source: String
    /// The file system's type.
    var fileSystem: String
    /// Whether the file system itself, not only this mount of it, is read-only.
    var isReadOnly: Bool
}

extension RootStackMount {
    /// The mounts of the first process, or of our own where that is refused, in their order.
    ///
    /// Source: proc_pid_mountinfo(5).
    static func all(_ reader: FactReader) throws -> [RootStackMount]? {
        let first: FilePath = "/proc/1/mountinfo"
        // Some kernels let an ordinary user open the file, and give no line.
        if let bytes = try? reader.context.root.read(first, limit: 32 << 20), !bytes.isEmpty {
            return parse(bytes)
        }
        let own: FilePath = "/proc/self/mountinfo"
        guard let bytes = try reader.bytes(own, limit: 32 << 20) else { return nil }
        try reader.sink.send(
            .note(.init(text: "\(first) cannot be read; the mounts are those of our own process")))
        return parse(bytes)
    }

    private static func parse(_ bytes: [UInt8]) -> [RootStackMount] {
        MountTable(parsing: bytes).entries.map { entry in
            RootStackMount(
                mountPoint: UntrustedText.escapingInvalidUTF8(entry.mountPoint),
                deviceNumber: entry.device.description,
                source: UntrustedText.escapingInvalidUTF8(entry.source),
                fileSystem: entry.fileSystemType, isReadOnly: entry.isReadOnlySuperBlock)
        }
    }
}
