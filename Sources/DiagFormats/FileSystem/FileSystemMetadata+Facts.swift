public import DiagModel

extension FileSystemMetadata {
    /// What people and the graph need, flat: `fileSystemType`, `uuid`, `label`,
    /// `fileSystemState`, `errorCount`, `lastErrorTime` and so on. Names without a value are left
    /// out; sizes are in bytes, times as in every document.
    public var facts: [String: JSONValue] {
        var facts: [String: JSONValue] = ["fileSystemType": .string(type)]
        func add(_ name: String, _ value: String?) {
            if let value { facts[name] = .string(value) }
        }
        func add(_ name: String, _ value: UInt64?) {
            if let value { facts[name] = .integer(value) }
        }
        func add(_ name: String, _ value: Bool?) {
            if let value { facts[name] = .bool(value) }
        }
        add("fileSystemVersion", version)
        add("uuid", uuid)
        add("deviceUUID", deviceUUID)
        add("label", label)
        add("blockByteCount", blockByteCount)
        add("fileSystemByteCount", byteCount)
        add("fileSystemState", state)
        add("created", created?.description)
        add("isSuperblockChecksumValid", isChecksumValid)
        if let ext {
            add("lastMountedOn", ext.lastMountedOn)
            add("mountCount", UInt64(ext.mountCount))
            add("errorsBehavior", ext.errorsBehavior)
            add("lastChecked", ext.lastChecked?.description)
            add("lifetimeWriteKibibytes", ext.lifetimeWriteKibibytes)
            add("errorCount", UInt64(ext.errorCount))
            add("firstErrorTime", ext.firstError?.time?.description)
            add("firstErrorFunction", ext.firstError?.function)
            add("lastErrorTime", ext.lastError?.time?.description)
            add("lastErrorFunction", ext.lastError?.function)
            add("lastErrorBlock", ext.lastError?.block)
            add("lastErrorInode", (ext.lastError?.inode).map(UInt64.init))
        }
        if let xfs {
            add("needsRepair", xfs.needsRepair)
            add("allocationGroupCount", UInt64(xfs.allocationGroupCount))
            add("isLogInternal", xfs.isLogInternal)
        }
        if let btrfs {
            add("generation", btrfs.generation)
            add("deviceID", btrfs.deviceID)
            add("deviceCount", btrfs.deviceCount)
            add("usedByteCount", btrfs.usedByteCount)
            add("checksumType", btrfs.checksumType)
        }
        if let swap {
            add("pageByteCount", UInt64(swap.pageByteCount))
            add("badPageCount", UInt64(swap.badPageCount))
        }
        return facts
    }

    /// What of the superblock is itself a fault: a checksum that is wrong, a repair that is
    /// asked for, errors that are recorded. In words, each a sentence without its full stop.
    public var faults: [String] {
        var faults = [String]()
        if isChecksumValid == false { faults.append("the checksum of the superblock is wrong") }
        if let ext, ext.errorCount > 0 {
            faults.append("the superblock records \(ext.errorCount) errors")
        } else if state?.hasSuffix("with errors") == true {
            faults.append("the superblock is marked as one with errors")
        }
        if xfs?.needsRepair == true { faults.append("the superblock asks for xfs_repair") }
        for mirror in btrfsMirrors ?? [] where mirror.isChecksumValid == false {
            faults.append("the copy of the superblock at byte \(mirror.offset) is damaged")
        }
        return faults
    }
}
