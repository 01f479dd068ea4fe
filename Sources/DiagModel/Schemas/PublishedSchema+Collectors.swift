/// The schemas of the documents of the collectors `boot` and `storage`, the firmware's aside.
extension PublishedSchema {
    static let bootBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "firmware", "crashKernel"],
        "properties": {
            "schema": {"const": "diagbundle.boot/1"},
            "firmware": {"enum": ["efi", "bios", "devicetree", "ipl", "unknown"]},
            "runningKernel": {"type": "string"},
            "commandLine": {"$ref": "#/$defs/commandLine"},
            "crashKernel": {
                "type": "object", "additionalProperties": false, "required": ["requested"],
                "properties": {
                    "requested": {"$ref": "#/$defs/list"},
                    "reservedByteCount": {"$ref": "#/$defs/count"},
                    "isLoaded": {"type": "boolean"},
                    "isFirmwareAssisted": {"type": "boolean"},
                    "isRegistered": {"type": "boolean"}
                }
            },
            "isKexecLoaded": {"type": "boolean"}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions), \#(commandLineDefinition)}
        """#

    /// `boot/dmi.json` and `boot/dmi-identity.json`, which differ in what they name.
    static func firmwareTableBody(_ identifier: String) -> String {
        #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "fields"],
        "properties": {
            "schema": {"const": "\#(identifier)"},
            "fields": {"$ref": "#/$defs/texts"}
        },
        "$defs": {\#(factDefinitions)}
        """#
    }

    static let loaderBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "files", "entries", "environments"],
        "properties": {
            "schema": {"const": "diagbundle.loader/1"},
            "files": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["path", "artifact", "byteCount", "maskedCount"],
                "properties": {
                    "path": {"$ref": "#/$defs/name"},
                    "artifact": {"$ref": "#/$defs/path"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "maskedCount": {"$ref": "#/$defs/count"}
                }
            }},
            "entries": {"type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": ["path", "entry"],
                "properties": {
                    "path": {"$ref": "#/$defs/name"},
                    "entry": {
                        "type": "object", "additionalProperties": false, "required": ["initrds"],
                        "properties": {
                            "title": {"type": "string"}, "version": {"type": "string"},
                            "machineID": {"type": "string"}, "sortKey": {"type": "string"},
                            "linux": {"type": "string"}, "initrds": {"$ref": "#/$defs/list"},
                            "efi": {"type": "string"}, "deviceTree": {"type": "string"},
                            "architecture": {"type": "string"}, "options": {"type": "string"}
                        }
                    }
                }
            }},
            "environments": {"type": "object", "additionalProperties": {"$ref": "#/$defs/texts"}},
            "defaults": {
                "type": "object", "additionalProperties": false, "required": ["entryCount"],
                "properties": {
                    "grubDefault": {"type": "string"},
                    "savedEntry": {"type": "string"},
                    "systemdBootDefault": {"type": "string"},
                    "entryCount": {"$ref": "#/$defs/count"},
                    "entry": {
                        "type": "object", "additionalProperties": false,
                        "required": ["loader", "source", "initramfs"],
                        "properties": {
                            "loader": {"enum": ["grub", "systemd-boot", "bls", "zipl"]},
                            "source": {"$ref": "#/$defs/name"},
                            "title": {"type": "string"},
                            "identifier": {"type": "string"},
                            "kernel": {"type": "string"},
                            "initramfs": {"$ref": "#/$defs/list"},
                            "options": {"type": "string"}
                        }
                    }
                }
            },
            "difference": {
                "type": "object", "additionalProperties": false,
                "required": ["source", "onlyRunning", "onlyDefault"],
                "properties": {
                    "source": {"$ref": "#/$defs/name"},
                    "onlyRunning": {"$ref": "#/$defs/list"},
                    "onlyDefault": {"$ref": "#/$defs/list"},
                    "runningRoot": {"type": "string"},
                    "defaultRoot": {"type": "string"}
                }
            }
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
        """#

    static let kernelsBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "kernels", "unifiedImages"],
        "properties": {
            "schema": {"const": "diagbundle.kernels/1"},
            "running": {"type": "string"},
            "runningConfiguration": {"$ref": "#/$defs/path"},
            "isRunningModular": {"type": "boolean"},
            "kernels": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["version", "isRunning"],
                "properties": {
                    "version": {"$ref": "#/$defs/name"},
                    "isRunning": {"type": "boolean"},
                    "image": {"$ref": "#/$defs/name"},
                    "initramfs": {"$ref": "#/$defs/name"},
                    "crashInitramfs": {"$ref": "#/$defs/name"},
                    "fallbackInitramfs": {"$ref": "#/$defs/name"},
                    "configuration": {"$ref": "#/$defs/name"},
                    "systemMap": {"$ref": "#/$defs/name"},
                    "modulesDirectory": {"$ref": "#/$defs/name"},
                    "hasModulesIndex": {"type": "boolean"},
                    "isDefault": {"type": "boolean"},
                    "missing": {"$ref": "#/$defs/list"},
                    "files": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["path", "byteCount", "modified"],
                        "properties": {
                            "path": {"$ref": "#/$defs/name"},
                            "byteCount": {"type": "integer"},
                            "modified": {"$ref": "#/$defs/time"}
                        }
                    }}
                }
            }},
            "unifiedImages": {"$ref": "#/$defs/list"}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
        """#

    static let rootStackBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "targets", "devices"],
        "properties": {
            "schema": {"const": "diagbundle.root-stack/1"},
            "targets": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["path", "state", "devices"],
                "properties": {
                    "path": {"$ref": "#/$defs/name"},
                    "state": {"enum": ["mounted", "folder", "automount", "absent"]},
                    "mountPoint": {"type": "string"},
                    "fileSystem": {"type": "string"},
                    "source": {"type": "string"},
                    "isReadOnly": {"type": "boolean"},
                    "devices": {"$ref": "#/$defs/list"},
                    "problem": {"type": "string"},
                    "chain": {"type": "string"},
                    "physicalDisks": {"$ref": "#/$defs/list"},
                    "profiles": {"$ref": "#/$defs/list"},
                    "systemPartitionCopies": {"enum": ["all", "some", "none", "unknown"]},
                    "singlePointsOfFailure": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["kind", "name", "why"],
                        "properties": {
                            "kind": {"enum": ["disk", "controller", "path", "layer"]},
                            "name": {"$ref": "#/$defs/name"},
                            "why": {"type": "string"}
                        }
                    }}
                }
            }},
            "devices": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "number", "kind", "standsOn"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "number": {"$ref": "#/$defs/name"},
                    "kind": {"enum": ["bus", "controller", "path", "disk", "partition", "array",
                        "mapped", "volumeGroup", "logicalVolume", "crypt", "multipath", "virtual", "fileSystem",
                        "swap", "mount"]},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "isReadOnly": {"type": "boolean"},
                    "isRemovable": {"type": "boolean"},
                    "isRotational": {"type": "boolean"},
                    "mapName": {"type": "string"},
                    "mapUUID": {"type": "string"},
                    "level": {"type": "string"},
                    "degradedCount": {"$ref": "#/$defs/count"},
                    "memberCount": {"$ref": "#/$defs/count"},
                    "partitionNumber": {"$ref": "#/$defs/count"},
                    "backingFile": {"type": "string"},
                    "vendor": {"type": "string"},
                    "model": {"type": "string"},
                    "standsOn": {"$ref": "#/$defs/list"}
                }
            }}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
        """#

    static let blockDevicesBody = #"""
        "description": "JSON lines: the first is a header, each of the others a device.",
        "anyOf": [{"$ref": "#/$defs/header"}, {"$ref": "#/$defs/line"}],
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "header": {
                "type": "object", "additionalProperties": false, "required": ["schema"],
                "properties": {"schema": {"const": "diagbundle.block-devices/1"}}
            },
            "line": {
                "type": "object", "additionalProperties": false,
                "required": ["attributes", "name", "path"],
                "properties": {
                    "attributes": {"$ref": "#/$defs/texts"},
                    "dev": {"$ref": "#/$defs/name"},
                    "links": {"$ref": "#/$defs/list"},
                    "name": {"$ref": "#/$defs/name"},
                    "path": {"$ref": "#/$defs/name"}
                }
            }
        }
        """#
}
