import DiagModel
import Testing

@testable import DiagFormats

@Suite("The table of md's arrays")
struct MDStatusTableTests {
    @Test("Every array, its members, its health and its progress are read")
    func arrays() throws {
        let bytes = Array(MapperSamples.mdstat.utf8)
        let table = try MDStatusTable(parsing: bytes.span)
        #expect(table.personalities == ["raid1", "raid6", "raid5", "raid4"])
        #expect(table.unusedDevices == [])
        #expect(
            table.arrays == [
                .init(
                    name: "md0", state: "active", level: "raid1",
                    members: [
                        .init(device: "sda1", number: 0, flags: []),
                        .init(device: "sdb1", number: 2, flags: ["F"]),
                        .init(device: "sdc1", number: 3, flags: ["S"]),
                    ], blockCount: 1_046_528, slotCount: 2, workingCount: 1, health: "U_",
                    bitmap: "1/1 pages [4KB], 65536KB chunk"),
                .init(
                    name: "md1", state: "active", restriction: "auto-read-only", level: "raid5",
                    members: [
                        .init(device: "sdf1", number: 3, flags: []),
                        .init(device: "sde1", number: 1, flags: []),
                        .init(device: "sdd1", number: 0, flags: []),
                    ], blockCount: 2_093_056, slotCount: 3, workingCount: 2, health: "UU_",
                    progress: .init(
                        action: "recovery", percent: 12.6, minutesLeft: 127.5,
                        speedKibibytesPerSecond: 33440)),
                .init(
                    name: "md2", state: "inactive",
                    members: [.init(device: "sdg1", number: 0, flags: ["S"])],
                    blockCount: 1_046_528),
                .init(
                    name: "md3", state: "active", level: "raid1",
                    members: [
                        .init(device: "sdh1", number: 0, flags: []),
                        .init(device: "sdi1", number: 1, flags: []),
                    ], blockCount: 1_046_528, slotCount: 2, workingCount: 2, health: "UU",
                    progress: .init(action: "resync", waiting: "DELAYED")),
            ])
    }

    @Test("Another text is an error")
    func other() {
        let other = Array("hello\n".utf8)
        #expect(throws: FormatError.unexpected(line: 1, expected: "Personalities")) {
            try MDStatusTable(parsing: other.span)
        }
        let bytes = Array("Personalities : \nunused devices: sdx sdy\n".utf8)
        let empty = try? MDStatusTable(parsing: bytes.span)
        #expect(empty?.unusedDevices == ["sdx", "sdy"] && empty?.arrays == [])
    }
}
