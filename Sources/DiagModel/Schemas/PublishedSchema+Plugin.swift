/// The schema of the file that describes a plugin.
extension PublishedSchema {
    /// A YAML file beside a plugin, for editors that complete it.
    static let pluginBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "name", "subject", "description"],
        "properties": {
            "schema": {"const": "diagbundle.plugin/1"},
            "name": {"type": "string", "minLength": 1, "maxLength": 40,
                "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
                "description": "the name of its program, and the folder of its artifacts"},
            "subject": {"type": "string", "minLength": 1, "maxLength": 60,
                "description": "what it collects, after \"Collecting\""},
            "description": {"$ref": "#/$defs/plain",
                "description": "what it collects, and for whom"},
            "protocol": {"enum": [1, "1"],
                "description": "the version of the protocol that it speaks"},
            "arguments": {"type": "array", "items": {"$ref": "#/$defs/plain"}},
            "risk": {"$ref": "#/$defs/risk"},
            "privacy": {"$ref": "#/$defs/privacy"},
            "profiles": {"$ref": "#/$defs/profiles",
                "description": "the profiles that it is part of; none with risk R2"},
            "deadline": {"$ref": "#/$defs/deadline"},
            "limit": {"$ref": "#/$defs/byteCount"},
            "confinement": {"enum": ["parser", "reader", "inspector"]},
            "capabilities": {"type": "array", "items":
                {"enum": ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_DAC_OVERRIDE",
                    "CAP_AUDIT_CONTROL"]}},
            "when": {"$ref": "#/$defs/when"}
        },
        "$defs": {\#(declarationDefinitions)}
        """#
}
