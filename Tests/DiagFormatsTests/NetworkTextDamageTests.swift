import Foundation
import Testing

@testable import DiagFormats

/// The texts of the network file systems, damaged in every way.
@Suite("Damaged network texts")
struct NetworkTextDamageTests {
    static let samples = [
        "device a:/b mounted on /c with fstype nfs4 statvers=1.1\n\topts:\trw,x=\"y\"\n"
            + "\tage:\t1\n\tbytes:\t1 2 3 4 5 6 7 8\n\txprt:\ttcp 0 0 1 0 2 3 4 5 6 0 1 2 3\n"
            + "\t  READ: 1 2 3 4 5 6 7 8 9\n",
        "NV SERVER PORT USE HOSTNAME\nv4 c000020a  801   2 nas\nv4 c000020a 801 0:49 1:0 no\n",
        "CIFS Version 2.50\n1) ConnectionId: 0x1 Hostname: h\nTCP status: 1 Instance: 1\n"
            + "Users: 1 Req On Wire: 2\n\t1) Address: 1 Session Status: 1\nSecurity type: N\n"
            + "\t1) \\\\s\\t Mounts: 1\n\ttid: 1 DISCONNECTED\n1) Name: 1 Uses: 1\n",
        "3 session 4 share reconnects\nMax requests in flight: 3\n1) \\\\s\\t\nSMBs: 1\n"
            + "Bytes read: 1  Bytes written: 2\n",
        "version: 8.4.11 (api)\n 0: cs:Connected ro:P/S ds:U/U C r\n  ns:0 oos:1\n",
    ]

    static func parseAll(_ bytes: [UInt8]) {
        _ = NFSMountStatistics(parsing: bytes)
        _ = NFSServerTable(parsing: bytes)
        _ = NFSVolumeTable(parsing: bytes)
        _ = SMBClientState(parsing: bytes)
        _ = SMBClientStatistics(parsing: bytes)
        _ = DRBDStatus(parsing: bytes)
    }

    @Test("No truncation and no changed byte traps", arguments: samples)
    func damaged(sample: String) {
        let bytes = Array(sample.utf8)
        for length in bytes.indices { Self.parseAll(Array(bytes.prefix(length))) }
        for index in bytes.indices {
            for value in [UInt8(0), 0x0A, 0x39, 0xFF] {
                var damaged = bytes
                damaged[index] = value
                Self.parseAll(damaged)
            }
        }
    }

    @Test("Random changes end in a value")
    func random() {
        let wanted = ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"].flatMap { Int($0) }
        var state: UInt64 = 0x5A7A_0002
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<(wanted ?? 300) {
            var bytes = Array(Self.samples[round % Self.samples.count].utf8)
            for _ in 0...next(6) { bytes[next(bytes.count)] = UInt8(next(256)) }
            Self.parseAll(bytes)
        }
    }

    @Test("Numbers too large are passed over")
    func large() {
        let text =
            "device a:/b mounted on /c with fstype nfs\n\tage:\t99999999999999999999999\n"
            + "\tREAD: 18446744073709551615 1 1 1 1 1 1 18446744073709551616\n"
        let statistics = NFSMountStatistics(parsing: Array(text.utf8))
        #expect(statistics.unreadableLines == [2, 3])
        #expect(statistics.mounts.first?.operations == [])
    }
}
