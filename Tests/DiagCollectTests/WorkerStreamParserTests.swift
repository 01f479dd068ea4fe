import DiagModel
import Testing

@testable import DiagCollect

/// Keeps what the parser gives, artifacts as text.
private struct Recorder: WorkerStreamHandler {
    var artifacts: [String] = []
    var verbs: [String] = []

    mutating func receive(_ message: WorkerMessage, byteCount: Int) {
        verbs.append(message.verb)
        if case .artifact = message { artifacts.append("") }
    }

    mutating func receive(_ bytes: Span<UInt8>) {
        var text = [UInt8]()
        for index in 0..<bytes.count { text.append(bytes[index]) }
        artifacts[artifacts.count - 1] += String(decoding: text, as: UTF8.self)
    }
}

private func parse(_ text: String, pieces: Int) throws -> Recorder {
    var parser = WorkerStreamParser(boundary: "B0")
    var recorder = Recorder()
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
        let end = min(bytes.count, index + pieces)
        try parser.take(bytes.span.extracting(index..<end), handler: &recorder)
        index = end
    }
    return recorder
}

@Suite("The worker protocol, read")
struct WorkerStreamParserTests {
    @Test("Data keeps every byte, whatever the pieces it comes in", arguments: [1, 2, 3, 7, 1000])
    func framed(pieces: Int) throws {
        let stream = """
            B0 artifact {"path":"a"}
            B0 data 5
            B0 en
            B0 progress {"done":1}
            B0 data 0

            B0 data 3
            x\ny
            B0 end {}

            """
        let recorder = try parse(stream, pieces: pieces)
        #expect(recorder.artifacts == ["B0 enx\ny"])
        #expect(recorder.verbs == ["artifact", "progress", "end"])
    }

    @Test("Plain text ends with exactly one newline", arguments: [1, 2, 3, 1000])
    func plain(pieces: Int) throws {
        let stream = """
            B0 artifact {"path":"a"}

            one
            B0x is text
             B0 end is text


            B0 artifact {"path":"b"}
            B0 artifact {"path":"c"}

            B0 end

            """
        let recorder = try parse(stream, pieces: pieces)
        #expect(recorder.artifacts == ["\none\nB0x is text\n B0 end is text\n", "", ""])
        #expect(recorder.verbs == ["artifact", "artifact", "artifact", "end"])
    }

