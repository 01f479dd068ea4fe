internal import DiagModel

/// A block device whose metadata may be read, with what decides whether and how.
struct MetadataTarget: Hashable, Sendable {
    /// The kernel's name, with `/` as in /dev: `sda1`, `cciss/c0d0`.
    var name: String
    /// Where it is opened, below the root.
    var path: String
    /// Its number in the form `8:1`; none for hidden devices.
    var number: String?
    /// Its size; none when it is not known.
    var byteCount: Int64?
    /// Bytes of a sector; none when it is not known.
    var logicalBlockSize: Int?
    /// Whether a mounted file system stands directly on it, so that the page cache is the truth.
    var isMounted = false
    /// Whether md, LVM or multipath holds it, and writes its metadata past the page cache.
    var isMember = false
    /// Whether it is a path of a multipath map, which is read instead.
    var isMultipathPath = false
    /// Whether it is a path that must not be read now: standby, or another controller's.
    var isPassivePath = false
    /// Whether it is a dm device that is suspended.
    var isSuspended = false
    /// Whether the kernel hides it, as the paths of NVMe multipath.
    var isHidden = false
    /// Whether its medium can be taken out.
    var isRemovable = false
    /// Whether it is a partition of another device.
    var isPartition = false
    /// Whether it is a floppy drive, or a CD drive that udev found no medium in: to open it would
    /// start its motor.
    var isEmptyDrive = false
    /// Whether it is a disk that the kernel has suspended: to open it would wake it.
    var isAsleep = false
    /// The SCSI disks that it is or stands on, as ``SCSISleepCheck`` wants them.
    var disks: [JSONValue] = []
    /// Whether the kernel refuses to write to it.
    var isReadOnly = false
    /// The kernel's names of the devices that it stands on: its disk, its members.
    var lowerDevices: [String] = []
}
