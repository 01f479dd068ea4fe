/// The schemas of the documents in a host folder.
extension PublishedSchema {
    static let manifestBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "tool", "host", "userIdentifier", "started", "collected",
            "options", "isInterrupted", "completeness", "reports", "artifacts", "absent",
            "missing"],
        "properties": {
            "schema": {"const": "diagbundle.manifest/1"},
            "tool": {
                "type": "object", "additionalProperties": false, "required": ["name", "version"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"}, "version": {"$ref": "#/$defs/name"}
                }
            },
            "host": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "kernelRelease", "architecture"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "kernelRelease": {"type": "string"},
                    "architecture": {"type": "string"},
                    "operatingSystem": {"type": "string"},
                    "uptimeSeconds": {"$ref": "#/$defs/seconds"}
                }
            },
            "caseIdentifier": {"type": "string"},
            "userIdentifier": {"$ref": "#/$defs/count"},
            "started": {"$ref": "#/$defs/time"},
            "collected": {"$ref": "#/$defs/time"},
            "options": {
                "type": "object", "additionalProperties": false,
                "required": ["root", "collectors", "deadlineSeconds", "sealDeadlineSeconds",
                    "jobs", "maxByteCount"],
                "properties": {
                    "root": {"$ref": "#/$defs/name"},
                    "collectors": {
                        "type": "array", "items": {"$ref": "#/$defs/collectorName"}},
                    "since": {"$ref": "#/$defs/time"},
                    "deadlineSeconds": {"$ref": "#/$defs/seconds"},
                    "sealDeadlineSeconds": {"$ref": "#/$defs/seconds"},
                    "jobs": {"type": "integer", "minimum": 1},
                    "maxByteCount": {"$ref": "#/$defs/count"}
                }
            },
            "isInterrupted": {"type": "boolean"},
            "completeness": {"enum": ["complete", "partial"]},
            "reports": {"type": "array", "items": {"$ref": "#/$defs/report"}},
            "artifacts": {"type": "array", "items": {"$ref": "#/$defs/artifact"}},
            "absent": {"type": "array", "items": {"$ref": "#/$defs/absent"}},
            "missing": {"type": "array", "items": {"$ref": "#/$defs/missing"}}
        },
        "$defs": {\#(commonDefinitions), \#(artifactDefinition), \#(absentDefinition),
            \#(missingDefinition), \#(reportDefinition)}
        """#

    static let findingsBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "findings"],
        "properties": {
            "schema": {"const": "diagbundle.findings/1"},
            "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}}
        },
        "$defs": {\#(commonDefinitions), \#(findingDefinition)}
        """#

    static let topologyBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "nodes", "edges"],
        "properties": {
            "schema": {"const": "diagbundle.topology/1"},
            "nodes": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["id", "kind", "name", "attributes"],
                "properties": {
                    "id": {"$ref": "#/$defs/name"},
                    "kind": {"enum": ["bus", "controller", "path", "disk", "partition", "array",
                        "mapped", "logicalVolume", "crypt", "multipath", "virtual", "fileSystem",
                        "swap", "mount"]},
                    "name": {"type": "string"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "attributes": {"type": "object"}
                }
            }},
            "edges": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["from", "to", "kind"],
                "properties": {
                    "from": {"$ref": "#/$defs/name"},
                    "to": {"$ref": "#/$defs/name"},
                    "kind": {"enum": ["attaches", "contains", "carries", "usedAt"]}
                }
            }}
        },
        "$defs": {\#(commonDefinitions)}
        """#

    static let probesBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "probes"],
        "properties": {
            "schema": {"const": "diagbundle.probes/1"},
            "probes": {"type": "array", "items": {"$ref": "#/$defs/record"}}
        },
        "$defs": {\#(commonDefinitions), \#(probeRecordDefinition)}
        """#
}
