/// The schema of a plan.
extension PublishedSchema {
    /// What `plan --json` prints, and `collect --plan` takes.
    static let planBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "tool", "host", "userIdentifier", "created", "root", "options",
            "collectors", "estimate"],
        "properties": {
            "schema": {"const": "diagbundle.plan/1"},
            "tool": {
                "type": "object", "additionalProperties": false, "required": ["name", "version"],
                "properties": {"name": {"type": "string"}, "version": {"type": "string"}}
            },
            "host": {
                "type": "object", "additionalProperties": false, "required": ["name"],
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "machine": {"$ref": "#/$defs/sha256"}
                }
            },
            "userIdentifier": {"$ref": "#/$defs/count"},
            "created": {"$ref": "#/$defs/time"},
            "root": {"type": "string", "minLength": 1},
            "since": {"$ref": "#/$defs/time"},
            "options": {"type": "object", "additionalProperties": {"$ref": "#/$defs/words"}},
            "collectors": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "subject", "origin", "risk", "confinement", "capabilities",
                    "deadlineSeconds", "byteLimit", "items", "estimate"],
                "properties": {
                    "name": {"$ref": "#/$defs/collectorName"},
                    "subject": {"type": "string"},
                    "origin": {"type": "string"},
                    "definition": {"$ref": "#/$defs/sha256"},
                    "risk": {"$ref": "#/$defs/risk"},
                    "confinement": {"enum": ["parser", "reader", "inspector"]},
                    "capabilities": {"$ref": "#/$defs/words"},
                    "deadlineSeconds": {"$ref": "#/$defs/seconds"},
                    "byteLimit": {"$ref": "#/$defs/count"},
                    "doesNotApply": {"type": "string"},
                    "unplanned": {"type": "string"},
                    "notes": {"$ref": "#/$defs/words"},
                    "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
                    "estimate": {"$ref": "#/$defs/estimate"}
                }
            }},
            "refused": {"type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": ["path", "reason"],
                "properties": {
                    "name": {"type": "string"},
                    "path": {"type": "string"},
                    "reason": {"type": "string"}
                }
            }},
            "estimate": {"$ref": "#/$defs/estimate"}
        },
        "$defs": {
            "risk": {"enum": ["R0", "R1", "R2"]},
            "words": {"type": "array", "items": {"type": "string"}},
            "estimate": {
                "type": "object", "additionalProperties": false,
                "required": ["byteCount", "seconds"],
                "properties": {
                    "byteCount": {"$ref": "#/$defs/count"},
                    "seconds": {"$ref": "#/$defs/seconds"},
                    "isBound": {"const": true},
                    "isPartial": {"const": true},
                    "isAssumed": {"const": true}
                }
            },
            "file": {
                "type": "object", "additionalProperties": false, "required": ["path", "byteCount"],
                "properties": {
                    "path": {"type": "string", "minLength": 1},
                    "pathBytes": {"$ref": "#/$defs/base64"},
                    "byteCount": {"$ref": "#/$defs/count"}
                }
            },
            "run": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "arguments", "artifact"],
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 255},
                    "arguments": {"$ref": "#/$defs/words"},
                    "artifact": {"$ref": "#/$defs/path"}
                }
            },
            "unreadable": {
                "type": "object", "additionalProperties": false, "required": ["path", "why"],
                "properties": {
                    "path": {"type": "string", "minLength": 1},
                    "why": {"type": "string"}
                }
            },
            "misfit": {
                "type": "object", "additionalProperties": false, "required": ["path", "why"],
                "properties": {
                    "path": {"type": "string", "minLength": 1},
                    "why": {"type": "string", "minLength": 1}
                }
            },
            "item": {
                "type": "object", "additionalProperties": false,
                "required": ["kind", "number", "title", "risk"],
                "anyOf": [{"required": ["estimate"]}, {"required": ["notCounted"]}],
                "properties": {
                    "kind": {"enum": ["files", "command", "listing", "reads", "probe", "dump",
                        "program"]},
                    "number": {"$ref": "#/$defs/count"},
                    "title": {"type": "string"},
                    "risk": {"$ref": "#/$defs/risk"},
                    "doesNotApply": {"type": "string"},
                    "files": {"type": "array", "items": {"$ref": "#/$defs/file"}},
                    "leftOutCount": {"$ref": "#/$defs/count"},
                    "leftOutIsLeast": {"const": true},
                    "unreadable": {"type": "array", "items": {"$ref": "#/$defs/unreadable"}},
                    "moreUnreadableCount": {"$ref": "#/$defs/count"},
                    "misfits": {"type": "array", "items": {"$ref": "#/$defs/misfit"}},
                    "moreMisfitCount": {"$ref": "#/$defs/count"},
                    "folders": {"$ref": "#/$defs/words"},
                    "trees": {"$ref": "#/$defs/words"},
                    "arguments": {"$ref": "#/$defs/words"},
                    "runs": {"type": "array", "items": {"$ref": "#/$defs/run"}},
                    "executable": {"type": "string"},
                    "probe": {"type": "string"},
                    "target": {"type": "string"},
                    "actions": {"$ref": "#/$defs/words"},
                    "artifact": {"type": "string"},
                    "secondsLimit": {"$ref": "#/$defs/seconds"},
                    "byteLimit": {"$ref": "#/$defs/count"},
                    "estimate": {"$ref": "#/$defs/estimate"},
                    "notCounted": {"type": "string", "minLength": 1}
                }
            },
            \#(commonDefinitions)
        }
        """#
}
