/// The schema of the volume groups.
extension PublishedSchema {
    /// `storage/lvm.json`.
    static let lvmBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "volumeGroups", "physicalVolumes", "logicalVolumes", "orphans",
            "conflicts"],
        "properties": {
            "schema": {"const": "diagbundle.lvm/1"},
            "volumeGroups": {"type": "array", "items": {"$ref": "#/$defs/volumeGroup"}},
            "physicalVolumes": {"type": "array", "items": {"$ref": "#/$defs/physicalVolume"}},
            "logicalVolumes": {"type": "array", "items": {"$ref": "#/$defs/logicalVolume"}},
            "orphans": {"type": "object", "additionalProperties": {"type": "string"}},
            "conflicts": {"type": "array", "items": {"$ref": "#/$defs/conflict"}}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "volumeGroup": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "id", "seqno", "status", "flags", "tags", "extentByteCount",
                    "extentCount", "freeExtentCount", "byteCount", "freeByteCount",
                    "maximumLogicalVolumes", "maximumPhysicalVolumes", "metadataCopies",
                    "physicalVolumeCount", "missingPhysicalVolumeCount",
                    "logicalVolumeCount", "snapshotCount", "isPartial", "isExported",
                    "metadataDevices"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "id": {"$ref": "#/$defs/name"},
                    "seqno": {"type": "integer"},
                    "status": {"$ref": "#/$defs/list"},
                    "flags": {"$ref": "#/$defs/list"},
                    "tags": {"$ref": "#/$defs/list"},
                    "systemID": {"type": "string"},
                    "lockType": {"type": "string"},
                    "extentByteCount": {"$ref": "#/$defs/count"},
                    "extentCount": {"$ref": "#/$defs/count"},
                    "freeExtentCount": {"$ref": "#/$defs/count"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "freeByteCount": {"$ref": "#/$defs/count"},
                    "maximumLogicalVolumes": {"type": "integer"},
                    "maximumPhysicalVolumes": {"type": "integer"},
                    "metadataCopies": {"type": "integer"},
                    "physicalVolumeCount": {"$ref": "#/$defs/count"},
                    "missingPhysicalVolumeCount": {"$ref": "#/$defs/count"},
                    "logicalVolumeCount": {"$ref": "#/$defs/count"},
                    "snapshotCount": {"$ref": "#/$defs/count"},
                    "isPartial": {"type": "boolean"},
                    "isExported": {"type": "boolean"},
                    "creationHost": {"type": "string"},
                    "creationTime": {"$ref": "#/$defs/time"},
                    "metadataDevices": {"$ref": "#/$defs/list"}
                }
            },
            "physicalVolume": {
                "type": "object", "additionalProperties": false,
                "required": ["volumeGroup", "volumeGroupID", "name", "id", "status", "flags",
                    "tags",
                    "isMissing", "byteCount", "usedByteCount", "freeByteCount",
                    "extentCount", "usedExtentCount", "firstExtentOffset"],
                "properties": {
                    "volumeGroup": {"$ref": "#/$defs/name"},
                    "volumeGroupID": {"$ref": "#/$defs/name"},
                    "name": {"$ref": "#/$defs/name"},
                    "id": {"$ref": "#/$defs/name"},
                    "device": {"type": "string"},
                    "deviceHint": {"type": "string"},
                    "deviceID": {"type": "string"},
                    "deviceIDType": {"type": "string"},
                    "status": {"$ref": "#/$defs/list"},
                    "flags": {"$ref": "#/$defs/list"},
                    "tags": {"$ref": "#/$defs/list"},
                    "isMissing": {"type": "boolean"},
                    "deviceByteCount": {"$ref": "#/$defs/count"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "usedByteCount": {"$ref": "#/$defs/count"},
                    "freeByteCount": {"$ref": "#/$defs/count"},
                    "extentCount": {"$ref": "#/$defs/count"},
                    "usedExtentCount": {"$ref": "#/$defs/count"},
                    "firstExtentOffset": {"$ref": "#/$defs/count"},
                    "bootloaderAreaOffset": {"$ref": "#/$defs/count"},
                    "bootloaderAreaByteCount": {"$ref": "#/$defs/count"}
                }
            },
            "logicalVolume": {
                "type": "object", "additionalProperties": false,
                "required": ["volumeGroup", "volumeGroupID", "name", "id", "deviceMapperUUID",
                    "status", "flags", "tags", "isVisible", "isPartial", "byteCount",
                    "extentCount", "types", "segments"],
                "properties": {
                    "volumeGroup": {"$ref": "#/$defs/name"},
                    "volumeGroupID": {"$ref": "#/$defs/name"},
                    "name": {"$ref": "#/$defs/name"},
                    "id": {"$ref": "#/$defs/name"},
                    "deviceMapperUUID": {"$ref": "#/$defs/name"},
                    "status": {"$ref": "#/$defs/list"},
                    "flags": {"$ref": "#/$defs/list"},
                    "tags": {"$ref": "#/$defs/list"},
                    "isVisible": {"type": "boolean"},
                    "isPartial": {"type": "boolean"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "extentCount": {"$ref": "#/$defs/count"},
                    "allocationPolicy": {"type": "string"},
                    "creationHost": {"type": "string"},
                    "creationTime": {"$ref": "#/$defs/time"},
                    "types": {"$ref": "#/$defs/list"},
                    "origin": {"type": "string"},
                    "pool": {"type": "string"},
                    "segments": {"type": "array", "items": {"$ref": "#/$defs/segment"}}
                }
            },
            "segment": {
                "type": "object", "additionalProperties": false,
                "required": ["type", "startExtent", "extentCount", "places", "metadataVolumes",
                    "settings"],
                "properties": {
                    "type": {"type": "string"},
                    "startExtent": {"$ref": "#/$defs/count"},
                    "extentCount": {"$ref": "#/$defs/count"},
                    "deviceCount": {"type": "integer"},
                    "stripeByteCount": {"$ref": "#/$defs/count"},
                    "regionByteCount": {"$ref": "#/$defs/count"},
                    "chunkByteCount": {"$ref": "#/$defs/count"},
                    "places": {"type": "array", "items": {"$ref": "#/$defs/place"}},
                    "metadataVolumes": {"$ref": "#/$defs/list"},
                    "origin": {"type": "string"},
                    "cowStore": {"type": "string"},
                    "pool": {"type": "string"},
                    "dataVolume": {"type": "string"},
                    "metadataVolume": {"type": "string"},
                    "mirrorLog": {"type": "string"},
                    "transactionID": {"type": "integer"},
                    "deviceID": {"type": "integer"},
                    "settings": {"type": "object"}
                }
            },
            "place": {
                "type": "object", "additionalProperties": false,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "startExtent": {"type": "integer"}
                }
            },
            "conflict": {
                "type": "object", "additionalProperties": false,
                "required": ["kind", "devices", "explanation"],
                "properties": {
                    "kind": {"enum": ["staleMetadata", "duplicatePhysicalVolume",
                            "duplicateVolumeGroupName", "unreadableMetadata",
                            "missingPhysicalVolume"]},
                    "volumeGroup": {"type": "string"},
                    "id": {"type": "string"},
                    "devices": {"$ref": "#/$defs/list"},
                    "explanation": {"type": "string"}
                }
            }
        }
        """#
}
