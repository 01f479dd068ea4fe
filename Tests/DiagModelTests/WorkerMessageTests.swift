import DiagModel
import Testing

@Suite struct WorkerMessageTests {
    static let messages: [WorkerMessage] = [
        .spoken(.init(version: 1)),
        .artifact(
            .init(path: "a/b", pathBytes: "YS9i", source: "/s", mediaType: "m", privacy: .identity)),
        .artifact(.init(path: "a")), .data(byteCount: 0), .data(byteCount: 999_999_999_999),
        .truncated(.init(why: "full")),
        .progress(.init(done: 1, total: 2, unit: "u", activity: "a")),
        .absent(.init(what: "w")), .missing(.init(what: "w", why: "y", remedy: "r")),
        .finding(SchemaSample.fullFinding), .note(.init(text: "line\nbreak")),
        .note(.init(text: "t", withheld: SchemaSample.fullWithheld)),
        .probe(.init(kind: "k", target: "t", targetBytes: "dA==", standsOn: ["u"])), .awaitProbes,
        .record(.init(kind: "k", target: "t", outcome: .slow, seconds: 1, facts: ["a": [1]])),
        .end(.init(failure: "f", confinementGaps: ["g"])), .end(.init()),
    ]

    @Test("A message is read back as it was written, and takes one line", arguments: messages)
    func roundTrip(message: WorkerMessage) throws {
        let body = try message.encodedBody()
        #expect(!body.contains(0x0A))
        #expect(try WorkerMessage.decode(verb: message.verb, body: body) == message)
    }

    @Test("A message cut anywhere is an error, never a trap", arguments: messages)
    func truncated(message: WorkerMessage) throws {
        let body = try message.encodedBody()
        for length in 1..<max(body.count, 2) where length < body.count {
            // Nothing in it is read.
            if message == .awaitProbes { continue }
            if case .data = message {
                let part = try WorkerMessage.decode(verb: message.verb, body: body[..<length])
                #expect(part != message)
            } else {
                #expect(throws: (any Error).self) {
                    try WorkerMessage.decode(verb: message.verb, body: body[..<length])
                }
            }
        }
    }

    @Test("A finding needs not say its collector, what to do and what it rests on")
    func leanFinding() throws {
        let body = #"{"fault":"f","severity":"minor","object":"o","place":"p","reason":"r"}"#
        let finding = Finding(
            fault: "f", severity: .minor, collector: "", object: "o", place: "p", reason: "r")
        #expect(
            try WorkerMessage.decode(verb: "finding", body: Array(body.utf8)) == .finding(finding))
        #expect(
            PublishedSchema.workerMessages.errors(
                in: try JSONDocument.decode(JSONValue.self, from: body.utf8), definition: "finding")
                == [])
    }

    @Test("The end needs no body, and an unknown verb no meaning")
    func lean() throws {
        #expect(try WorkerMessage.decode(verb: "end", body: []) == .end(.init()))
        #expect(try WorkerMessage.decode(verb: "later", body: Array("{}".utf8)) == nil)
    }

    @Test(
        "A byte count is digits, at most twelve",
        arguments: ["", "-1", "+1", "1.0", "0x10", " 1", "1234567890123", "９"])
    func byteCount(text: String) {
        #expect(throws: (any Error).self) {
            try WorkerMessage.decode(verb: "data", body: Array(text.utf8))
        }
    }
}
