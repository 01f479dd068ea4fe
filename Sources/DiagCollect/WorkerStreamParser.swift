internal import DiagModel

/// Takes a worker's output apart, in pieces of any size, without keeping an artifact's bytes.
///
/// A line that begins with the boundary and a space is a message. Bytes of an artifact come as
/// `data` messages, a byte count and that many bytes and a newline, or plainly up to the next
/// message; then exactly one newline is kept at their end.
public struct WorkerStreamParser {
    private enum State {
        /// At the start of a line; `line` holds what has come of it while it may be a message.
        case lineStart
        /// In a message line, up to its newline.
        case message
        /// In a line of plain text.
        case text
        /// In the bytes of a `data` message.
        case data(remaining: Int)
        /// Behind the bytes of a `data` message, before its newline; `line` holds what has come in
        /// its place while it may be the boundary.
        case dataEnd
    }

    private enum Form {
        case none
        case undecided
        case framed
        case plain
        /// Behind a fault: what comes up to the next message may be bytes of anything.
        case lost
    }

    /// The longest message line, in bytes.
    public static let longestMessage = 1 << 20
    /// The largest byte count of one `data` message.
    public static let largestData = 1 << 30
    /// How many faults of one output are told, and how many bytes behind them are passed over.
    static let (mostFaults, mostLostBytes) = (20, 16 << 20)

    private let prefix: [UInt8]
    /// Counts lines and keeps their beginnings, where that is wanted.
    private var lines: WorkerOutputLine.Counter?
    /// Whether the worker is held to the protocol to the letter, and all its faults are told.
    private let isTested: Bool
    private var state = State.lineStart
    private var form = Form.none
    private var line: [UInt8] = []
    /// Finds messages within lines of text, of a worker that is tested.
    private var behindText: MessageBehindText?
    /// Newlines of plain text that are passed on only when more text follows.
    private var heldNewlines = 0
    private var hasText = false
    private var lostByteCount = 0
    /// The faults of a worker that is tested, behind which its output could be followed.
    private(set) var faults: [ProtocolViolation] = []
    /// How many bytes have been taken.
    public private(set) var offset: Int64 = 0

    /// A parser for the worker that was given `boundary`.
    ///
    /// - Parameters:
    ///   - boundary: the token that begins each message.
    ///   - tellsLines: whether violations name the line and its text, for which every byte is looked
    ///     at: of a worker that is not ours.
    ///   - isTested: whether a message with a member that the protocol does not know is refused,
    ///     and a fault is kept and not thrown where messages can be told apart behind it.
    public init(boundary: String, tellsLines: Bool = false, isTested: Bool = false) {
        prefix = Array(boundary.utf8) + [0x20]
        lines = tellsLines ? .init() : nil
        self.isTested = isTested
        behindText = isTested ? MessageBehindText(prefix: prefix) : nil
    }

    /// A violation in the message that was read last: what is wrong with it was seen elsewhere.
    public func violation(_ reason: String) -> ProtocolViolation {
        ProtocolViolation(offset: offset, reason: reason, line: lines?.current)
    }

    /// What an output that ends here leaves open; `nil` when it ends behind a line, or nobody
    /// counts them.
    public var unfinished: String? {
        guard let lines else { return nil }
        switch state {
        case .data(let remaining):
            return "its output ends \(remaining) bytes before the end of the data of"
                + " \(lines.dataLine)"
        case .dataEnd: return "the newline is lacking behind the data of \(lines.dataLine)"
        case .message:
            return "its output ends within a message, in \(lines.line(of: line))"
        case .lineStart, .text: return nil
        }
    }

