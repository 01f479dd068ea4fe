/// The schema of what a dump would take.
extension PublishedSchema {
    /// What `dump full --dry-run` prints as JSON.
    static let dumpEstimateBody = #"""
        "type": "object", "additionalProperties": false,
        "required": ["schema", "kind", "level", "compression", "pageByteCount", "rows", "total",
            "fileByteCount", "seconds", "pagesPerSecond", "isRateMeasured", "threads",
            "memoryByteCount", "warnings"],
        "properties": {
            "schema": {"const": "diagbundle.dump-estimate/1"},
            "kind": {"enum": ["full", "stacks"]},
            "level": {"type": "integer", "minimum": 0, "maximum": 31},
            "compression": {"enum": ["zstd", "zlib", "none"]},
            "pageByteCount": {"$ref": "#/$defs/count"},
            "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
            "total": {"$ref": "#/$defs/row"},
            "fileByteCount": {"$ref": "#/$defs/count"},
            "seconds": {"type": "number", "minimum": 0,
                "description": "of copying alone, not of the stacks before it and of what is read again after it"},
            "pagesPerSecond": {"type": "number", "minimum": 0},
            "isRateMeasured": {"type": "boolean"},
            "threads": {"$ref": "#/$defs/count"},
            "memoryByteCount": {"$ref": "#/$defs/count"},
            "warnings": {"type": "array", "items": {"type": "string"}}
        },
        "$defs": {\#(commonDefinitions),
            "row": {
                "type": "object", "additionalProperties": false,
                "required": ["name", "pages", "byteCount", "keptPages", "keptByteCount"],
                "properties": {
                    "name": {"type": "string"},
                    "pages": {"$ref": "#/$defs/count"},
                    "byteCount": {"$ref": "#/$defs/count"},
                    "keptPages": {"$ref": "#/$defs/count"},
                    "keptByteCount": {"$ref": "#/$defs/count"}
                }
            }
        }
        """#
}
