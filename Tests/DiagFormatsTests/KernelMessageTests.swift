import Foundation
import Testing

@testable import DiagFormats

@Suite("Records of /dev/kmsg")
struct KernelMessageTests {
    /// The examples of Linux `Documentation/ABI/testing/dev-kmsg`, and lines in the form of real ones.
    static let records = [
        "7,160,424069,-;pci_root PNP0A03:00: host bridge window [io  0x0000-0x0cf7] (ignored)\n"
            + " SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n",
        "6,339,5140900,-;NET: Registered protocol family 10\n",
        "30,340,5690716,-;udevd[80]: starting version 181\n",
        "3,1024,98765432,-,caller=T1;I/O error, dev sdb, sector 2048 op 0x0:(READ)\n"
            + " SUBSYSTEM=block\n DEVICE=b8:16\n",
        "4,1025,98765433,c;first\\x0asecond \\x5c \\xc3\\xa9 \\xff \\x1b[31m\n",
    ]

    private func parse(_ record: String) throws -> KernelMessage {
        try KernelMessage(parsing: Array(record.utf8)[...])
    }

    @Test("A record with a dictionary is read whole")
    func dictionary() throws {
        let message = try parse(Self.records[0])
        #expect(message.level == 7)
        #expect(message.facility == 0)
        #expect(message.sequenceNumber == 160)
        #expect(message.microseconds == 424_069)
        #expect(!message.isContinuation)
        #expect(
            String(decoding: message.text, as: UTF8.self)
                == "pci_root PNP0A03:00: host bridge window [io  0x0000-0x0cf7] (ignored)")
        #expect(
            message.dictionary.map { String(decoding: $0.name + [0x3D] + $0.value, as: UTF8.self) }
                == ["SUBSYSTEM=acpi", "DEVICE=+acpi:PNP0A03:00"])
    }

    @Test("The facility tells a program from the kernel")
    func facility() throws {
        let message = try parse(Self.records[2])
        #expect(message.facility == 3)
        #expect(message.facilityName == "daemon")
        #expect(message.levelName == "info")
    }

    @Test("Escapes are undone, and undone ones do not reach the text")
    func text() throws {
        let message = try parse(Self.records[4])
        #expect(message.isContinuation)
        #expect(
            message.text == Array("first\nsecond \\ é ".utf8) + [0xFF] + Array(" \u{1B}[31m".utf8))
        var clock = JournalClock()
        var text = [UInt8]()
        let lineCount = message.appendText(
            bootTime: 1_793_500_000_000_000, clock: &clock, to: &text)
        #expect(lineCount == 2)
        #expect(
            String(decoding: text, as: UTF8.self)
                == "[   98.765433] 2026-11-01T02:28:18.765433Z kern.warn: first\n"
                + "    second \\\\ é \\xFF \\x1B[31m\n")
    }

    @Test("The line of JSON is one that others read")
    func json() throws {
        var clock = JournalClock()
        var json = [UInt8]()
        try parse(Self.records[3]).appendJSON(
            bootTime: 1_793_500_000_000_000, clock: &clock, to: &json)
        #expect(
            String(decoding: json, as: UTF8.self)
                == #"{"dictionary":{"SUBSYSTEM":"block","DEVICE":"b8:16"},"facility":"kern","#
                + #""level":"err","monotonicMicroseconds":98765432,"sequenceNumber":1024,"#
                + #""text":"I/O error, dev sdb, sector 2048 op 0x0:(READ)","#
                + #""time":"2026-11-01T02:28:18.765432Z"}"# + "\n")
        for record in Self.records {
            json = []
            try parse(record).appendJSON(bootTime: nil, clock: &clock, to: &json)
            let object = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
            #expect(object?["text"] is String)
        }
    }

    @Test("A record cut anywhere is an error or a shorter record", arguments: records)
    func truncated(record: String) throws {
        let bytes = Array(record.utf8)
        let prefix = try #require(bytes.firstIndex(of: 0x3B))
        for length in 0..<bytes.count {
            let message = try? KernelMessage(parsing: bytes[..<length])
            #expect((message != nil) == (length > prefix))
        }
    }

    @Test("A changed byte never traps", arguments: records)
    func flipped(record: String) {
        var bytes = Array(record.utf8)
        var clock = JournalClock()
        for place in bytes.indices {
            let original = bytes[place]
            for value in UInt8.min...UInt8.max {
                bytes[place] = value
                guard let message = try? KernelMessage(parsing: bytes[...]) else { continue }
                guard value % 16 == 0 else { continue }
                var output = [UInt8]()
                _ = message.appendText(bootTime: .max, clock: &clock, to: &output)
                message.appendJSON(bootTime: .max, clock: &clock, to: &output)
                #expect(output.last == 0x0A)
            }
            bytes[place] = original
        }
    }

    @Test(
        "Numbers beyond 64 bits are refused",
        arguments: [
            "18446744073709551616,1,1,-;x", "1,99999999999999999999999,1,-;x", "1,1,,-;x",
            "-1,1,1,-;x",
        ])
    func impossibleNumbers(record: String) {
        #expect(throws: FormatError.self) { try parse(record) }
    }

    @Test("The largest numbers are taken")
    func largestNumbers() throws {
        let most = UInt64.max
        let message = try parse("\(most),\(most),\(most),-;x")
        #expect(message.facilityName == String(most >> 3))
        #expect(message.sequenceNumber == most)
    }
}
