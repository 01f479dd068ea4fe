/// The schema of what the kernel tells of the file systems it has mounted.
extension PublishedSchema {
    /// `storage/file-systems.json`.
    static let fileSystemsBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "mountCounts", "ext4", "xfs", "btrfs", "f2fs", "bcachefs",
            "zfsPools", "zfsCache", "fuse", "fileSystemTable"],
        "properties": {
            "schema": {"const": "diagbundle.file-systems/1"},
            "mountCounts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/count"}},
            "ext4": {"type": "array", "items": {"$ref": "#/$defs/ext4"}},
            "xfs": {"type": "array", "items": {"$ref": "#/$defs/instance"}},
            "btrfs": {"type": "array", "items": {"$ref": "#/$defs/btrfs"}},
            "f2fs": {"type": "array", "items": {"$ref": "#/$defs/instance"}},
            "bcachefs": {"type": "array", "items": {"$ref": "#/$defs/instance"}},
            "zfsPools": {"type": "array", "items": {"$ref": "#/$defs/instance"}},
            "zfsCache": {"type": "object"},
            "fuse": {"type": "array", "items": {"$ref": "#/$defs/instance"}},
            "fileSystemTable": {"type": "array", "items": {"$ref": "#/$defs/tableLine"}}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "instance": {
                "type": "object", "additionalProperties": false,
                "required": ["attributes"],
                "properties": {
                    "device": {"type": "string"},
                    "uuid": {"type": "string"},
                    "name": {"type": "string"},
                    "attributes": {"type": "object"}
                }
            },
            "recordedError": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "time": {"$ref": "#/$defs/time"},
                    "function": {"type": "string"},
                    "line": {"type": "integer"},
                    "inode": {"type": "integer"},
                    "block": {"type": "integer"},
                    "code": {"type": "integer"}
                }
            },
            "ext4": {
                "type": "object", "additionalProperties": false,
                "required": ["device", "options"],
                "properties": {
                    "device": {"type": "string"},
                    "errorCount": {"type": "integer"},
                    "warningCount": {"type": "integer"},
                    "messageCount": {"type": "integer"},
                    "firstError": {"$ref": "#/$defs/recordedError"},
                    "lastError": {"$ref": "#/$defs/recordedError"},
                    "lifetimeWriteKibibytes": {"type": "integer"},
                    "sessionWriteKibibytes": {"type": "integer"},
                    "delayedAllocationBlockCount": {"type": "integer"},
                    "options": {"$ref": "#/$defs/list"},
                    "journal": {"$ref": "#/$defs/list"}
                }
            },
            "space": {
                "type": "object", "additionalProperties": false,
                "required": ["kind", "profiles", "totalByteCount", "usedByteCount",
                    "reservedByteCount", "pinnedByteCount", "readOnlyByteCount",
                    "diskTotalByteCount", "diskUsedByteCount"],
                "properties": {
                    "kind": {"enum": ["data", "metadata", "system", "mixed"]},
                    "profiles": {"$ref": "#/$defs/list"},
                    "totalByteCount": {"type": "integer"},
                    "usedByteCount": {"type": "integer"},
                    "reservedByteCount": {"type": "integer"},
                    "pinnedByteCount": {"type": "integer"},
                    "readOnlyByteCount": {"type": "integer"},
                    "diskTotalByteCount": {"type": "integer"},
                    "diskUsedByteCount": {"type": "integer"}
                }
            },
            "btrfsDevice": {
                "type": "object", "additionalProperties": false,
                "required": ["deviceID", "errors"],
                "properties": {
                    "deviceID": {"type": "integer"},
                    "isMissing": {"type": "boolean"},
                    "isInMetadata": {"type": "boolean"},
                    "isWriteable": {"type": "boolean"},
                    "isReplaceTarget": {"type": "boolean"},
                    "errors": {"type": "object"}
                }
            },
            "btrfs": {
                "type": "object", "additionalProperties": false,
                "required": ["uuid", "deviceNames", "spaces", "devices", "features", "attributes"],
                "properties": {
                    "uuid": {"type": "string"},
                    "label": {"type": "string"},
                    "deviceNames": {"$ref": "#/$defs/list"},
                    "devicesByteCount": {"$ref": "#/$defs/count"},
                    "unallocatedByteCount": {"$ref": "#/$defs/count"},
                    "globalReserveByteCount": {"type": "integer"},
                    "spaces": {"type": "array", "items": {"$ref": "#/$defs/space"}},
                    "devices": {"type": "array", "items": {"$ref": "#/$defs/btrfsDevice"}},
                    "features": {"$ref": "#/$defs/list"},
                    "attributes": {"type": "object"}
                }
            },
            "tableLine": {
                "type": "object", "additionalProperties": false,
                "required": ["line", "source", "mountPoint", "type", "isNoauto", "isNofail",
                    "isAutomount", "problems"],
                "properties": {
                    "line": {"$ref": "#/$defs/count"},
                    "source": {"type": "string"},
                    "mountPoint": {"type": "string"},
                    "type": {"type": "string"},
                    "isNoauto": {"type": "boolean"},
                    "isNofail": {"type": "boolean"},
                    "isAutomount": {"type": "boolean"},
                    "device": {"type": "string"},
                    "isActive": {"type": "boolean"},
                    "problems": {"type": "array", "items": {"enum": ["deviceMissing",
                            "notMounted", "swapInactive", "unknownType", "mountPointMissing",
                            "duplicate"]}}
                }
            }
        }
        """#
}