    /// Takes `bytes`, the next of the worker's output.
    ///
    /// - Throws: ``ProtocolViolation``, after which no more may be taken, or what `handler` throws.
    public mutating func take(
        _ bytes: Span<UInt8>, handler: inout some WorkerStreamHandler
    ) throws {
        var index = 0
        let start = offset
        defer { offset = start + Int64(index) }
        while index < bytes.count {
            switch state {
            case .data(let remaining):
                let count = min(remaining, bytes.count - index)
                let part = bytes.extracting(index..<index + count)
                lines?.skip(part)
                if form == .lost { try passOver(count) } else { try handler.receive(part) }
                index += count
                state = count == remaining ? .dataEnd : .data(remaining: remaining - count)
            case .dataEnd:
                try endData(bytes, &index, &handler, start)
            case .lineStart:
                if bytes[index] == prefix[line.count] {
                    line.append(bytes[index])
                    index += 1
                    if line.count == prefix.count {
                        line.removeAll(keepingCapacity: true)
                        state = .message
                    }
                } else {
                    if lines != nil, form != .undecided, form != .plain {
                        let text = line + Self.start(of: bytes, from: index)
                        lines?.keep(text)
                    }
                    try beginText(&handler, start, index)
                }
            case .message:
                let end = Self.newline(in: bytes, from: index) ?? bytes.count
                guard line.count + end - index <= Self.longestMessage else {
                    var violation = violation("a message is longer than 1 MiB", start, index)
                    violation.cutsOff = isTested
                    throw violation
                }
                unsafe bytes.extracting(index..<end).withUnsafeBufferPointer {
                    unsafe line.append(contentsOf: $0)
                }
                index = end
                if end < bytes.count {
                    index += 1
                    state = .lineStart
                    try finishMessage(&handler, start, index)
                    lines?.end()
                }
            case .text:
                let end = Self.newline(in: bytes, from: index) ?? bytes.count
                try passText(bytes.extracting(index..<end), &handler)
                index = end
                if end < bytes.count {
                    heldNewlines += 1
                    index += 1
                    state = .lineStart
                    try takeMessageBehindText(&handler, start, index)
                    lines?.end()
                }
            }
        }
    }

    /// Takes the next byte behind data: a newline, or what stands there instead.
    private mutating func endData(
        _ bytes: Span<UInt8>, _ index: inout Int, _ handler: inout some WorkerStreamHandler,
        _ start: Int64
    ) throws {
        let byte = bytes[index]
        if byte == 0x0A, line.isEmpty {
            index += 1
            lines?.end()
            state = .lineStart
        } else if byte == prefix[line.count] {
            line.append(byte)
            index += 1
            guard line.count == prefix.count else { return }
            lines?.keep(Self.start(of: bytes, from: index))
            try tell("the newline behind the data is missing", start, index - line.count)
            line.removeAll(keepingCapacity: true)
            state = .message
        } else {
            let begun = line
            lines?.keep(begun + Self.start(of: bytes, from: index))
            try tell("data is longer than the byte count it gave", start, index - begun.count)
            line.removeAll(keepingCapacity: true)
            form = .lost
            state = .text
            try passText(begun.span, &handler)
        }
    }

    /// Tells of a message that a line of text ends with, and takes it, of a worker that is tested;
    /// what is no message there is text.
    private mutating func takeMessageBehindText(
        _ handler: inout some WorkerStreamHandler, _ start: Int64, _ index: Int
    ) throws {
        guard let found = behindText?.endLine() else { return }
        line = found
        guard (try? decode(start, index)) != nil else {
            return line.removeAll(keepingCapacity: true)
        }
        if form != .lost {
            lines?.keep(line)
            try tell(
                "a message stands behind text in its line: the newline before it is missing", start,
                index)
        }
        try finishMessage(&handler, start, index)
    }

    private func violation(_ reason: String, _ start: Int64, _ index: Int) -> ProtocolViolation {
        ProtocolViolation(offset: start + Int64(index), reason: reason, line: lines?.current)
    }

    /// Keeps a fault behind which the output of a worker that is tested can be followed.
    ///
    /// - Throws: the fault itself, of any other worker, and when there are too many.
    private mutating func tell(_ reason: String, _ start: Int64, _ index: Int) throws {
        try keep(violation(reason, start, index))
    }

    private mutating func keep(_ fault: ProtocolViolation) throws {
        var fault = fault
        guard isTested, faults.count < Self.mostFaults else {
            fault.cutsOff = isTested
            throw fault
        }
        faults.append(fault)
    }

    /// Gives up the artifact that is open, or was meant to be.
    private mutating func lose(_ handler: inout some WorkerStreamHandler) throws {
        try endText(&handler)
        form = .lost
    }

    /// Passes over bytes behind a fault, which count for no budget, up to a limit of their own.
    private mutating func passOver(_ byteCount: Int) throws {
        lostByteCount += byteCount
        guard lostByteCount <= Self.mostLostBytes else {
            var violation = violation("more than 16 MiB that belong to no artifact")
            violation.cutsOff = isTested
            throw violation
        }
    }

    /// The beginning of the line that goes on at `index`, as far as it is there.
    private static func start(of bytes: Span<UInt8>, from index: Int) -> [UInt8] {
        (index..<min(bytes.count, index + WorkerOutputLine.longestText)).map { bytes[$0] }
    }

