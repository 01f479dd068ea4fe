/// The schema of what an ATA device told: a part of the document of its SCSI device.
extension PublishedSchema {
    /// The definition `ata` and those that it needs, to stand in `$defs` beside
    /// ``commonDefinitions`` and ``factDefinitions``.
    static let ataDefinitions =
        ataDocumentDefinition + "," + ataIdentityDefinitions + "," + ataLogDefinitions + ","
        + ataStateDefinitions

    private static let ataDocumentDefinition = #"""
        "ata": {
            "type": "object", "additionalProperties": false,
            "required": ["sleeping", "pages", "refused"],
            "properties": {
                "sleeping": {"type": "boolean"},
                "powerMode": {"enum": ["standby", "standbyY", "nvCacheSpunDown", "nvCacheActive",
                    "idle", "idleA", "idleB", "idleC", "active"]},
                "identify": {"$ref": "#/$defs/ataIdentify"},
                "identifyPacket": {"$ref": "#/$defs/ataIdentifyPacket"},
                "isSMARTThresholdExceeded": {"type": "boolean"},
                "smart": {"$ref": "#/$defs/ataSMART"},
                "smartLogDirectory": {"$ref": "#/$defs/ataLogDirectory"},
                "generalPurposeLogDirectory": {"$ref": "#/$defs/ataLogDirectory"},
                "summaryErrorLog": {"$ref": "#/$defs/ataErrorLog"},
                "comprehensiveErrorLog": {"$ref": "#/$defs/ataErrorLog"},
                "extendedErrorLog": {"$ref": "#/$defs/ataErrorLog"},
                "selfTestLog": {"$ref": "#/$defs/ataSelfTestLog"},
                "extendedSelfTestLog": {"$ref": "#/$defs/ataSelfTestLog"},
                "selectiveSelfTestLog": {"$ref": "#/$defs/ataSelectiveSelfTestLog"},
                "deviceStatistics": {"type": "array",
                    "items": {"$ref": "#/$defs/ataStatisticsPage"}},
                "phyEventCounters": {"$ref": "#/$defs/ataPhyEventCounters"},
                "sctStatus": {"$ref": "#/$defs/ataSCTStatus"},
                "ncqErrorLog": {"$ref": "#/$defs/ataNCQErrorLog"},
                "pages": {"$ref": "#/$defs/list"},
                "refused": {"$ref": "#/$defs/texts"}
            }
        }
        """#

    private static let ataIdentityDefinitions = #"""
        "ataTransport": {
            "type": "object", "additionalProperties": false, "required": ["supportedSpeeds"],
            "properties": {
                "type": {"enum": ["parallel", "serial", "PCIe"]},
                "version": {"type": "string"},
                "supportedSpeeds": {"$ref": "#/$defs/list"},
                "currentSpeed": {"enum": ["1.5", "3.0", "6.0"]},
                "queueDepth": {"type": "integer", "minimum": 1, "maximum": 32}
            }
        },
        "ataIdentify": {
            "type": "object", "additionalProperties": false,
            "required": ["serialNumber", "firmwareRevision", "modelNumber",
                "userAddressableSectors28", "logicalSectorBytes", "physicalSectorBytes",
                "minorVersion", "transport", "features", "security"],
            "properties": {
                "serialNumber": {"type": "string"},
                "firmwareRevision": {"type": "string"},
                "modelNumber": {"type": "string"},
                "worldWideName": {"$ref": "#/$defs/ataName"},
                "userAddressableSectors28": {"$ref": "#/$defs/count"},
                "userAddressableSectors48": {"$ref": "#/$defs/count"},
                "logicalSectorBytes": {"$ref": "#/$defs/count"},
                "physicalSectorBytes": {"$ref": "#/$defs/count"},
                "alignmentSectors": {"$ref": "#/$defs/count"},
                "nominalRotationRate": {"$ref": "#/$defs/count"},
                "isNonRotating": {"type": "boolean"},
                "formFactor": {"type": "string"},
                "majorVersion": {"type": "string"},
                "minorVersion": {"$ref": "#/$defs/count"},
                "transport": {"$ref": "#/$defs/ataTransport"},
                "features": {"type": "object", "additionalProperties": {
                    "type": "object", "additionalProperties": false,
                    "required": ["isSupported"],
                    "properties": {
                        "isSupported": {"type": "boolean"}, "isEnabled": {"type": "boolean"}
                    }
                }},
                "advancedPowerManagementLevel": {"type": "integer", "minimum": 1,
                    "maximum": 254},
                "security": {
                    "type": "object", "additionalProperties": false,
                    "required": ["isSupported", "isEnabled", "isLocked", "isFrozen",
                        "isCountExpired", "supportsEnhancedErase"],
                    "properties": {
                        "isSupported": {"type": "boolean"},
                        "isEnabled": {"type": "boolean"},
                        "isLocked": {"type": "boolean"},
                        "isFrozen": {"type": "boolean"},
                        "isCountExpired": {"type": "boolean"},
                        "supportsEnhancedErase": {"type": "boolean"},
                        "level": {"enum": ["high", "maximum"]}
                    }
                },
                "zoned": {"enum": ["hostAware", "deviceManaged"]},
                "isChecksumRight": {"type": "boolean"}
            }
        },
        "ataIdentifyPacket": {
            "type": "object", "additionalProperties": false,
            "required": ["serialNumber", "firmwareRevision", "modelNumber",
                "peripheralDeviceType", "isRemovable", "transport"],
            "properties": {
                "serialNumber": {"type": "string"},
                "firmwareRevision": {"type": "string"},
                "modelNumber": {"type": "string"},
                "worldWideName": {"$ref": "#/$defs/ataName"},
                "peripheralDeviceType": {"type": "integer", "minimum": 0, "maximum": 31},
                "isRemovable": {"type": "boolean"},
                "majorVersion": {"type": "string"},
                "transport": {"$ref": "#/$defs/ataTransport"},
                "isChecksumRight": {"type": "boolean"}
            }
        },
        "ataName": {"type": "string", "minLength": 16, "maxLength": 16,
            "description": "hexadecimal digits in lower case"},
        "ataByte": {"type": "integer", "minimum": 0, "maximum": 255}
        """#

    private static let ataLogDefinitions = #"""
        "ataSelfTestResult": {"enum": ["completed", "aborted", "interrupted", "fatalError",
            "unknownFailure", "electricalFailure", "servoFailure", "readFailure",
            "handlingDamage", "inProgress", "reserved"]},
        "ataPercent": {"type": "integer", "minimum": 0, "maximum": 100},
        "ataLogDirectory": {
            "type": "object", "additionalProperties": false, "required": ["version", "entries"],
            "properties": {
                "version": {"const": 1},
                "entries": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["address", "pages"],
                    "properties": {
                        "address": {"$ref": "#/$defs/ataByte"}, "name": {"type": "string"},
                        "pages": {"type": "integer", "minimum": 1, "maximum": 65535}
                    }
                }}
            }
        },
        "ataRegisters": {
            "type": "object", "additionalProperties": false,
            "required": ["commandOrStatus", "featureOrError", "count", "lba", "device"],
            "properties": {
                "commandOrStatus": {"$ref": "#/$defs/ataByte"},
                "featureOrError": {"$ref": "#/$defs/count"},
                "count": {"$ref": "#/$defs/count"},
                "lba": {"$ref": "#/$defs/count"},
                "device": {"$ref": "#/$defs/ataByte"},
                "timestampMilliseconds": {"$ref": "#/$defs/count"}
            }
        },
        "ataErrorLog": {
            "type": "object", "additionalProperties": false,
            "required": ["version", "deviceErrorCount", "entries", "isChecksumRight"],
            "properties": {
                "version": {"$ref": "#/$defs/ataByte"},
                "deviceErrorCount": {"$ref": "#/$defs/count"},
                "entries": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["error", "state", "lifetimeHours", "commands"],
                    "properties": {
                        "error": {"$ref": "#/$defs/ataRegisters"},
                        "state": {"$ref": "#/$defs/ataByte"},
                        "lifetimeHours": {"$ref": "#/$defs/count"},
                        "commands": {"type": "array", "items": {"$ref": "#/$defs/ataRegisters"}}
                    }
                }},
                "isChecksumRight": {"type": "boolean"}
            }
        },
        "ataSelfTestLog": {
            "type": "object", "additionalProperties": false,
            "required": ["revision", "entries", "isChecksumRight"],
            "properties": {
                "revision": {"$ref": "#/$defs/count"},
                "entries": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["subcommand", "result", "remainingPercent", "lifetimeHours",
                        "checkpoint"],
                    "properties": {
                        "subcommand": {"$ref": "#/$defs/ataByte"},
                        "result": {"$ref": "#/$defs/ataSelfTestResult"},
                        "remainingPercent": {"$ref": "#/$defs/ataPercent"},
                        "lifetimeHours": {"$ref": "#/$defs/count"},
                        "checkpoint": {"$ref": "#/$defs/ataByte"},
                        "failingLBA": {"$ref": "#/$defs/count"}
                    }
                }},
                "isChecksumRight": {"type": "boolean"}
            }
        },
        "ataSelectiveSelfTestLog": {
            "type": "object", "additionalProperties": false,
            "required": ["revision", "spans", "currentLBA", "currentSpan", "featureFlags",
                "pendingTimeMinutes", "isChecksumRight"],
            "properties": {
                "revision": {"$ref": "#/$defs/count"},
                "spans": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["startingLBA", "endingLBA"],
                    "properties": {
                        "startingLBA": {"$ref": "#/$defs/count"},
                        "endingLBA": {"$ref": "#/$defs/count"}
                    }
                }},
                "currentLBA": {"$ref": "#/$defs/count"},
                "currentSpan": {"$ref": "#/$defs/count"},
                "featureFlags": {"$ref": "#/$defs/count"},
                "pendingTimeMinutes": {"$ref": "#/$defs/count"},
                "isChecksumRight": {"type": "boolean"}
            }
        }
        """#

    private static let ataStateDefinitions = #"""
        "ataSMART": {
            "type": "object", "additionalProperties": false,
            "required": ["attributes", "revision", "isChecksumRight",
                "offlineDataCollectionStatus", "offlineDataCollectionSeconds",
                "offlineDataCollectionCapability", "smartCapability", "isErrorLoggingSupported",
                "selfTestExecutionStatus", "selfTestRemainingPercent", "shortSelfTestMinutes",
                "extendedSelfTestMinutes", "conveyanceSelfTestMinutes"],
            "properties": {
                "attributes": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["id", "name", "flags", "isPrefailure", "value", "worst", "raw",
                        "rawNumber"],
                    "properties": {
                        "id": {"$ref": "#/$defs/ataByte"},
                        "name": {"$ref": "#/$defs/name"},
                        "flags": {"$ref": "#/$defs/count"},
                        "isPrefailure": {"type": "boolean"},
                        "value": {"$ref": "#/$defs/ataByte"},
                        "worst": {"$ref": "#/$defs/ataByte"},
                        "threshold": {"$ref": "#/$defs/ataByte"},
                        "raw": {"type": "array", "items": {"$ref": "#/$defs/ataByte"}},
                        "rawNumber": {"$ref": "#/$defs/count"},
                        "failed": {"enum": ["now", "before"]}
                    }
                }},
                "revision": {"$ref": "#/$defs/count"},
                "isChecksumRight": {"type": "boolean"},
                "offlineDataCollectionStatus": {"$ref": "#/$defs/ataByte"},
                "offlineDataCollectionSeconds": {"$ref": "#/$defs/count"},
                "offlineDataCollectionCapability": {"$ref": "#/$defs/ataByte"},
                "smartCapability": {"$ref": "#/$defs/count"},
                "isErrorLoggingSupported": {"type": "boolean"},
                "selfTestExecutionStatus": {"$ref": "#/$defs/ataSelfTestResult"},
                "selfTestRemainingPercent": {"$ref": "#/$defs/ataPercent"},
                "shortSelfTestMinutes": {"$ref": "#/$defs/ataByte"},
                "extendedSelfTestMinutes": {"$ref": "#/$defs/count"},
                "conveyanceSelfTestMinutes": {"$ref": "#/$defs/ataByte"}
            }
        },
        "ataStatisticsPage": {
            "type": "object", "additionalProperties": false,
            "required": ["page", "revision", "statistics"],
            "properties": {
                "page": {"$ref": "#/$defs/ataByte"},
                "name": {"type": "string"},
                "revision": {"$ref": "#/$defs/count"},
                "statistics": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["offset", "isNormalized", "isConditionMet"],
                    "properties": {
                        "offset": {"$ref": "#/$defs/count"},
                        "name": {"type": "string"},
                        "value": {"type": "integer"},
                        "isNormalized": {"type": "boolean"},
                        "isConditionMet": {"type": "boolean"}
                    }
                }}
            }
        },
        "ataPhyEventCounters": {
            "type": "object", "additionalProperties": false,
            "required": ["counters", "isChecksumRight"],
            "properties": {
                "counters": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["id", "value", "isSaturated"],
                    "properties": {
                        "id": {"$ref": "#/$defs/count"},
                        "name": {"type": "string"},
                        "value": {"$ref": "#/$defs/count"},
                        "isSaturated": {"type": "boolean"}
                    }
                }},
                "isChecksumRight": {"type": "boolean"}
            }
        },
        "ataSCTStatus": {
            "type": "object", "additionalProperties": false,
            "required": ["formatVersion", "sctVersion", "statusFlags", "extendedStatusCode",
                "actionCode", "functionCode", "overLimitCount", "underLimitCount"],
            "properties": {
                "formatVersion": {"enum": [2, 3]},
                "sctVersion": {"$ref": "#/$defs/count"},
                "statusFlags": {"$ref": "#/$defs/count"},
                "deviceState": {"enum": ["active", "standby", "sleep", "dst", "offline",
                    "sctCommand"]},
                "extendedStatusCode": {"$ref": "#/$defs/count"},
                "actionCode": {"$ref": "#/$defs/count"},
                "functionCode": {"$ref": "#/$defs/count"},
                "temperatureCelsius": {"type": "integer"},
                "minimumTemperatureCelsius": {"type": "integer"},
                "maximumTemperatureCelsius": {"type": "integer"},
                "lifetimeMinimumTemperatureCelsius": {"type": "integer"},
                "lifetimeMaximumTemperatureCelsius": {"type": "integer"},
                "maximumOperatingTemperatureCelsius": {"type": "integer"},
                "overLimitCount": {"$ref": "#/$defs/count"},
                "underLimitCount": {"$ref": "#/$defs/count"},
                "isSMARTThresholdExceeded": {"type": "boolean"}
            }
        },
        "ataNCQErrorLog": {
            "type": "object", "additionalProperties": false,
            "required": ["isNotQueued", "isUnloaded", "tag", "status", "error", "lba", "device",
                "count", "senseKey", "additionalSense", "isChecksumRight"],
            "properties": {
                "isNotQueued": {"type": "boolean"},
                "isUnloaded": {"type": "boolean"},
                "tag": {"type": "integer", "minimum": 0, "maximum": 31},
                "status": {"$ref": "#/$defs/ataByte"},
                "error": {"$ref": "#/$defs/ataByte"},
                "lba": {"$ref": "#/$defs/count"},
                "device": {"$ref": "#/$defs/ataByte"},
                "count": {"$ref": "#/$defs/count"},
                "senseKey": {"$ref": "#/$defs/ataByte"},
                "additionalSense": {"$ref": "#/$defs/count"},
                "isChecksumRight": {"type": "boolean"}
            }
        }
        """#
}
