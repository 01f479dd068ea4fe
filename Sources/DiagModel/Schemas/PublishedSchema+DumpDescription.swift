/// The schema of what `dump info --json` prints.
extension PublishedSchema {
    /// What a file with the memory of a kernel says of itself.
    static let dumpInfoBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "file", "byteCount", "format", "formatName", "isFlattened", "kind",
            "leftOut", "compression", "pages", "completeness", "shortcomings", "windows",
            "openWith", "readers", "warnings"],
        "properties": {
            "schema": {"const": "diagbundle.dump-info/1"},
            "file": {"type": "string"},
            "byteCount": {"$ref": "#/$defs/count"},
            "format": {"enum": ["kdump", "elf", "lime", "avml", "windows"]},
            "formatName": {"$ref": "#/$defs/name"},
            "isFlattened": {"type": "boolean"},
            "writer": {"type": "string"},
            "kind": {"$ref": "#/$defs/name"},
            "isLive": {"type": "boolean"},
            "host": {"type": "string"},
            "system": {"type": "string"},
            "release": {"type": "string"},
            "version": {"type": "string"},
            "machine": {"type": "string"},
            "buildIdentifier": {"type": "string"},
            "kernelOffset": {"$ref": "#/$defs/hexadecimal"},
            "time": {"$ref": "#/$defs/time"},
            "seconds": {"$ref": "#/$defs/seconds"},
            "uptimeSeconds": {"$ref": "#/$defs/seconds"},
            "processorCount": {"$ref": "#/$defs/count"},
            "registerCount": {"$ref": "#/$defs/count"},
            "level": {"type": "integer"},
            "leftOut": {"type": "array", "items": {"type": "string"}},
            "compression": {"type": "array", "items": {"type": "string"}},
            "pageByteCount": {"$ref": "#/$defs/count"},
            "pages": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "present": {"$ref": "#/$defs/count"},
                    "dumped": {"$ref": "#/$defs/count"},
                    "zero": {"$ref": "#/$defs/count"},
                    "missing": {"$ref": "#/$defs/count"},
                    "dumpedByClass": {"type": "object",
                        "additionalProperties": {"$ref": "#/$defs/count"}},
                    "presentByClass": {"type": "object",
                        "additionalProperties": {"$ref": "#/$defs/count"}}
                }
            },
            "completeness": {"enum": ["complete", "partial", "unknown"]},
            "shortcomings": {"type": "array", "items": {"type": "string"}},
            "consistency": {"type": "string"},
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
            "windows": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["pages", "start", "end"],
                "properties": {
                    "pages": {"type": "string"},
                    "start": {"$ref": "#/$defs/time"},
                    "end": {"$ref": "#/$defs/time"}
                }
            }},
            "steps": {"type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": ["name", "seconds"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "seconds": {"$ref": "#/$defs/seconds"}
                }
            }},
            "stages": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "pages", "threadSeconds"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "pages": {"$ref": "#/$defs/count"},
                    "threadSeconds": {"$ref": "#/$defs/seconds"}
                }
            }},
            "code": {
                "type": "object", "additionalProperties": false,
                "required": ["number", "parameters"],
                "properties": {
                    "number": {"$ref": "#/$defs/hexadecimal"},
                    "name": {"type": "string"},
                    "isLive": {"type": "boolean"},
                    "parameters": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false, "required": ["value"],
                        "properties": {
                            "value": {"$ref": "#/$defs/hexadecimal"},
                            "text": {"type": "string"}
                        }
                    }}
                }
            },
            "originator": {"type": "string"},
            "reason": {"type": "string"},
            "debugPackage": {"type": "string"},
            "symbols": {
                "type": "object", "additionalProperties": false, "required": ["images"],
                "properties": {
                    "installCommand": {"$ref": "#/$defs/name"},
                    "note": {"$ref": "#/$defs/name"},
                    "images": {"type": "array", "items": {"$ref": "#/$defs/name"}},
                    "symbolServer": {"$ref": "#/$defs/name"},
                    "fetchCommand": {"$ref": "#/$defs/name"}
                }
            },
            "openWith": {"type": "array", "items": {"type": "string"}},
            "readers": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "canRead"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "canRead": {"type": "boolean"},
                    "note": {"type": "string"}
                }
            }},
            "warnings": {"type": "array", "items": {"type": "string"}}
        },
        "$defs": {\#(commonDefinitions),
            "hexadecimal": {"type": "string", "minLength": 3, "maxLength": 18}
        }
        """#
}
