import DiagModel

extension SchemaSample {
    /// Plans with every member, and with the fewest.
    static let plans: [SchemaSample] = {
        let digest = String(repeating: "a1", count: 32)
        var files = CollectionPlan.Item(
            kind: .files, number: 1, title: "/etc/hosts", risk: "R1",
            estimate: .init(byteCount: 5, seconds: 0.5))
        files.files = [
            .init(path: "/etc/hosts", byteCount: 5),
            .init(path: "/etc/\\xFF", pathBytes: "L2V0Yy//", byteCount: 0),
        ]
        files.leftOutCount = 2
        files.leftOutIsLeast = true
        files.unreadable = [.init(path: "/etc/closed", why: "Permission denied")]
        files.moreUnreadableCount = 1
        files.misfits = [.init(path: "/etc/ssh", why: "is a folder")]
        files.moreMisfitCount = 3
        files.byteLimit = 1 << 20
        var command = CollectionPlan.Item(kind: .command, number: 2, title: "ip", risk: "R1")
        command.arguments = ["ip", "address"]
        command.executable = "/usr/sbin/ip"
        command.artifact = "ip.json"
        command.secondsLimit = 10
        command.estimate = .init(byteCount: 1024, seconds: 0.03, isAssumed: true)
        command.runs = [.init(name: "eth0", arguments: ["ip", "eth0"], artifact: "ip/eth0.json")]
        var listing = CollectionPlan.Item(kind: .listing, number: 3, title: "/boot", risk: "R1")
        listing.folders = ["/boot"]
        listing.doesNotApply = "nothing of it is on this host"
        var reads = CollectionPlan.Item(kind: .reads, number: 4, title: "tables", risk: "R0")
        reads.trees = ["/sys/block"]
        var probe = CollectionPlan.Item(kind: .probe, number: 5, title: "metadata", risk: "R1")
        probe.probe = "metadata"
        probe.target = "/dev/sda"
        probe.actions = ["ioctl BLKGETSIZE64"]
        var dump = CollectionPlan.Item(kind: .dump, number: 6, title: "memory", risk: "R2")
        dump.knownEstimate = nil
        dump.notCounted = "how much memory there is is not known"
        let others: [CollectionPlan.Item] = [
            dump,
            .init(
                kind: .dump, number: 7, title: "memory", risk: "R2",
                estimate: .init(byteCount: 1, seconds: 2, isBound: true)),
            .init(kind: .program, number: 8, title: "a program", risk: "R1"),
        ]
        var full = CollectionPlan.Collector(
            name: "network", subject: "network state", origin: "/a/network.yaml",
            definition: digest, risk: "R1", confinement: "inspector",
            capabilities: ["CAP_NET_ADMIN"], deadlineSeconds: 30, byteLimit: 100,
            items: [files, command, listing, reads, probe] + others)
        full.doesNotApply = "ip is not installed"
        full.unplanned = "a file system hangs"
        full.notes = ["not collected, for they may hold secrets: /etc/x"]
        let lean = CollectionPlan.Collector(
            name: "system", subject: "facts", origin: "built in", risk: "R0",
            confinement: "reader", capabilities: [], deadlineSeconds: 1, byteLimit: 0)
        var plan = CollectionPlan(
            tool: .init(name: "diagbundle", version: "1"),
            host: .init(name: "host", machine: digest), userIdentifier: 0,
            created: Timestamp(microsecondsSince1970: 1), root: "/",
            since: Timestamp(microsecondsSince1970: 0), options: ["profile": ["full"]],
            collectors: [full, lean],
            estimate: .init(byteCount: 1, seconds: 2, isBound: true, isPartial: true))
        plan.refused = [
            .init(name: "load", path: "/etc/diagbundle/plugins.d/load", reason: "may be written"),
            .init(name: nil, path: "/srv/plugins", reason: "may be written"),
        ]
        return [
            SchemaSample(.plan, "full", plan),
            SchemaSample(
                .plan, "lean",
                CollectionPlan(
                    tool: .init(name: "diagbundle", version: "1"), host: .init(name: "host"),
                    userIdentifier: 1000, created: Timestamp(microsecondsSince1970: 1),
                    root: "/mnt", options: [:], collectors: [], estimate: .init())),
        ]
    }()
}
