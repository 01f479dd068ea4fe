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
    /// Which folder of its file system is mounted, unescaped; `/` for the whole.
    var root: String
    /// What was mounted, unescaped.
    var source: String
    /// The file system's type.
    var fileSystem: String
    /// Whether the file system itself, not only this mount of it, is read-only.
    var isReadOnly: Bool
}

extension RootStackMount {
    /// The mounts of the host in their order; `nil` after it was told that there is no table.
    static func all(_ reader: FactReader) throws -> [RootStackMount]? {
        try HostMountTable.read(in: reader.context, limit: 32 << 20, into: reader.sink).map {
            parse($0.bytes)
        }
    }

    private static func parse(_ bytes: [UInt8]) -> [RootStackMount] {
        MountTable(parsing: bytes).entries.map { entry in
            RootStackMount(
                mountPoint: UntrustedText.escapingInvalidUTF8(entry.mountPoint),
                deviceNumber: entry.device.description,
                root: UntrustedText.escapingInvalidUTF8(entry.root),
                source: UntrustedText.escapingInvalidUTF8(entry.source),
                fileSystem: entry.fileSystemType, isReadOnly: entry.isReadOnlySuperBlock)
        }
    }
}
