/// What happened over the life of a subsystem.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.14, figures 221 to 224: log 0Dh, a
/// header, then events one after the other.
public struct NVMePersistentEventLog: Codable, Hashable, Sendable {
    /// More events than this are not read.
    public static let eventLimit = 10_000

    /// How many events the log has (TNEV).
    public let eventCount: UInt32
    /// How many bytes the log has, its header included (TLL).
    public let totalByteCount: UInt64
    /// The revision of the log's form.
    public let revision: UInt8
    /// When the context was established: milliseconds since 1970, or since a reset.
    public let timestampMilliseconds: UInt64
    /// Hours with power.
    public let powerOnHours: NVMeCounter
    /// Power cycles.
    public let powerCycles: UInt64
    /// PCI vendor (VID).
    public let vendorIdentifier: UInt16
    /// PCI subsystem vendor (SSVID).
    public let subsystemVendorIdentifier: UInt16
    /// Serial number (SN).
    public let serialNumber: String
    /// Model number (MN).
    public let modelNumber: String
    /// Name of the subsystem (SUBNQN).
    public let subsystemName: String
    /// Counts the contexts that were established.
    public let generation: UInt16
    /// The types of events that it can hold.
    public let supportedEvents: [UInt8]
    /// The events that are whole in what was read, in the order of the log.
    public let events: [NVMePersistentEvent]
    /// Why ``events`` ends before the log does, when it does.
    public let fault: String?

    /// How many bytes of a header give ``totalByteCount``.
    public static let headerByteCount = 512

    /// Reads the header and what there is of the events.
    ///
    /// - Throws: ``FormatError`` when the header is cut.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(Self.headerByteCount, at: 0, field: "Persistent Event Log header")
        eventCount = try bytes.littleEndian(at: 4, field: "TNEV")
        totalByteCount = try bytes.littleEndian(at: 8, field: "TLL")
        revision = bytes[16]
        // LHL counts what follows its own end, at byte 20.
        let rest: UInt16 = try bytes.littleEndian(at: 18, field: "LHL")
        let timestamp: UInt64 = try bytes.littleEndian(at: 20, field: "TS")
        timestampMilliseconds = timestamp & 0xFFFF_FFFF_FFFF
        powerOnHours = try bytes.counter(at: 28, field: "POH")
        powerCycles = try bytes.littleEndian(at: 44, field: "PCC")
        vendorIdentifier = try bytes.littleEndian(at: 52, field: "VID")
        subsystemVendorIdentifier = try bytes.littleEndian(at: 54, field: "SSVID")
        serialNumber = try bytes.text(20, at: 56, field: "SN")
        modelNumber = try bytes.text(40, at: 76, field: "MN")
        subsystemName = try bytes.text(256, at: 116, field: "SUBNQN")
        generation = try bytes.littleEndian(at: 372, field: "GNUM")
        supportedEvents = (0...UInt8.max).filter { bytes[480 + Int($0 >> 3)] >> ($0 & 7) & 1 != 0 }

        var events = [NVMePersistentEvent]()
        var fault: String?
        var at = max(Int(rest) + 20, Self.headerByteCount)
        while events.count < Int(clamping: eventCount) {
            guard events.count < Self.eventLimit else {
                fault = "only the first \(Self.eventLimit) events are read"
                break
            }
            do throws(FormatError) {
                let event = try NVMePersistentEvent(bytes, at: at)
                at += event.byteCount
                events.append(event)
            } catch {
                fault = error.description
                break
            }
        }
        self.events = events
        self.fault = fault
    }
}
