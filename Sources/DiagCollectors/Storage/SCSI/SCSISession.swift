internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Asks one device one question after the other, and keeps what it said and what it refused.
struct SCSISession {
    /// How often a command is repeated that only met a unit attention.
    private static let attempts = 3

    private let transport: any SCSITransport
    /// Each command, in the order they were sent.
    private(set) var commands: [SCSIDocument.Command] = []
    /// The bytes of each answer that is worth keeping, by the name of its file.
    private(set) var pages: [(name: String, bytes: [UInt8])] = []
    /// Why nothing is sent any more: the device or the way to it does not answer.
    private(set) var deadReason: String?
    /// The refusal that says that we may not ask at all.
    private(set) var refusal: SystemCallError?

    /// A session over `transport`.
    init(_ transport: any SCSITransport) { self.transport = transport }

    /// Sends a command; `nil` when it gave no good data.
    mutating func send(_ name: String, _ command: [UInt8], reading byteCount: Int) -> [UInt8]? {
        guard let response = response(name, command, reading: byteCount) else { return nil }
        if let problem = Self.problem(of: response) {
            note(name, problem: problem)
            return nil
        }
        note(name, byteCount: response.data.count)
        return response.data
    }

    /// What the device answered, good or bad; `nil` when the command could not be sent.
    mutating func response(
        _ name: String, _ command: [UInt8], reading byteCount: Int
    ) -> SCSIResponse? {
        for attempt in 1...Self.attempts {
            guard deadReason == nil else { return nil }
            do throws(SystemCallError) {
                let response = try transport.execute(command, reading: byteCount)
                if let dead = Self.words(hostStatus: response.hostStatus), dead.isFinal {
                    deadReason = dead.words
                    note(name, problem: dead.words)
                    return nil
                }
                let sense = try? SCSISense(parsing: response.sense.span)
                if attempt < Self.attempts, response.status == 2, sense?.senseKey == 6 { continue }
                return response
            } catch {
                note(name, problem: error.errno.description)
                if error.errno == .notPermitted || error.errno == .permissionDenied {
                    refusal = refusal ?? error
                }
                deadReason = error.description
                return nil
            }
        }
        return nil
    }

    /// Fetches a whole page, in a second command when the first was too short for it.
    ///
    /// `length` tells from the first bytes how long it is.
    mutating func page(
        _ name: String, file: String, first: Int = 252, limit: Int = 65_532,
        length: (Span<UInt8>) -> Int?, command: (UInt16) -> [UInt8]
    ) -> [UInt8]? {
        guard var bytes = send(name, command(UInt16(clamping: first)), reading: first)
        else { return nil }
        if let whole = length(bytes.span), whole > first {
            // Some adapters want a multiple of four.
            let count = min((whole + 3) / 4 * 4, limit)
            if let more = send(name, command(UInt16(clamping: count)), reading: count) {
                bytes = more
            }
        }
        if let whole = length(bytes.span), whole < bytes.count {
            bytes.removeLast(bytes.count - whole)
        }
        if !bytes.isEmpty { pages.append((file, bytes)) }
        return bytes
    }

    /// The value that `bytes` stand for; what cannot be read is noted with its reason.
    mutating func value<Value>(
        _ name: String, _ bytes: [UInt8]?, _ parse: (Span<UInt8>) throws(FormatError) -> Value
    ) -> Value? {
        guard let bytes else { return nil }
        do throws(FormatError) {
            return try parse(bytes.span)
        } catch {
            note(name, problem: error.description)
            return nil
        }
    }

    /// Whether the device is awake; `nil` when it does not tell. Nothing here wakes it.
    ///
    /// REQUEST SENSE takes a pending unit attention away, and the kernel does not look at what it
    /// gives. So TEST UNIT READY is sent first, which fetches one in sight of the kernel, and
    /// REQUEST SENSE only after GOOD. Source: SPC-6, sections 5.12, 6.45 and 6.53.
    mutating func power(isATA: Bool) -> SCSIDocument.Power? {
        var power: SCSIDocument.Power?
        if let ready = response("TEST UNIT READY", SCSICommand.testUnitReady, reading: 0) {
            let problem = Self.problem(of: ready)
            note("TEST UNIT READY", byteCount: problem == nil ? 0 : nil, problem: problem)
            if ready.status == 2, let sense = try? SCSISense(parsing: ready.sense.span) {
                power = SCSIPowerState.of(sense, by: "TEST UNIT READY")
            } else if ready.status == 0, problem == nil {
                let bytes = send(
                    "REQUEST SENSE", SCSICommand.requestSense(byteCount: 252), reading: 252)
                let sense = value("REQUEST SENSE", bytes) { bytes throws(FormatError) in
                    try SCSISense(parsing: bytes)
                }
                power = sense.map { SCSIPowerState.of($0, by: "REQUEST SENSE") }
            }
        }
        guard isATA, power?.isSleeping != true,
            let response = response(
                "ATA CHECK POWER MODE", SCSICommand.ataCheckPowerMode, reading: 0)
        else { return power }
        let registers = (try? SCSISense(parsing: response.sense.span))?.ataRegisters
        return registers.map { SCSIPowerState.of($0) } ?? power
    }

    /// Keeps the bytes of an answer.
    mutating func keep(_ file: String, _ bytes: [UInt8]) { pages.append((file, bytes)) }

    private mutating func note(_ name: String, byteCount: Int? = nil, problem: String? = nil) {
        commands.append(.init(name: name, byteCount: byteCount, problem: problem))
    }

    /// Why a response carries no good data; `nil` when it does.
    static func problem(of response: SCSIResponse) -> String? {
        if let host = words(hostStatus: response.hostStatus) { return host.words }
        switch response.status {
        case 0: return nil
        case 2:
            guard let sense = try? SCSISense(parsing: response.sense.span) else {
                return "check condition without sense data"
            }
            return sense.senseKey <= 1 ? nil : sense.text
        case 0x08: return "busy"
        case 0x18: return "reserved by another host"
        case 0x28: return "its queue is full"
        case 0x30: return "access control is active"
        case 0x40: return "task aborted"
        default: return "SCSI status 0x" + String(response.status, radix: 16)
        }
    }

    /// What the host adapter said, and whether to ask on is in vain. Source: scsi/scsi_status.h of
    /// Linux 6.12.
    private static func words(hostStatus: UInt16) -> (words: String, isFinal: Bool)? {
        switch hostStatus {
        case 0: nil
        case 1: ("the device cannot be reached (DID_NO_CONNECT)", true)
        case 2: ("the bus stayed busy (DID_BUS_BUSY)", true)
        case 3: ("the device did not answer in time (DID_TIME_OUT)", true)
        case 4: ("there is no such target (DID_BAD_TARGET)", true)
        case 5: ("the command was aborted (DID_ABORT)", false)
        case 7: ("the host adapter failed (DID_ERROR)", false)
        case 8: ("the bus was reset (DID_RESET)", false)
        case 11: ("try again (DID_SOFT_ERROR)", false)
        case 14: ("the transport is disrupted (DID_TRANSPORT_DISRUPTED)", true)
        case 15: ("the transport failed (DID_TRANSPORT_FAILFAST)", true)
        case 20: ("the transport is marginal (DID_TRANSPORT_MARGINAL)", true)
        default: ("host status \(hostStatus)", false)
        }
    }
}
