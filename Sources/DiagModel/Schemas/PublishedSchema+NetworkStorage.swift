/// The schema of `storage/network-storage.json`.
extension PublishedSchema {
    static let networkStorageBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema"],
        "properties": {
            "schema": {"const": "diagbundle.network-storage/1"},
            "nfs": {
                "type": "object", "additionalProperties": false,
                "required": ["mounts", "servers", "volumes", "transports"],
                "properties": {
                    "mounts": {"type": "array", "items": {"$ref": "#/$defs/mount"}},
                    "servers": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["version", "address", "port", "useCount", "hostName"],
                        "properties": {
                            "version": {"type": "string"}, "address": {"type": "string"},
                            "port": {"$ref": "#/$defs/count"},
                            "useCount": {"$ref": "#/$defs/count"},
                            "hostName": {"type": "string"}
                        }
                    }},
                    "volumes": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["version", "address", "port", "device", "fileSystemID",
                            "isCached"],
                        "properties": {
                            "version": {"type": "string"}, "address": {"type": "string"},
                            "port": {"$ref": "#/$defs/count"}, "device": {"type": "string"},
                            "fileSystemID": {"type": "string"}, "isCached": {"type": "boolean"}
                        }
                    }},
                    "transports": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["name", "states"],
                        "properties": {
                            "name": {"$ref": "#/$defs/name"}, "address": {"type": "string"},
                            "states": {"$ref": "#/$defs/list"},
                            "queuedTaskCount": {"$ref": "#/$defs/count"}
                        }
                    }}
                }
            },
            "smb": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "state": {
                        "type": "object", "additionalProperties": false,
                        "required": ["servers"],
                        "properties": {
                            "version": {"type": "string"},
                            "servers": {"type": "array", "items": {"$ref": "#/$defs/server"}}
                        }
                    },
                    "statistics": {"$ref": "#/$defs/smbStatistics"}
                }
            },
            "iscsi": {
                "type": "object", "additionalProperties": false,
                "required": ["sessions", "connections", "hosts"],
                "properties": {
                    "sessions": {"$ref": "#/$defs/items"},
                    "connections": {"$ref": "#/$defs/items"},
                    "hosts": {"$ref": "#/$defs/items"}
                }
            },
            "rbd": {"type": "array", "items": {"$ref": "#/$defs/texts"}},
            "nbd": {"type": "array", "items": {"$ref": "#/$defs/texts"}},
            "drbd": {
                "type": "object", "additionalProperties": false, "required": ["devices"],
                "properties": {
                    "version": {"type": "string"},
                    "devices": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["minor", "connection"],
                        "properties": {
                            "minor": {"$ref": "#/$defs/count"},
                            "connection": {"type": "string"}, "roles": {"type": "string"},
                            "disks": {"type": "string"},
                            "outOfSyncBytes": {"$ref": "#/$defs/count"}
                        }
                    }}
                }
            }
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions), \#(networkMountDefinition),
            \#(networkServerDefinitions),
            "items": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "attributes"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"}, "attributes": {"$ref": "#/$defs/texts"}
                }
            }}
        }
        """#

    private static let networkMountDefinition = #"""
        "mount": {
            "type": "object", "additionalProperties": false,
            "required": ["source", "mountPoint", "type", "transports", "operations"],
            "properties": {
                "source": {"type": "string"}, "mountPoint": {"type": "string"},
                "type": {"enum": ["nfs", "nfs4"]}, "options": {"type": "string"},
                "ageSeconds": {"$ref": "#/$defs/count"},
                "serverReadBytes": {"$ref": "#/$defs/count"},
                "serverWrittenBytes": {"$ref": "#/$defs/count"},
                "transports": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["type", "sendCount", "receiveCount", "badTransactionCount"],
                    "properties": {
                        "type": {"type": "string"},
                        "connectCount": {"$ref": "#/$defs/count"},
                        "idleSeconds": {"$ref": "#/$defs/count"},
                        "sendCount": {"$ref": "#/$defs/count"},
                        "receiveCount": {"$ref": "#/$defs/count"},
                        "badTransactionCount": {"$ref": "#/$defs/count"}
                    }
                }},
                "operations": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["name", "operationCount", "transmissionCount",
                        "majorTimeoutCount", "sentBytes", "receivedBytes", "queueMilliseconds",
                        "roundTripMilliseconds", "executionMilliseconds"],
                    "properties": {
                        "name": {"type": "string"},
                        "operationCount": {"$ref": "#/$defs/count"},
                        "transmissionCount": {"$ref": "#/$defs/count"},
                        "majorTimeoutCount": {"$ref": "#/$defs/count"},
                        "sentBytes": {"$ref": "#/$defs/count"},
                        "receivedBytes": {"$ref": "#/$defs/count"},
                        "queueMilliseconds": {"$ref": "#/$defs/count"},
                        "roundTripMilliseconds": {"$ref": "#/$defs/count"},
                        "executionMilliseconds": {"$ref": "#/$defs/count"},
                        "errorCount": {"$ref": "#/$defs/count"}
                    }
                }}
            }
        }
        """#

    private static let networkServerDefinitions = #"""
        "server": {
            "type": "object", "additionalProperties": false, "required": ["sessions"],
            "properties": {
                "hostName": {"type": "string"}, "dialect": {"type": "string"},
                "state": {"enum": ["new", "good", "exiting", "needReconnect", "needNegotiate",
                    "inNegotiate"]},
                "instance": {"$ref": "#/$defs/count"},
                "requestsOnWire": {"$ref": "#/$defs/count"},
                "sessions": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false, "required": ["shares"],
                    "properties": {
                        "address": {"type": "string"}, "status": {"$ref": "#/$defs/count"},
                        "securityType": {"type": "string"},
                        "shares": {"type": "array", "items": {
                            "type": "object", "additionalProperties": false,
                            "required": ["name", "isDisconnected"],
                            "properties": {
                                "name": {"type": "string"},
                                "mountCount": {"$ref": "#/$defs/count"},
                                "isDisconnected": {"type": "boolean"}
                            }
                        }}
                    }
                }}
            }
        },
        "smbStatistics": {
            "type": "object", "additionalProperties": false, "required": ["shares"],
            "properties": {
                "sessionReconnectCount": {"$ref": "#/$defs/count"},
                "shareReconnectCount": {"$ref": "#/$defs/count"},
                "maximumInFlightCount": {"$ref": "#/$defs/count"},
                "shares": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false, "required": ["name"],
                    "properties": {
                        "name": {"type": "string"}, "requestCount": {"$ref": "#/$defs/count"},
                        "readBytes": {"$ref": "#/$defs/count"},
                        "writtenBytes": {"$ref": "#/$defs/count"}
                    }
                }}
            }
        }
        """#
}
