/// The numbers by which statfs(2) names file systems.
///
/// Source: include/uapi/linux/magic.h of Linux 6.12, and statfs(2).
enum FileSystemMagic {
    private static let names: [UInt32: String] = [
        0xEF53: "ext2/ext3/ext4", 0x5846_5342: "xfs", 0x9123_683E: "btrfs", 0xF2F5_2010: "f2fs",
        0xCA45_1A4E: "bcachefs", 0x2FC1_2FC1: "zfs", 0x4D44: "vfat", 0x2011_BAB0: "exfat",
        0x7366_746E: "ntfs3", 0x5346_544E: "ntfs", 0x9660: "iso9660", 0x1501_3346: "udf",
        0x7371_7368: "squashfs", 0xE0F5_E1E2: "erofs", 0x28CD_3D45: "cramfs", 0x7275: "romfs",
        0x0102_1994: "tmpfs", 0x8584_58F6: "ramfs", 0x794C_7630: "overlay", 0x6969: "nfs",
        0xFF53_4D42: "cifs", 0xFE53_4D42: "smb3", 0x6573_5546: "fuse", 0x00C3_6400: "ceph",
        0x0102_1997: "9p", 0x6A65_6A63: "virtiofs", 0x0BD0_0BD0: "lustre", 0x0116_1970: "gfs2",
        0x7461_636F: "ocfs2", 0x9FA0: "proc", 0x6265_6572: "sysfs", 0x1CD1: "devpts",
        0x0027_E0EB: "cgroup", 0x6367_7270: "cgroup2", 0xCAFE_4A11: "bpf", 0x6462_6720: "debugfs",
        0x7472_6163: "tracefs", 0x7363_6673: "securityfs", 0x1980_0202: "mqueue",
        0x9584_58F6: "hugetlbfs", 0x6165_676C: "pstore", 0xDE5E_81E4: "efivarfs",
        0x6265_6570: "configfs", 0x4249_4E4D: "binfmt_misc", 0x6E73_6673: "nsfs",
        0x0187: "autofs", 0xF97C_FF8C: "selinuxfs", 0x3153_464A: "jfs", 0x5265_4973: "reiserfs",
        0x3434: "nilfs2", 0x5346_414F: "afs",
    ]
    /// Those that are always full, or have no space of their own.
    private static let neverFull: Set<UInt32> = [
        0x9660, 0x1501_3346, 0x7371_7368, 0xE0F5_E1E2, 0x28CD_3D45, 0x7275, 0xDE5E_81E4,
        0x9584_58F6, 0x9FA0, 0x6265_6572, 0x0027_E0EB, 0x6367_7270,
    ]

    /// The type that `magic` names, where this program knows it.
    static func name(of magic: UInt32) -> String? { names[magic] }

    /// The same name for a type as the mount table writes it; `nil` for one that is not known.
    static func name(ofType type: String) -> String? {
        switch type {
        case "ext2", "ext3", "ext4": return "ext2/ext3/ext4"
        case "msdos", "umsdos": return "vfat"
        case "nfs4": return "nfs"
        case "smb3", "cifs": return "smb3"
        case "devtmpfs": return "tmpfs"
        case _ where FileSystemKind.isUserSpace(type): return "fuse"
        default: return names.values.contains(type) ? type : nil
        }
    }

    /// Whether a file system with this `magic`, as hexadecimal text, can run out of space.
    static func canFill(_ magic: String) -> Bool {
        guard let number = UInt32(magic.dropFirst(2), radix: 16) else { return false }
        return !neverFull.contains(number)
    }
}
