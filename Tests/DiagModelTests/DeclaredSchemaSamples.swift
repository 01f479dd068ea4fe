import DiagModel

extension SchemaSample {
    /// Files that declare collectors and profiles, with every key, and with the fewest; and what
    /// they leave.
    static let declared: [SchemaSample] = {
        var full = CommandRecord(
            arguments: ["ip", "-json", "address"], executable: "/usr/sbin/ip", seconds: 0.5,
            outputByteCount: 12, isLate: true, isAbandoned: true, errors: "broken")
        full.artifact = "network/ip.json"
        full.exitCode = 1
        full.signal = 9
        let lean = CommandRecord(
            arguments: ["ip"], executable: "/sbin/ip", seconds: 0, outputByteCount: 0)
        var failed = lean
        failed.failure = "Exec format error"
        return [
            SchemaSample(.commands, "all", CommandRecord.List(commands: [full, lean, failed])),
            SchemaSample(.profile, "full", fullProfile),
            SchemaSample(.profile, "lean", ["schema": "diagbundle.profile/1"] as JSONValue),
            SchemaSample(.collector, "full", fullCollector),
            SchemaSample(.collectors, "all", collectorList),
            SchemaSample(.plugin, "full", fullPlugin),
            SchemaSample(.plugin, "lean", leanPlugin),
        ]
    }()

    private static let fullProfile: JSONValue = [
        "schema": "diagbundle.profile/1", "base": "minimal", "only": ["a"], "add": ["b"],
        "skip": ["c"],
    ]

    private static let fullCollector: JSONValue = [
        "schema": "diagbundle.collector/1", "name": "network", "subject": "network state",
        "description": "for tests", "risk": "R1", "privacy": "identity", "profiles": ["full"],
        "deadline": "30s", "limit": "16MiB", "capabilities": ["CAP_NET_ADMIN"],
        "when": ["any": [["commands": ["ip"]], ["not": ["container": true]]]],
        "items": [
            [
                "files": ["/etc/hosts"], "exclude": ["*.key"], "since": "mtime", "secrets": true,
                "json": false, "limits": ["bytes": "1MiB", "files": 3, "newest": true],
                "privacy": "content", "risk": "R0", "when": ["root": true], "profiles": ["full"],
            ],
            [
                "command": ["ip", "address"], "to": "ip.txt", "exit-codes": [0, 1],
                "since": ["--since", "{since}"], "limits": ["seconds": 5, "lines": 9],
                "typically": ["bytes": "64KiB", "seconds": .number(0.4)],
            ],
            [
                "command": ["ethtool", "{name}"], "for-each": "/sys/class/net/*/device",
                "to": "ethtool/{name}.txt", "limits": ["runs": 8],
            ],
            ["listing": ["/boot"], "to": "boot.txt", "depth": 2, "limits": ["files": 10]],
        ],
    ]

    private static let fullPlugin: JSONValue = [
        "schema": "diagbundle.plugin/1", "name": "vendor", "subject": "vendor state",
        "description": "for tests", "protocol": 1, "arguments": ["--all"], "risk": "R1",
        "privacy": "identity", "profiles": ["full"], "deadline": "30s", "limit": 1024,
        "confinement": "reader", "capabilities": ["CAP_NET_RAW"], "when": ["root": true],
    ]

    private static let leanPlugin: JSONValue = [
        "schema": "diagbundle.plugin/1", "name": "vendor", "subject": "vendor state",
        "description": "for tests",
    ]

    private static let collectorList: JSONValue = [
        "schema": "diagbundle.collectors/1",
        "collectors": [
            [
                "name": "network", "subject": "network state", "description": "d", "risk": "R1",
                "profiles": ["full"], "origin": "/a/network.yaml", "replaced": "built in",
                "confinement": "inspector", "deadlineSeconds": 30, "byteLimit": 100,
                "plugin": "/a/network",
            ]
        ],
        "refused": [["path": "/a/b", "reason": "/a/b may be written by others"]],
    ]
}
