/// Parts of a document about one device: what its superblock says. Each stands in `$defs` beside
/// `commonDefinitions` and `factDefinitions`.
extension PublishedSchema {
    /// `superblock`: what `FileSystemMetadata` of DiagFormats writes.
    static let superblockDefinitions = #"""
        "superblock": {
            "type": "object", "additionalProperties": false,
            "required": ["type"],
            "properties": {
                "type": {"$ref": "#/$defs/name"},
                "version": {"type": "string"},
                "uuid": {"type": "string"},
                "deviceUUID": {"type": "string"},
                "label": {"type": "string"},
                "blockByteCount": {"$ref": "#/$defs/count"},
                "byteCount": {"$ref": "#/$defs/count"},
                "state": {"type": "string"},
                "created": {"$ref": "#/$defs/time"},
                "isChecksumValid": {"type": "boolean"},
                "ext": {"$ref": "#/$defs/extSuperblock"},
                "xfs": {"$ref": "#/$defs/xfsSuperblock"},
                "btrfs": {"$ref": "#/$defs/btrfsSuperblock"},
                "btrfsMirrors": {"type": "array", "items": {"$ref": "#/$defs/btrfsSuperblock"}},
                "swap": {"$ref": "#/$defs/swapHeader"}
            }
        },
        "extError": {
            "type": "object", "additionalProperties": false,
            "required": ["function", "line", "inode", "block", "code"],
            "properties": {
                "time": {"$ref": "#/$defs/time"},
                "function": {"type": "string"},
                "line": {"$ref": "#/$defs/count"},
                "inode": {"$ref": "#/$defs/count"},
                "block": {"$ref": "#/$defs/count"},
                "code": {"$ref": "#/$defs/count"}
            }
        },
        "extSuperblock": {
            "type": "object", "additionalProperties": false,
            "required": ["type", "version", "features", "state", "errorsBehavior", "inodeCount",
                "blockCount", "reservedBlockCount", "freeBlockCount", "freeInodeCount",
                "blockByteCount", "blocksPerGroup", "inodeByteCount",
                "checkIntervalSeconds", "mountCount", "maximumMountCount",
                "lifetimeWriteKibibytes", "errorCount", "journalInode"],
            "properties": {
                "type": {"type": "string"},
                "version": {"type": "string"},
                "uuid": {"type": "string"},
                "label": {"type": "string"},
                "lastMountedOn": {"type": "string"},
                "features": {"$ref": "#/$defs/list"},
                "state": {"type": "string"},
                "errorsBehavior": {"type": "string"},
                "inodeCount": {"$ref": "#/$defs/count"},
                "blockCount": {"$ref": "#/$defs/count"},
                "reservedBlockCount": {"$ref": "#/$defs/count"},
                "freeBlockCount": {"$ref": "#/$defs/count"},
                "freeInodeCount": {"$ref": "#/$defs/count"},
                "blockByteCount": {"$ref": "#/$defs/count"},
                "blocksPerGroup": {"$ref": "#/$defs/count"},
                "inodeByteCount": {"$ref": "#/$defs/count"},
                "created": {"$ref": "#/$defs/time"},
                "lastMounted": {"$ref": "#/$defs/time"},
                "lastWritten": {"$ref": "#/$defs/time"},
                "lastChecked": {"$ref": "#/$defs/time"},
                "checkIntervalSeconds": {"$ref": "#/$defs/count"},
                "mountCount": {"$ref": "#/$defs/count"},
                "maximumMountCount": {"type": "integer"},
                "lifetimeWriteKibibytes": {"$ref": "#/$defs/count"},
                "errorCount": {"$ref": "#/$defs/count"},
                "firstError": {"$ref": "#/$defs/extError"},
                "lastError": {"$ref": "#/$defs/extError"},
                "journalInode": {"$ref": "#/$defs/count"},
                "journalUUID": {"type": "string"},
                "checksumType": {"type": "string"},
                "isChecksumValid": {"type": "boolean"}
            }
        },
        "xfsSuperblock": {
            "type": "object", "additionalProperties": false,
            "required": ["version", "blockByteCount", "sectorByteCount", "inodeByteCount",
                "dataBlockCount", "realtimeBlockCount", "allocationGroupCount",
                "allocationGroupBlockCount", "logBlockCount", "logStart",
                "isLogInternal", "inodeCount", "freeInodeCount", "freeDataBlockCount",
                "stripeUnitBlockCount", "stripeWidthBlockCount", "features",
                "isInProgress", "needsRepair"],
            "properties": {
                "uuid": {"type": "string"},
                "metadataUUID": {"type": "string"},
                "label": {"type": "string"},
                "version": {"$ref": "#/$defs/count"},
                "blockByteCount": {"$ref": "#/$defs/count"},
                "sectorByteCount": {"$ref": "#/$defs/count"},
                "inodeByteCount": {"$ref": "#/$defs/count"},
                "dataBlockCount": {"$ref": "#/$defs/count"},
                "realtimeBlockCount": {"$ref": "#/$defs/count"},
                "allocationGroupCount": {"$ref": "#/$defs/count"},
                "allocationGroupBlockCount": {"$ref": "#/$defs/count"},
                "logBlockCount": {"$ref": "#/$defs/count"},
                "logStart": {"$ref": "#/$defs/count"},
                "isLogInternal": {"type": "boolean"},
                "inodeCount": {"$ref": "#/$defs/count"},
                "freeInodeCount": {"$ref": "#/$defs/count"},
                "freeDataBlockCount": {"$ref": "#/$defs/count"},
                "stripeUnitBlockCount": {"$ref": "#/$defs/count"},
                "stripeWidthBlockCount": {"$ref": "#/$defs/count"},
                "features": {"$ref": "#/$defs/list"},
                "isInProgress": {"type": "boolean"},
                "needsRepair": {"type": "boolean"},
                "isChecksumValid": {"type": "boolean"}
            }
        },
        "btrfsSuperblock": {
            "type": "object", "additionalProperties": false,
            "required": ["offset", "generation", "totalByteCount", "usedByteCount",
                "deviceCount", "sectorByteCount", "nodeByteCount", "checksumType",
                "features", "hasLogTree", "deviceID", "deviceByteCount",
                "deviceUsedByteCount"],
            "properties": {
                "uuid": {"type": "string"},
                "metadataUUID": {"type": "string"},
                "label": {"type": "string"},
                "offset": {"$ref": "#/$defs/count"},
                "generation": {"$ref": "#/$defs/count"},
                "totalByteCount": {"$ref": "#/$defs/count"},
                "usedByteCount": {"$ref": "#/$defs/count"},
                "deviceCount": {"$ref": "#/$defs/count"},
                "sectorByteCount": {"$ref": "#/$defs/count"},
                "nodeByteCount": {"$ref": "#/$defs/count"},
                "checksumType": {"type": "string"},
                "isChecksumValid": {"type": "boolean"},
                "features": {"$ref": "#/$defs/list"},
                "hasLogTree": {"type": "boolean"},
                "deviceID": {"$ref": "#/$defs/count"},
                "deviceUUID": {"type": "string"},
                "deviceByteCount": {"$ref": "#/$defs/count"},
                "deviceUsedByteCount": {"$ref": "#/$defs/count"}
            }
        },
        "swapHeader": {
            "type": "object", "additionalProperties": false,
            "required": ["version", "pageByteCount", "lastPage", "badPageCount",
                "holdsHibernationImage"],
            "properties": {
                "version": {"$ref": "#/$defs/count"},
                "pageByteCount": {"$ref": "#/$defs/count"},
                "lastPage": {"$ref": "#/$defs/count"},
                "badPageCount": {"$ref": "#/$defs/count"},
                "uuid": {"type": "string"},
                "label": {"type": "string"},
                "holdsHibernationImage": {"type": "boolean"}
            }
        }
        """#

    /// `lvmPhysicalVolume`: what `LVMPhysicalVolumeMetadata` of DiagFormats writes.
    static let lvmPhysicalVolumeDefinitions = #"""
        "lvmPhysicalVolume": {
            "type": "object", "additionalProperties": false,
            "required": ["label", "metadataAreas"],
            "properties": {
                "label": {"$ref": "#/$defs/lvmLabel"},
                "metadataAreas": {"type": "array", "items": {"$ref": "#/$defs/lvmMetadataArea"}},
                "isTextChecksumValid": {"type": "boolean"},
                "volumeGroup": {"$ref": "#/$defs/lvmGroup"},
                "fault": {"type": "string"}
            }
        },
        "lvmLabel": {
            "type": "object", "additionalProperties": false,
            "required": ["sector", "type", "isChecksumValid", "uuid", "deviceByteCount",
                "dataAreas", "metadataAreas", "extensionVersion", "bootloaderAreas"],
            "properties": {
                "sector": {"$ref": "#/$defs/count"},
                "type": {"type": "string"},
                "isChecksumValid": {"type": "boolean"},
                "uuid": {"type": "string"},
                "deviceByteCount": {"$ref": "#/$defs/count"},
                "dataAreas": {"type": "array", "items": {"$ref": "#/$defs/lvmArea"}},
                "metadataAreas": {"type": "array", "items": {"$ref": "#/$defs/lvmArea"}},
                "extensionVersion": {"$ref": "#/$defs/count"},
                "isInUse": {"type": "boolean"},
                "bootloaderAreas": {"type": "array", "items": {"$ref": "#/$defs/lvmArea"}}
            }
        },
        "lvmArea": {
            "type": "object", "additionalProperties": false,
            "required": ["offset", "byteCount"],
            "properties": {
                "offset": {"$ref": "#/$defs/count"},
                "byteCount": {"$ref": "#/$defs/count"}
            }
        },
        "lvmMetadataArea": {
            "type": "object", "additionalProperties": false,
            "required": ["isChecksumValid", "version", "offset", "byteCount", "locations"],
            "properties": {
                "isChecksumValid": {"type": "boolean"},
                "version": {"$ref": "#/$defs/count"},
                "offset": {"$ref": "#/$defs/count"},
                "byteCount": {"$ref": "#/$defs/count"},
                "locations": {"type": "array", "items": {"$ref": "#/$defs/lvmLocation"}}
            }
        },
        "lvmLocation": {
            "type": "object", "additionalProperties": false,
            "required": ["offset", "byteCount", "checksum", "isIgnored"],
            "properties": {
                "offset": {"$ref": "#/$defs/count"},
                "byteCount": {"$ref": "#/$defs/count"},
                "checksum": {"$ref": "#/$defs/count"},
                "isIgnored": {"type": "boolean"}
            }
        },
        "lvmGroup": {
            "type": "object", "additionalProperties": false,
            "required": ["name", "id", "seqno"],
            "properties": {
                "name": {"$ref": "#/$defs/name"},
                "id": {"$ref": "#/$defs/name"},
                "seqno": {"type": "integer"}
            }
        }
        """#
}
