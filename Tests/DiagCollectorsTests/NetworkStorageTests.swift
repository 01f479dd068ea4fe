import DiagCollect
import DiagModel
import DiagSystem
import Testing

@testable import DiagCollectors

/// Network storage, read from procfs and sysfs.
@Suite("Network storage")
struct NetworkStorageTests {
    static func collect(
        _ host: FixtureHost
    ) throws -> (sink: MemorySink, findings: [Finding], document: NetworkStorageDocument?) {
        let sink = MemorySink()
        let findings = try NetworkStorage.send(
            in: CollectionContext(root: try host.tree()), into: sink)
        let document = try sink["network-storage.json"].map {
            try JSONDocument.decode(NetworkStorageDocument.self, from: $0.bytes)
        }
        return (sink, findings, document)
    }

    static func host() throws -> FixtureHost {
        try FixtureHost(listing: try FixtureHost.text("network/host.txt"))
    }

    @Test("Mounts, servers and connections of NFS are read with their counters")
    func nfs() throws {
        let nfs = try #require(try Self.collect(Self.host()).document?.nfs)
        #expect(nfs.mounts.map(\.mountPoint) == ["/srv/data one", "/mnt/old"])
        let mount = nfs.mounts[0]
        #expect(mount.source == "nas.example:/export/data one")
        #expect(mount.ageSeconds == 86400)
        #expect((mount.serverReadBytes, mount.serverWrittenBytes) == (5000, 9000))
        #expect(mount.operations.map(\.name) == ["NULL", "READ"])
        let read = mount.operations[1]
        #expect((read.operationCount, read.transmissionCount) == (100, 103))
        #expect((read.majorTimeoutCount, read.errorCount) == (2, 1))
        #expect((read.sentBytes, read.receivedBytes) == (17600, 512_000))
        #expect(
            (read.queueMilliseconds, read.roundTripMilliseconds, read.executionMilliseconds)
                == (5, 250, 260))
        let transport = mount.transports[0]
        #expect((transport.connectCount, transport.idleSeconds) == (3, 12))
        #expect((transport.sendCount, transport.receiveCount) == (1000, 998))
        #expect(transport.badTransactionCount == 1)
        #expect(nfs.mounts[1].transports.map(\.type) == ["udp"])
        #expect(nfs.mounts[1].transports.map(\.sendCount) == [5])
        #expect(nfs.servers.map(\.port) == [2049] && nfs.servers[0].hostName == "nas.example")
        #expect(nfs.volumes.map(\.device) == ["0:49"] && !nfs.volumes[0].isCached)
        #expect(
            nfs.transports.map(\.states) == [
                ["CONNECTED", "BOUND"], ["CONNECTING", "BOUND"], ["BOUND"],
            ])
        #expect(nfs.transports.map(\.queuedTaskCount) == [0, 7, nil])
    }

    @Test("SMB, iSCSI, block devices over the network and DRBD are read")
    func others() throws {
        let document = try #require(try Self.collect(Self.host()).document)
        let server = try #require(document.smb?.state?.servers.first)
        #expect(document.smb?.state?.version == "2.50")
        #expect((server.hostName, server.dialect) == ("files.example", "0x311"))
        #expect((server.state, server.instance, server.requestsOnWire) == (.needReconnect, 4, 2))
        #expect(server.sessions.map(\.address) == ["192.0.2.20"])
        #expect(server.sessions[0].status == 3 && server.sessions[0].securityType == "RawNTLMSSP")
        let shares = server.sessions[0].shares
        #expect(shares.map(\.name) == ["\\\\files.example\\IPC$", "\\\\files.example\\team"])
        #expect(shares.map(\.mountCount) == [1, 1])
        #expect(shares.map(\.isDisconnected) == [false, true])
        let statistics = try #require(document.smb?.statistics)
        #expect((statistics.sessionReconnectCount, statistics.shareReconnectCount) == (3, 4))
        #expect(statistics.maximumInFlightCount == 3)
        #expect(statistics.shares.map(\.readBytes) == [4096])
        #expect(statistics.shares.map(\.writtenBytes) == [512])
        #expect(
            document.iscsi?.sessions == [
                .init(
                    name: "session1",
                    attributes: [
                        "targetname": "iqn.2026-01.example:disk1", "state": "FAILED",
                        "recovery_tmo": "120",
                    ])
            ])
        #expect(document.iscsi?.connections.map(\.name) == ["connection1:0"])
        #expect(document.rbd == [["device": "0", "pool": "images", "name": "vm-1"]])
        #expect(document.nbd == [["device": "nbd0", "pid": "4711", "size": "2048"]])
        #expect(document.drbd?.version == "8.4.11")
        #expect(document.drbd?.devices.map(\.outOfSyncBytes) == [2_097_152, 0])
    }

    @Test("What is lost is a finding, and what is only idle is none")
    func findings() throws {
        let findings = try Self.collect(Self.host()).findings
        #expect(
            findings.map { "\($0.fault) \($0.severity.rawValue) \($0.object)" } == [
                "storage.nfs.major-timeouts minor /srv/data one",
                "storage.nfs.transport-down major 192.0.2.12",
                "storage.smb.reconnecting major files.example",
                "storage.iscsi.session-down major iqn.2026-01.example:disk1",
                "storage.drbd.degraded major drbd0",
            ])
        #expect(
            findings.allSatisfy { $0.evidence.map(\.artifact) == ["storage/network-storage.json"] })
        #expect(findings[3].reason.contains("at 192.0.2.30 is FAILED"))
        #expect(findings[1].reason.contains("CONNECTING BOUND; 7 tasks wait"))
    }

    @Test("No secret is in anything that is sent, and the document keeps its schema")
    func secrets() throws {
        let sink = try Self.collect(Self.host()).sink
        #expect(sink.artifacts.map(\.opening.path) == ["mountstats.txt", "network-storage.json"])
        for artifact in sink.artifacts {
            #expect(!artifact.text.contains("HUNTER2"), "\(artifact.opening.path)")
            #expect(!artifact.text.contains("NEVER-READ-ME"), "\(artifact.opening.path)")
            #expect(artifact.opening.privacy == .identity)
        }
        #expect(sink.missing.isEmpty)
        #expect(
            try DocumentSchemaTests.check(sink, of: "storage") == ["storage/network-storage.json"])
    }

    @Test("A host without network storage has one thing absent, and no document")
    func none() throws {
        let (sink, findings, document) = try Self.collect(
            FixtureHost(
                listing: "proc/1/mountstats = device /dev/sda1 mounted on / with fstype ext4"))
        #expect(findings == [] && document == nil && sink.artifacts.isEmpty)
        #expect(sink.absent.map(\.what) == ["network-storage.json"])
    }
}
