public import DiagModel

/// Where a collector sends: the pipe to the orchestrator, or in a test the memory.
///
/// Each method throws only when what is sent can no longer arrive.
public protocol CollectionSink: AnyObject {
    /// Opens an artifact; one that is open is closed first.
    func open(_ opening: WorkerMessage.Opening) throws
    /// Adds bytes to the open artifact.
    func write(_ bytes: Span<UInt8>) throws
    /// Sends a message other than `artifact`, `data` and `end`; closes the open artifact,
    /// except `truncated` and `progress`, which speak of it.
    func send(_ message: WorkerMessage) throws
    /// Waits until every probe that was asked for has ended and the other collectors have, too.
    ///
    /// `turn` is called about once a second meanwhile. A run that is ended early answers at once,
    /// with the records that there are; a second is left then.
    func awaitProbes(turn: () throws -> Void) throws -> WorkerAnswer
}

extension CollectionSink {
    /// Nothing probes for this sink: no records.
    public func awaitProbes(turn: () throws -> Void) throws -> WorkerAnswer {
        WorkerAnswer(probes: [])
    }

    /// Sends `bytes` as one artifact.
    public func send(
        _ path: String, _ bytes: [UInt8], source: String? = nil, mediaType: String? = nil,
        privacy: PrivacyClass
    ) throws {
        try open(.init(path: path, source: source, mediaType: mediaType, privacy: privacy))
        try write(bytes.span)
    }

    /// Sends `value` as a JSON document.
    public func sendJSON(
        _ path: String, _ value: some Encodable, source: String? = nil, privacy: PrivacyClass
    ) throws {
        try send(
            path, try JSONDocument.encode(value, layout: .document), source: source,
            mediaType: "application/json", privacy: privacy)
    }

    /// Says that something does not exist on this host.
    public func absent(_ what: String, why: String? = nil) throws {
        try send(.absent(.init(what: what, why: why)))
    }

    /// Says that something could not be had.
    public func missing(_ what: String, why: String, remedy: String? = nil) throws {
        try send(.missing(.init(what: what, why: why, remedy: remedy)))
    }

    /// Says how far the collector is.
    public func progress(
        _ done: Int64, of total: Int64? = nil, unit: String? = nil, activity: String? = nil
    ) throws {
        try send(.progress(.init(done: done, total: total, unit: unit, activity: activity)))
    }
}
