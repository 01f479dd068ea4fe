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
                    "planSHA256": {"$ref": "#/$defs/sha256"},
                    "maxByteCount": {"$ref": "#/$defs/count"}
                }
            },
            "isInterrupted": {"type": "boolean"},
            "completeness": {"enum": ["complete", "partial"]},
            "reports": {"type": "array", "items": {"$ref": "#/$defs/report"}},
            "memberOrder": {"type": "array", "items": {"$ref": "#/$defs/collectorName"}},
            "artifacts": {"type": "array", "items": {"$ref": "#/$defs/artifact"}},
            "absent": {"type": "array", "items": {"$ref": "#/$defs/absent"}},
            "missing": {"type": "array", "items": {"$ref": "#/$defs/missing"}}
        },
        "$defs": {\#(commonDefinitions), \#(artifactDefinition), \#(absentDefinition),
            \#(missingDefinition), \#(reportDefinition), \#(withheldDefinition)}
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
                        "mapped", "volumeGroup", "logicalVolume", "crypt", "multipath", "virtual", "fileSystem",
                        "swap", "mount"]},
                    "name": {"type": "string"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "attributes": {"type": "object"},
                    "health": {"enum": ["Healthy", "Unknown", "Warning", "Unhealthy"]},
                    "operationalStatus": {"$ref": "#/$defs/list"},
                    "artifacts": {"$ref": "#/$defs/texts"}
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
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
        """#

    static let subsystemsBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "subsystems"],
        "properties": {
            "schema": {"const": "diagbundle.subsystems/1"},
            "subsystems": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "friendlyName", "provider", "healthStatus",
                    "operationalStatus", "deviceCount", "byteCount", "nodes"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "friendlyName": {"$ref": "#/$defs/name"},
                    "provider": {"$ref": "#/$defs/name"},
                    "healthStatus": {"enum": ["Healthy", "Unknown", "Warning", "Unhealthy"]},
                    "operationalStatus": {"$ref": "#/$defs/list"},
                    "deviceCount": {"$ref": "#/$defs/count"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "nodes": {"$ref": "#/$defs/list"}
                }
            }}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
        """#

    static let ioRatesBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "seconds", "sampleCount", "devices"],
        "properties": {
            "schema": {"const": "diagbundle.io-rates/1"},
            "started": {"$ref": "#/$defs/time"},
            "seconds": {"$ref": "#/$defs/seconds"},
            "sampleCount": {"$ref": "#/$defs/count"},
            "devices": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "readsPerSecond", "writesPerSecond", "readBytesPerSecond",
                    "writtenBytesPerSecond", "queueDepth", "busyPercent", "inFlight"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "readsPerSecond": {"$ref": "#/$defs/seconds"},
                    "writesPerSecond": {"$ref": "#/$defs/seconds"},
                    "readBytesPerSecond": {"$ref": "#/$defs/seconds"},
                    "writtenBytesPerSecond": {"$ref": "#/$defs/seconds"},
                    "readMilliseconds": {"$ref": "#/$defs/seconds"},
                    "writeMilliseconds": {"$ref": "#/$defs/seconds"},
                    "queueDepth": {"$ref": "#/$defs/seconds"},
                    "busyPercent": {"$ref": "#/$defs/seconds"},
                    "inFlight": {"$ref": "#/$defs/count"}
                }
            }},
            "mounts": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["mountPoint", "operationsPerSecond", "retransmissions",
                    "majorTimeouts", "sentBytesPerSecond", "receivedBytesPerSecond"],
                "properties": {
                    "mountPoint": {"$ref": "#/$defs/name"},
                    "operationsPerSecond": {"$ref": "#/$defs/seconds"},
                    "retransmissions": {"$ref": "#/$defs/count"},
                    "majorTimeouts": {"$ref": "#/$defs/count"},
                    "sentBytesPerSecond": {"$ref": "#/$defs/seconds"},
                    "receivedBytesPerSecond": {"$ref": "#/$defs/seconds"},
                    "operationMilliseconds": {"$ref": "#/$defs/seconds"}
                }
            }}
        },
        "$defs": {\#(commonDefinitions)}
        """#

    static let ioSamplesBody = #"""
        "description": "JSON lines: the first is a header, each of the others a sample.",
        "anyOf": [{"$ref": "#/$defs/header"}, {"$ref": "#/$defs/line"}],
        "$defs": {\#(commonDefinitions),
            "header": {
                "type": "object", "additionalProperties": false, "required": ["schema", "started"],
                "properties": {
                    "schema": {"const": "diagbundle.io-samples/1"},
                    "started": {"$ref": "#/$defs/time"}
                }
            },
            "line": {
                "type": "object", "additionalProperties": false,
                "required": ["seconds", "devices"],
                "properties": {
                    "seconds": {"$ref": "#/$defs/seconds"},
                    "devices": {"type": "object", "additionalProperties": {
                        "type": "array", "items": {"$ref": "#/$defs/count"}}},
                    "mounts": {"type": "object", "additionalProperties": {
                        "type": "array", "items": {"$ref": "#/$defs/count"}}},
                    "paging": {"type": "object", "additionalProperties": {
                        "$ref": "#/$defs/count"}},
                    "stalledMicroseconds": {"type": "object", "additionalProperties": {
                        "$ref": "#/$defs/count"}}
                }
            }
        }
        """#

    static let blockedTasksBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "tasks"],
        "properties": {
            "schema": {"const": "diagbundle.blocked-tasks/1"},
            "tasks": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["process", "thread", "name", "kernelStack"],
                "properties": {
                    "process": {"$ref": "#/$defs/count"},
                    "thread": {"$ref": "#/$defs/count"},
                    "name": {"type": "string"},
                    "waitChannel": {"type": "string"},
                    "systemCall": {"type": "string"},
                    "kernelStack": {"$ref": "#/$defs/list"},
                    "path": {"type": "string"},
                    "place": {"$ref": "#/$defs/name"},
                    "isStillBlocked": {"type": "boolean"}
                }
            }}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions)}
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
