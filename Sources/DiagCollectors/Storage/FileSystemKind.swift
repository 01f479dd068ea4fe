/// What a file system's type says of it.
enum FileSystemKind {
    /// Views of the kernel's own state, which hold nobody's files.
    private static let kernelViews: Set<String> = [
        "autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs",
        "devpts", "devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc",
        "pstore", "resctrl", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sysfs",
        "tracefs",
    ]
    private static let network: Set<String> = [
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "lustre", "ncpfs",
        "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "virtiofs",
    ]
    /// Those that nobody can write, and that are always full.
    private static let readOnly: Set<String> = [
        "composefs", "cramfs", "erofs", "iso9660", "romfs", "squashfs", "udf", "fuse.snapfuse",
        "fuse.squashfuse",
    ]

    /// Whether files of this type show the kernel's state.
    static func isKernelView(_ type: String) -> Bool { kernelViews.contains(type) }

    /// Whether a server may stand behind this type.
    static func isNetwork(_ type: String) -> Bool { network.contains(type) }

    /// Whether a process of the host serves this type.
    static func isUserSpace(_ type: String) -> Bool {
        type == "fuse" || type == "fuseblk" || type.hasPrefix("fuse.")
    }

    /// Whether nobody can write to this type.
    static func isAlwaysReadOnly(_ type: String) -> Bool { readOnly.contains(type) }

    /// Whether a mount of type `mounted` is what a table asks for that wants `wanted`: one type,
    /// several between commas, or `auto`.
    ///
    /// Some have another name in the table: `nfs` mounts `nfs4`, `sshfs` `fuse.sshfs`, and
    /// `ntfs-3g` `fuseblk`.
    static func isMounted(_ mounted: String, from wanted: String) -> Bool {
        wanted.split(separator: ",").contains { type in
            type == "auto" || type == mounted || mounted == "fuse." + type
                || type == "nfs" && mounted == "nfs4" || type == "fuse" && isUserSpace(mounted)
                || mounted == "fuseblk" && (type.hasPrefix("ntfs") || type.hasPrefix("exfat"))
                || mounted == "ntfs3" && type.hasPrefix("ntfs")
                || ["cifs", "smb3"].contains(type) && ["cifs", "smb3"].contains(mounted)
        }
    }

    /// Whether a mount of this type with a source below /dev stands on that device.
    static func mayStandOnDevice(_ type: String) -> Bool {
        !isKernelView(type) && !isNetwork(type) && type != "overlay" && type != "tmpfs"
            && type != "ramfs"
    }
}
