internal import DiagModel

extension KernelFaultPattern {
    private static let disk = [
        "Look at the device's own health log (SMART, NVMe error log) and its cabling.",
        "Check that backups of what lies on it are current before anything else is tried.",
    ]
    private static let fileSystem = [
        "Do not write to the file system; save what matters from it first.",
        "Check the device below for errors, then check the file system while it is not mounted.",
    ]
    private static let memory = [
        "Find what used the memory in the lines before this one in the kernel log.",
        "Limit that service's memory, or add memory or swap.",
    ]
    private static let processor = [
        "Look at the stack that the kernel printed behind this line.",
        "On a virtual machine, check whether the hypervisor was overloaded at that time.",
    ]

    /// All lines that are looked for; the first that matches counts.
    static let all: [KernelFaultPattern] = [
        // drivers/scsi/scsi_logging.c, scsi_log_print_sense_hdr
        KernelFaultPattern(
            "sd *: [{}] *Sense Key : Medium Error", "medium-error", .critical,
            "The disk reported that it could not read or write its medium.", disk),
        KernelFaultPattern(
            "sd *: [{}] *Sense Key : Hardware Error", "hardware-error", .critical,
            "The disk reported that its hardware failed.", disk),
        // block/blk-core.c and block/blk-mq.c: print_req_error (4.18), blk_update_request (5.x),
        // blk_print_req_error (5.16 on); the words come from the table blk_errors
        KernelFaultPattern(
            "critical medium error, dev {}, sector", "medium-error", .critical,
            "The disk reported that it could not read or write its medium.", disk),
        KernelFaultPattern(
            "critical space allocation error, dev {}, sector", "space-allocation-error", .major,
            "A write failed because the thin-provisioned device below is full.",
            ["Give the pool below the device more space."]),
        KernelFaultPattern(
            "I/O error, dev {}, sector", "block-io-error", .major,
            "The kernel could not complete reads or writes on this block device.", disk),
        // fs/buffer.c, buffer_io_error
        KernelFaultPattern(
            "Buffer I/O error on dev {}, logical block", "buffer-io-error", .major,
            "The kernel could not read or write cached blocks of this device.", disk),
        // drivers/md/raid1.c, raid10.c, raid5.c
        KernelFaultPattern(
            "Disk failure on {}, disabling device", "md-member-failed", .critical,
            "A RAID array put this member out of service after errors.",
            ["Check that the array is still redundant, then replace the member."]),
        // drivers/nvme/host/pci.c, nvme_timeout and nvme_warn_reset
        KernelFaultPattern(
            "nvme {}: I/O *timeout, ", "nvme-timeout", .major,
            "The NVMe controller did not answer commands in time.", disk),
        KernelFaultPattern(
            "nvme {}: controller is down; will reset", "nvme-reset", .major,
            "The NVMe controller stopped working and was reset.", disk),
        // drivers/nvme/host/core.c, nvme_wait_ready
        KernelFaultPattern(
            "nvme {}: Device not ready; aborting", "nvme-not-ready", .critical,
            "The NVMe controller did not come back after a reset.", disk),
        // kernel/hung_task.c, check_hung_task
        KernelFaultPattern(
            "INFO: task {} blocked for more than ", "hung-task", .major,
            "A task waited in the kernel longer than the limit, most often for storage.",
            [
                "Look at the stack behind this line for the device or file system it waits for.",
                "Look for I/O errors or timeouts of that device before this line.",
            ]),
        // fs/ext4/super.c, __ext4_error and its like; ext4_handle_error
        KernelFaultPattern(
            "EXT4-fs error (device {})", "ext4-error", .critical,
            "The kernel found ext4 structures that are damaged or cannot be read.", fileSystem),
        KernelFaultPattern(
            "EXT4-fs ({}): Remounting filesystem read-only", "remounted-read-only", .critical,
            "The file system was made read-only after an error.", fileSystem),
        // fs/jbd2/journal.c, __jbd2_journal_abort_hard and jbd2_journal_abort
        KernelFaultPattern(
            "Aborting journal on device {}.", "journal-aborted", .critical,
            "The file system's journal was given up after an error.", fileSystem),
        // fs/fat/misc.c, __fat_fs_error
        KernelFaultPattern(
            "FAT-fs ({}): Filesystem has been set read-only", "remounted-read-only", .critical,
            "The file system was made read-only after an error.", fileSystem),
        // fs/xfs/xfs_error.c: xfs_verifier_error, xfs_error_report, xfs_corruption_error;
        // fs/xfs/xfs_fsops.c: xfs_do_force_shutdown
        KernelFaultPattern(
            "XFS ({}): Metadata corruption detected", "xfs-corruption", .critical,
            "The kernel found damaged XFS metadata.", fileSystem),
        KernelFaultPattern(
            "XFS ({}): Metadata CRC error detected", "xfs-corruption", .critical,
            "The kernel found damaged XFS metadata.", fileSystem),
        KernelFaultPattern(
            "XFS ({}): Corruption ", "xfs-corruption", .critical,
            "The kernel found damaged XFS metadata.", fileSystem),
        KernelFaultPattern(
            "XFS ({}): Internal error", "xfs-internal-error", .critical,
            "XFS found a state that must not be, and may have shut down.", fileSystem),
        KernelFaultPattern(
            "XFS ({}): Filesystem has been shut down", "xfs-shutdown", .critical,
            "The file system was shut down after an error.", fileSystem),
        // fs/btrfs/messages.c (super.c before 6.1): btrfs_printk and __btrfs_handle_fs_error;
        // fs/btrfs/disk-io.c and messages.c: "forced readonly"
        KernelFaultPattern(
            "BTRFS info (device {}): forced readonly", "remounted-read-only", .critical,
            "The file system was made read-only after an error.", fileSystem),
        KernelFaultPattern(
            "BTRFS critical (device {})", "btrfs-error", .critical,
            "btrfs reported damage.", fileSystem),
        KernelFaultPattern(
            "BTRFS error (device {})", "btrfs-error", .major,
            "btrfs reported an error.", fileSystem),
        KernelFaultPattern(
            "BTRFS: error (device {})", "btrfs-error", .critical,
            "btrfs stopped a transaction after an error.", fileSystem),
        // mm/oom_kill.c: __oom_kill_process (4.19 on), oom_kill_process before
        KernelFaultPattern(
            "Memory cgroup out of memory: Kill* process *({})", "memory-limit-kill", .minor,
            "A control group came to its memory limit and the kernel killed a process in it.",
            memory),
        KernelFaultPattern(
            "Out of memory: Kill* process *({})", "out-of-memory-kill", .major,
            "The host ran out of memory and the kernel killed a process.", memory),
        // arch/x86/kernel/cpu/mce/core.c (mcheck/mce.c before 4.21), __print_mce
        KernelFaultPattern(
            "[Hardware Error]: CPU {}: Machine Check", "machine-check", .critical,
            "The processor reported a hardware error.",
            ["Decode the lines behind this one, and look at the platform's event log."]),
        // arch/x86/kernel/cpu/mce/core.c, mce_notify_irq
        KernelFaultPattern(
            "[Hardware Error]: Machine check events logged", "machine-check-logged", .minor,
            "The processor logged hardware events; corrected ones among them.",
            ["Look at the counters of EDAC and at the platform's event log."]),
        // kernel/watchdog.c, watchdog_timer_fn; kernel/watchdog_hld.c, watchdog_overflow_callback
        KernelFaultPattern(
            "BUG: soft lockup - CPU#{} stuck for", "soft-lockup", .major,
            "A processor ran kernel code without a break for too long.", processor),
        KernelFaultPattern(
            "Watchdog detected hard LOCKUP on cpu {}", "hard-lockup", .critical,
            "A processor did not even take interrupts for too long.", processor),
    ]
}
