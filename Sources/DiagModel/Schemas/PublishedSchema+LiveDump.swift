/// The schema of what is told of a live dump.
extension PublishedSchema {
    static let liveDumpBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "code", "codeNumber", "parameters", "originator", "kind", "outcome",
            "host", "kernel", "started", "ended", "consistency", "windows", "level",
            "includesUserPages", "includesGuestPages", "pages", "pageByteCount", "stackFiles",
            "stages", "openWith", "warnings"],
        "properties": {
            "schema": {"const": "diagbundle.live-dump/1"},
            "code": {"const": "LIVE_SYSTEM_DUMP"},
            "codeNumber": {"const": "0x161"},
            "parameters": {"type": "array", "minItems": 4,
                "items": {"$ref": "#/$defs/hexadecimal"}},
            "originator": {"type": "string", "maxLength": 8},
            "reason": {"type": "string"},
            "kind": {"enum": ["full", "stacks"]},
            "outcome": {"enum": ["complete", "partial", "refused", "failed"]},
            "obstacle": {
                "type": "object", "additionalProperties": false, "required": ["cause", "message"],
                "properties": {
                    "cause": {"enum": ["noKernelCore", "notPermitted", "lockdown", "container",
                        "memoryPressure", "throttled", "alreadyRunning", "noSpace",
                        "unsuitableOutput", "inputOutput", "interrupted", "unsupported"]},
                    "message": {"type": "string"},
                    "remedy": {"type": "string"}
                }
            },
            "host": {"type": "string"},
            "kernel": {
                "type": "object", "additionalProperties": false,
                "required": ["release", "version", "machine"],
                "properties": {
                    "release": {"type": "string"},
                    "version": {"type": "string"},
                    "machine": {"type": "string"},
                    "buildIdentifier": {"$ref": "#/$defs/name"},
                    "debugPackage": {"type": "string"},
                    "kernelOffset": {"$ref": "#/$defs/hexadecimal"},
                    "physicalBase": {"$ref": "#/$defs/hexadecimal"}
                }
            },
            "started": {"$ref": "#/$defs/time"},
            "ended": {"$ref": "#/$defs/time"},
            "consistency": {"const": "smeared"},
            "windows": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["pages", "start", "end"],
                "properties": {
                    "pages": {"$ref": "#/$defs/name"},
                    "start": {"$ref": "#/$defs/time"},
                    "end": {"$ref": "#/$defs/time"}
                }
            }},
            "torn": {
                "type": "object", "additionalProperties": false,
                "required": ["sampled", "changed", "rounds", "replaced", "remaining"],
                "properties": {
                    "sampled": {"$ref": "#/$defs/count"},
                    "changed": {"$ref": "#/$defs/count"},
                    "rounds": {"$ref": "#/$defs/count"},
                    "replaced": {"$ref": "#/$defs/count"},
                    "remaining": {"$ref": "#/$defs/count"}
                }
            },
            "level": {"type": "integer", "minimum": 0, "maximum": 31,
                "description": "makedumpfile's bits of the page classes that were left out"},
            "includesUserPages": {"type": "boolean"},
            "includesGuestPages": {"type": "boolean"},
            "pages": {"type": "object", "additionalProperties": {"$ref": "#/$defs/count"},
                "description": "pages by class; with the prefix kept. those in the file"},
            "pageByteCount": {"$ref": "#/$defs/count"},
            "registers": {
                "type": "object", "additionalProperties": false,
                "required": ["processors", "sampled"],
                "properties": {
                    "processors": {"$ref": "#/$defs/count"},
                    "sampled": {"$ref": "#/$defs/count"},
                    "why": {"type": "string"},
                    "inKernel": {"$ref": "#/$defs/count"},
                    "withStack": {"$ref": "#/$defs/count",
                        "description": "stacks of inKernel that are as they were sampled"}
                }
            },
            "file": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "format", "compression", "byteCount", "isComplete"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "format": {"enum": ["kdump-compressed", "elf"]},
                    "compression": {"enum": ["zstd", "zlib", "none"]},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "isComplete": {"type": "boolean"}
                }
            },
            "stackFiles": {"type": "array", "items": {"$ref": "#/$defs/name"}},
            "stacksRead": {
                "type": "object", "additionalProperties": false, "required": ["start", "end"],
                "properties": {
                    "start": {"$ref": "#/$defs/time"},
                    "end": {"$ref": "#/$defs/time"}
                }
            },
            "stages": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "pages", "threadSeconds"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "pages": {"$ref": "#/$defs/count"},
                    "threadSeconds": {"$ref": "#/$defs/seconds"}
                }
            }},
            "steps": {"type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": ["name", "seconds"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "seconds": {"$ref": "#/$defs/seconds"}
                }
            }, "description": "the whole wall time, divided, in order"},
            "limits": {
                "type": "object", "additionalProperties": false,
                "required": ["threads", "memoryBudget", "isMemoryLocked", "onPressure",
                    "isDirect"],
                "properties": {
                    "threads": {"$ref": "#/$defs/count"},
                    "memoryBudget": {"$ref": "#/$defs/count"},
                    "isMemoryLocked": {"type": "boolean"},
                    "maxByteCount": {"$ref": "#/$defs/count"},
                    "onPressure": {"enum": ["abort", "partial", "ignore"]},
                    "isDirect": {"type": "boolean"}
                }
            },
            "openWith": {"type": "array", "items": {"type": "string"}},
            "warnings": {"type": "array", "items": {"type": "string"}}
        },
        "$defs": {\#(commonDefinitions),
            "hexadecimal": {"type": "string", "minLength": 3, "maxLength": 18,
                "description": "0x and lower-case hexadecimal digits"}
        }
        """#
}
