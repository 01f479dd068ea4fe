/// The health of one endurance group.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.10, figure 216: log 09h, 512 bytes.
public struct NVMeEnduranceGroupLog: Codable, Hashable, Sendable {
    /// Its warnings (EGCW): bit 0 spare below threshold, 2 reliability degraded, 3 read-only.
    public let criticalWarning: UInt8
    /// Its features (EGFEAT): bit 0 it is made of rotating media.
    public let features: UInt8
    /// Spare capacity left, in percent (AVSP).
    public let availableSparePercent: UInt8
    /// The spare capacity below which it warns, in percent (AVSPT).
    public let spareThresholdPercent: UInt8
    /// The vendor's estimate of the life used, in percent (PUSED); 255 for 255 and more.
    public let percentageUsed: UInt8
    /// The domain it is in (DID).
    public let domainIdentifier: UInt16
    /// Data that may be written over its life (EE), in units of 1,000,000,000 bytes; 0 not reported.
    public let enduranceEstimate: NVMeCounter
    /// Data read (DUR), in units of 1,000,000,000 bytes.
    public let dataUnitsRead: NVMeCounter
    /// Data written by the host (DUW), in units of 1,000,000,000 bytes.
    public let dataUnitsWritten: NVMeCounter
    /// Data written to the media (MUW), in units of 1,000,000,000 bytes.
    public let mediaUnitsWritten: NVMeCounter
    /// Read commands completed (HRC).
    public let hostReadCommands: NVMeCounter
    /// Write commands completed (HWC).
    public let hostWriteCommands: NVMeCounter
    /// Errors of media and data that could not be corrected (MDIE).
    public let mediaErrors: NVMeCounter
    /// Entries of the error log over its life (NEILE).
    public let errorLogEntries: NVMeCounter
    /// Total capacity in bytes (TEGCAP); 0 when not reported.
    public let totalCapacityBytes: NVMeCounter
    /// Capacity in no NVM set, in bytes (UEGCAP).
    public let unallocatedCapacityBytes: NVMeCounter

    /// Reads the 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "Endurance Group Information")
        criticalWarning = bytes[0]
        features = bytes[1]
        availableSparePercent = bytes[3]
        spareThresholdPercent = bytes[4]
        percentageUsed = bytes[5]
        domainIdentifier = try bytes.littleEndian(at: 6, field: "DID")
        enduranceEstimate = try bytes.counter(at: 32, field: "EE")
        dataUnitsRead = try bytes.counter(at: 48, field: "DUR")
        dataUnitsWritten = try bytes.counter(at: 64, field: "DUW")
        mediaUnitsWritten = try bytes.counter(at: 80, field: "MUW")
        hostReadCommands = try bytes.counter(at: 96, field: "HRC")
        hostWriteCommands = try bytes.counter(at: 112, field: "HWC")
        mediaErrors = try bytes.counter(at: 128, field: "MDIE")
        errorLogEntries = try bytes.counter(at: 144, field: "NEILE")
        totalCapacityBytes = try bytes.counter(at: 160, field: "TEGCAP")
        unallocatedCapacityBytes = try bytes.counter(at: 176, field: "UEGCAP")
    }
}
