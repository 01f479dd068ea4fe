/// The schemas of declared collectors: the file that declares one, and what it leaves.
extension PublishedSchema {
    /// What `collectors list --json` prints.
    static let collectorsBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "collectors"],
        "properties": {
            "schema": {"const": "diagbundle.collectors/1"},
            "collectors": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "subject", "risk", "profiles", "origin", "confinement",
                    "deadlineSeconds", "byteLimit"],
                "properties": {
                    "name": {"$ref": "#/$defs/collectorName"},
                    "subject": {"type": "string"},
                    "description": {"type": "string"},
                    "risk": {"enum": ["R0", "R1", "R2"]},
                    "profiles": {"type": "array", "items": {"type": "string"}},
                    "origin": {"type": "string"},
                    "replaced": {"type": "string"},
                    "plugin": {"type": "string", "description": "the program that is run"},
                    "confinement": {"enum": ["parser", "reader", "inspector"]},
                    "deadlineSeconds": {"$ref": "#/$defs/seconds"},
                    "byteLimit": {"$ref": "#/$defs/count"}
                }
            }},
            "refused": {"type": "array", "minItems": 1, "items": {
                "type": "object", "additionalProperties": false, "required": ["path", "reason"],
                "properties": {
                    "path": {"type": "string"},
                    "reason": {"type": "string"}
                }
            }}
        },
        "$defs": {\#(commonDefinitions)}
        """#

    /// `commands.json` of a declared collector.
    static let commandsBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema", "commands"],
        "properties": {
            "schema": {"const": "diagbundle.commands/1"},
            "commands": {"type": "array", "minItems": 1, "items": {
                "type": "object", "additionalProperties": false,
                "required": ["arguments", "executable", "isLate", "isAbandoned", "seconds",
                    "outputByteCount"],
                "properties": {
                    "arguments": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                    "executable": {"type": "string", "minLength": 1},
                    "artifact": {"$ref": "#/$defs/path"},
                    "exitCode": {"$ref": "#/$defs/count"},
                    "signal": {"$ref": "#/$defs/count"},
                    "isLate": {"type": "boolean"},
                    "isAbandoned": {"type": "boolean"},
                    "seconds": {"$ref": "#/$defs/seconds"},
                    "outputByteCount": {"$ref": "#/$defs/count"},
                    "errors": {"type": "string"}
                }
            }}
        },
        "$defs": {\#(commonDefinitions)}
        """#

    /// A YAML file that declares a collector, for editors that complete it.
    static let collectorBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "name", "subject", "description", "items"],
        "properties": {
            "schema": {"const": "diagbundle.collector/1"},
            "name": {"type": "string", "minLength": 1, "maxLength": 40,
                "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
                "description": "also the folder of its artifacts"},
            "subject": {"type": "string", "minLength": 1, "maxLength": 60,
                "description": "what it collects, after \"Collecting\""},
            "description": {"$ref": "#/$defs/plain",
                "description": "what it collects, and for whom"},
            "risk": {"$ref": "#/$defs/risk"},
            "privacy": {"$ref": "#/$defs/privacy"},
            "profiles": {"$ref": "#/$defs/profiles"},
            "deadline": {"$ref": "#/$defs/deadline"},
            "limit": {"$ref": "#/$defs/byteCount"},
            "capabilities": {"type": "array", "items":
                {"enum": ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_DAC_OVERRIDE",
                    "CAP_AUDIT_CONTROL"]}},
            "when": {"$ref": "#/$defs/when"},
            "items": {"type": "array", "minItems": 1, "items": {"anyOf": [
                {"$ref": "#/$defs/files"}, {"$ref": "#/$defs/command"},
                {"$ref": "#/$defs/listing"}]}}
        },
        "$defs": {
            "arguments": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/plain"}},
            \#(declarationDefinitions),
            "artifact": {"type": "string", "minLength": 1, "maxLength": 1024,
                "description": "path in the collector's folder; .json for JSON",
                "pattern": "^(?!/)(?!(?:[\\s\\S]*/)?[.][.](?:/|$))[\\s\\S]+$"},
            "exitCodes": {"type": "array", "items":
                {"type": "integer", "minimum": 0, "maximum": 255}},
            "files": {
                "type": "object", "additionalProperties": false, "required": ["files"],
                "properties": {
                    "files": {"$ref": "#/$defs/paths"},
                    "exclude": {"$ref": "#/$defs/texts"},
                    "since": {"const": "mtime"},
                    "secrets": {"type": "boolean"},
                    "json": {"type": "boolean"},
                    "limits": {"$ref": "#/$defs/filesLimits"},
                    "privacy": {"$ref": "#/$defs/privacy"},
                    "risk": {"$ref": "#/$defs/risk"},
                    "when": {"$ref": "#/$defs/when"},
                    "profiles": {"$ref": "#/$defs/profiles"}
                }
            },
            "command": {
                "type": "object", "additionalProperties": false, "required": ["command", "to"],
                "properties": {
                    "command": {"$ref": "#/$defs/arguments",
                        "description":
                        "program and arguments; no shell sees them. Programs that run others are \#
        refused, which catches mistakes: a declaration, owned by root, is trusted as code"},
                    "to": {"$ref": "#/$defs/artifact"},
                    "exit-codes": {"$ref": "#/$defs/exitCodes"},
                    "since": {"type": "array", "items": {
                        "type": ["string", "number", "boolean"],
                        "pattern": "^(?:[^{}]|[{]since(?:-epoch)?[}])*$"},
                        "description":
                        "arguments that --since adds; {since} and {since-epoch} are its moment"},
                    "secrets": {"type": "boolean"},
                    "read-only": {"type": "boolean",
                        "description": "it gets no right to open a file for writing"},
                    "limits": {"$ref": "#/$defs/commandLimits"},
                    "privacy": {"$ref": "#/$defs/privacy"},
                    "risk": {"$ref": "#/$defs/risk"},
                    "when": {"$ref": "#/$defs/when"},
                    "profiles": {"$ref": "#/$defs/profiles"}
                }
            },
            "listing": {
                "type": "object", "additionalProperties": false, "required": ["listing", "to"],
                "properties": {
                    "listing": {"$ref": "#/$defs/paths"},
                    "to": {"$ref": "#/$defs/artifact"},
                    "depth": {"type": "integer", "minimum": 0, "maximum": 32},
                    "limits": {"$ref": "#/$defs/listingLimits"},
                    "privacy": {"$ref": "#/$defs/privacy"},
                    "risk": {"$ref": "#/$defs/risk"},
                    "when": {"$ref": "#/$defs/when"},
                    "profiles": {"$ref": "#/$defs/profiles"}
                }
            },
            "filesLimits": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "bytes": {"$ref": "#/$defs/byteCount"},
                    "lines": {"$ref": "#/$defs/lines"},
                    "files": {"type": "integer", "minimum": 1, "maximum": 100000},
                    "newest": {"type": "boolean"}
                }
            },
            "commandLimits": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "bytes": {"$ref": "#/$defs/byteCount"},
                    "lines": {"$ref": "#/$defs/lines"},
                    "seconds": {"type": "integer", "minimum": 1, "maximum": 3600},
                    "newest": {"type": "boolean"}
                }
            },
            "listingLimits": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "bytes": {"$ref": "#/$defs/byteCount"},
                    "files": {"type": "integer", "minimum": 1, "maximum": 1000000}
                }
            },
            "lines": {"type": "integer", "minimum": 1, "maximum": 10000000}
        }
        """#

    /// What the files that declare collectors and those that describe plugins have in common.
    static let declarationDefinitions = #"""
        "risk": {"enum": ["R0", "R1", "R2"]},
        "privacy": {"enum": ["technical", "identity", "content", "sensitive"]},
        "profiles": {"type": "array", "minItems": 1, "items":
            {"enum": ["minimal", "default", "storage", "full"]}},
        "deadline": {"type": ["string", "integer"], "minimum": 1, "maximum": 3600,
            "maxLength": 64, "description": "1 second to an hour: 90, 30s, 1m30s",
            "pattern":
            "^(?:[0-9]+|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$(?!\\n)"},
        "byteCount": {"type": ["string", "integer"], "minimum": 1, "maximum": 68719476736,
            "maxLength": 64, "description": "1 byte to 64 GiB: 4096, 500K, 64MiB",
            "pattern": "^[0-9]+(?:[KkMmGgTt](?:i?B)?|B)?$(?!\\n)"},
        "plain": {"type": ["string", "number", "boolean"]},
        "paths": {"type": "array", "minItems": 1, "items":
            {"type": "string", "maxLength": 4096, "pattern": "^[/{]"}},
        "texts": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        "when": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "root": {"type": "boolean"},
                "commands": {"$ref": "#/$defs/texts"},
                "running": {"$ref": "#/$defs/texts"},
                "files": {"$ref": "#/$defs/paths"},
                "modules": {"$ref": "#/$defs/texts"},
                "filesystems": {"$ref": "#/$defs/texts"},
                "kernel": {"type": "string", "description": "for example >=5.10",
                    "pattern": "^(?:>=|<=|[<>=]) *[0-9]+(?:[.][0-9]+){0,2}$(?!\\n)"},
                "config": {"$ref": "#/$defs/texts"},
                "init": {"type": "array", "minItems": 1, "items":
                    {"enum": ["systemd", "openrc", "sysvinit", "busybox"]}},
                "distribution": {"$ref": "#/$defs/texts"},
                "virtual": {"type": "boolean"},
                "container": {"type": "boolean"},
                "any": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/when"}},
                "not": {"$ref": "#/$defs/when"}
            },
            "anyOf": [
                {"required": ["root"]}, {"required": ["commands"]}, {"required": ["running"]},
                {"required": ["files"]}, {"required": ["modules"]}, {"required": ["filesystems"]},
                {"required": ["kernel"]}, {"required": ["config"]}, {"required": ["init"]},
                {"required": ["distribution"]}, {"required": ["virtual"]},
                {"required": ["container"]}, {"required": ["any"]}, {"required": ["not"]}]
        }
        """#

    /// A YAML file that `--profile` takes.
    static let profileBody = #"""
        "type": "object", "additionalProperties": false, "required": ["schema"],
        "properties": {
            "schema": {"const": "diagbundle.profile/1"},
            "base": {"enum": ["minimal", "default", "storage", "full"]},
            "only": {"$ref": "#/$defs/names"},
            "add": {"$ref": "#/$defs/names"},
            "skip": {"$ref": "#/$defs/names"}
        },
        "$defs": {
            "names": {"type": "array", "items": {"type": ["string", "number", "boolean"]}}
        }
        """#
}
