/// Definitions that several schemas share. Each is `"name": {…}`, to stand in `$defs`.
extension PublishedSchema {
    /// Values with a fixed form.
    static let commonDefinitions = #"""
        "sha256": {"type": "string", "minLength": 64, "maxLength": 64,
            "pattern": "^[0-9a-f]{64}$"},
        "time": {"type": "string", "minLength": 27, "maxLength": 27,
            "description": "UTC, ISO 8601 with microseconds",
            "pattern":
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$"},
        "path": {"type": "string", "minLength": 1, "maxLength": 16384,
            "description": "relative, below the host folder; bytes that are not UTF-8 as \\xNN",
            "pattern": "^(?!/)(?!(?:[\\s\\S]*/)?[.][.](?:/|$))[\\s\\S]+$"},
        "base64": {"type": "string", "minLength": 2, "maxLength": 16384,
            "pattern": "^[A-Za-z0-9+/]+={0,2}$"},
        "collectorName": {"type": "string", "minLength": 1, "maxLength": 100,
            "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"},
        "name": {"type": "string", "minLength": 1},
        "count": {"type": "integer", "minimum": 0},
        "seconds": {"type": "number", "minimum": 0}
        """#

    /// One collected file.
    static let artifactDefinition = #"""
        "privacy": {"enum": ["technical", "identity", "content", "sensitive"]},
        "artifact": {
            "type": "object", "additionalProperties": false,
            "required": ["collector", "path", "byteCount", "privacy", "seconds", "isTruncated"],
            "properties": {
                "collector": {"$ref": "#/$defs/collectorName"},
                "path": {"$ref": "#/$defs/path"},
                "pathBytes": {"$ref": "#/$defs/base64"},
                "byteCount": {"$ref": "#/$defs/count"},
                "sha256": {"$ref": "#/$defs/sha256"},
                "source": {"type": "string"},
                "mediaType": {"type": "string"},
                "privacy": {"$ref": "#/$defs/privacy"},
                "seconds": {"$ref": "#/$defs/seconds"},
                "isTruncated": {"type": "boolean"},
                "truncationReason": {"type": "string"}
            }
        }
        """#

    /// What does not exist.
    static let absentDefinition = lack("absent", requiring: ["collector", "what"])

    /// What could not be had.
    static let missingDefinition = lack(
        "missing", requiring: ["collector", "what", "why"], further: ["remedy"])

    /// Something that is not there, and why: texts called `further` beside those of both.
    private static func lack(
        _ name: String, requiring required: [String], further: [String] = []
    ) -> String {
        let required = required.map { "\"\($0)\"" }.joined(separator: ", ")
        let texts = (["what", "why"] + further).map { ", \"\($0)\": {\"type\": \"string\"}" }
        return #"""
            "\#(name)": {
                "type": "object", "additionalProperties": false, "required": [\#(required)],
                "properties": {"collector": {"$ref": "#/$defs/name"}\#(texts.joined())}
            }
            """#
    }

    /// How a collector ended.
    static let reportDefinition = #"""
        "report": {
            "type": "object", "additionalProperties": false,
            "required": ["collector", "outcome", "seconds", "artifactCount", "byteCount",
                "confinement", "confinementGaps", "notes"],
            "properties": {
                "collector": {"$ref": "#/$defs/collectorName"},
                "origin": {"description":
                    "built in, or the path of the file that declares it or is it",
                    "type": "string", "minLength": 1},
                "definition": {"$ref": "#/$defs/sha256"},
                "replacesBuiltIn": {"type": "boolean"},
                "outcome": {"enum": ["complete", "failed", "crashed", "garbled", "overBudget",
                    "timedOut", "abandoned", "interrupted"]},
                "reason": {"type": "string"},
                "started": {"$ref": "#/$defs/time"},
                "seconds": {"$ref": "#/$defs/seconds"},
                "artifactCount": {"$ref": "#/$defs/count"},
                "byteCount": {"$ref": "#/$defs/count"},
                "confinement": {"enum": ["parser", "reader", "inspector"]},
                "confinementGaps": {"type": "array", "items": {"type": "string"}},
                "processorSeconds": {"$ref": "#/$defs/seconds"},
                "peakResidentByteCount": {"$ref": "#/$defs/count"},
                "notes": {"type": "array", "items": {"type": "string"}},
                "withheld": {"$ref": "#/$defs/withheld"}
            }
        }
        """#

    /// What was left out by design.
    static let withheldDefinition = #"""
        "withheldCount": {
            "type": "object", "additionalProperties": false, "required": ["files", "commands"],
            "properties": {
                "files": {"$ref": "#/$defs/count"},
                "commands": {"$ref": "#/$defs/count"},
                "isLeast": {"type": "boolean"}
            }
        },
        "withheld": {
            "description": "left out, for it may hold secrets and there is no redaction yet",
            "type": "object", "additionalProperties": false,
            "required": ["files", "commands", "count"],
            "properties": {
                "files": {"type": "array", "items": {"type": "string"}},
                "commands": {"type": "array", "items": {"type": "string"}},
                "count": {"$ref": "#/$defs/withheldCount"}
            }
        }
        """#

    /// A fault with what to do about it.
    static let findingDefinition = finding(
        requiring: [
            "fault", "severity", "collector", "object", "reason", "recommendedActions", "evidence",
        ])

    /// The same as a worker says it: the collector is known without its word.
    static let saidFindingDefinition = finding(
        requiring: ["fault", "severity", "object", "reason"])

    private static func finding(requiring names: [String]) -> String {
        let required = names.map { "\"\($0)\"" }.joined(separator: ", ")
        return #"""
            "finding": {
                "type": "object", "additionalProperties": false,
                "required": [\#(required)],
                "properties": {
                    "fault": {"$ref": "#/$defs/name"},
                    "severity": {"enum": ["critical", "major", "minor", "notice"]},
                    "collector": {"type": "string"},
                    "object": {"type": "string"},
                    "place": {"type": "string"},
                    "reason": {"type": "string"},
                    "recommendedActions": {"type": "array", "items": {"type": "string"}},
                    "evidence": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false, "required": ["artifact"],
                        "properties": {
                            "artifact": {"$ref": "#/$defs/path"},
                            "line": {"type": "integer", "minimum": 1}
                        }
                    }}
                }
            }
            """#
    }

    /// What a probe found.
    static let probeRecordDefinition = #"""
        "record": {
            "type": "object", "additionalProperties": false,
            "required": ["kind", "target", "outcome", "seconds", "facts"],
            "properties": {
                "kind": {"$ref": "#/$defs/name"},
                "target": {"type": "string"},
                "outcome": {"enum": ["ok", "slow", "hung", "failed", "skipped"]},
                "seconds": {"$ref": "#/$defs/seconds"},
                "reason": {"type": "string"},
                "facts": {"type": "object"},
                "details": {"type": "object"},
                "kernelStack": {"type": "array", "items": {"type": "string"}}
            }
        }
        """#

    /// What is to be probed.
    static let probeRequestDefinition = #"""
        "probe": {
            "type": "object", "additionalProperties": false, "required": ["kind", "target"],
            "properties": {
                "kind": {"$ref": "#/$defs/name"},
                "target": {"type": "string"},
                "targetBytes": {"$ref": "#/$defs/base64"},
                "facts": {"type": "object"},
                "standsOn": {"type": "array", "items": {"$ref": "#/$defs/name"}}
            }
        }
        """#
}