    private mutating func beginText(
        _ handler: inout some WorkerStreamHandler, _ start: Int64, _ index: Int
    ) throws {
        switch form {
        case .none:
            let reason =
                lines?.hasEnded == true
                ? "output after end" : "a line is no message, and no artifact is open"
            try tell(reason, start, index)
            form = .lost
        case .framed:
            try tell("text follows data in one artifact", start, index)
            form = .lost
        case .undecided: form = .plain
        case .plain, .lost: break
        }
        let begun = line
        line.removeAll(keepingCapacity: true)
        state = .text
        try passText(begun.span, &handler)
    }

    private mutating func passText(
        _ text: Span<UInt8>, _ handler: inout some WorkerStreamHandler
    ) throws {
        guard text.count > 0 else { return }
        behindText?.take(text)
        if form == .lost { return try passOver(text.count) }
        hasText = true
        if heldNewlines > 0 {
            let newlines = [UInt8](repeating: 0x0A, count: min(heldNewlines, 65_536))
            while heldNewlines > 0 {
                let count = min(heldNewlines, newlines.count)
                try handler.receive(newlines.span.extracting(0..<count))
                heldNewlines -= count
            }
        }
        try handler.receive(text)
    }

    private mutating func finishMessage(
        _ handler: inout some WorkerStreamHandler, _ start: Int64, _ index: Int
    ) throws {
        lines?.keep(line)
        let message: WorkerMessage
        do { message = try decode(start, index) } catch let fault as ProtocolViolation {
            line.removeAll(keepingCapacity: true)
            try keep(fault)
            return try lose(&handler)
        }
        let body = isTested ? line : []
        let lineByteCount = line.count
        if case .end = message { lines?.hasEnded = true }
        line.removeAll(keepingCapacity: true)
        if case .data(let byteCount) = message {
            return try beginData(byteCount, &handler, start, index)
        }
        switch message {
        case .progress: break
        case .truncated where form == .none:
            return try tell("truncated outside an artifact", start, index)
        case .truncated: try endText(&handler)
        case .artifact:
            try endText(&handler)
            form = .undecided
        default:
            try endText(&handler)
            form = .none
        }
        do {
            try handler.receive(message, byteCount: lineByteCount)
        } catch let misplaced as WorkerHandler.Misplaced where isTested {
            return try tell(misplaced.reason, start, index)
        } catch let refusal as ArtifactPath.Refusal where isTested {
            return try tell(refusal.description, start, index)
        }
        if let fault = Self.fault(in: body, of: message) {
            try tell("message \(message.verb): \(fault)", start, index)
        }
    }

    private mutating func beginData(
        _ byteCount: Int, _ handler: inout some WorkerStreamHandler, _ start: Int64, _ index: Int
    ) throws {
        if form == .none || form == .plain {
            try tell("data outside an artifact, or after text", start, index)
            try lose(&handler)
        }
        guard byteCount <= Self.largestData else {
            try tell("a data message of more than 1 GiB", start, index)
            return try lose(&handler)
        }
        if form != .lost { form = .framed }
        lines?.beginData(byteCount: byteCount)
        state = byteCount == 0 ? .dataEnd : .data(remaining: byteCount)
    }

    /// Gives plain text the one newline at its end.
    private mutating func endText(_ handler: inout some WorkerStreamHandler) throws {
        if form == .plain, hasText { try handler.receive([0x0A].span) }
        heldNewlines = 0
        hasText = false
    }

    private func decode(_ start: Int64, _ index: Int) throws -> WorkerMessage {
        let verbEnd = line.firstIndex(of: 0x20) ?? line.count
        guard let verb = String(validating: line[..<verbEnd], as: UTF8.self) else {
            throw violation("a verb is not UTF-8", start, index)
        }
        let body = line[verbEnd...].drop { $0 == 0x20 }
        do {
            guard let message = try WorkerMessage.decode(verb: verb, body: body) else {
                throw violation(
                    "unknown verb \(UntrustedText.escapingControls(String(verb.prefix(40))))",
                    start,
                    index)
            }
            return message
        } catch let error as DecodingError {
            let fault = Self.describe(error, in: body, of: verb)
            throw violation("message \(verb): \(fault)", start, index)
        }
    }

    private static func newline(in bytes: Span<UInt8>, from start: Int) -> Int? {
        for index in start..<bytes.count where bytes[index] == 0x0A { return index }
        return nil
    }
}
