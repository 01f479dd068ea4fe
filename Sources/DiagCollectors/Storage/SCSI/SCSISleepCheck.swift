internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Asks the SCSI disks below a device whether one sleeps, so that it is not woken by a read.
struct SCSISleepCheck {
    /// How many disks are asked at most.
    static let diskLimit = 8
    /// How many disks a request names at most.
    static let listLimit = 64

    private let root: RootedTree
    private let disks: [JSONValue]

    /// The disks that the fact `disks` of `request` lists, below `root`.
    init(_ request: ProbeRequest, in root: RootedTree) {
        self.root = root
        if case .array(let disks)? = request.facts?["disks"] {
            self.disks = Array(disks.prefix(Self.listLimit))
        } else {
            disks = []
        }
    }

    /// What such a list says of the disk that `request` would ask.
    static func entry(of request: ProbeRequest) -> JSONValue {
        .object((request.facts ?? [:]).merging(["device": .string(request.target)]) { $1 })
    }

    /// Which disk sleeps, in words; `nil` when none is known to. Nothing is asked in the last second
    /// before `end`.
    func sleeping(until end: MonotonicTime) -> String? {
        sleeping { target in try? target.open(in: root, until: end) }
    }

    /// The same, where `open` gives the way to a disk.
    func sleeping(_ open: (inout SCSITarget) -> (any SCSITransport)?) -> String? {
        var askedCount = 0
        for case .object(let facts) in disks {
            guard let device = facts["device"]?.text else { continue }
            var target = SCSITarget(
                ProbeRequest(kind: SCSIProbe.kindName, target: device, facts: facts), in: root)
            if target.facts["isSleeping"] == true { return "\(device) is suspended" }
            // A path or a bridge that takes no questions, and a device that answers none.
            guard target.skipReason == nil, target.limits.identityOnlyBecause == nil,
                target.limits.inquiryOnlyBecause == nil, askedCount < Self.diskLimit,
                isRotational(target.name)
            else { continue }
            askedCount += 1
            guard let transport = open(&target) else { continue }
            var session = SCSISession(transport)
            if let power = session.power(isATA: target.isATA), power.isSleeping {
                return "\(device) is in the state \(power.state)"
            }
        }
        return nil
    }

    /// Whether it has platters; flash has nothing to spin up. The attribute may wait for a lock, so
    /// that only a probe reads it.
    private func isRotational(_ name: String) -> Bool {
        guard let queue = try? root.directory(FilePath("/sys/block/\(name)/queue")) else {
            return false
        }
        var reader = AttributeReader()
        return reader.text("rotational", of: queue) == "1"
    }
}
