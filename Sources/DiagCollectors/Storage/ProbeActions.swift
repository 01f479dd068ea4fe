internal import DiagCollect

/// What each probe does to its target, for a plan. What SCSI and ATA commands are sent is what the
/// filter of `SCSICommandFilter` lets through.

extension MountHealthProbe {
    /// Two system calls.
    public var actions: [String] { ["statx(2) without an automount", "statfs(2)"] }
}

extension MDProbe {
    /// Attributes of sysfs, or /proc/mdstat.
    public var actions: [String] { ["read attributes of md in sysfs, or /proc/mdstat"] }
}

extension MapperProbe {
    /// Questions to the device mapper's control device.
    public var actions: [String] {
        [
            "open /dev/mapper/control",
            "ioctl DM_VERSION, DM_LIST_DEVICES, DM_LIST_VERSIONS, DM_DEV_STATUS, DM_TABLE_STATUS,"
                + " DM_TABLE_DEPS",
        ]
    }
}

extension NVMeProbe {
    /// Admin commands that read.
    public var actions: [String] {
        ["open read-only", "ioctl NVME_IOCTL_ADMIN_CMD: Identify, Get Log Page"]
    }
}

extension SCSIProbe {
    /// SCSI commands that read, and those of ATA behind them.
    public var actions: [String] {
        [
            "open read-only",
            "ioctl SG_IO: TEST UNIT READY, REQUEST SENSE, INQUIRY, READ CAPACITY, LOG SENSE,"
                + " MODE SENSE, RECEIVE DIAGNOSTIC RESULTS, REPORT TARGET PORT GROUPS",
            "ioctl SG_IO, ATA PASS-THROUGH: CHECK POWER MODE, IDENTIFY DEVICE, SMART READ DATA,"
                + " SMART READ THRESHOLDS, SMART READ LOG, SMART RETURN STATUS, READ LOG EXT",
        ]
    }
}

extension SCSILinkProbe {
    /// Attributes that the adapter answers.
    public var actions: [String] { ["read the error counters in sysfs, which asks the adapter"] }
}

extension MetadataProbe {
    /// Reads at the start and the end.
    public var actions: [String] {
        [
            "ioctl SG_IO: TEST UNIT READY or CHECK POWER MODE of a SCSI disk, not to wake it",
            "open read-only", "ioctl BLKGETSIZE64",
            "read at most 4 MiB of metadata, at the start and at the end",
        ]
    }
}

extension LVMReportProbe {
    /// One command.
    public var actions: [String] { ["run: lvm " + Self.arguments.joined(separator: " ")] }
}
