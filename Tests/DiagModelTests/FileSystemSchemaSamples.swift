import DiagModel

extension SchemaSample {
    /// The documents about file systems and volume groups, with every member, and with none.
    static let fileSystems: [SchemaSample] = fileSystemTexts.map { schema, title, text in
        let value = try? JSONDocument.decode(JSONValue.self, from: Array(text.utf8))
        return SchemaSample(schema, definition: nil, title, value ?? .null)
    }

    private static let fileSystemTexts: [(PublishedSchema, String, String)] = [
        (
            .fileSystems, "full",
            """
            {"schema": "diagbundle.file-systems/1", "mountCounts": {"ext4": 1},
             "ext4": [{"device": "sda1", "errorCount": 1, "warningCount": 0, "messageCount": 2,
                "firstError": {"time": "2026-11-21T15:48:23.000000Z", "function": "f", "line": 1,
                    "inode": 2, "block": 3, "code": 4},
                "lastError": {}, "lifetimeWriteKibibytes": 5, "sessionWriteKibibytes": 6,
                "delayedAllocationBlockCount": 7, "options": ["rw"], "journal": ["j"]}],
             "xfs": [{"device": "sdb1", "attributes": {"log/log_head_lsn": "1:2"}}],
             "btrfs": [{"uuid": "u", "label": "l", "deviceNames": ["sdc"], "devicesByteCount": 1,
                "unallocatedByteCount": 2, "globalReserveByteCount": 3,
                "spaces": [{"kind": "metadata", "profiles": ["dup"], "totalByteCount": 1,
                    "usedByteCount": 1, "reservedByteCount": 1, "pinnedByteCount": 1,
                    "readOnlyByteCount": 1, "diskTotalByteCount": 1, "diskUsedByteCount": 1}],
                "devices": [{"deviceID": 1, "isMissing": false, "isInMetadata": true,
                    "isWriteable": true, "isReplaceTarget": false, "errors": {"read_errs": 0}}],
                "features": ["no_holes"], "attributes": {"generation": 7}}],
             "f2fs": [{"device": "sdd", "attributes": {}}],
             "bcachefs": [{"uuid": "u", "attributes": {}}],
             "zfsPools": [{"name": "tank", "attributes": {"state": "ONLINE"}}],
             "zfsCache": {"hits": 1}, "fuse": [{"name": "40", "attributes": {"waiting": 0}}],
             "fileSystemTable": [{"line": 1, "source": "UUID=u", "mountPoint": "/", "type": "ext4",
                "isNoauto": false, "isNofail": true, "isAutomount": false, "device": "sda1",
                "isActive": true, "problems": ["duplicate"]}]}
            """
        ),
        (
            .fileSystems, "lean",
            """
            {"schema": "diagbundle.file-systems/1", "mountCounts": {}, "ext4": [], "xfs": [],
             "btrfs": [], "f2fs": [], "bcachefs": [], "zfsPools": [], "zfsCache": {}, "fuse": [],
             "fileSystemTable": []}
            """
        ),
        (
            .lvm, "full",
            """
            {"schema": "diagbundle.lvm/1",
             "volumeGroups": [{"name": "vg", "id": "i", "seqno": 4, "status": ["READ"],
                "flags": [], "tags": ["t"], "systemID": "s", "lockType": "dlm",
                "extentByteCount": 4, "extentCount": 3, "freeExtentCount": 2, "byteCount": 12,
                "freeByteCount": 8, "maximumLogicalVolumes": 0, "maximumPhysicalVolumes": 0,
                "metadataCopies": 0, "physicalVolumeCount": 1, "missingPhysicalVolumeCount": 0,
                "logicalVolumeCount": 1, "snapshotCount": 0, "isPartial": false,
                "isExported": false, "creationHost": "h",
                "creationTime": "2026-11-21T15:48:23.000000Z", "metadataDevices": ["sda"]}],
             "physicalVolumes": [{"volumeGroup": "vg", "volumeGroupID": "i", "name": "pv0",
                "id": "p", "device": "sda", "deviceHint": "/dev/sda", "deviceID": "w",
                "deviceIDType": "sys_wwid", "status": ["ALLOCATABLE"], "flags": [], "tags": [],
                "isMissing": false, "deviceByteCount": 9, "byteCount": 8, "usedByteCount": 4,
                "freeByteCount": 4, "extentCount": 2, "usedExtentCount": 1,
                "firstExtentOffset": 1, "bootloaderAreaOffset": 1, "bootloaderAreaByteCount": 1}],
             "logicalVolumes": [{"volumeGroup": "vg", "volumeGroupID": "i", "name": "lv",
                "id": "l", "deviceMapperUUID": "LVM-il", "status": ["READ"], "flags": [],
                "tags": [], "isVisible": true, "isPartial": false, "byteCount": 4,
                "extentCount": 1, "allocationPolicy": "cling", "creationHost": "h",
                "creationTime": "2026-11-21T15:48:23.000000Z", "types": ["linear"],
                "origin": "o", "pool": "p",
                "segments": [{"type": "linear", "startExtent": 0, "extentCount": 1,
                    "deviceCount": 1, "stripeByteCount": 1, "regionByteCount": 1,
                    "chunkByteCount": 1, "places": [{"name": "pv0", "startExtent": 0}],
                    "metadataVolumes": ["m"], "origin": "o", "cowStore": "c", "pool": "p",
                    "dataVolume": "d", "metadataVolume": "m", "mirrorLog": "l",
                    "transactionID": 1, "deviceID": 2, "settings": {"a": 1}}]}],
             "orphans": {"p2": "sdb"},
             "conflicts": [{"kind": "staleMetadata", "volumeGroup": "vg", "id": "p",
                "devices": ["sda"], "explanation": "e"}]}
            """
        ),
        (
            .lvm, "lean",
            """
            {"schema": "diagbundle.lvm/1", "volumeGroups": [], "physicalVolumes": [],
             "logicalVolumes": [], "orphans": {}, "conflicts": []}
            """
        ),
    ]
}
