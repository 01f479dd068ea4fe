/// What people call the common types of partition.
///
/// Source: the UAPI Discoverable Partitions Specification; UEFI Specification 2.10, section 5.3.3;
/// for the types of one byte, util-linux 2.38.
public enum PartitionType {
    /// The name of the type with this GUID, in upper case; `nil` for one that is not common.
    public static func name(ofGUID guid: String) -> String? { byGUID[guid] }

    /// The name of the MBR type; `nil` for one that is not common.
    public static func name(ofByte byte: UInt8) -> String? { byByte[byte] }

    private static let byGUID: [String: String] = [
        "C12A7328-F81F-11D2-BA4B-00A0C93EC93B": "EFI system partition",
        "21686148-6449-6E6F-744E-656564454649": "BIOS boot",
        "024DEE41-33E7-11D3-9D69-0008C781F39F": "MBR partition scheme",
        "BC13C2FF-59E6-4262-A352-B275FD6F7172": "Linux extended boot",
        "0FC63DAF-8483-4772-8E79-3D69D8477DE4": "Linux filesystem",
        "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F": "Linux swap",
        "A19D880F-05FC-4D3B-A006-743F0F84911E": "Linux RAID",
        "E6D6D379-F507-44C2-A23C-238F2A3DF928": "Linux LVM",
        "CA7D7CCB-63ED-4C53-861C-1742536059CC": "LUKS",
        "7FFEC5C9-2D00-49B7-8941-3EA10A5586B7": "dm-crypt",
        "8DA63339-0007-60C0-C436-083AC8230908": "Linux reserved",
        "933AC7E1-2EB4-4F13-B844-0E14E2AEF915": "Linux home",
        "3B8F8425-20E0-4F3B-907F-1A25A76F98E8": "Linux server data",
        "4D21B016-B534-45C2-A9FB-5C16E091FD2D": "Linux variable data",
        "7EC6F557-3BC5-4ACA-B293-16EF5DF639D1": "Linux temporary data",
        "44479540-F297-41B2-9AF7-D131D5F0458A": "Linux root (x86)",
        "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709": "Linux root (x86-64)",
        "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5": "Linux root verity (x86-64)",
        "8484680C-9521-48C6-9C11-B0720656F69E": "Linux /usr (x86-64)",
        "77FF5F63-E7B6-4633-ACF4-1565B864C0E6": "Linux /usr verity (x86-64)",
        "B921B045-1DF0-41C3-AF44-4C6F280D3FAE": "Linux root (ARM-64)",
        "B0E01050-EE5F-4390-949A-9101B17104E9": "Linux /usr (ARM-64)",
        "9E1A2D38-C612-4316-AA26-8B49521E5A8B": "PowerPC PReP boot",
        "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7": "Microsoft basic data",
        "E3C9E316-0B5C-4DB8-817D-F92DF00215AE": "Microsoft reserved",
        "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC": "Windows recovery",
        "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3": "Microsoft LDM metadata",
        "AF9B60A0-1431-4F62-BC68-3311714A69AD": "Microsoft LDM data",
        "E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D": "Microsoft Storage Spaces",
        "6A898CC3-1DD2-11B2-99A6-080020736631": "ZFS",
        "6A945A3B-1DD2-11B2-99A6-080020736631": "Solaris reserved",
        "516E7CB4-6ECF-11D6-8FF8-00022D09712B": "FreeBSD data",
        "516E7CBA-6ECF-11D6-8FF8-00022D09712B": "FreeBSD ZFS",
        "48465300-0000-11AA-AA11-00306543ECAC": "Apple HFS+",
        "7C3457EF-0000-11AA-AA11-00306543ECAC": "Apple APFS",
        "AA31E02A-400F-11DB-9590-000C2911D1B8": "VMware VMFS",
        "4FBD7E29-9D25-41B8-AFD0-062C0CEFF05D": "Ceph OSD",
        "4FBD7E29-9D25-41B8-AFD0-5EC00CEFF05D": "Ceph OSD (dm-crypt)",
        "45B0969E-9B03-4F30-B4C6-B4B80CEFF106": "Ceph journal",
        "37AFFC90-EF7D-4E96-91C3-2D7AE055B174": "IBM GPFS",
    ]

    private static let byByte: [UInt8: String] = [
        0x01: "FAT12", 0x04: "FAT16 <32M", 0x05: "Extended", 0x06: "FAT16",
        0x07: "HPFS/NTFS/exFAT", 0x0B: "W95 FAT32", 0x0C: "W95 FAT32 (LBA)",
        0x0E: "W95 FAT16 (LBA)", 0x0F: "W95 Ext'd (LBA)", 0x27: "Hidden NTFS WinRE",
        0x41: "PPC PReP Boot", 0x42: "SFS", 0x82: "Linux swap / Solaris", 0x83: "Linux",
        0x85: "Linux extended", 0x88: "Linux plaintext", 0x8E: "Linux LVM",
        0xA5: "FreeBSD", 0xAF: "HFS / HFS+", 0xBF: "Solaris", 0xDA: "Non-FS data",
        0xE8: "LUKS", 0xEA: "Linux extended boot", 0xEE: "GPT",
        0xEF: "EFI (FAT-12/16/32)", 0xFB: "VMware VMFS", 0xFD: "Linux raid autodetect",
    ]
}
