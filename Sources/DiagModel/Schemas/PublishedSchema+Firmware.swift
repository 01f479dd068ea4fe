/// The schema of what the firmware's variables say.
extension PublishedSchema {
    static let efiBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "entries", "databases", "loader"],
        "properties": {
            "schema": {"const": "diagbundle.efi/1"},
            "platformBits": {"$ref": "#/$defs/count"},
            "variableCount": {"$ref": "#/$defs/count"},
            "bootCurrent": {"$ref": "#/$defs/number"},
            "bootNext": {"$ref": "#/$defs/number"},
            "bootOrder": {"type": "array", "items": {"$ref": "#/$defs/number"}},
            "timeoutSeconds": {"$ref": "#/$defs/count"},
            "isSecureBootOn": {"type": "boolean"},
            "isInSetupMode": {"type": "boolean"},
            "isInAuditMode": {"type": "boolean"},
            "isInDeployedMode": {"type": "boolean"},
            "isShimValidationOff": {"type": "boolean"},
            "machineOwnerKeys": {"$ref": "#/$defs/database"},
            "tableAddresses": {"$ref": "#/$defs/texts"},
            "osIndications": {"$ref": "#/$defs/count"},
            "osIndicationsSupported": {"$ref": "#/$defs/count"},
            "revocationLevels": {"type": "string"},
            "machineOwnerKeyByteCount": {"$ref": "#/$defs/count"},
            "entries": {"type": "array", "items": {"$ref": "#/$defs/entry"}},
            "databases": {"type": "object", "additionalProperties": {"$ref": "#/$defs/database"}},
            "loader": {"type": "object", "additionalProperties": {"$ref": "#/$defs/list"}},
            "resources": {"type": "array", "items": {"$ref": "#/$defs/resource"}}
        },
        "$defs": {\#(commonDefinitions), \#(factDefinitions),
            "number": {"type": "string", "minLength": 4, "maxLength": 4,
                "pattern": "^[0-9A-F]{4}$"},
            "entry": {
                "type": "object", "additionalProperties": false, "required": ["number", "paths"],
                "properties": {
                    "number": {"$ref": "#/$defs/number"},
                    "description": {"type": "string"},
                    "isActive": {"type": "boolean"},
                    "isHidden": {"type": "boolean"},
                    "category": {"$ref": "#/$defs/count"},
                    "attributes": {"$ref": "#/$defs/count"},
                    "paths": {"$ref": "#/$defs/list"},
                    "partition": {
                        "type": "object", "additionalProperties": false,
                        "required": ["number", "firstBlock", "blockCount", "format", "signature"],
                        "properties": {
                            "number": {"$ref": "#/$defs/count"},
                            "firstBlock": {"$ref": "#/$defs/count"},
                            "blockCount": {"$ref": "#/$defs/count"},
                            "format": {"$ref": "#/$defs/name"},
                            "signature": {"$ref": "#/$defs/name"}
                        }
                    },
                    "file": {"type": "string"},
                    "optionalDataByteCount": {"$ref": "#/$defs/count"},
                    "optionalText": {"type": "string"},
                    "fault": {"type": "string"},
                    "target": {
                        "type": "object", "additionalProperties": false, "required": ["state"],
                        "properties": {
                            "state": {"enum": ["found", "partitionMissing", "fileMissing",
                                "unknown"]},
                            "device": {"type": "string"},
                            "path": {"type": "string"},
                            "why": {"type": "string"}
                        }
                    }
                }
            },
            "database": {
                "type": "object", "additionalProperties": false,
                "required": ["byteCount", "sha256", "signatureCount", "lists"],
                "properties": {
                    "byteCount": {"$ref": "#/$defs/count"},
                    "sha256": {"$ref": "#/$defs/sha256"},
                    "signatureCount": {"$ref": "#/$defs/count"},
                    "lists": {"type": "array", "items": {
                        "type": "object", "additionalProperties": false,
                        "required": ["type", "signatureCount", "hashes", "isTruncated"],
                        "properties": {
                            "type": {"$ref": "#/$defs/name"},
                            "signatureCount": {"$ref": "#/$defs/count"},
                            "hashes": {"$ref": "#/$defs/list"},
                            "isTruncated": {"type": "boolean"},
                            "subjects": {"$ref": "#/$defs/list"}
                        }
                    }},
                    "fault": {"type": "string"}
                }
            },
            "resource": {
                "type": "object", "additionalProperties": false, "required": ["name"],
                "properties": {
                    "name": {"$ref": "#/$defs/name"},
                    "firmwareClass": {"type": "string"},
                    "type": {"$ref": "#/$defs/count"},
                    "version": {"$ref": "#/$defs/count"},
                    "lowestSupportedVersion": {"$ref": "#/$defs/count"},
                    "lastAttemptVersion": {"$ref": "#/$defs/count"},
                    "lastAttemptStatus": {"$ref": "#/$defs/count"},
                    "capsuleFlags": {"$ref": "#/$defs/count"}
                }
            }
        }
        """#
}
