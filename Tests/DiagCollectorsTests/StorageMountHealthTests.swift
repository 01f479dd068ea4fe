import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollectors

@Suite("The health of mounts")
struct StorageMountHealthTests {
    private let probe = MountHealthProbe()

    private func run(_ request: ProbeRequest, in host: FixtureHost) throws -> ProbeRecord {
        try probe.run(
            request, in: CollectionContext(root: try host.tree()), into: MemorySink())
    }

    @Test("A file system that is well gives its space, the same that df counts")
    func well() throws {
        let host = try FixtureHost(listing: "data/")
        let record = try run(.init(kind: "mount-health", target: "/data"), in: host)
        #expect(record.kind == "mount-health" && record.target == "/data")
        #expect(record.outcome == .ok && record.reason == nil)
        let values = try FileManager.default.attributesOfFileSystem(forPath: host.url.path)
        let size = try #require((values[.systemSize] as? NSNumber)?.int64Value)
        #expect(record.facts["byteCount"] == .integer(size))
        #expect(
            Set(record.facts.keys).isSuperset(of: [
                "availableByteCount", "byteCount", "dev", "freeByteCount", "freeInodeCount",
                "inodeCount", "isReadOnly", "magic", "usedPercent",
            ]))
    }

    @Test("The path is that of the bytes where the request has bytes")
    func bytes() throws {
        let host = try FixtureHost(listing: "data/")
        let request = ProbeRequest(
            kind: "mount-health", target: "/elsewhere",
            targetBytes: Data("/data".utf8).base64EncodedString())
        #expect(try run(request, in: host).outcome == .ok)
    }

    @Test("A link in a root does not lead the probe out of it")
    func link() throws {
        let host = try FixtureHost(listing: "data -> /proc")
        let record = try run(.init(kind: "mount-health", target: "/data"), in: host)
        #expect(record.outcome == .skipped)
        #expect(record.reason?.contains("No such file or directory") == true)
    }

    @Test(
        "What is no absolute path is skipped",
        arguments: [
            ProbeRequest(kind: "mount-health", target: "data"),
            ProbeRequest(kind: "mount-health", target: ""),
            ProbeRequest(kind: "mount-health", target: "/x", targetBytes: "%%%"),
            ProbeRequest(kind: "mount-health", target: "/x", targetBytes: "L2EAYg=="),
        ])
    func noPath(request: ProbeRequest) throws {
        let record = try run(request, in: try FixtureHost(listing: "data/"))
        #expect(record.outcome == .skipped)
        #expect(record.reason == "the request does not name an absolute path")
    }

    private func record(
        _ outcome: ProbeRecord.Outcome, reason: String? = nil, facts: [String: JSONValue] = [:],
        stack: [String]? = nil
    ) -> ProbeRecord {
        ProbeRecord(
            kind: "mount-health", target: "/mnt/x", outcome: outcome, seconds: 2, reason: reason,
            facts: facts, kernelStack: stack)
    }

    @Test("Each outcome has its fault, severity, object and place")
    func faults() {
        func summary(_ outcome: ProbeRecord.Outcome) -> String? {
            probe.findings(in: [record(outcome, reason: "statfs: Stale file handle")]).first.map {
                "\($0.severity) \($0.fault) \($0.object) \($0.place ?? "")"
            }
        }
        #expect(
            probe.findings(in: [record(.hung)]).first?.evidence
                == [.init(artifact: "storage/mount-health.json")])
        #expect(summary(.ok) == nil && summary(.skipped) == nil)
        #expect(summary(.hung) == "critical storage.mount.hung /mnt/x mount:/mnt/x")
        #expect(summary(.failed) == "major storage.mount.failed /mnt/x mount:/mnt/x")
        #expect(summary(.slow) == "minor storage.mount.slow /mnt/x mount:/mnt/x")
    }

    @Test(
        "The kernel's stack tells who is to be looked at",
        arguments: [
            ("request_wait_answer fuse_simple_request fuse_statfs", "FUSE process"),
            ("rpc_wait_bit_killable nfs4_proc_statfs", "NFS server"),
            ("cifs_statfs SMB2_queryfs", "SMB server"),
            ("ceph_mdsc_do_request", "Ceph cluster"),
            ("io_schedule xfs_buf_iowait", "device under it"),
        ])
    func causes(stack: String, culprit: String) throws {
        let frames = stack.split(separator: " ").map { "\($0)+0x12/0x80" }
        let finding = try #require(probe.findings(in: [record(.hung, stack: frames)]).first)
        #expect(finding.reason.contains(" \(culprit)"))
        #expect(finding.reason.contains(frames[0]))
        #expect(finding.recommendedActions.count >= 3)
    }

    @Test(
        "Full is what nobody can write more to, not what was never writable",
        arguments: [
            (95.0, 10.0, "0xef53", false, "minor"), (94.9, 94.9, "0xef53", false, nil),
            (10.0, 99.0, "0x58465342", false, "minor"), (100.0, 1.0, "0xef53", false, "major"),
            (100.0, 100.0, "0x73717368", false, nil), (100.0, 1.0, "0xef53", true, nil),
        ] as [(Double, Double, String, Bool, String?)])
    func full(
        space: Double, inodes: Double, magic: String, isReadOnly: Bool, severity: String?
    ) {
        let full = record(
            .ok,
            facts: [
                "usedPercent": .number(space), "usedInodesPercent": .number(inodes),
                "magic": .string(magic), "isReadOnly": .bool(isReadOnly), "byteCount": 4096,
            ])
        let finding = probe.findings(in: [full]).first
        #expect(finding.map { "\($0.severity)" } == severity)
        #expect(finding == nil || finding?.fault == "storage.mount.full")
    }

    @Test("A tmpfs without a size never counts as full")
    func noSize() {
        let facts: [String: JSONValue] = [
            "usedPercent": 100, "magic": "0x1021994", "isReadOnly": false, "byteCount": 0,
        ]
        #expect(probe.findings(in: [record(.ok, facts: facts)]) == [])
    }
}
