internal import DiagModel

/// Which functions of the kernel tell what a blocked thread waits for.
///
/// Source: the names are those of Linux 4.18 to 6.18; each rule names functions that only wait
/// for this one thing. A `*` at the end stands for any rest; with `^` before it, only the innermost
/// function that does not merely put the thread to sleep is compared.
struct WaitRule: Sendable {
    var kind: KernelStacks.Wait.Kind
    /// What is waited for, as the object of "waits for".
    var object: String
    var functions: [String]

    init(_ kind: KernelStacks.Wait.Kind, _ object: String, _ functions: [String]) {
        self.kind = kind
        self.object = object
        self.functions = functions
    }

    /// Whether one of the rule's functions is `function`; `isWaiting` for the innermost.
    func matches(_ function: Substring, isWaiting: Bool = false) -> Bool {
        functions.contains { pattern in
            var pattern = pattern[...]
            if pattern.first == "^" {
                guard isWaiting else { return false }
                pattern = pattern.dropFirst()
            }
            return pattern.last == "*"
                ? function.hasPrefix(pattern.dropLast()) : function == pattern
        }
    }

    /// What only puts a thread to sleep, and tells nothing of why.
    static let scheduling = WaitRule(
        .unknown, "",
        [
            "__schedule", "schedule", "schedule_timeout*", "schedule_hrtimeout*",
            "schedule_preempt_disabled", "io_schedule*", "__wait_on_bit*", "wait_on_bit*",
            "out_of_line_wait_on_bit*", "bit_wait*", "__wait_for_common", "__context_switch",
            "wait_for_completion*", "__switch_to*", "do_wait_for_common", "__cond_resched",
            "preempt_schedule*", "__traceiter*",
        ])

    /// Locks of the kernel: the function behind them is the one that wants it.
    static let locks: [WaitRule] = [
        .init(
            .lock, "a mutex",
            [
                "__mutex_lock*", "mutex_lock*", "__ww_mutex_lock*", "ww_mutex_lock*",
                "__rt_mutex*", "rt_mutex*",
            ]),
        .init(
            .lock, "a read-write semaphore",
            [
                "rwsem_down*", "down_read*", "down_write*", "__down_read*", "__down_write*",
                "call_rwsem*",
            ]),
        .init(.lock, "a semaphore", ["__down", "__down_common", "down", "__down_timeout"]),
    ]

