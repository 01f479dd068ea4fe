/// The schemas of what passes while a run lasts: progress, and the worker protocol.
extension PublishedSchema {
    static let progressBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "kind", "time", "run"],
        "properties": {
            "schema": {"const": "diagbundle.progress/1"},
            "kind": {"enum": ["runStarted", "operationStarted", "operationProgress",
                "operationEnded", "notice", "runEnded"]},
            "time": {"$ref": "#/$defs/time"},
            "run": {
                "type": "object", "additionalProperties": false,
                "required": ["done", "total", "fraction", "elapsedSeconds"],
                "properties": {
                    "done": {"$ref": "#/$defs/count"},
                    "total": {"$ref": "#/$defs/count"},
                    "fraction": {"type": "number", "minimum": 0, "maximum": 1},
                    "elapsedSeconds": {"$ref": "#/$defs/seconds"},
                    "remainingSeconds": {"$ref": "#/$defs/seconds"}
                }
            },
            "operation": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "title", "state", "done", "elapsedSeconds"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "title": {"type": "string"},
                    "state": {"enum": ["running", "complete", "partial", "failed"]},
                    "done": {"$ref": "#/$defs/count"},
                    "total": {"$ref": "#/$defs/count"},
                    "unit": {"type": "string"},
                    "activity": {"type": "string"},
                    "elapsedSeconds": {"$ref": "#/$defs/seconds"},
                    "reason": {"type": "string"},
                    "file": {"$ref": "#/$defs/file"}
                }
            },
            "message": {"type": "string"},
            "result": {"$ref": "#/$defs/result"}
        },
        "$defs": {\#(commonDefinitions), \#(missingDefinition), \#(findingDefinition),
            \#(fileDefinition), \#(withheldDefinition),
            "result": {
                "type": "object", "additionalProperties": false,
                "required": ["exitCode", "artifactCount", "artifactByteCount", "completeness",
                    "missing", "findings", "collectSeconds", "sealSeconds"],
                "properties": {
                    "exitCode": {"type": "integer", "minimum": 0, "maximum": 255},
                    "bundlePath": {"type": "string"},
                    "bundleByteCount": {"$ref": "#/$defs/count"},
                    "bundleSHA256": {"$ref": "#/$defs/sha256"},
                    "volumes": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["path", "byteCount", "sha256"],
                        "properties": {"path": {"type": "string"},
                            "byteCount": {"$ref": "#/$defs/count"},
                            "sha256": {"$ref": "#/$defs/sha256"}}}},
                    "encryption": {
                        "type": "object", "additionalProperties": false,
                        "required": ["program", "recipients"],
                        "properties": {"program": {"type": "string"},
                            "recipients": {"type": "array", "items": {"type": "string"}}}},
                    "signaturePath": {"type": "string"},
                    "folderPath": {"type": "string"},
                    "artifactCount": {"$ref": "#/$defs/count"},
                    "artifactByteCount": {"$ref": "#/$defs/count"},
                    "completeness": {"enum": ["complete", "partial"]},
                    "missing": {"type": "array", "items": {"$ref": "#/$defs/missing"}},
                    "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}},
                    "collectSeconds": {"$ref": "#/$defs/seconds"},
                    "sealSeconds": {"$ref": "#/$defs/seconds"},
                    "error": {"type": "string"},
                    "withheld": {"type": "object",
                        "additionalProperties": {"$ref": "#/$defs/withheldCount"}}
                }
            }
        }
        """#

    static let workerRequestBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "protocolVersion", "collector", "root", "options",
            "deadlineSeconds", "byteBudget", "boundary"],
        "properties": {
            "schema": {"const": "diagbundle.worker-request/1"},
            "protocolVersion": {"const": 1},
            "collector": {"$ref": "#/$defs/collectorName"},
            "root": {"$ref": "#/$defs/name"},
            "since": {"$ref": "#/$defs/time"},
            "options": {"type": "object"},
            "deadlineSeconds": {"$ref": "#/$defs/seconds"},
            "byteBudget": {"$ref": "#/$defs/count"},
            "boundary": {"$ref": "#/$defs/name"},
            "probe": {"$ref": "#/$defs/probe"},
            "seekable": {
                "description":
                    "a file that the worker inherits; a line on its input tells it to finish it",
                "type": "object", "additionalProperties": false,
                "required": ["descriptor", "path", "byteLimit"],
                "properties": {
                    "descriptor": {"$ref": "#/$defs/count"},
                    "path": {"$ref": "#/$defs/path"},
                    "byteLimit": {"$ref": "#/$defs/count"}
                }
            }
        },
        "$defs": {\#(commonDefinitions), \#(probeRequestDefinition)}
        """#

    private static let fileDefinition = #"""
        "file": {
            "type": "object", "additionalProperties": false,
            "required": ["path", "byteCount"],
            "properties": {
                "path": {"$ref": "#/$defs/path"},
                "byteCount": {"$ref": "#/$defs/count"},
                "totalByteCount": {"$ref": "#/$defs/count"},
                "bytesPerSecond": {"type": "number", "minimum": 0},
                "remainingSeconds": {"$ref": "#/$defs/seconds"}
            }
        }
        """#

    static let workerAnswerBody = #"""
        "description": "What a collector that said await is told on its standard input.",
        "type": "object", "additionalProperties": false,
        "required": ["schema", "isInterrupted", "probes"],
        "properties": {
            "schema": {"const": "diagbundle.worker-answer/1"},
            "isInterrupted": {"type": "boolean"},
            "probes": {"type": "array", "items": {"$ref": "#/$defs/record"}}
        },
        "$defs": {\#(commonDefinitions), \#(probeRecordDefinition)}
        """#

    static let workerMessagesBody = #"""
        "description":
            "What follows the verb of a message line; each verb has a definition of its name.",
        "anyOf": [
            {"$ref": "#/$defs/protocol"}, {"$ref": "#/$defs/artifact"}, {"$ref": "#/$defs/data"},
            {"$ref": "#/$defs/truncated"}, {"$ref": "#/$defs/progress"},
            {"$ref": "#/$defs/absent"}, {"$ref": "#/$defs/missing"},
            {"$ref": "#/$defs/finding"}, {"$ref": "#/$defs/note"}, {"$ref": "#/$defs/probe"},
            {"$ref": "#/$defs/record"}, {"$ref": "#/$defs/await"},
            {"$ref": "#/$defs/seekable"}, {"$ref": "#/$defs/end"}
        ],
        "$defs": {\#(commonDefinitions), \#(saidFindingDefinition), \#(probeRecordDefinition),
            \#(probeRequestDefinition), \#(fileDefinition), \#(withheldDefinition),
            "protocol": {
                "type": "object", "additionalProperties": false, "required": ["version"],
                "properties": {"version": {"const": 1}}
            },
            "artifact": {
                "type": "object", "additionalProperties": false, "required": ["path"],
                "properties": {
                    "path": {"$ref": "#/$defs/path"},
                    "pathBytes": {"$ref": "#/$defs/base64"},
                    "source": {"type": "string"},
                    "mediaType": {"type": "string"},
                    "privacy": {"enum": ["technical", "identity", "content", "sensitive"]}
                }
            },
            "data": {"type": "integer", "minimum": 0, "maximum": 999999999999,
                "description": "a byte count; that many bytes and a newline follow"},
            "truncated": {
                "type": "object", "additionalProperties": false, "required": ["why"],
                "properties": {"why": {"type": "string"}}
            },
            "progress": {
                "type": "object", "additionalProperties": false, "required": ["done"],
                "properties": {
                    "done": {"$ref": "#/$defs/count"},
                    "total": {"$ref": "#/$defs/count"},
                    "unit": {"type": "string"},
                    "activity": {"type": "string"},
                    "file": {"$ref": "#/$defs/file"}
                }
            },
            "absent": {
                "type": "object", "additionalProperties": false, "required": ["what"],
                "properties": {"what": {"type": "string"}, "why": {"type": "string"},
                    "remedy": {"type": "string"}}
            },
            "missing": {
                "type": "object", "additionalProperties": false, "required": ["what"],
                "properties": {"what": {"type": "string"}, "why": {"type": "string"},
                    "remedy": {"type": "string"}}
            },
            "note": {
                "type": "object", "additionalProperties": false, "required": ["text"],
                "properties": {
                    "text": {"type": "string"}, "withheld": {"$ref": "#/$defs/withheld"}
                }
            },
            "await": {"type": "object", "additionalProperties": false},
            "seekable": {
                "type": "object", "additionalProperties": false, "required": ["isComplete"],
                "properties": {"isComplete": {"type": "boolean"}, "reason": {"type": "string"}}
            },
            "end": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "failure": {"type": "string"},
                    "confinementGaps": {"type": "array", "items": {"type": "string"}}
                }
            }
        }
        """#
}
