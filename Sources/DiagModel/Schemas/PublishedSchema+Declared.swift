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
                    "errors": {"type": "string"},
                    "failure": {"type": "string", "minLength": 1}
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
            "schema": {"const": "diagbundle.collector/1", "description": "what this file is"},
            "name": {"type": "string", "minLength": 1, "maxLength": 40,
                "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
                "description": "also the folder of its artifacts"},
            "subject": {"type": "string", "minLength": 1, "maxLength": 60,
                "description": "what it collects, after \"Collecting\""},
            "description": {"$ref": "#/$defs/plain",
                "description": "what it collects, and for whom"},
            "risk": {"$ref": "#/$defs/risk",
                "description": "R0 answers from memory, R1 may block, R2 reads media or changes \#
        state and runs only by name; at least, and by default, the highest of the items"},
            "privacy": {"$ref": "#/$defs/privacy", "default": "content",
                "description": "that of items which name none: technical names nobody, identity \#
        names the host, its devices or its users, content is what programs and people wrote, \#
        sensitive may hold secrets"},
            "profiles": {"$ref": "#/$defs/profiles", "default": ["default", "full"],
                "description": "the profiles that it is part of; none with risk R2"},
            "deadline": {"$ref": "#/$defs/deadline", "default": "60s",
                "description": "for all of it, 1 second to an hour: 90, 30s, 1m30s"},
            "limit": {"$ref": "#/$defs/byteCount", "default": "64MiB",
                "description": "of all its artifacts, up to 64 GiB: 4096, 500K, 64MiB"},
            "capabilities": {"type": "array", "items":
                {"enum": ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_DAC_OVERRIDE",
                    "CAP_AUDIT_CONTROL"]}, "default": [],
                "description": "what its commands keep beside what every inspector keeps"},
            "when": {"$ref": "#/$defs/when",
                "description": "what must hold for it to be collected at all"},
            "items": {"type": "array", "minItems": 1, "items": {"anyOf": [
                {"$ref": "#/$defs/files"}, {"$ref": "#/$defs/command"},
                {"$ref": "#/$defs/listing"}]},
                "description": "what it collects, in order"}
        },
        "$defs": {
            "arguments": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/plain"}},
            \#(declarationDefinitions),
            "artifact": {"type": "string", "minLength": 1, "maxLength": 1024,
                "description":
                "path in the collector's folder; the media type of one in .json is JSON",
                "pattern": "^(?!/)(?!(?:[\\s\\S]*/)?[.][.](?:/|$))[\\s\\S]+$"},
            "exitCodes": {"type": "array", "items":
                {"type": "integer", "minimum": 0, "maximum": 255}},
            "files": {
                "type": "object", "additionalProperties": false, "required": ["files"],
                "properties": {
                    "files": {"$ref": "#/$defs/paths",
                        "description": "files under their own paths; no folders"},
                    "exclude": {"$ref": "#/$defs/texts",
                        "description": "names or whole paths to leave out, with all below"},
                    "since": {"const": "mtime",
                        "description": "with --since, only files that changed since then"},
                    "secrets": {"$ref": "#/$defs/secrets"},
                    "json": {"type": "boolean", "default": false,
                        "description": "their media type is JSON"},
                    "limits": {"$ref": "#/$defs/filesLimits", "description": "what is kept of it"},
                    "privacy": {"$ref": "#/$defs/itemPrivacy"},
                    "risk": {"$ref": "#/$defs/itemRisk"},
                    "when": {"$ref": "#/$defs/itemWhen"},
                    "profiles": {"$ref": "#/$defs/itemProfiles"}
                }
            },
            "command": {
                "type": "object", "additionalProperties": false, "required": ["command", "to"],
                "anyOf": [
                    {"required": ["for-each"],
                        "properties": {"to": {"pattern": "[{]name[}]"}}},
                    {"properties": {
                        "for-each": false,
                        "command": {"items": {"pattern": "^(?![\\s\\S]*[{]name[}])"}},
                        "to": {"pattern": "^(?![\\s\\S]*[{]name[}])"},
                        "limits": {"properties": {"runs": false}}}}
                ],
                "properties": {
                    "command": {"$ref": "#/$defs/arguments",
                        "description":
                        "program and arguments; no shell sees them. Programs that run others are \#
        refused, which catches mistakes: a declaration, owned by root, is trusted as code"},
                    "for-each": {"type": "string", "maxLength": 4096, "pattern": "^[/{]",
                        "description":
                        "runs once for each thing that this pattern of paths finds; {name}, in the \#
        arguments and in `to`, is the name that its component with * ? [a-z] stands for, of which it \#
        has one at most. No **"},
                    "to": {"$ref": "#/$defs/artifact"},
                    "exit-codes": {"$ref": "#/$defs/exitCodes", "default": [0],
                        "description": "those that mean well"},
                    "since": {"type": "array", "items": {
                        "type": ["string", "number", "boolean"],
                        "pattern": "^(?:[^{}]|[{]since(?:-epoch)?[}])*$"},
                        "description":
                        "arguments that --since adds; {since} (2026-11-21 09:30:00, UTC) and \#
        {since-epoch} (seconds) are its moment"},
                    "secrets": {"$ref": "#/$defs/secrets"},
                    "read-only": {"type": "boolean", "default": false,
                        "description": "it gets no right to open a file for writing"},
                    "limits": {"$ref": "#/$defs/commandLimits",
                        "description": "what is kept of it, and how long it may take"},
                    "typically": {"$ref": "#/$defs/typical",
                        "description":
                        "what it gives and takes on most hosts; plan estimates with it, marked as assumed"},
                    "privacy": {"$ref": "#/$defs/itemPrivacy"},
                    "risk": {"enum": ["R1", "R2"], "default": "R1",
                        "description": "R1 may block, R2 reads media or changes state"},
                    "when": {"$ref": "#/$defs/itemWhen"},
                    "profiles": {"$ref": "#/$defs/itemProfiles"}
                }
            },
            "listing": {
                "type": "object", "additionalProperties": false, "required": ["listing", "to"],
                "properties": {
                    "listing": {"$ref": "#/$defs/paths",
                        "description": "names, kinds, modes, owners, sizes, times; opens no file"},
                    "to": {"$ref": "#/$defs/artifact", "pattern": "^(?![\\s\\S]*[{]name[}])"},
                    "depth": {"type": "integer", "minimum": 0, "maximum": 32, "default": 1,
                        "description": "how many levels of folders are entered"},
                    "limits": {"$ref": "#/$defs/listingLimits",
                        "description": "what is kept of it"},
                    "privacy": {"$ref": "#/$defs/itemPrivacy"},
                    "risk": {"$ref": "#/$defs/itemRisk"},
                    "when": {"$ref": "#/$defs/itemWhen"},
                    "profiles": {"$ref": "#/$defs/itemProfiles"}
                }
            },
            "filesLimits": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "bytes": {"$ref": "#/$defs/byteCount", "default": "1MiB",
                        "description":
                        "of each file; no more than the collector's limit, and with lines 64MiB"},
                    "lines": {"$ref": "#/$defs/lines"},
                    "files": {"type": "integer", "minimum": 1, "maximum": 100000,
                        "default": 1000, "description": "how many files"},
                    "newest": {"type": "boolean", "default": false,
                        "description": "keep the end of a file, and the newest of many"}
                }
            },
            "commandLimits": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "bytes": {"$ref": "#/$defs/byteCount", "default": "4MiB",
                        "description":
                        "of what it says; at most 64MiB, no more than the collector's limit"},
                    "lines": {"$ref": "#/$defs/lines"},
                    "seconds": {"type": "integer", "minimum": 1, "maximum": 3600, "default": 10,
                        "description":
                        "until it is ended; no more than the collector's deadline"},
                    "runs": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 64,
                        "description": "with for-each, for how many things it runs; seconds and \#
        bytes are those of each run"},
                    "newest": {"type": "boolean", "default": false,
                        "description": "keep the end of what it says"}
                }
            },
            "typical": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "bytes": {"type": ["string", "integer"], "minimum": 0, "maximum": 67108864,
                        "maxLength": 64,
                        "description":
                        "that are kept of what it says: 700, 64KiB; no more than its limit",
                        "pattern": "^[0-9]+(?:[KkMmGgTt](?:i?B)?|B)?$(?!\\n)"},
                    "seconds": {"type": "number", "minimum": 0.001, "maximum": 3600,
                        "description": "that it takes, such as 0.4; no more than its limit"}
                },
                "anyOf": [{"required": ["bytes"]}, {"required": ["seconds"]}]
            },
            "listingLimits": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "bytes": {"$ref": "#/$defs/byteCount", "default": "4MiB",
                        "description": "of the list; no more than the collector's limit"},
                    "files": {"type": "integer", "minimum": 1, "maximum": 1000000,
                        "default": 10000, "description": "how many names"}
                }
            },
            "lines": {"type": "integer", "minimum": 1, "maximum": 10000000,
                "description": "how many lines of it; all without"},
            "secrets": {"type": "boolean", "default": false,
                "description":
                "it may hold passwords or keys, and no item of this collector collects it"},
            "itemRisk": {"$ref": "#/$defs/risk",
                "description": "R0 when all of it is below /proc, /sys and /run/udev, else R1"},
            "itemPrivacy": {"$ref": "#/$defs/privacy",
                "description": "that of the collector where an item names none"},
            "itemWhen": {"$ref": "#/$defs/when",
                "description": "what must hold for the item to be collected"},
            "itemProfiles": {"$ref": "#/$defs/profiles",
                "description": "some of the collector's; all of them without"}
        }
        """#

    /// What the files that declare collectors and those that describe plugins have in common.
    static let declarationDefinitions = #"""
        "risk": {"enum": ["R0", "R1", "R2"], "description":
            "R0 answers from memory, R1 may block, R2 reads media or changes state"},
        "privacy": {"enum": ["technical", "identity", "content", "sensitive"], "description":
            "technical names nobody, identity names the host, its devices or its users, content \#
        is what programs and people wrote, sensitive may hold secrets"},
        "profiles": {"type": "array", "minItems": 1, "items":
            {"enum": ["minimal", "default", "storage", "full"]},
            "description": "the profiles that it is part of"},
        "deadline": {"type": ["string", "integer"], "minimum": 1, "maximum": 3600,
            "maxLength": 64, "description": "1 second to an hour: 90, 30s, 1m30s",
            "pattern":
            "^(?:[0-9]+|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$(?!\\n)"},
        "byteCount": {"type": ["string", "integer"], "minimum": 1, "maximum": 68719476736,
            "maxLength": 64, "description": "1 byte to 64 GiB: 4096, 500K, 64MiB",
            "pattern": "^[0-9]+(?:[KkMmGgTt](?:i?B)?|B)?$(?!\\n)"},
        "plain": {"type": ["string", "number", "boolean"]},
        "paths": {"type": "array", "minItems": 1, "items":
            {"type": "string", "maxLength": 4096, "pattern": "^[/{]", "description":
            "* ? [a-z] [!a-z] {a,b}, and ** for folders of any depth, to 24 levels and through no \#
        links; a name that begins with a dot is matched only where the pattern has the dot, too"}},
        "texts": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        "lowerCaseNames": {"type": "array", "minItems": 1, "items":
            {"type": "string", "pattern": "^[0-9a-z._-]+$(?!\\n)"}},
        "when": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "root": {"type": "boolean", "description": "whether it runs as root"},
                "commands": {"$ref": "#/$defs/texts",
                    "description": "all are installed, and may be run"},
                "running": {"type": "array", "minItems": 1, "items":
                    {"type": "string", "pattern": "^[^/\\x00-\\x20\\x7f]+$(?!\\n)"},
                    "description":
                    "a process of each name runs, outside containers: its name in \#
        /proc/PID/comm, without folders; of one with 15 bytes or more, /proc/PID/exe tells whose \#
        it is"},
                "files": {"$ref": "#/$defs/paths", "description":
                    "for each something is there; of braces one is enough"},
                "modules": {"type": "array", "minItems": 1, "items":
                    {"type": "string", "pattern": "^[0-9A-Za-z_-]+$(?!\\n)"},
                    "description":
                    "all are loaded, or built into the kernel; without folders and ending"},
                "filesystems": {"$ref": "#/$defs/lowerCaseNames",
                    "description": "the kernel knows all: /proc/filesystems"},
                "kernel": {"type": "string", "description":
                    "its version compares so, by >=, <=, >, < or =; numbers left out are 0",
                    "pattern": "^(?:>=|<=|[<>=]) *[0-9]+(?:[.][0-9]+){0,2}$(?!\\n)"},
                "config": {"type": "array", "minItems": 1, "items":
                    {"type": "string", "pattern": "^CONFIG_[0-9A-Za-z_]*$(?!\\n)"},
                    "description": "the kernel was built with all, as module or not"},
                "init": {"type": "array", "minItems": 1, "items":
                    {"enum": ["systemd", "openrc", "sysvinit", "busybox"]},
                    "description": "one of these starts the services"},
                "distribution": {"$ref": "#/$defs/lowerCaseNames",
                    "description":
                    "one of these is the ID, or in ID_LIKE, of os-release; in lower case"},
                "virtual": {"type": "boolean", "description":
                    "whether the host is a virtual machine"},
                "container": {"type": "boolean", "description": "whether the host is a container"},
                "any": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/when"},
                    "description": "at least one of these holds"},
                "not": {"$ref": "#/$defs/when", "description": "not all of this holds"}
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
