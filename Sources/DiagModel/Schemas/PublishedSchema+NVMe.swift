/// The schemas of what the storage collector says of NVMe.
extension PublishedSchema {
    /// `storage/nvme/<controller>.json`.
    static let nvmeBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "device", "namespaces", "hasAllNamespaces", "refused"],
        "properties": {
            "schema": {"const": "diagbundle.nvme/1"}, "device": {"type": "string"},
            "controller": {"$ref": "#/$defs/controller"},
            "namespaces": {"type": "array", "items": {"$ref": "#/$defs/namespace"}},
            "hasAllNamespaces": {"type": "boolean"},
            "controllers": {"type": "array", "items": {"$ref": "#/$defs/count"}},
            "supportedLogPages": {"$ref": "#/$defs/logPages"},
            "health": {"$ref": "#/$defs/health"}, "errors": {"$ref": "#/$defs/errors"},
            "firmware": {"$ref": "#/$defs/firmware"}, "selfTests": {"$ref": "#/$defs/selfTests"},
            "commandEffects": {"$ref": "#/$defs/commandEffects"},
            "asymmetricAccess": {"$ref": "#/$defs/asymmetricAccess"},
            "enduranceGroups": {"type": "array", "items": {"$ref": "#/$defs/enduranceGroup"}},
            "changedNamespaces": {"$ref": "#/$defs/namespaceList"},
            "sanitize": {"$ref": "#/$defs/sanitize"},
            "persistentEvents": {"$ref": "#/$defs/persistentEvents"},
            "refused": {"$ref": "#/$defs/texts"}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            \#(nvmeIdentityDefinitions), \#(nvmeLogDefinitions),
            "counts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/count"}},
            "wideCount": {"anyOf": [{"$ref": "#/$defs/count"}, {"$ref": "#/$defs/name"}]}
        }
        """#

    /// `storage/nvme-controllers.json`.
    static let nvmeControllersBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "controllers", "subsystems", "parameters"],
        "properties": {
            "schema": {"const": "diagbundle.nvme-controllers/1"}, "hostName": {"type": "string"},
            "hostIdentifier": {"type": "string"},
            "controllers": {"type": "array", "items": {"$ref": "#/$defs/controller"}},
            "subsystems": {"type": "array", "items": {"$ref": "#/$defs/subsystem"}},
            "parameters": {"type": "object", "additionalProperties": {"$ref": "#/$defs/attributes"}}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "counts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/count"}},
            "attributes": {"type": "object", "additionalProperties": {
                "anyOf": [{"type": "integer"}, {"type": "string"}]
            }},
            "controller": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "attributes", "paths"],
                "properties": {
                    "name": {"type": "string"}, "folder": {"type": "string"},
                    "subsystem": {"type": "string"}, "attributes": {"$ref": "#/$defs/attributes"},
                    "paths": {"type": "array", "items": {"$ref": "#/$defs/namespacePath"}},
                    "link": {"$ref": "#/$defs/link"},
                    "errorCounts": {"type": "object",
                        "additionalProperties": {"$ref": "#/$defs/counts"}}
                }
            },
            "namespacePath": {
                "type": "object", "additionalProperties": false,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"}, "namespaceIdentifier": {"$ref": "#/$defs/count"},
                    "anaState": {"type": "string"}, "anaGroup": {"$ref": "#/$defs/count"}
                }
            },
            "subsystem": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "attributes", "controllers", "namespaces"],
                "properties": {
                    "name": {"type": "string"}, "attributes": {"$ref": "#/$defs/attributes"},
                    "controllers": {"$ref": "#/$defs/list"}, "namespaces": {"$ref": "#/$defs/list"}
                }
            },
            "link": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "currentSpeed": {"$ref": "#/$defs/count"},
                    "currentWidth": {"$ref": "#/$defs/count"},
                    "maximumSpeed": {"$ref": "#/$defs/count"},
                    "maximumWidth": {"$ref": "#/$defs/count"},
                    "portSpeed": {"$ref": "#/$defs/count"}, "portWidth": {"$ref": "#/$defs/count"}
                }
            }
        }
        """#

    /// What a controller says of itself and of its namespaces.
    private static let nvmeIdentityDefinitions = #"""
            "controller": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "vendorIdentifier", "subsystemVendorIdentifier", "serialNumber", "modelNumber",
                    "firmwareRevision", "recommendedArbitrationBurst", "ieeeIdentifier",
                    "multipathCapabilities", "maximumDataTransferExponent", "controllerIdentifier",
                    "version", "versionText", "resumeLatencyMicroseconds",
                    "entryLatencyMicroseconds", "optionalEvents", "attributes",
                    "readRecoveryLevels", "controllerType", "replaceableUnitGUID", "retryDelays",
                    "subsystemReport", "vitalDataWriteCycles", "managementEndpoints",
                    "optionalAdminCommands", "abortCommandLimit", "eventRequestLimit",
                    "firmwareUpdates", "logPageAttributes", "errorLogEntries",
                    "adminVendorCommands", "autonomousPowerTransitions",
                    "warningTemperatureKelvin", "criticalTemperatureKelvin",
                    "firmwareActivationTime", "hostMemoryPreferred", "hostMemoryMinimum",
                    "totalCapacityBytes", "unallocatedCapacityBytes", "replayProtectedMemory",
                    "extendedSelfTestMinutes", "selfTestOptions", "firmwareUpdateGranularity",
                    "keepAliveGranularity", "hostThermalManagement", "minimumThermalKelvin",
                    "maximumThermalKelvin", "sanitizeCapabilities", "hostMemoryMinimumDescriptor",
                    "hostMemoryMaximumDescriptors", "setIdentifierMaximum",
                    "enduranceGroupMaximum", "anaTransitionSeconds", "anaCapabilities",
                    "anaGroupMaximum", "anaGroupCount", "persistentEventLogSize",
                    "domainIdentifier", "enduranceGroupCapacityBytes", "subsystemName",
                    "commandSet", "powerStates", "supports"
                ],
                "properties": {
                    "vendorIdentifier": {"$ref": "#/$defs/count"},
                    "subsystemVendorIdentifier": {"$ref": "#/$defs/count"},
                    "serialNumber": {"type": "string"}, "modelNumber": {"type": "string"},
                    "firmwareRevision": {"type": "string"},
                    "recommendedArbitrationBurst": {"$ref": "#/$defs/count"},
                    "ieeeIdentifier": {"$ref": "#/$defs/count"},
                    "multipathCapabilities": {"$ref": "#/$defs/count"},
                    "maximumDataTransferExponent": {"$ref": "#/$defs/count"},
                    "controllerIdentifier": {"$ref": "#/$defs/count"},
                    "version": {"$ref": "#/$defs/count"}, "versionText": {"type": "string"},
                    "resumeLatencyMicroseconds": {"$ref": "#/$defs/count"},
                    "entryLatencyMicroseconds": {"$ref": "#/$defs/count"},
                    "optionalEvents": {"$ref": "#/$defs/count"},
                    "attributes": {"$ref": "#/$defs/count"},
                    "readRecoveryLevels": {"$ref": "#/$defs/count"},
                    "controllerType": {"$ref": "#/$defs/count"},
                    "replaceableUnitGUID": {"type": "string"},
                    "retryDelays": {"type": "array", "items": {"$ref": "#/$defs/count"}},
                    "subsystemReport": {"$ref": "#/$defs/count"},
                    "vitalDataWriteCycles": {"$ref": "#/$defs/count"},
                    "managementEndpoints": {"$ref": "#/$defs/count"},
                    "optionalAdminCommands": {"$ref": "#/$defs/count"},
                    "abortCommandLimit": {"$ref": "#/$defs/count"},
                    "eventRequestLimit": {"$ref": "#/$defs/count"},
                    "firmwareUpdates": {"$ref": "#/$defs/count"},
                    "logPageAttributes": {"$ref": "#/$defs/count"},
                    "errorLogEntries": {"$ref": "#/$defs/count"},
                    "adminVendorCommands": {"$ref": "#/$defs/count"},
                    "autonomousPowerTransitions": {"$ref": "#/$defs/count"},
                    "warningTemperatureKelvin": {"$ref": "#/$defs/count"},
                    "criticalTemperatureKelvin": {"$ref": "#/$defs/count"},
                    "firmwareActivationTime": {"$ref": "#/$defs/count"},
                    "hostMemoryPreferred": {"$ref": "#/$defs/count"},
                    "hostMemoryMinimum": {"$ref": "#/$defs/count"},
                    "totalCapacityBytes": {"$ref": "#/$defs/wideCount"},
                    "unallocatedCapacityBytes": {"$ref": "#/$defs/wideCount"},
                    "replayProtectedMemory": {"$ref": "#/$defs/count"},
                    "extendedSelfTestMinutes": {"$ref": "#/$defs/count"},
                    "selfTestOptions": {"$ref": "#/$defs/count"},
                    "firmwareUpdateGranularity": {"$ref": "#/$defs/count"},
                    "keepAliveGranularity": {"$ref": "#/$defs/count"},
                    "hostThermalManagement": {"$ref": "#/$defs/count"},
                    "minimumThermalKelvin": {"$ref": "#/$defs/count"},
                    "maximumThermalKelvin": {"$ref": "#/$defs/count"},
                    "sanitizeCapabilities": {"$ref": "#/$defs/count"},
                    "hostMemoryMinimumDescriptor": {"$ref": "#/$defs/count"},
                    "hostMemoryMaximumDescriptors": {"$ref": "#/$defs/count"},
                    "setIdentifierMaximum": {"$ref": "#/$defs/count"},
                    "enduranceGroupMaximum": {"$ref": "#/$defs/count"},
                    "anaTransitionSeconds": {"$ref": "#/$defs/count"},
                    "anaCapabilities": {"$ref": "#/$defs/count"},
                    "anaGroupMaximum": {"$ref": "#/$defs/count"},
                    "anaGroupCount": {"$ref": "#/$defs/count"},
                    "persistentEventLogSize": {"$ref": "#/$defs/count"},
                    "domainIdentifier": {"$ref": "#/$defs/count"},
                    "enduranceGroupCapacityBytes": {"$ref": "#/$defs/wideCount"},
                    "subsystemName": {"type": "string"},
                    "commandSet": {"$ref": "#/$defs/commandSet"},
                    "fabrics": {"$ref": "#/$defs/fabrics"},
                    "powerStates": {"type": "array", "items": {"$ref": "#/$defs/powerState"}},
                    "supports": {"$ref": "#/$defs/list"}
                }
            },
            "commandSet": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "submissionEntrySizes", "completionEntrySizes", "maximumCommands",
                    "namespaceIdentifierMaximum", "optionalCommands", "fusedOperations",
                    "formatAttributes", "volatileWriteCache", "atomicWriteUnit",
                    "atomicWriteUnitPowerFail", "vendorCommands", "writeProtection",
                    "atomicCompareWriteUnit", "copyFormats", "scatterGatherLists",
                    "maximumNamespaces", "maximumDomainAttachments", "maximumAttachments"
                ],
                "properties": {
                    "submissionEntrySizes": {"$ref": "#/$defs/count"},
                    "completionEntrySizes": {"$ref": "#/$defs/count"},
                    "maximumCommands": {"$ref": "#/$defs/count"},
                    "namespaceIdentifierMaximum": {"$ref": "#/$defs/count"},
                    "optionalCommands": {"$ref": "#/$defs/count"},
                    "fusedOperations": {"$ref": "#/$defs/count"},
                    "formatAttributes": {"$ref": "#/$defs/count"},
                    "volatileWriteCache": {"$ref": "#/$defs/count"},
                    "atomicWriteUnit": {"$ref": "#/$defs/count"},
                    "atomicWriteUnitPowerFail": {"$ref": "#/$defs/count"},
                    "vendorCommands": {"$ref": "#/$defs/count"},
                    "writeProtection": {"$ref": "#/$defs/count"},
                    "atomicCompareWriteUnit": {"$ref": "#/$defs/count"},
                    "copyFormats": {"$ref": "#/$defs/count"},
                    "scatterGatherLists": {"$ref": "#/$defs/count"},
                    "maximumNamespaces": {"$ref": "#/$defs/count"},
                    "maximumDomainAttachments": {"$ref": "#/$defs/wideCount"},
                    "maximumAttachments": {"$ref": "#/$defs/count"}
                }
            },
            "fabrics": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "commandCapsuleSize", "responseCapsuleSize", "inCapsuleDataOffset",
                    "attributes", "maximumDataBlockDescriptors", "optionalCommands",
                    "discoveryControllerType"
                ],
                "properties": {
                    "commandCapsuleSize": {"$ref": "#/$defs/count"},
                    "responseCapsuleSize": {"$ref": "#/$defs/count"},
                    "inCapsuleDataOffset": {"$ref": "#/$defs/count"},
                    "attributes": {"$ref": "#/$defs/count"},
                    "maximumDataBlockDescriptors": {"$ref": "#/$defs/count"},
                    "optionalCommands": {"$ref": "#/$defs/count"},
                    "discoveryControllerType": {"$ref": "#/$defs/count"}
                }
            },
            "powerState": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "maximumMicrowatts", "isNonOperational", "entryLatencyMicroseconds",
                    "exitLatencyMicroseconds", "relativeReadThroughput", "relativeReadLatency",
                    "relativeWriteThroughput", "relativeWriteLatency", "activePowerWorkload"
                ],
                "properties": {
                    "maximumMicrowatts": {"$ref": "#/$defs/count"},
                    "isNonOperational": {"type": "boolean"},
                    "entryLatencyMicroseconds": {"$ref": "#/$defs/count"},
                    "exitLatencyMicroseconds": {"$ref": "#/$defs/count"},
                    "relativeReadThroughput": {"$ref": "#/$defs/count"},
                    "relativeReadLatency": {"$ref": "#/$defs/count"},
                    "relativeWriteThroughput": {"$ref": "#/$defs/count"},
                    "relativeWriteLatency": {"$ref": "#/$defs/count"},
                    "idleMicrowatts": {"$ref": "#/$defs/count"},
                    "activeMicrowatts": {"$ref": "#/$defs/count"},
                    "activePowerWorkload": {"$ref": "#/$defs/count"}
                }
            },
            "namespaceIdentity": {
                "type": "object", "additionalProperties": false,
                "required": [
                    "sizeInBlocks", "capacityInBlocks", "usedBlocks", "features", "formattedSize",
                    "formatIndex", "metadataCapabilities", "protectionCapabilities",
                    "protectionSettings", "multipathCapabilities", "reservationCapabilities",
                    "formatProgress", "deallocateFeatures", "atomicWriteUnit",
                    "atomicWriteUnitPowerFail", "atomicCompareWriteUnit", "atomicBoundary",
                    "atomicBoundaryOffset", "atomicBoundaryPowerFail", "optimalBoundaryInBlocks",
                    "capacityBytes", "preferredWriteGranularity", "preferredWriteAlignment",
                    "preferredDeallocateGranularity", "preferredDeallocateAlignment",
                    "optimalWriteSize", "anaGroup", "attributes", "nvmSet", "enduranceGroup",
                    "blockFormats"
                ],
                "properties": {
                    "sizeInBlocks": {"$ref": "#/$defs/count"},
                    "capacityInBlocks": {"$ref": "#/$defs/count"},
                    "usedBlocks": {"$ref": "#/$defs/count"}, "features": {"$ref": "#/$defs/count"},
                    "formattedSize": {"$ref": "#/$defs/count"},
                    "formatIndex": {"$ref": "#/$defs/count"},
                    "metadataCapabilities": {"$ref": "#/$defs/count"},
                    "protectionCapabilities": {"$ref": "#/$defs/count"},
                    "protectionSettings": {"$ref": "#/$defs/count"},
                    "multipathCapabilities": {"$ref": "#/$defs/count"},
                    "reservationCapabilities": {"$ref": "#/$defs/count"},
                    "formatProgress": {"$ref": "#/$defs/count"},
                    "deallocateFeatures": {"$ref": "#/$defs/count"},
                    "atomicWriteUnit": {"$ref": "#/$defs/count"},
                    "atomicWriteUnitPowerFail": {"$ref": "#/$defs/count"},
                    "atomicCompareWriteUnit": {"$ref": "#/$defs/count"},
                    "atomicBoundary": {"$ref": "#/$defs/count"},
                    "atomicBoundaryOffset": {"$ref": "#/$defs/count"},
                    "atomicBoundaryPowerFail": {"$ref": "#/$defs/count"},
                    "optimalBoundaryInBlocks": {"$ref": "#/$defs/count"},
                    "capacityBytes": {"$ref": "#/$defs/wideCount"},
                    "preferredWriteGranularity": {"$ref": "#/$defs/count"},
                    "preferredWriteAlignment": {"$ref": "#/$defs/count"},
                    "preferredDeallocateGranularity": {"$ref": "#/$defs/count"},
                    "preferredDeallocateAlignment": {"$ref": "#/$defs/count"},
                    "optimalWriteSize": {"$ref": "#/$defs/count"},
                    "anaGroup": {"$ref": "#/$defs/count"}, "attributes": {"$ref": "#/$defs/count"},
                    "nvmSet": {"$ref": "#/$defs/count"},
                    "enduranceGroup": {"$ref": "#/$defs/count"}, "nguid": {"type": "string"},
                    "eui64": {"type": "string"},
                    "blockFormats": {"type": "array", "items": {"$ref": "#/$defs/blockFormat"}},
                    "blockByteCount": {"$ref": "#/$defs/count"},
                    "byteCount": {"$ref": "#/$defs/count"}
                }
            },
            "blockFormat": {
                "type": "object", "additionalProperties": false,
                "required": ["metadataByteCount", "relativePerformance"],
                "properties": {
                    "metadataByteCount": {"$ref": "#/$defs/count"},
                    "blockByteCount": {"$ref": "#/$defs/count"},
                    "relativePerformance": {"$ref": "#/$defs/count"}
                }
            },
            "namespaceNames": {
                "type": "object", "additionalProperties": false,
                "required": ["otherTypes"],
                "properties": {
                    "eui64": {"type": "string"}, "nguid": {"type": "string"},
                    "uuid": {"type": "string"}, "commandSet": {"$ref": "#/$defs/count"},
                    "otherTypes": {"type": "array", "items": {"$ref": "#/$defs/count"}}
                }
            },
            "namespaceList": {
                "type": "object", "additionalProperties": false,
                "required": ["identifiers", "isOverflowing"],
                "properties": {
                    "identifiers": {"type": "array", "items": {"$ref": "#/$defs/count"}},
                    "isOverflowing": {"type": "boolean"}
                }
            },
            "logPages": {
                "type": "object", "additionalProperties": false,
                "required": ["identifiers"],
                "properties": {
                    "identifiers": {"type": "array", "items": {"$ref": "#/$defs/count"}}
                }
            },
            "namespace": {
                "type": "object", "additionalProperties": false,
                "required": ["identifier"],
                "properties": {
                    "identifier": {"$ref": "#/$defs/count"},
                    "identity": {"$ref": "#/$defs/namespaceIdentity"},
                    "names": {"$ref": "#/$defs/namespaceNames"}
                }
            }
        """#
}
