/// The schemas of the documents of the collectors `system` and `logs`.
///
/// What comes from the host by name is open: the keys of os-release, of /proc/meminfo. What the
/// types of this program name is closed.
extension PublishedSchema {
    static let systemBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "kernel", "time", "processors", "limits", "virtualization"],
        "properties": {
            "schema": {"const": "diagbundle.system/1"},
            "osRelease": {"$ref": "#/$defs/texts"},
            "bootID": {"type": "string"},
            "kernel": {"$ref": "#/$defs/kernel"},
            "time": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "bootTime": {"$ref": "#/$defs/time"},
                    "uptimeSeconds": {"type": "number"},
                    "timeZone": {"type": "string"},
                    "clockSource": {"type": "string"},
                    "availableClockSources": {"$ref": "#/$defs/list"}
                }
            },
            "processors": {"$ref": "#/$defs/processors"},
            "memory": {
                "type": "object", "additionalProperties": false,
                "required": ["byteCounts", "counts"],
                "properties": {
                    "byteCounts": {"$ref": "#/$defs/counts"}, "counts": {"$ref": "#/$defs/counts"}
                }
            },
            "load": {
                "type": "object", "additionalProperties": false,
                "required": ["average1", "average5", "average15"],
                "properties": {
                    "average1": {"type": "number"}, "average5": {"type": "number"},
                    "average15": {"type": "number"}, "runningTasks": {"type": "integer"},
                    "tasks": {"type": "integer"}
                }
            },
            "pressure": {"type": "object", "additionalProperties": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "some": {"$ref": "#/$defs/share"}, "full": {"$ref": "#/$defs/share"}
                }
            }},
            "modules": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "byteCount", "usedBy", "state", "taint"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "referenceCount": {"type": "integer"},
                    "usedBy": {"$ref": "#/$defs/list"},
                    "state": {"type": "string"},
                    "taint": {"type": "string"}
                }
            }},
            "controlGroups": {"enum": ["v1", "v2", "hybrid"]},
            "limits": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "pidMaximum": {"$ref": "#/$defs/count"},
                    "threadsMaximum": {"$ref": "#/$defs/count"},
                    "filesAllocated": {"$ref": "#/$defs/count"},
                    "filesMaximum": {"$ref": "#/$defs/count"},
                    "inodesAllocated": {"$ref": "#/$defs/count"},
                    "inodesFree": {"$ref": "#/$defs/count"},
                    "openFilesPerProcessMaximum": {"$ref": "#/$defs/count"}
                }
            },
            "virtualization": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "systemVendor": {"type": "string"},
                    "productName": {"type": "string"},
                    "deviceTreeModel": {"type": "string"},
                    "hypervisorType": {"type": "string"},
                    "hasHypervisorFlag": {"type": "boolean"},
                    "container": {"type": "string"}
                }
            }
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions), \#(kernelDefinition),
            \#(processorsDefinition),
            "counts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/count"}},
            "share": {
                "type": "object", "additionalProperties": false,
                "required": ["average10", "average60", "average300", "totalMicroseconds"],
                "properties": {
                    "average10": {"type": "number"}, "average60": {"type": "number"},
                    "average300": {"type": "number"},
                    "totalMicroseconds": {"$ref": "#/$defs/count"}
                }
            }
        }
        """#

    private static let kernelDefinition = #"""
        "kernel": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "name": {"type": "string"},
                "release": {"type": "string"},
                "version": {"type": "string"},
                "architecture": {"type": "string"},
                "build": {"type": "string"},
                "taint": {
                    "type": "object", "additionalProperties": false,
                    "required": ["mask", "flags"],
                    "properties": {
                        "mask": {"$ref": "#/$defs/count"},
                        "flags": {"type": "array", "items": {
                            "type": "object", "additionalProperties": false,
                            "required": ["bit", "letter", "meaning"],
                            "properties": {
                                "bit": {"type": "integer", "minimum": 0, "maximum": 63},
                                "letter": {"type": "string"},
                                "meaning": {"$ref": "#/$defs/name"}
                            }
                        }}
                    }
                },
                "lockdown": {"type": "string"},
                "securityModules": {"$ref": "#/$defs/list"}
            }
        }
        """#

    private static let processorsDefinition = #"""
        "processors": {
            "type": "object", "additionalProperties": false, "required": ["vulnerabilities"],
            "properties": {
                "list": {
                    "type": "object", "additionalProperties": false,
                    "required": ["logicalCount", "models", "microcodeRevisions", "bugs",
                        "features"],
                    "properties": {
                        "logicalCount": {"$ref": "#/$defs/count"},
                        "packageCount": {"$ref": "#/$defs/count"},
                        "coreCount": {"$ref": "#/$defs/count"},
                        "models": {"$ref": "#/$defs/list"},
                        "vendor": {"type": "string"},
                        "signature": {"type": "string"},
                        "microcodeRevisions": {"$ref": "#/$defs/list"},
                        "bugs": {"$ref": "#/$defs/list"},
                        "features": {"$ref": "#/$defs/list"}
                    }
                },
                "online": {"type": "string"},
                "present": {"type": "string"},
                "possible": {"type": "string"},
                "offline": {"type": "string"},
                "isolated": {"type": "string"},
                "isMultithreaded": {"type": "boolean"},
                "vulnerabilities": {"$ref": "#/$defs/texts"}
            }
        }
        """#

    static let systemIdentityBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema"],
        "properties": {
            "schema": {"const": "diagbundle.system-identity/1"},
            "hostName": {"type": "string"},
            "domainName": {"type": "string"},
            "machineID": {"type": "string"},
            "commandLine": {"$ref": "#/$defs/commandLine"}
        },
        "$defs": {\#(commonDefinitions), \#(commandLineDefinition)}
        """#

    static let bootsBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "boots", "isComplete"],
        "properties": {
            "schema": {"const": "diagbundle.boots/1"},
            "boots": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["bootIdentifier", "firstEntry", "lastEntry", "entryCount"],
                "properties": {
                    "bootIdentifier": {"type": "string", "minLength": 32, "maxLength": 32,
                        "pattern": "^[0-9a-f]{32}$"},
                    "firstEntry": {"$ref": "#/$defs/entryTime"},
                    "lastEntry": {"$ref": "#/$defs/entryTime"},
                    "entryCount": {"$ref": "#/$defs/count"}
                }
            }},
            "isComplete": {"type": "boolean"}
        },
        "$defs": {\#(commonDefinitions),
            "entryTime": {"type": "string", "minLength": 27,
                "description": "as time; a damaged journal may say a year beyond 9999"}
        }
        """#

    /// Facts as the host has them.
    static let factDefinitions = #"""
        "list": {"type": "array", "items": {"type": "string"}},
        "texts": {"type": "object", "additionalProperties": {"type": "string"}}
        """#

    /// What the boot loader gave to the kernel.
    static let commandLineDefinition = #"""
        "commandLine": {
            "type": "object", "additionalProperties": false,
            "required": ["text", "parameters", "maskedCount"],
            "properties": {
                "text": {"type": "string"},
                "parameters": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false, "required": ["name"],
                    "properties": {"name": {"type": "string"}, "value": {"type": "string"}}
                }},
                "maskedCount": {"$ref": "#/$defs/count"}
            }
        }
        """#
}
