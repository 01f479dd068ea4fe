/// The schemas of what the boot collector finds on partitions, in archives and in the journal.
extension PublishedSchema {
    static let espBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "fileSystems", "files", "isTruncated"],
        "properties": {
            "schema": {"const": "diagbundle.esp/1"},
            "fileSystems": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["mountPoint", "fileSystem"],
                "properties": {
                    "mountPoint": {"$ref": "#/$defs/name"},
                    "fileSystem": {"type": "string"},
                    "device": {"type": "string"},
                    "isSystemPartition": {"type": "boolean"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "freeByteCount": {"$ref": "#/$defs/count"},
                    "isReadOnly": {"type": "boolean"},
                    "fault": {"type": "string"}
                }
            }},
            "files": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["path", "byteCount", "modified"],
                "properties": {
                    "path": {"$ref": "#/$defs/name"},
                    "byteCount": {"type": "integer"},
                    "modified": {"$ref": "#/$defs/time"},
                    "sha256": {"$ref": "#/$defs/sha256"},
                    "program": {"$ref": "#/$defs/program"},
                    "fault": {"type": "string"}
                }
            }},
            "isTruncated": {"type": "boolean"}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "program": {
                "type": "object", "additionalProperties": false,
                "required": ["machine", "subsystem", "isUnifiedKernelImage", "sections", "signers",
                    "securityGenerations"],
                "properties": {
                    "machine": {"$ref": "#/$defs/name"},
                    "subsystem": {"$ref": "#/$defs/count"},
                    "isUnifiedKernelImage": {"type": "boolean"},
                    "sections": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["name", "byteCount"],
                        "properties": {
                            "name": {"type": "string"},
                            "byteCount": {"$ref": "#/$defs/count"},
                            "text": {"type": "string"}
                        }
                    }},
                    "signers": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["serialNumber"],
                        "properties": {
                            "subject": {"type": "string"},
                            "issuer": {"type": "string"},
                            "serialNumber": {"type": "string"},
                            "notAfter": {"type": "string"}
                        }
                    }},
                    "securityGenerations": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["component", "details"],
                        "properties": {
                            "component": {"type": "string"},
                            "generation": {"$ref": "#/$defs/count"},
                            "details": {"$ref": "#/$defs/list"}
                        }
                    }},
                    "signatureFault": {"type": "string"}
                }
            }
        }
        """#

    static let initramfsBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "images"],
        "properties": {
            "schema": {"const": "diagbundle.initramfs/1"},
            "images": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["path", "version", "isRunning", "isDefault", "byteCount", "parts",
                    "entryCount", "moduleCount", "configuration", "isComplete", "needs"],
                "properties": {
                    "path": {"$ref": "#/$defs/name"},
                    "section": {"const": ".initrd"},
                    "version": {"$ref": "#/$defs/name"},
                    "isRunning": {"type": "boolean"},
                    "isDefault": {"type": "boolean"},
                    "byteCount": {"type": "integer"},
                    "parts": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["compression", "offset", "entryCount", "byteCount",
                            "isMicrocode"],
                        "properties": {
                            "compression": {"enum": ["none", "gzip", "xz", "lzma", "zstd", "lz4"]},
                            "offset": {"$ref": "#/$defs/count"},
                            "entryCount": {"$ref": "#/$defs/count"},
                            "byteCount": {"$ref": "#/$defs/count"},
                            "isMicrocode": {"type": "boolean"}
                        }
                    }},
                    "entryCount": {"$ref": "#/$defs/count"},
                    "moduleCount": {"$ref": "#/$defs/count"},
                    "listing": {"$ref": "#/$defs/path"},
                    "configuration": {"$ref": "#/$defs/list"},
                    "isComplete": {"type": "boolean"},
                    "fault": {"type": "string"},
                    "needs": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["kind", "name", "why", "state"],
                        "properties": {
                            "kind": {"enum": ["module", "program", "file"]},
                            "name": {"$ref": "#/$defs/name"},
                            "why": {"type": "string"},
                            "state": {"enum": ["present", "builtIn", "lacking", "unknown"]}
                        }
                    }}
                }
            }}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
        """#

    static let tpmBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "devices"],
        "properties": {
            "schema": {"const": "diagbundle.tpm/1"},
            "devices": {"type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": ["name", "registers"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "majorVersion": {"$ref": "#/$defs/count"},
                    "description": {"type": "string"},
                    "registers": {
                        "type": "object", "additionalProperties": {"$ref": "#/$defs/texts"}},
                    "eventLog": {"$ref": "#/$defs/log"}
                }
            }}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "log": {
                "type": "object", "additionalProperties": false,
                "required": ["byteCount", "algorithms", "events", "isTruncated"],
                "properties": {
                    "byteCount": {"$ref": "#/$defs/count"},
                    "artifact": {"$ref": "#/$defs/path"},
                    "specification": {
                        "type": "object", "additionalProperties": false,
                        "required": ["platformClass", "version"],
                        "properties": {
                            "platformClass": {"$ref": "#/$defs/count"},
                            "version": {"$ref": "#/$defs/name"}
                        }
                    },
                    "algorithms": {"$ref": "#/$defs/list"},
                    "events": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["pcrIndex", "type", "digests", "dataByteCount"],
                        "properties": {
                            "pcrIndex": {"$ref": "#/$defs/count"},
                            "type": {"$ref": "#/$defs/name"},
                            "digests": {"$ref": "#/$defs/texts"},
                            "dataByteCount": {"$ref": "#/$defs/count"},
                            "text": {"type": "string"}
                        }
                    }},
                    "isTruncated": {"type": "boolean"},
                    "fault": {"type": "string"}
                }
            }
        }
        """#

    static let kdumpBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "requested", "configuration", "settings", "records"],
        "properties": {
            "schema": {"const": "diagbundle.kdump/1"},
            "requested": {"$ref": "#/$defs/list"},
            "dueByteCount": {"$ref": "#/$defs/count"},
            "enabledUnit": {"enum": ["kdump.service", "kdump-tools.service"]},
            "reservedByteCount": {"$ref": "#/$defs/count"},
            "ranges": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["first", "last", "byteCount"],
                "properties": {
                    "first": {"$ref": "#/$defs/name"},
                    "last": {"$ref": "#/$defs/name"},
                    "byteCount": {"$ref": "#/$defs/count"}
                }
            }},
            "isLoaded": {"type": "boolean"},
            "vmcoreinfo": {"type": "string"},
            "elfHeaderByteCount": {"$ref": "#/$defs/count"},
            "configuration": {"$ref": "#/$defs/list"},
            "crashInitramfs": {"type": "string"},
            "crashInitramfsByteCount": {"$ref": "#/$defs/count"},
            "memoryByteCount": {"$ref": "#/$defs/count"},
            "target": {
                "type": "object", "additionalProperties": false, "required": ["kind"],
                "properties": {
                    "kind": {"$ref": "#/$defs/name"},
                    "path": {"type": "string"},
                    "freeByteCount": {"$ref": "#/$defs/count"}
                }
            },
            "settings": {"$ref": "#/$defs/texts"},
            "records": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["path", "modified", "files"],
                "properties": {
                    "path": {"$ref": "#/$defs/name"},
                    "modified": {"$ref": "#/$defs/time"},
                    "dumpByteCount": {"$ref": "#/$defs/count"},
                    "dumpModified": {"$ref": "#/$defs/time"},
                    "isComplete": {"type": "boolean"},
                    "files": {"$ref": "#/$defs/list"}
                }
            }},
            "messages": {"type": "array", "items": {"$ref": "#/$defs/path"}},
            "leftAlone": {"type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": ["path", "why"],
                "properties": {"path": {"$ref": "#/$defs/name"}, "why": {"type": "string"}}
            }}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
        """#

    static let bootHistoryBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "boots", "isComplete", "timing"],
        "properties": {
            "schema": {"const": "diagbundle.boot-history/1"},
            "boots": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["bootIdentifier", "firstEntry", "lastEntry", "ending", "failedUnits",
                    "isPartial", "reachedEmergency"],
                "properties": {
                    "bootIdentifier": {"type": "string", "minLength": 32, "maxLength": 32,
                        "pattern": "^[0-9a-f]{32}$"},
                    "firstEntry": {"$ref": "#/$defs/time"},
                    "lastEntry": {"$ref": "#/$defs/time"},
                    "ending": {"enum": ["running", "clean", "crash", "abrupt", "unknown"]},
                    "evidence": {"type": "string"},
                    "failedUnits": {"$ref": "#/$defs/list"},
                    "isPartial": {"type": "boolean"},
                    "reachedEmergency": {"type": "boolean"}
                }
            }},
            "isComplete": {"type": "boolean"},
            "timing": {
                "type": "object", "additionalProperties": false, "required": [],
                "properties": {
                    "firmwareSeconds": {"$ref": "#/$defs/seconds"},
                    "loaderSeconds": {"$ref": "#/$defs/seconds"},
                    "kernelSeconds": {"$ref": "#/$defs/seconds"},
                    "initrdSeconds": {"$ref": "#/$defs/seconds"},
                    "userspaceSeconds": {"$ref": "#/$defs/seconds"},
                    "totalSeconds": {"$ref": "#/$defs/seconds"},
                    "uptimeSeconds": {"$ref": "#/$defs/seconds"},
                    "message": {"type": "string"}
                }
            }
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
        """#
}
