/// The attributes of an array and its members, as sysfs names them.
///
/// Since Linux 4.0 they are read without the array's lock, `reconfig_mutex`, so they answer even
/// while a reshape or a dead member holds it; only the spin lock is taken. Two do wait and are
/// asked apart: `journal_mode` takes the lock (`r5c_journal_mode_show`, drivers/md/raid5-cache.c),
/// and /proc/mdstat from 6.12 on takes the mutex of the bitmap (`md_seq_show`), which is held while
/// the bitmap is written. Kernels before 4.0 took the lock for each: so all are read by a probe.
/// Source: `md_attr_show`, `rdev_attr_show`, drivers/md/md.c of Linux 6.12 and of 3.10.
enum MDAttributes {
    /// Of an array, below `md`.
    static let array = [
        "array_size", "array_state", "chunk_size", "component_size", "consistency_policy",
        "degraded", "fail_last_dev", "group_thread_cnt", "last_sync_action", "layout", "level",
        "max_read_errors", "metadata_version", "mismatch_cnt", "preread_bypass_threshold",
        "raid_disks", "reshape_direction", "reshape_position", "resync_start", "rmw_level",
        "safe_mode_delay", "stripe_cache_active", "stripe_cache_size", "suspend_hi", "suspend_lo",
        "sync_action", "sync_completed", "sync_force_parallel", "sync_max", "sync_min",
        "sync_speed", "sync_speed_max", "sync_speed_min", "uuid",
    ]
    /// Of an array, below `md/bitmap`.
    static let bitmap = [
        "backlog", "can_clear", "chunksize", "location", "max_backlog_used", "metadata", "space",
        "time_base",
    ]
    /// Of a member, below `md/dev-NAME`.
    static let member = [
        "state", "slot", "errors", "offset", "new_offset", "size", "recovery_start", "ppl_sector",
        "ppl_size",
    ]
}