    /// The things that a stack tells of, the most telling first.
    static let rules: [WaitRule] = [
        .init(
            .recovery, "a SCSI host to recover from an error",
            ["scsi_error_handler", "scsi_eh_*", "scsi_block_when_processing_errors"]),
        .init(
            .recovery, "an NVMe controller to be reset or to answer a command of the driver",
            [
                "nvme_reset_work", "nvme_wait_freeze*", "nvme_disable_ctrl*", "nvme_wait_ready",
                "__nvme_submit_sync_cmd", "nvme_submit_sync_cmd", "nvme_execute_rq", "nvme_dev_*",
                "nvme_error_recovery*",
            ]),
        .init(
            .recovery, "an ATA port to recover from an error",
            ["ata_scsi_error", "ata_scsi_port_error_handler", "ata_eh_*", "ata_msleep"]),
        .init(
            .queue, "the queue of a block device, which is frozen",
            ["blk_queue_enter", "__bio_queue_enter", "blk_mq_freeze_queue*"]),
        .init(
            .queue, "a free request of a block device: all are under way",
            ["blk_mq_get_tag", "__get_request", "get_request", "blk_get_request"]),
        .init(
            .queue, "its turn: writes to the block device are throttled",
            ["wbt_wait", "rq_qos_wait", "ioc_rqos_throttle", "blk_throtl*", "iolatency*"]),
        .init(
            .storageStack, "a mapped device that is suspended or being changed",
            [
                "dm_wait_for_completion", "__dm_suspend", "dm_suspend", "dm_get_live_or*",
                "dm_wait_for_bios_completion", "dm_internal_suspend*", "pool_presuspend*",
                "dm_io_wait*", "sync_io",
            ]),
        .init(
            .storageStack, "an md array: its superblock, a barrier or a free stripe",
            [
                "md_write_start", "md_super_wait", "md_do_sync", "raid5_get_active_stripe",
                "make_stripe_request", "wait_barrier", "raise_barrier", "freeze_array",
                "raid10_*", "raid1_*", "md_handle_request", "md_flush_request", "mddev_suspend",
                "md_check_recovery", "wait_blocked_rdev", "md_wait_for_blocked_rdev",
            ]),
        .init(.storageStack, "a bcache device", ["bch_*", "closure_sync*"]),
        .init(
            .storageStack, "a DRBD device", ["drbd_*", "_drbd_*", "wait_for_*drbd*"]),
        .init(
            .server, "an NFS server to answer",
            [
                "rpc_wait_bit_killable", "__rpc_execute", "nfs_wait_bit_killable", "nfs4_*",
                "nfs3_*", "nfs_*", "_nfs4_*", "rpc_*", "xprt_*",
            ]),
        .init(
            .server, "an SMB server to answer",
            [
                "wait_for_response", "compound_send_recv", "SendReceive*", "cifs_*", "smb2_*",
                "SMB2_*",
            ]),
        .init(
            .server, "a Ceph cluster to answer",
            ["ceph_*", "__ceph_*", "rbd_*", "ceph_mdsc_*", "ceph_osdc_*"]),
        .init(
            .server, "a cluster file system's lock or server",
            ["gfs2_*", "ocfs2_*", "dlm_*", "p9_*", "v9fs_*", "afs_*", "nbd_*", "ll_file_*"]),
        .init(
            .fuse, "the process behind a FUSE file system to answer",
            ["request_wait_answer", "__fuse_request_send", "fuse_*", "__fuse_*"]),
        .init(
            .frozenFileSystem, "a frozen file system to be thawed",
            [
                "sb_start_*", "__sb_start_write", "mnt_want_write*", "percpu_rwsem_wait",
                "__percpu_down_read", "file_start_write",
            ]),
        .init(
            .journal, "the file system's journal to be written",
            [
                "jbd2_log_wait_commit", "jbd2_complete_transaction", "start_this_handle",
                "wait_transaction_locked", "add_transaction_credits", "do_get_write_access",
                "jbd2_journal_lock_updates", "jbd2_journal_wait_updates", "jbd2_log_do_checkpoint",
                "__jbd2_log_wait_for_space",
            ]),
        .init(
            .journal, "the log of XFS to be written or to have room",
            [
                "xlog_*", "xfs_log_*", "xfs_buf_lock*", "xfs_buf_iowait", "xfs_ail_push*",
                "xfs_trans_reserve*",
            ]),
        .init(
            .journal, "a transaction of btrfs to be written",
            [
                "btrfs_wait_for_commit", "wait_current_trans", "btrfs_commit_transaction",
                "wait_for_commit", "btrfs_wait_ordered*", "btrfs_start_ordered_extent*",
                "wait_reserve_ticket", "btrfs_reserve_*", "handle_reserve_ticket",
            ]),
        .init(
            .journal, "a checkpoint of F2FS", ["f2fs_issue_checkpoint", "f2fs_wait_on_*"]),
        .init(
            .writeback, "dirty pages to be written: too many are waiting",
            ["balance_dirty_pages*", "io_throttle*"]),
        .init(
            .writeback, "the writing of dirty pages to end",
            ["wb_wait_for_completion", "writeback_inodes_sb*"]),
        .init(
            .memory, "memory to be reclaimed",
            [
                "reclaim_throttle", "throttle_direct_reclaim", "congestion_wait*",
                "wait_iff_congested*", "__alloc_pages_slowpath*", "shrink_*", "try_to_free_*",
                "out_of_memory", "mem_cgroup_oom*", "mem_cgroup_handle_over_high", "mempool_alloc*",
            ]),
        .init(
            .memory, "a page to be read from swap",
            ["swap_readpage", "swap_read_folio*", "do_swap_page", "swap_cluster_readahead"]),
        .init(
            .blockDevice, "a block device to answer",
            [
                "folio_wait_writeback*", "wait_on_page_writeback*", "__filemap_fdatawait*",
                "filemap_fdatawait*", "sync_inodes_sb", "folio_wait_bit*", "wait_on_page_bit*",
                "__lock_page*", "__folio_lock*",
                "__wait_on_buffer", "wait_on_buffer", "submit_bio_wait", "blk_execute_rq*",
                "dio_await*", "__blkdev_direct_IO*", "blkdev_direct_IO*", "__iomap_dio_rw",
                "iomap_dio_rw", "blkdev_issue_*", "scsi_execute*", "__scsi_execute*",
                "filemap_fault", "filemap_read", "filemap_get_pages", "__breadahead*", "bread*",
                "__bread*", "ext4_read_bh*", "sync_dirty_buffer", "__sync_dirty_buffer",
                "jbd2_journal_commit_transaction", "__lock_buffer", "ext4_sb_bread*",
                "io_schedule", "bit_wait_io", "mpage_*", "bdev_getblk", "blk_mq_submit_bio",
                "do_direct_IO", "wait_on_bit_io", "generic_file_read_iter",
            ]),
        .init(
            .control, "the core dump of its process", ["coredump_*", "exit_mm", "do_coredump"]),
        .init(
            .control, "its child to call exec or to end",
            ["wait_for_vfork_done", "^kernel_clone", "^_do_fork"]),
        .init(
            .control, "its control group or the system to be thawed",
            ["__refrigerator", "do_freezer_trap", "cgroup_enter_frozen"]),
        .init(
            .work, "a grace period of RCU",
            [
                "synchronize_rcu*", "synchronize_srcu*", "__synchronize_srcu", "__wait_rcu_gp",
                "rcu_barrier*", "synchronize_net*", "srcu_barrier",
            ]),
        .init(
            .work, "a worker of the kernel to end",
            [
                "flush_work*", "__flush_work*", "__flush_workqueue", "flush_workqueue",
                "drain_workqueue", "cancel_work_sync", "__cancel_work*", "kthread_stop",
                "kthread_park", "__kthread_create_on_node", "lru_add_drain_all",
                "async_synchronize*", "wait_for_device_probe",
            ]),
        .init(
            .work, "all processors to stop or to be switched",
            ["stop_one_cpu", "stop_machine*", "cpuhp_*", "cpus_read_lock"]),
        .init(
            .recovery, "a USB device to answer",
            [
                "usb_start_wait_urb", "usb_control_msg*", "usb_bulk_msg*", "usb_kill_urb", "hub_*",
                "usb_stor_*",
            ]),
        .init(.recovery, "a TPM to answer", ["tpm_*", "tpm2_*", "wait_for_tpm*"]),
        .init(.timer, "a fixed time to pass", ["msleep", "ssleep", "usleep_range*", "fsleep"]),
    ]
}
