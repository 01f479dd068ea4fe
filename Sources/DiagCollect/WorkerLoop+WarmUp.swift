internal import DiagModel

extension WorkerLoop {
    /// Reads a request and writes messages as every worker does, for nothing.
    ///
    /// What the runtime looks up at the first use of a type is kept in the process, and what is
    /// forked from it then has it: half a millisecond of each worker.
    public static func warmUp() {
        let request = WorkerRequest(
            collector: "none", root: "/", options: ["option": .string("value")],
            deadlineSeconds: 1, byteBudget: 1, boundary: "")
        if let line = try? JSONDocument.encode(request, layout: .line) {
            _ = try? JSONDocument.decode(WorkerRequest.self, from: line)
        }
        let messages: [WorkerMessage] = [
            .artifact(.init(path: "none")), .progress(.init(done: 0)), .end(.init()),
            .missing(.init(what: "nothing")), .note(.init(text: "none")),
        ]
        for message in messages { _ = try? message.encodedBody() }
        let record = CommandRecord(
            arguments: ["none"], executable: "none", seconds: 0, outputByteCount: 0)
        _ = try? JSONDocument.encode(CommandRecord.List(commands: [record]), layout: .document)
    }
}
