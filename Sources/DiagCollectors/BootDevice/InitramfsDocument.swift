internal import DiagFormats

/// `boot/initramfs.json`: what the initial RAM disks hold, and whether the root can be mounted.
struct InitramfsDocument: Encodable {
    /// One archive, or some behind each other, in a file.
    struct Part: Encodable, Hashable {
        /// `none`, or the method.
        var compression: String
        /// Where it begins in the file.
        var offset: Int64
        var entryCount: Int
        /// Bytes of the archives without their compression.
        var byteCount: Int64
        /// Whether it holds processor microcode for the kernel's early loader.
        var isMicrocode: Bool
    }

    /// One thing that the root file system needs before it can be mounted.
    struct Need: Encodable, Hashable {
        /// What it is.
        enum Kind: String, Encodable {
            /// A kernel module.
            case module
            /// A program.
            case program
            /// A file of configuration.
            case file
        }
        /// Whether it is met.
        enum State: String, Encodable {
            /// It is in the archive.
            case present
            /// It is part of the kernel itself.
            case builtIn
            /// It is not there, and the kernel has it as a module, or no program does its work.
            case lacking
            /// It cannot be told.
            case unknown
        }
        var kind: Kind
        /// The module, or the programs of which one is needed, parted by ` or `.
        var name: String
        /// What needs it.
        var why: String
        var state: State
    }

    /// One file.
    struct Image: Encodable, Hashable {
        var path: String
        /// The section of a unified kernel image that it stands in.
        var section: String?
        /// The kernel it is for.
        var version: String
        var isRunning: Bool
        var isDefault: Bool
        var byteCount: Int64
        var parts: [Part]
        var entryCount: Int
        var moduleCount: Int
        /// The artifact with its listing.
        var listing: String?
        /// Configuration that it carries, of a list of names that matter.
        var configuration: [String]
        /// Whether it was read to its end.
        var isComplete: Bool
        /// Why not.
        var fault: String?
        var needs: [Need]
    }

    var schema = "diagbundle.initramfs/1"
    var images: [Image]
}
