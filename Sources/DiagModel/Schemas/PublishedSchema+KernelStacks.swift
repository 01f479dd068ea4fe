/// The schema of the kernel stacks beside a live dump.
extension PublishedSchema {
    static let kernelStacksBody = #"""
        "description": "what each processor and each thread does in the kernel",
        "type": "object", "additionalProperties": false,
        "required": ["schema", "host", "kernelRelease", "machine", "taken", "seconds",
            "isComplete", "lacks", "processCount", "states", "processors", "blocked", "stacks",
            "threads"],
        "properties": {
            "schema": {"const": "diagbundle.kernel-stacks/1"},
            "host": {"type": "string"},
            "kernelRelease": {"type": "string"},
            "machine": {"type": "string"},
            "taken": {"$ref": "#/$defs/time"},
            "seconds": {"$ref": "#/$defs/seconds"},
            "isComplete": {"type": "boolean"},
            "lacks": {"type": "array", "items": {"type": "string"},
                "description": "what is not here, and which right would give it"},
            "processCount": {"$ref": "#/$defs/count"},
            "states": {"type": "object", "additionalProperties": {"$ref": "#/$defs/count"}},
            "processors": {"type": "array", "items": {"$ref": "#/$defs/processor"}},
            "blocked": {"type": "array", "items": {"$ref": "#/$defs/blockedThread"}},
            "stacks": {"type": "array", "items": {"$ref": "#/$defs/stack"}},
            "threads": {"type": "array", "items": {"$ref": "#/$defs/thread"}}
        },
        "$defs": {\#(commonDefinitions),
            "frames": {"type": "array", "items": {"type": "string"},
                "description": "innermost first"},
            "processor": {
                "type": "object", "additionalProperties": false,
                "required": ["number", "mode", "registers", "frames"],
                "properties": {
                    "number": {"$ref": "#/$defs/count"},
                    "mode": {"enum": ["idle", "user", "kernel", "unknown"]},
                    "process": {"type": "integer"},
                    "thread": {"type": "integer"},
                    "name": {"type": "string"},
                    "place": {"type": "string"},
                    "registers": {"type": "object",
                        "additionalProperties": {"$ref": "#/$defs/name"}},
                    "frames": {"$ref": "#/$defs/frames"},
                    "problem": {"type": "string"}
                }
            },
            "blockedThread": {
                "type": "object", "additionalProperties": false, "required": ["thread", "wait"],
                "properties": {
                    "thread": {"type": "integer"},
                    "seconds": {"$ref": "#/$defs/seconds"},
                    "wait": {
                        "type": "object", "additionalProperties": false,
                        "required": ["kind", "reason"],
                        "properties": {
                            "kind": {"enum": ["blockDevice", "queue", "recovery", "storageStack",
                                "journal", "frozenFileSystem", "server", "fuse", "writeback",
                                "memory", "lock", "work", "timer", "control", "unknown"]},
                            "reason": {"$ref": "#/$defs/name"},
                            "function": {"type": "string"},
                            "device": {"type": "string"},
                            "deviceNumber": {"type": "string"},
                            "path": {"type": "string"},
                            "mountPoint": {"type": "string"}
                        }
                    }
                }
            },
            "stack": {
                "type": "object", "additionalProperties": false,
                "required": ["count", "frames", "isSampled"],
                "properties": {
                    "count": {"$ref": "#/$defs/count"},
                    "frames": {"$ref": "#/$defs/frames"},
                    "isSampled": {"type": "boolean"}
                }
            },
            "thread": {
                "type": "object", "additionalProperties": false,
                "required": ["process", "thread", "name", "state", "isKernelThread"],
                "properties": {
                    "process": {"type": "integer"},
                    "thread": {"type": "integer"},
                    "parent": {"type": "integer"},
                    "name": {"type": "string"},
                    "state": {"$ref": "#/$defs/name"},
                    "isKernelThread": {"type": "boolean"},
                    "user": {"$ref": "#/$defs/count"},
                    "processor": {"type": "integer"},
                    "startSeconds": {"$ref": "#/$defs/seconds"},
                    "waitChannel": {"type": "string"},
                    "systemCall": {
                        "type": "object", "additionalProperties": false,
                        "required": ["number", "arguments"],
                        "properties": {
                            "number": {"$ref": "#/$defs/count"},
                            "name": {"type": "string"},
                            "arguments": {"type": "array", "items": {"type": "string"}}
                        }
                    },
                    "stack": {"$ref": "#/$defs/count"}
                }
            }
        }
        """#
}
