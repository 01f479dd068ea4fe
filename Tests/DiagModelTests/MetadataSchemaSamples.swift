import DiagModel

extension SchemaSample {
    /// What the metadata of a device may be: with every optional member, and with none.
    static let metadata: [SchemaSample] = [("full", full), ("lean", lean)].map { title, text in
        let value = try? JSONDocument.decode(JSONValue.self, from: Array(text.utf8))
        return SchemaSample(.deviceMetadata, title, value ?? .null)
    }

    private static let lean = """
        {"schema": "diagbundle.device-metadata/1", "device": "/dev/sda", "byteCount": 1,
         "logicalBlockSize": 512, "readByteCount": 1, "unreadableOffsets": [], "problems": []}
        """

    private static let header = """
        {"revision": 65536, "headerSize": 92, "headerCRC32": 1, "isHeaderChecksumValid": true,
         "myLBA": 1, "alternateLBA": 9, "firstUsableLBA": 34, "lastUsableLBA": 90,
         "diskGUID": "G", "partitionEntryLBA": 2, "numberOfPartitionEntries": 128,
         "sizeOfPartitionEntry": 128, "partitionEntryArrayCRC32": 4294967295}
        """

    private static let superblock = """
        {"metadataVersion": "1.2", "offset": 4096, "isChecksumValid": true, "arrayUUID": "u",
         "deviceUUID": "d", "arrayName": "n", "preferredMinor": 0,
         "creationTime": "2026-11-21T15:48:23.000000Z",
         "updateTime": "2026-11-21T15:48:23.000000Z", "level": "raid5", "layout": 2,
         "layoutName": "left-symmetric", "chunkByteCount": 65536, "raidDisks": 3,
         "usedSectorCount": 1, "deviceNumber": 0, "role": "active 0",
         "deviceRoles": ["active 0", "spare"], "arrayState": "A..",
         "events": 18446744073709551615, "isClean": false, "resyncOffset": 1,
         "recoveryOffset": 1, "reshapePosition": 1, "newLevel": "raid6", "deltaDisks": -1,
         "newLayout": 1, "newChunkByteCount": 1, "dataOffset": 1, "dataSize": 1,
         "superOffset": 8, "bitmapOffset": -8, "badBlockLogOffset": -8,
         "badBlockLogSectorCount": 8, "correctedReadErrors": 0, "features": ["bitmap-offset"],
         "deviceFlags": ["failfast"], "workingDisks": 1, "failedDisks": 1, "spareDisks": 1}
        """

    private static let encryptionHeader = """
        {"isPrimary": true, "version": 2, "headerSize": 16384, "sequenceID": 1, "label": "",
         "checksumAlgorithm": "sha256", "uuid": "u", "subsystem": "", "headerOffset": 0,
         "isChecksumValid": true}
        """

    private static let full = """
        {"schema": "diagbundle.device-metadata/1", "device": "/dev/sda", "byteCount": 1,
         "logicalBlockSize": 512, "readByteCount": 1, "unreadableOffsets": [4096],
         "problems": ["p"],
         "partitionTable": {"label": "gpt", "id": "G", "unit": "sectors", "firstlba": 34,
            "lastlba": 90, "sectorsize": 512, "partitions": [
                {"number": 1, "start": 34, "size": 1, "startByte": 17408, "byteCount": 512,
                 "type": "T", "typeName": "t", "uuid": "U", "name": "n", "attrs": "GUID:63",
                 "bootable": true}],
            "primary": {"lba": 1, "header": \(header), "areEntriesValid": true},
            "backup": {"lba": 9, "header": \(header), "areEntriesValid": false},
            "protectiveMBR": {"uniqueMBRDiskSignature": 0, "isFileSystemBootSector": false,
                "partitionRecord": [{"number": 1, "bootIndicator": 0, "type": 238,
                    "startingLBA": 1, "sizeInLBA": 9}]},
            "isHybrid": false, "copyDifferences": ["d"], "isBackupAtEnd": true,
            "extentProblems": ["e"], "problems": ["p"]},
         "raidSuperblock": \(superblock), "otherRaidSuperblocks": [\(superblock)],
         "bitmap": {"version": 4, "uuid": "u", "events": 1, "eventsCleared": 1, "syncSize": 1,
            "state": ["stale"], "chunkByteCount": 1, "daemonSleepSeconds": 5, "writeBehind": 0,
            "sectorsReserved": 0, "nodes": 0, "clusterName": "c"},
         "firmwareRAID": ["imsm"],
         "encryption": {"type": "luks2", "luks1": {"version": 1, "cipherName": "aes",
                "cipherMode": "xts-plain64", "hashSpec": "sha256", "payloadOffset": 4096,
                "keyBytes": 64, "masterKeyIterations": 1, "uuid": "u", "keySlots": [
                    {"number": 0, "isActive": true, "iterations": 1, "keyMaterialOffset": 8,
                     "stripes": 4000}]},
            "primary": \(encryptionHeader), "secondary": \(encryptionHeader),
            "metadata": {"keyslots": {}, "tokens": {}, "segments": {}, "digests": {},
                "config": {}},
            "problems": ["p"]},
         "signatures": [{"name": "zfs_member", "offset": 16384, "values": {"name": "tank"}}],
         "fileSystem": {"type": "ext4"}}
        """
}
