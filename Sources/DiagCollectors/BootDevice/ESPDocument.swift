internal import DiagFormats
internal import DiagModel

/// `boot/esp.json`: what lies on the partitions that the firmware and its loaders read.
struct ESPDocument: Encodable {
    /// A file system that the host starts from.
    struct FileSystem: Encodable, Hashable {
        var mountPoint: String
        var fileSystem: String
        /// The partition's device, where it is one.
        var device: String?
        /// Whether it is an EFI system partition, by its type.
        var isSystemPartition: Bool?
        var byteCount: UInt64?
        /// What root may still use.
        var freeByteCount: UInt64?
        var isReadOnly: Bool?
        /// Why the space is not known.
        var fault: String?
    }

    /// A section of a unified kernel image.
    struct Section: Encodable, Hashable {
        var name: String
        var byteCount: Int64
        /// Its text, where it holds one; secrets masked.
        var text: String?
    }

    /// What the headers of an EFI program say.
    struct Program: Encodable, Hashable {
        /// For example `x86_64`.
        var machine: String
        /// 10 an application, 11 and 12 drivers.
        var subsystem: UInt16
        var isUnifiedKernelImage: Bool
        var sections: [Section]
        /// Who signed it; empty where nobody did. Nothing is verified.
        var signers: [AuthenticodeSignature.Signer]
        /// The components and generations of `.sbat`.
        var securityGenerations: [SBATEntry]
        /// What of the signature cannot be read.
        var signatureFault: String?
    }

    /// One file.
    struct File: Encodable, Hashable {
        var path: String
        var byteCount: Int64
        var modified: Timestamp
        /// None for a file that was not read to its end.
        var sha256: String?
        var program: Program?
        /// Why the hash or the program is not there.
        var fault: String?
    }

    var schema = "diagbundle.esp/1"
    /// /boot and every mounted EFI system or extended boot loader partition, by mount point.
    var fileSystems: [FileSystem]
    /// The files of the partitions, without those of a /boot that is none of them.
    var files: [File]
    /// Whether there are more files.
    var isTruncated: Bool
}
