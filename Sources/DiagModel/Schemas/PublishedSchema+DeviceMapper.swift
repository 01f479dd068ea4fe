/// The schemas of what the device mapper and md say of their devices.
extension PublishedSchema {
    static let deviceMapperBody = #"""
        "description": "JSON lines: the first is a header, each of the others a mapped device.",
        "anyOf": [{"$ref": "#/$defs/header"}, {"$ref": "#/$defs/line"}],
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "version": {"type": "array", "items": {"$ref": "#/$defs/count"}},
            "header": {
                "type": "object", "additionalProperties": false,
                "required": ["schema", "targetVersions"],
                "properties": {
                    "schema": {"const": "diagbundle.device-mapper/1"},
                    "interfaceVersion": {"$ref": "#/$defs/version"},
                    "targetVersions": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["name", "version"],
                        "properties": {
                            "name": {"type": "string"}, "version": {"$ref": "#/$defs/version"}
                        }
                    }}
                }
            },
            "line": {
                "type": "object", "additionalProperties": false,
                "required": ["device", "number", "name", "openCount", "eventNumber",
                    "isSuspended", "isReadOnly", "hasActiveTable", "hasInactiveTable",
                    "targetCount", "targets", "dependencies", "problems"],
                "properties": {
                    "device": {"$ref": "#/$defs/name"},
                    "number": {"$ref": "#/$defs/name"},
                    "name": {"type": "string"},
                    "uuid": {"type": "string"},
                    "openCount": {"type": "integer"},
                    "eventNumber": {"$ref": "#/$defs/count"},
                    "isSuspended": {"type": "boolean"},
                    "isReadOnly": {"type": "boolean"},
                    "hasActiveTable": {"type": "boolean"},
                    "hasInactiveTable": {"type": "boolean"},
                    "targetCount": {"$ref": "#/$defs/count"},
                    "targets": {"type": "array", "items": {"$ref": "#/$defs/target"}},
                    "dependencies": {"$ref": "#/$defs/list"},
                    "problems": {"$ref": "#/$defs/list"}
                }
            },
            "target": {
                "type": "object", "additionalProperties": false,
                "required": ["startSector", "sectorCount", "type"],
                "properties": {
                    "startSector": {"$ref": "#/$defs/count"},
                    "sectorCount": {"$ref": "#/$defs/count"},
                    "type": {"type": "string"},
                    "tableText": {"type": "string",
                        "description": "as dmsetup table prints it, keys left out"},
                    "table": {"$ref": "#/$defs/table"},
                    "statusText": {"type": "string"},
                    "status": {"$ref": "#/$defs/status"},
                    "problem": {"type": "string"}
                }
            },
            "values": {"type": "object"},
            "table": {
                "description": "one member, for the kind of target",
                "type": "object", "additionalProperties": false,
                "properties": {\#(values([
                    "linear", "striped", "mirror", "snapshot", "thinPool", "thin", "cache",
                    "writeCache", "raid", "crypt", "integrity", "verity", "multipath", "vdo",
                    "delay", "flakey", "era", "clone",
                ]))}
            },
            "status": {
                "description": "one member, for the kind of target",
                "type": "object", "additionalProperties": false,
                "properties": {\#(values([
                    "striped", "mirror", "snapshot", "thinPool", "thin", "cache", "writeCache",
                    "raid", "integrity", "verity", "multipath", "vdo", "era", "clone",
                ]))}
            }
        }
        """#

    private static func values(_ names: [String]) -> String {
        names.map { "\"\($0)\": {\"$ref\": \"#/$defs/values\"}" }.joined(separator: ", ")
    }

    static let mdBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "name", "emptySlots", "members", "attributes"],
        "properties": {
            "schema": {"const": "diagbundle.md/1"},
            "name": {"$ref": "#/$defs/name"},
            "level": {"type": "string"},
            "state": {"type": "string"},
            "memberCount": {"type": "integer"},
            "degradedCount": {"type": "integer"},
            "syncAction": {"type": "string"},
            "syncedSectors": {
                "type": "object", "additionalProperties": false, "required": ["used", "total"],
                "properties": {
                    "used": {"$ref": "#/$defs/count"}, "total": {"$ref": "#/$defs/count"}
                }
            },
            "syncSpeedKibibytesPerSecond": {"$ref": "#/$defs/count"},
            "mismatchCount": {"$ref": "#/$defs/count"},
            "uuid": {"type": "string"},
            "metadataVersion": {"type": "string"},
            "emptySlots": {"type": "array", "items": {"$ref": "#/$defs/count"}},
            "members": {"type": "array", "items": {"$ref": "#/$defs/member"}},
            "attributes": {"$ref": "#/$defs/texts"}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "member": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "states", "badBlocks", "unacknowledgedBadBlocks",
                    "hasMoreBadBlocks", "attributes"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "states": {"$ref": "#/$defs/list"},
                    "slot": {"type": "integer"},
                    "correctedErrorCount": {"$ref": "#/$defs/count"},
                    "offsetSectors": {"$ref": "#/$defs/count"},
                    "sizeKibibytes": {"$ref": "#/$defs/count"},
                    "recoveryStartSector": {"$ref": "#/$defs/count"},
                    "badBlocks": {"$ref": "#/$defs/ranges"},
                    "unacknowledgedBadBlocks": {"$ref": "#/$defs/ranges"},
                    "hasMoreBadBlocks": {"type": "boolean"},
                    "attributes": {"$ref": "#/$defs/texts"}
                }
            },
            "ranges": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["sector", "sectorCount"],
                "properties": {
                    "sector": {"$ref": "#/$defs/count"}, "sectorCount": {"$ref": "#/$defs/count"}
                }
            }}
        }
        """#
}
