/// The definitions of the logs of NVMe controllers.
extension PublishedSchema {
    /// One definition for each log, and for what stands in it.
    static let nvmeLogDefinitions = #"""
            "health": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "criticalWarning", "criticalWarnings", "temperatureKelvin",
                    "availableSparePercent", "spareThresholdPercent", "percentageUsed",
                    "enduranceGroupWarning", "dataUnitsRead", "dataUnitsWritten",
                    "hostReadCommands", "hostWriteCommands", "controllerBusyMinutes",
                    "powerCycles", "powerOnHours", "unsafeShutdowns", "mediaErrors",
                    "errorLogEntries", "warningTemperatureMinutes", "criticalTemperatureMinutes",
                    "sensorKelvin", "thermalTransitions", "thermalSeconds"
                ],
                "properties": {
                    "criticalWarning": {"$ref": "#/$defs/count"},
                    "criticalWarnings": {"type": "array", "items": {"enum": ["spareBelowThreshold",
                        "temperatureOutOfRange", "reliabilityDegraded", "mediaReadOnly",
                        "volatileMemoryBackupFailed", "persistentMemoryUnreliable"]}},
                    "temperatureKelvin": {"$ref": "#/$defs/count"},
                    "availableSparePercent": {"$ref": "#/$defs/count"},
                    "spareThresholdPercent": {"$ref": "#/$defs/count"},
                    "percentageUsed": {"$ref": "#/$defs/count"},
                    "enduranceGroupWarning": {"$ref": "#/$defs/count"},
                    "dataUnitsRead": {"$ref": "#/$defs/wideCount"},
                    "dataUnitsWritten": {"$ref": "#/$defs/wideCount"},
                    "hostReadCommands": {"$ref": "#/$defs/wideCount"},
                    "hostWriteCommands": {"$ref": "#/$defs/wideCount"},
                    "controllerBusyMinutes": {"$ref": "#/$defs/wideCount"},
                    "powerCycles": {"$ref": "#/$defs/wideCount"},
                    "powerOnHours": {"$ref": "#/$defs/wideCount"},
                    "unsafeShutdowns": {"$ref": "#/$defs/wideCount"},
                    "mediaErrors": {"$ref": "#/$defs/wideCount"},
                    "errorLogEntries": {"$ref": "#/$defs/wideCount"},
                    "warningTemperatureMinutes": {"$ref": "#/$defs/count"},
                    "criticalTemperatureMinutes": {"$ref": "#/$defs/count"},
                    "sensorKelvin": {"type": "array", "items": {"$ref": "#/$defs/count"}},
                    "thermalTransitions": {"type": "array", "items": {"$ref": "#/$defs/count"}},
                    "thermalSeconds": {"type": "array", "items": {"$ref": "#/$defs/count"}}
                }
            },
            "errors": {
                "type": "object", "additionalProperties": false,
                "required": ["entries"],
                "properties": {
                    "entries": {"type": "array", "items": {"$ref": "#/$defs/errorEntry"}}
                }
            },
            "errorEntry": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "errorCount", "submissionQueue", "commandIdentifier", "statusField", "status",
                    "parameterLocation", "block", "namespaceIdentifier", "vendorLog",
                    "transportType", "commandSpecific", "transportSpecific"
                ],
                "properties": {
                    "errorCount": {"$ref": "#/$defs/count"},
                    "submissionQueue": {"$ref": "#/$defs/count"},
                    "commandIdentifier": {"$ref": "#/$defs/count"},
                    "statusField": {"$ref": "#/$defs/count"}, "status": {"type": "string"},
                    "parameterLocation": {"$ref": "#/$defs/count"},
                    "block": {"$ref": "#/$defs/count"},
                    "namespaceIdentifier": {"$ref": "#/$defs/count"},
                    "vendorLog": {"$ref": "#/$defs/count"},
                    "transportType": {"$ref": "#/$defs/count"},
                    "commandSpecific": {"$ref": "#/$defs/count"},
                    "transportSpecific": {"$ref": "#/$defs/count"}
                }
            },
            "firmware": {
                "type": "object", "additionalProperties": false,
                "required": ["activeSlot", "slots"],
                "properties": {
                    "activeSlot": {"$ref": "#/$defs/count"}, "nextSlot": {"$ref": "#/$defs/count"},
                    "slots": {"type": "array", "items": {"$ref": "#/$defs/firmwareSlot"}}
                }
            },
            "firmwareSlot": {
                "type": "object", "additionalProperties": false,
                "required": ["number", "revision"],
                "properties": {
                    "number": {"$ref": "#/$defs/count"}, "revision": {"type": "string"}
                }
            },
            "selfTests": {
                "type": "object", "additionalProperties": false,
                "required": ["currentOperation", "results"],
                "properties": {
                    "currentOperation": {"$ref": "#/$defs/count"},
                    "currentPercent": {"$ref": "#/$defs/count"},
                    "results": {"type": "array", "items": {"$ref": "#/$defs/selfTest"}}
                }
            },
            "selfTest": {
                "type": "object", "additionalProperties": false,
                "required": ["test", "outcome", "powerOnHours"],
                "properties": {
                    "test": {"$ref": "#/$defs/count"},
                    "outcome": {"enum": ["passed", "abortedByCommand", "abortedByReset",
                        "abortedByNamespaceRemoval", "abortedByFormat", "fatalError",
                        "failedUnknownSegment", "failedSegment", "abortedUnknown",
                        "abortedBySanitize", "unknown"]},
                    "segment": {"$ref": "#/$defs/count"},
                    "powerOnHours": {"$ref": "#/$defs/count"},
                    "namespaceIdentifier": {"$ref": "#/$defs/count"},
                    "failingBlock": {"$ref": "#/$defs/count"},
                    "statusCodeType": {"$ref": "#/$defs/count"},
                    "statusCode": {"$ref": "#/$defs/count"}
                }
            },
            "commandEffects": {
                "type": "object", "additionalProperties": false,
                "required": ["adminCommands", "ioCommands"],
                "properties": {
                    "adminCommands": {"type": "array", "items": {"$ref": "#/$defs/command"}},
                    "ioCommands": {"type": "array", "items": {"$ref": "#/$defs/command"}}
                }
            },
            "command": {
                "type": "object", "additionalProperties": false,
                "required": ["opcode", "effects", "changes", "exclusivity"],
                "properties": {
                    "opcode": {"$ref": "#/$defs/count"}, "effects": {"$ref": "#/$defs/count"},
                    "changes": {"$ref": "#/$defs/list"}, "exclusivity": {"$ref": "#/$defs/count"}
                }
            },
            "asymmetricAccess": {
                "type": "object", "additionalProperties": false,
                "required": ["changeCount", "groupCount", "groups", "isTruncated"],
                "properties": {
                    "changeCount": {"$ref": "#/$defs/count"},
                    "groupCount": {"$ref": "#/$defs/count"},
                    "groups": {"type": "array", "items": {"$ref": "#/$defs/accessGroup"}},
                    "isTruncated": {"type": "boolean"}
                }
            },
            "accessGroup": {
                "type": "object", "additionalProperties": false,
                "required": ["identifier", "changeCount", "state", "namespaces"],
                "properties": {
                    "identifier": {"$ref": "#/$defs/count"},
                    "changeCount": {"$ref": "#/$defs/count"},
                    "state": {"enum": ["optimized", "nonOptimized", "inaccessible",
                        "persistentLoss", "change", "unknown"]},
                    "namespaces": {"type": "array", "items": {"$ref": "#/$defs/count"}}
                }
            },
            "enduranceLog": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "criticalWarning", "features", "availableSparePercent",
                    "spareThresholdPercent", "percentageUsed", "domainIdentifier",
                    "enduranceEstimate", "dataUnitsRead", "dataUnitsWritten", "mediaUnitsWritten",
                    "hostReadCommands", "hostWriteCommands", "mediaErrors", "errorLogEntries",
                    "totalCapacityBytes", "unallocatedCapacityBytes"
                ],
                "properties": {
                    "criticalWarning": {"$ref": "#/$defs/count"},
                    "features": {"$ref": "#/$defs/count"},
                    "availableSparePercent": {"$ref": "#/$defs/count"},
                    "spareThresholdPercent": {"$ref": "#/$defs/count"},
                    "percentageUsed": {"$ref": "#/$defs/count"},
                    "domainIdentifier": {"$ref": "#/$defs/count"},
                    "enduranceEstimate": {"$ref": "#/$defs/wideCount"},
                    "dataUnitsRead": {"$ref": "#/$defs/wideCount"},
                    "dataUnitsWritten": {"$ref": "#/$defs/wideCount"},
                    "mediaUnitsWritten": {"$ref": "#/$defs/wideCount"},
                    "hostReadCommands": {"$ref": "#/$defs/wideCount"},
                    "hostWriteCommands": {"$ref": "#/$defs/wideCount"},
                    "mediaErrors": {"$ref": "#/$defs/wideCount"},
                    "errorLogEntries": {"$ref": "#/$defs/wideCount"},
                    "totalCapacityBytes": {"$ref": "#/$defs/wideCount"},
                    "unallocatedCapacityBytes": {"$ref": "#/$defs/wideCount"}
                }
            },
            "enduranceGroup": {
                "type": "object", "additionalProperties": false,
                "required": ["identifier", "log"],
                "properties": {
                    "identifier": {"$ref": "#/$defs/count"},
                    "log": {"$ref": "#/$defs/enduranceLog"}
                }
            },
            "sanitize": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "progress", "status", "outcome", "completedPasses", "isErased", "request",
                    "overwriteSeconds", "blockEraseSeconds", "cryptoEraseSeconds",
                    "overwriteKeepingSeconds", "blockEraseKeepingSeconds",
                    "cryptoEraseKeepingSeconds"
                ],
                "properties": {
                    "progress": {"$ref": "#/$defs/count"}, "status": {"$ref": "#/$defs/count"},
                    "outcome": {"enum": ["never", "succeeded", "running", "failed",
                        "succeededDeallocated", "unknown"]},
                    "completedPasses": {"$ref": "#/$defs/count"}, "isErased": {"type": "boolean"},
                    "request": {"$ref": "#/$defs/count"},
                    "overwriteSeconds": {"$ref": "#/$defs/count"},
                    "blockEraseSeconds": {"$ref": "#/$defs/count"},
                    "cryptoEraseSeconds": {"$ref": "#/$defs/count"},
                    "overwriteKeepingSeconds": {"$ref": "#/$defs/count"},
                    "blockEraseKeepingSeconds": {"$ref": "#/$defs/count"},
                    "cryptoEraseKeepingSeconds": {"$ref": "#/$defs/count"}
                }
            },
            "persistentEvents": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "eventCount", "totalByteCount", "revision", "timestampMilliseconds",
                    "powerOnHours", "powerCycles", "vendorIdentifier", "subsystemVendorIdentifier",
                    "serialNumber", "modelNumber", "subsystemName", "generation",
                    "supportedEvents", "events"
                ],
                "properties": {
                    "eventCount": {"$ref": "#/$defs/count"},
                    "totalByteCount": {"$ref": "#/$defs/count"},
                    "revision": {"$ref": "#/$defs/count"},
                    "timestampMilliseconds": {"$ref": "#/$defs/count"},
                    "powerOnHours": {"$ref": "#/$defs/wideCount"},
                    "powerCycles": {"$ref": "#/$defs/count"},
                    "vendorIdentifier": {"$ref": "#/$defs/count"},
                    "subsystemVendorIdentifier": {"$ref": "#/$defs/count"},
                    "serialNumber": {"type": "string"}, "modelNumber": {"type": "string"},
                    "subsystemName": {"type": "string"}, "generation": {"$ref": "#/$defs/count"},
                    "supportedEvents": {"type": "array", "items": {"$ref": "#/$defs/count"}},
                    "events": {"type": "array", "items": {"$ref": "#/$defs/persistentEvent"}},
                    "fault": {"type": "string"}
                }
            },
            "persistentEvent": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "type", "name", "revision", "controllerIdentifier", "timestampMilliseconds",
                    "vendorByteCount", "dataByteCount", "numbers", "texts"
                ],
                "properties": {
                    "type": {"$ref": "#/$defs/count"}, "name": {"type": "string"},
                    "revision": {"$ref": "#/$defs/count"},
                    "controllerIdentifier": {"$ref": "#/$defs/count"},
                    "timestampMilliseconds": {"$ref": "#/$defs/count"},
                    "vendorByteCount": {"$ref": "#/$defs/count"},
                    "dataByteCount": {"$ref": "#/$defs/count"},
                    "numbers": {"$ref": "#/$defs/counts"}, "texts": {"$ref": "#/$defs/texts"},
                    "health": {"$ref": "#/$defs/health"}
                }
            }
        """#
}
