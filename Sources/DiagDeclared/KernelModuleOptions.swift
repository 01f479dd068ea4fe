/// The options of a kernel's build that say whether a module is part of it.
///
/// Source: the Makefiles of Linux 4.18 to 6.12. Those of the library's modules are here, and a few
/// more; of any other nothing is known but what an option of its own name says.
enum KernelModuleOptions {
    /// Of several options the newer stands first: where a kernel has it, the older means something
    /// else.
    private static let known: [String: [String]] = [
        "af_packet_diag": ["PACKET_DIAG"], "arp_tables": ["IP_NF_ARPTABLES"],
        "arptable_filter": ["IP_NF_ARPFILTER"], "bridge": ["BRIDGE"], "btrfs": ["BTRFS_FS"],
        "dm_integrity": ["DM_INTEGRITY"], "dm_mod": ["BLK_DEV_DM"],
        "drivetemp": ["SENSORS_DRIVETEMP"], "ebtable_filter": ["BRIDGE_EBT_T_FILTER"],
        "ebtable_nat": ["BRIDGE_EBT_T_NAT"],
        "ebtables": ["BRIDGE_NF_EBTABLES_LEGACY", "BRIDGE_NF_EBTABLES"], "ext4": ["EXT4_FS"],
        "inet_diag": ["INET_DIAG"], "ip6_tables": ["IP6_NF_IPTABLES_LEGACY", "IP6_NF_IPTABLES"],
        "ip_set": ["IP_SET"], "ip_tables": ["IP_NF_IPTABLES_LEGACY", "IP_NF_IPTABLES"],
        "ipmi_devintf": ["IPMI_DEVICE_INTERFACE"], "kvm": ["KVM_X86", "KVM"],
        "macsec": ["MACSEC"], "megaraid_sas": ["MEGARAID_SAS"], "netlink_diag": ["NETLINK_DIAG"],
        "nf_conntrack": ["NF_CONNTRACK"], "nf_conntrack_netlink": ["NF_CT_NETLINK"],
        "nf_tables": ["NF_TABLES"], "nft_compat": ["NFT_COMPAT"], "raw_diag": ["INET_RAW_DIAG"],
        "tcp_diag": ["INET_TCP_DIAG"], "udp_diag": ["INET_UDP_DIAG"], "unix_diag": ["UNIX_DIAG"],
        "vmw_vmci": ["VMWARE_VMCI"], "vsock": ["VSOCKETS"], "wireguard": ["WIREGUARD"],
        "xfrm_user": ["XFRM_USER"], "xfs": ["XFS_FS"],
    ]

    /// Whether the options of a module are known.
    static func isKnown(_ module: String) -> Bool { known[module] != nil }

    /// The options to ask for, the first of them that the kernel has decides: of a module that is
    /// not known the one of its name.
    static func names(of module: String) -> [String] {
        (known[module] ?? [module.uppercased()]).map { "CONFIG_" + $0 }
    }
}
