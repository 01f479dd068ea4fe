/// What the firmware and the loaders measured into the TPM, event by event.
///
/// Source: TCG PC Client Platform Firmware Profile Specification, version 1.06, section 10: the
/// first event has the form of TPM 1.2; when it is the specification identifier, those behind it
/// have a digest for each algorithm. All integers little-endian.
public struct TCGEventLog: Codable, Hashable, Sendable {
    /// An algorithm of the log's digests.
    public struct Algorithm: Codable, Hashable, Sendable {
        /// Its TCG identifier, for example 0x000B.
        public let identifier: UInt16
        /// `sha1`, `sha256`, …; the identifier for one not known here.
        public let name: String
        /// Bytes of a digest.
        public let digestByteCount: Int
    }

    /// One event.
    public struct Event: Codable, Hashable, Sendable {
        /// The register that was extended.
        public let pcrIndex: UInt32
        /// The type's number.
        public let type: UInt32
        /// The type's name in the specification; the number for one not known here.
        public let typeName: String
        /// Hexadecimal digits by the algorithm's name.
        public let digests: [String: String]
        /// Bytes of its data.
        public let dataByteCount: Int
        /// What the data says, where that is text, a variable's name or a device path. A loader's
        /// command lines are here as they are: mask them before they are kept.
        public let text: String?
    }

    /// What the specification identifier event says; none in a log of TPM 1.2.
    public struct Specification: Codable, Hashable, Sendable {
        /// 0 a client, 1 a server.
        public let platformClass: UInt32
        /// For example `2.0.2`: major, minor, errata.
        public let version: String
    }

    /// What the first event says of the log; none in a log of TPM 1.2.
    public let specification: Specification?
    /// The algorithms of the digests.
    public let algorithms: [Algorithm]
    /// The events, in their order, at most as many as were asked for.
    public let events: [Event]
    /// Whether there are more events than were asked for.
    public let isTruncated: Bool
    /// What is wrong with the log, when something is; ``events`` ends there.
    public let fault: String?

    private static let algorithmLimit = 16

    /// Reads a log, at most `limit` events of it. Damage behind the first event is no error, but
    /// told in ``fault``.
    ///
    /// - Throws: ``FormatError`` when not even the first event can be read.
    public init(parsing bytes: Span<UInt8>, limit: Int = 10_000) throws(FormatError) {
        var at = 0
        let sha1 = Algorithm(identifier: 4, name: "sha1", digestByteCount: 20)
        let first = try Self.legacyEvent(bytes, &at, sha1)
        var specification: Specification?
        var algorithms = [sha1]
        if first.event.type == 3,
            let identified = try Self.identification(first.data.span)
        {
            specification = identified.specification
            algorithms = identified.algorithms
        }
        var events = [first.event]
        var fault: String?
        while at < bytes.count, events.count < limit {
            // Firmware that copies a whole area leaves zero bytes behind the last event.
            if Self.isZero(bytes, from: at) { break }
            do throws(FormatError) {
                events.append(
                    specification == nil
                        ? try Self.legacyEvent(bytes, &at, sha1).event
                        : try Self.event(bytes, &at, algorithms))
            } catch {
                fault = error.description
                break
            }
        }
        self.specification = specification
        self.algorithms = algorithms
        self.events = events
        isTruncated = fault == nil && events.count >= limit && at < bytes.count
        self.fault = fault
    }

    private static func isZero(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        guard bytes.count - start >= 16 else { return false }
        for index in start..<(start + 16) where bytes[index] != 0 { return false }
        return true
    }

    private static func legacyEvent(
        _ bytes: Span<UInt8>, _ at: inout Int, _ algorithm: Algorithm
    ) throws(FormatError) -> (event: Event, data: [UInt8]) {
        let pcr: UInt32 = try bytes.littleEndian(at: at, field: "pcrIndex")
        let type: UInt32 = try bytes.littleEndian(at: at + 4, field: "eventType")
        let digest = try bytes.bytes(20, at: at + 8, field: "digest")
        let size = Int(try bytes.littleEndian(UInt32.self, at: at + 28, field: "eventSize"))
        let data = try bytes.bytes(size, at: at + 32, field: "event")
        at += 32 + size
        return (
            Event(
                pcrIndex: pcr, type: type, typeName: TCGEventType.name(type),
                digests: [algorithm.name: Hexadecimal.string(digest)], dataByteCount: size,
                text: TCGEventType.text(of: data, type: type)), data
        )
    }

    private static func event(
        _ bytes: Span<UInt8>, _ at: inout Int, _ algorithms: [Algorithm]
    ) throws(FormatError) -> Event {
        var next = at
        let pcr: UInt32 = try bytes.littleEndian(at: next, field: "pcrIndex")
        let type: UInt32 = try bytes.littleEndian(at: next + 4, field: "eventType")
        let count: UInt32 = try bytes.littleEndian(at: next + 8, field: "digest count")
        guard count <= UInt32(algorithmLimit) else {
            throw .invalid(field: "digest count", offset: next + 8, value: UInt64(count))
        }
        next += 12
        var digests = [String: String]()
        for _ in 0..<count {
            let identifier: UInt16 = try bytes.littleEndian(at: next, field: "hashAlg")
            guard let algorithm = algorithms.first(where: { $0.identifier == identifier }) else {
                throw .invalid(field: "hashAlg", offset: next, value: UInt64(identifier))
            }
            digests[algorithm.name] = Hexadecimal.string(
                try bytes.bytes(algorithm.digestByteCount, at: next + 2, field: "digest"))
            next += 2 + algorithm.digestByteCount
        }
        let size = Int(try bytes.littleEndian(UInt32.self, at: next, field: "eventSize"))
        let data = try bytes.bytes(size, at: next + 4, field: "event")
        at = next + 4 + size
        return Event(
            pcrIndex: pcr, type: type, typeName: TCGEventType.name(type), digests: digests,
            dataByteCount: size, text: TCGEventType.text(of: data, type: type))
    }

    private static func identification(
        _ data: Span<UInt8>
    ) throws(FormatError) -> (specification: Specification, algorithms: [Algorithm])? {
        guard try data.text(16, at: 0, field: "signature") == "Spec ID Event03" else { return nil }
        let platformClass: UInt32 = try data.littleEndian(at: 16, field: "platformClass")
        let version = try data.bytes(3, at: 20, field: "specVersion")
        let count: UInt32 = try data.littleEndian(at: 24, field: "numberOfAlgorithms")
        guard count <= UInt32(algorithmLimit) else {
            throw .invalid(field: "numberOfAlgorithms", offset: 24, value: UInt64(count))
        }
        var algorithms = [Algorithm]()
        for index in 0..<Int(count) {
            let identifier: UInt16 = try data.littleEndian(
                at: 28 + index * 4, field: "algorithmId")
            let size: UInt16 = try data.littleEndian(at: 30 + index * 4, field: "digestSize")
            guard size <= 128 else {
                throw .invalid(
                    field: "digestSize", offset: 30 + index * 4, value: UInt64(size))
            }
            algorithms.append(
                Algorithm(
                    identifier: identifier, name: TCGEventType.algorithmName(identifier),
                    digestByteCount: Int(size)))
        }
        return (
            Specification(
                platformClass: platformClass, version: "\(version[1]).\(version[0]).\(version[2])"),
            algorithms
        )
    }
}