    @Test(
        "What is not the protocol is refused, and says where",
        arguments: [
            ("hello\n", "a line is no message, and no artifact is open, at byte 0 of its output"),
            ("B0 fly {}\n", "unknown verb fly, at byte 10 of its output"),
            ("B0 artifact {\n", "message artifact: broken JSON"),
            ("B0 artifact {}\n", "message artifact: lacks path, at byte 15 of its output"),
            ("B0 data 3\n", "data outside an artifact, or after text, at byte 10"),
            ("B0 artifact {\"path\":\"a\"}\nB0 data 1\nxy", "data is longer than the byte count"),
            (
                "B0 artifact {\"path\":\"a\"}\nB0 data 1\nxB0y",
                "data is longer than the byte count it gave, at byte 36 of its output"
            ),
            (
                "B0 artifact {\"path\":\"a\"}\nB0 data 1\nxB0 end\n",
                "the newline behind the data is missing, at byte 36 of its output"
            ),
            (
                "B0 artifact {\"path\":\"a\"}\nB0 data -1\n",
                "message data: needs a byte count, but found \"-1\""
            ),
            (
                #"B0 finding {"fault":"f","severity":"warning","object":"o","reason":"r"}"# + "\n",
                "message finding: severity: expected one of `critical`, `major`, `minor`, `notice`,"
                    + " but found \"warning\", at byte"
            ),
            (
                #"B0 artifact {"path":"a","privacy":"secret"}"# + "\n",
                "message artifact: privacy: expected one of `technical`, `identity`, `content`,"
                    + " `sensitive`, but found \"secret\""
            ),
            ("B0 note \"text\"\n", "message note: is no JSON object"),
            ("B0 note {\"text\":1}\n", "message note: wrong type of text"),
            ("B0 artifact {\"path\":\"a\"}\nB0 data 99999999999\n", "more than 1 GiB"),
            ("B0 artifact {\"path\":\"a\"}\ntext\nB0 data 1\n", "data outside an artifact"),
            (
                "B0 artifact {\"path\":\"a\"}\nB0 data 1\nx\ntext",
                "text follows data in one artifact"
            ),
            ("B0 truncated {\"why\":\"x\"}\n", "truncated outside an artifact"),
        ] as [(String, String)])
    func refused(stream: String, reason: String) throws {
        for pieces in [1, 1000] {
            let violation = #expect(throws: ProtocolViolation.self) {
                _ = try parse(stream, pieces: pieces)
            }
            #expect(violation?.description.contains(reason) == true, "\(violation as Any)")
        }
    }

    @Test(
        "Of a worker that is tested every fault is told, and what is right is taken",
        arguments: [1, 2, 7, 1000])
    func allFaults(pieces: Int) throws {
        let stream = """
            hello
            and more
            B0 fly {}
            lost
            B0 artifact {"path":"a"}
            one
            B0 data 3
            abc
            B0 artifact {"path":"b"}
            B0 data 2
            abcd
            B0 note {"text":"n","txt":"m"}
            B0 truncated {"why":"w"}
            B0 finding {"fault":"f","severity":"warning","object":"o","reason":"r"}
            B0 artifact {"path":"c"}
            B0 data 2
            ok
            B0 end

            """
        let (parser, recorder) = try tested(stream, inPieces: pieces)
        #expect(
            parser.faults.map(\.reason) == [
                "a line is no message, and no artifact is open", "unknown verb fly",
                "data outside an artifact, or after text",
                "data is longer than the byte count it gave",
                "message note: /txt: not allowed here", "truncated outside an artifact",
                "message finding: severity: expected one of `critical`, `major`, `minor`, `notice`,"
                    + " but found \"warning\"",
            ])
        #expect(parser.faults.map { $0.line?.number } == [1, 3, 7, 11, 12, 13, 14])
        #expect(recorder.artifacts == ["one\n", "ab", "ok"])
        #expect(recorder.verbs == ["artifact", "artifact", "note", "artifact", "end"])
        #expect(parser.unfinished == nil)
    }

    /// What comes of the output of a worker that is tested, in pieces of so many bytes.
    private func tested(
        _ stream: String, inPieces count: Int
    ) throws -> (WorkerStreamParser, Recorder) {
        var parser = WorkerStreamParser(boundary: "B0", tellsLines: true, isTested: true)
        var recorder = Recorder()
        let bytes = Array(stream.utf8)
        for start in stride(from: 0, to: bytes.count, by: count) {
            let end = min(bytes.count, start + count)
            try parser.take(bytes.span.extracting(start..<end), handler: &recorder)
        }
        return (parser, recorder)
    }

    @Test(
        "Of a worker that is tested a message is taken where its line began too early",
        arguments: [1, 2, 7, 1000])
    func lackingNewlines(pieces: Int) throws {
        let stream = """
            B0 artifact {"path":"a"}
            B0 data 6
            abcdefB0 artifact {"path":"b"}
            textB0 note {"text":"n"}
            B0 artifact {"path":"c"}
            its B0 PATH=/bin B0
            B0x B0 B0
            B0 artifact {"path":"d"}
            B0 data 2
            abcdB0 end

            """
        let (parser, recorder) = try tested(stream, inPieces: pieces)
        #expect(
            parser.faults.map(\.reason) == [
                "the newline behind the data is missing",
                "a message stands behind text in its line: the newline before it is missing",
                "data is longer than the byte count it gave",
            ])
        #expect(parser.faults.map { $0.line?.number } == [3, 4, 10])
        #expect(
            recorder.artifacts == [
                "abcdef", "textB0 note {\"text\":\"n\"}\n",
                "its B0 PATH=/bin B0\nB0x B0 B0\n", "ab",
            ])
        #expect(
            recorder.verbs == ["artifact", "artifact", "note", "artifact", "artifact", "end"])
        #expect(parser.unfinished == nil)
    }

    @Test("In a run what does not begin a line is content")
    func behindText() throws {
        let recorder = try parse(
            "B0 artifact {\"path\":\"a\"}\ntextB0 end\nB0 end\n", pieces: 3)
        #expect(recorder.artifacts == ["textB0 end\n"])
        #expect(recorder.verbs == ["artifact", "end"])
    }

    @Test("Of a worker that is tested no more is looked at than helps")
    func tooManyFaults() throws {
        var parser = WorkerStreamParser(boundary: "B0", tellsLines: true, isTested: true)
        var recorder = Recorder()
        let verbs = Array(String(repeating: "B0 fly {}\n", count: 30).utf8)
        let last = #expect(throws: ProtocolViolation.self) {
            try parser.take(verbs.span, handler: &recorder)
        }
        #expect(parser.faults.count == 20)
        #expect(last?.line?.number == 21)
        #expect(last?.description.hasSuffix("; what comes behind it was not looked at") == true)

        parser = WorkerStreamParser(boundary: "B0", tellsLines: true, isTested: true)
        let text = [UInt8](repeating: 0x61, count: 1 << 20)
        let endless = #expect(throws: ProtocolViolation.self) {
            for _ in 0..<20 { try parser.take(text.span, handler: &recorder) }
        }
        #expect(parser.faults.count == 1)
        #expect(endless?.description.contains("more than 16 MiB") == true)
    }

    @Test("A message line that never ends is refused, not kept")
    func endless() throws {
        var parser = WorkerStreamParser(boundary: "B0")
        var recorder = Recorder()
        let start = Array("B0 note ".utf8)
        try parser.take(start.span, handler: &recorder)
        let chunk = [UInt8](repeating: 0x61, count: 65_536)
        #expect(throws: ProtocolViolation.self) {
            for _ in 0..<20 { try parser.take(chunk.span, handler: &recorder) }
        }
        #expect(parser.offset < 2 << 20)
    }

    @Test("Flipped bytes are a message, text or a violation, never a trap", arguments: 0..<8)
    func flipped(bit: Int) throws {
        let stream = Array(
            "B0 artifact {\"path\":\"a\",\"privacy\":\"content\"}\nB0 data 3\nabc\nB0 missing {\"what\":\"w\"}\nB0 end {}\n"
                .utf8)
        for index in stream.indices {
            var bytes = stream
            bytes[index] ^= 1 << UInt8(bit)
            var parser = WorkerStreamParser(boundary: "B0")
            var recorder = Recorder()
            do { try parser.take(bytes.span, handler: &recorder) } catch is ProtocolViolation {}
        }
    }
}
