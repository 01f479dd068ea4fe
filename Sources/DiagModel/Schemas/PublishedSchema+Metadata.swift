/// The schema of what stands at the start and the end of a block device.
extension PublishedSchema {
    static let deviceMetadataBody = #"""
        "type": "object",
        "additionalProperties": false,
        "required": ["schema", "device", "byteCount", "logicalBlockSize", "readByteCount",
            "unreadableOffsets", "problems"],
        "properties": {
            "schema": {"const": "diagbundle.device-metadata/1"},
            "device": {"type": "string", "minLength": 1},
            "byteCount": {"$ref": "#/$defs/count"},
            "logicalBlockSize": {"$ref": "#/$defs/count"},
            "readByteCount": {"$ref": "#/$defs/count"},
            "unreadableOffsets": {"type": "array", "items": {"$ref": "#/$defs/count"}},
            "problems": {"$ref": "#/$defs/list"},
            "partitionTable": {"$ref": "#/$defs/partitionTable"},
            "raidSuperblock": {"$ref": "#/$defs/raidSuperblock"},
            "otherRaidSuperblocks": {"type": "array",
                "items": {"$ref": "#/$defs/raidSuperblock"}},
            "bitmap": {"$ref": "#/$defs/bitmap"},
            "firmwareRAID": {"type": "array", "items": {"enum": ["ddf", "imsm"]}},
            "encryption": {"$ref": "#/$defs/encryption"},
            "fileSystem": {"$ref": "#/$defs/superblock"},
            "lvmPhysicalVolume": {"$ref": "#/$defs/lvmPhysicalVolume"},
            "signatures": {"type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": ["name", "offset"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "offset": {"$ref": "#/$defs/count"},
                    "values": {"type": "object"}
                }
            }}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions), \#(partitionTableDefinitions),
            \#(superblockDefinitions), \#(lvmPhysicalVolumeDefinitions),
            \#(raidSuperblockDefinitions), \#(encryptionDefinitions),
            "integer": {"type": "integer"},
            "flag": {"type": "boolean"}
        }
        """#

    private static let partitionTableDefinitions = #"""
        "partitionTable": {
            "type": "object", "additionalProperties": false,
            "required": ["label", "id", "unit", "sectorsize", "partitions", "extentProblems",
                "problems"],
            "properties": {
                "label": {"enum": ["gpt", "dos", "dasd"]},
                "id": {"type": "string"},
                "unit": {"const": "sectors"},
                "firstlba": {"$ref": "#/$defs/count"},
                "lastlba": {"$ref": "#/$defs/count"},
                "sectorsize": {"$ref": "#/$defs/count"},
                "partitions": {"type": "array", "items": {"$ref": "#/$defs/partition"}},
                "primary": {"$ref": "#/$defs/tableCopy"},
                "backup": {"$ref": "#/$defs/tableCopy"},
                "protectiveMBR": {
                    "type": "object", "additionalProperties": false,
                    "required": ["uniqueMBRDiskSignature", "partitionRecord",
                        "isFileSystemBootSector"],
                    "properties": {
                        "uniqueMBRDiskSignature": {"$ref": "#/$defs/count"},
                        "isFileSystemBootSector": {"$ref": "#/$defs/flag"},
                        "partitionRecord": {"type": "array", "items": {
                            "type": "object", "additionalProperties": false,
                            "required": ["number", "bootIndicator", "type", "startingLBA",
                                "sizeInLBA"],
                            "properties": {
                                "number": {"$ref": "#/$defs/count"},
                                "bootIndicator": {"$ref": "#/$defs/count"},
                                "type": {"$ref": "#/$defs/count"},
                                "startingLBA": {"$ref": "#/$defs/count"},
                                "sizeInLBA": {"$ref": "#/$defs/count"}
                            }
                        }}
                    }
                },
                "isHybrid": {"$ref": "#/$defs/flag"},
                "copyDifferences": {"$ref": "#/$defs/list"},
                "isBackupAtEnd": {"$ref": "#/$defs/flag"},
                "extentProblems": {"$ref": "#/$defs/list"},
                "problems": {"$ref": "#/$defs/list"}
            }
        },
        "partition": {
            "type": "object", "additionalProperties": false,
            "required": ["number", "start", "size", "type"],
            "properties": {
                "number": {"$ref": "#/$defs/count"},
                "start": {"$ref": "#/$defs/count"},
                "size": {"$ref": "#/$defs/count"},
                "startByte": {"$ref": "#/$defs/count"},
                "byteCount": {"$ref": "#/$defs/count"},
                "type": {"$ref": "#/$defs/name"},
                "typeName": {"$ref": "#/$defs/name"},
                "uuid": {"type": "string"},
                "name": {"type": "string"},
                "attrs": {"type": "string"},
                "bootable": {"const": true}
            }
        },
        "tableCopy": {
            "type": "object", "additionalProperties": false, "required": ["lba"],
            "properties": {
                "lba": {"$ref": "#/$defs/count"},
                "areEntriesValid": {"$ref": "#/$defs/flag"},
                "header": {
                    "type": "object", "additionalProperties": false,
                    "required": ["revision", "headerSize", "headerCRC32",
                        "isHeaderChecksumValid", "myLBA", "alternateLBA", "firstUsableLBA",
                        "lastUsableLBA", "diskGUID", "partitionEntryLBA",
                        "numberOfPartitionEntries", "sizeOfPartitionEntry",
                        "partitionEntryArrayCRC32"],
                    "properties": {
                        "revision": {"$ref": "#/$defs/count"},
                        "headerSize": {"$ref": "#/$defs/count"},
                        "headerCRC32": {"$ref": "#/$defs/count"},
                        "isHeaderChecksumValid": {"$ref": "#/$defs/flag"},
                        "myLBA": {"$ref": "#/$defs/count"},
                        "alternateLBA": {"$ref": "#/$defs/count"},
                        "firstUsableLBA": {"$ref": "#/$defs/count"},
                        "lastUsableLBA": {"$ref": "#/$defs/count"},
                        "diskGUID": {"$ref": "#/$defs/name"},
                        "partitionEntryLBA": {"$ref": "#/$defs/count"},
                        "numberOfPartitionEntries": {"$ref": "#/$defs/count"},
                        "sizeOfPartitionEntry": {"$ref": "#/$defs/count"},
                        "partitionEntryArrayCRC32": {"$ref": "#/$defs/count"}
                    }
                }
            }
        }
        """#

    private static let raidSuperblockDefinitions = #"""
        "raidSuperblock": {
            "type": "object", "additionalProperties": false,
            "required": ["metadataVersion", "offset", "isChecksumValid", "arrayUUID", "level",
                "layout", "chunkByteCount", "raidDisks", "usedSectorCount", "deviceRoles",
                "arrayState", "events", "isClean", "features", "deviceFlags"],
            "properties": {
                "metadataVersion": {"enum": ["0.90", "1.0", "1.1", "1.2"]},
                "offset": {"$ref": "#/$defs/count"},
                "isChecksumValid": {"$ref": "#/$defs/flag"},
                "arrayUUID": {"$ref": "#/$defs/name"},
                "deviceUUID": {"$ref": "#/$defs/name"},
                "arrayName": {"type": "string"},
                "preferredMinor": {"$ref": "#/$defs/count"},
                "creationTime": {"$ref": "#/$defs/time"},
                "updateTime": {"$ref": "#/$defs/time"},
                "level": {"$ref": "#/$defs/name"},
                "layout": {"$ref": "#/$defs/count"},
                "layoutName": {"type": "string"},
                "chunkByteCount": {"$ref": "#/$defs/count"},
                "raidDisks": {"$ref": "#/$defs/count"},
                "usedSectorCount": {"$ref": "#/$defs/count"},
                "deviceNumber": {"$ref": "#/$defs/count"},
                "role": {"$ref": "#/$defs/name"},
                "deviceRoles": {"$ref": "#/$defs/list"},
                "arrayState": {"type": "string"},
                "events": {"$ref": "#/$defs/count"},
                "isClean": {"$ref": "#/$defs/flag"},
                "resyncOffset": {"$ref": "#/$defs/count"},
                "recoveryOffset": {"$ref": "#/$defs/count"},
                "reshapePosition": {"$ref": "#/$defs/count"},
                "newLevel": {"$ref": "#/$defs/name"},
                "deltaDisks": {"$ref": "#/$defs/integer"},
                "newLayout": {"$ref": "#/$defs/count"},
                "newChunkByteCount": {"$ref": "#/$defs/count"},
                "dataOffset": {"$ref": "#/$defs/count"},
                "dataSize": {"$ref": "#/$defs/count"},
                "superOffset": {"$ref": "#/$defs/count"},
                "bitmapOffset": {"$ref": "#/$defs/integer"},
                "badBlockLogOffset": {"$ref": "#/$defs/integer"},
                "badBlockLogSectorCount": {"$ref": "#/$defs/count"},
                "correctedReadErrors": {"$ref": "#/$defs/count"},
                "features": {"$ref": "#/$defs/list"},
                "deviceFlags": {"$ref": "#/$defs/list"},
                "workingDisks": {"$ref": "#/$defs/count"},
                "failedDisks": {"$ref": "#/$defs/count"},
                "spareDisks": {"$ref": "#/$defs/count"}
            }
        },
        "bitmap": {
            "type": "object", "additionalProperties": false,
            "required": ["version", "uuid", "events", "eventsCleared", "syncSize", "state",
                "chunkByteCount", "daemonSleepSeconds", "writeBehind", "sectorsReserved",
                "nodes"],
            "properties": {
                "version": {"$ref": "#/$defs/count"},
                "uuid": {"$ref": "#/$defs/name"},
                "events": {"$ref": "#/$defs/count"},
                "eventsCleared": {"$ref": "#/$defs/count"},
                "syncSize": {"$ref": "#/$defs/count"},
                "state": {"$ref": "#/$defs/list"},
                "chunkByteCount": {"$ref": "#/$defs/count"},
                "daemonSleepSeconds": {"$ref": "#/$defs/count"},
                "writeBehind": {"$ref": "#/$defs/count"},
                "sectorsReserved": {"$ref": "#/$defs/count"},
                "nodes": {"$ref": "#/$defs/count"},
                "clusterName": {"type": "string"}
            }
        }
        """#

    private static let encryptionDefinitions = #"""
        "encryption": {
            "type": "object", "additionalProperties": false, "required": ["type", "problems"],
            "properties": {
                "type": {"enum": ["luks1", "luks2"]},
                "luks1": {
                    "type": "object", "additionalProperties": false,
                    "required": ["version", "cipherName", "cipherMode", "hashSpec",
                        "payloadOffset", "keyBytes", "masterKeyIterations", "uuid", "keySlots"],
                    "properties": {
                        "version": {"const": 1},
                        "cipherName": {"type": "string"},
                        "cipherMode": {"type": "string"},
                        "hashSpec": {"type": "string"},
                        "payloadOffset": {"$ref": "#/$defs/count"},
                        "keyBytes": {"$ref": "#/$defs/count"},
                        "masterKeyIterations": {"$ref": "#/$defs/count"},
                        "uuid": {"type": "string"},
                        "keySlots": {"type": "array", "items": {
                            "type": "object", "additionalProperties": false,
                            "required": ["number", "isActive", "iterations",
                                "keyMaterialOffset", "stripes"],
                            "properties": {
                                "number": {"$ref": "#/$defs/count"},
                                "isActive": {"$ref": "#/$defs/flag"},
                                "iterations": {"$ref": "#/$defs/count"},
                                "keyMaterialOffset": {"$ref": "#/$defs/count"},
                                "stripes": {"$ref": "#/$defs/count"}
                            }
                        }}
                    }
                },
                "primary": {"$ref": "#/$defs/encryptionHeader"},
                "secondary": {"$ref": "#/$defs/encryptionHeader"},
                "metadata": {"type": "object", "additionalProperties": false,
                    "properties": {
                        "keyslots": {"type": "object"}, "tokens": {"type": "object"},
                        "segments": {"type": "object"}, "digests": {"type": "object"},
                        "config": {"type": "object"}
                    }},
                "problems": {"$ref": "#/$defs/list"}
            }
        },
        "encryptionHeader": {
            "type": "object", "additionalProperties": false,
            "required": ["isPrimary", "version", "headerSize", "sequenceID", "label",
                "checksumAlgorithm", "uuid", "subsystem", "headerOffset"],
            "properties": {
                "isPrimary": {"$ref": "#/$defs/flag"},
                "version": {"const": 2},
                "headerSize": {"$ref": "#/$defs/count"},
                "sequenceID": {"$ref": "#/$defs/count"},
                "label": {"type": "string"},
                "checksumAlgorithm": {"type": "string"},
                "uuid": {"type": "string"},
                "subsystem": {"type": "string"},
                "headerOffset": {"$ref": "#/$defs/count"},
                "isChecksumValid": {"$ref": "#/$defs/flag"}
            }
        }
        """#
}
