/// The health of a controller and of its media.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.3, figure 207: log 02h, 512 bytes.
public struct NVMeSMARTLog: Codable, Hashable, Sendable {
    /// What a controller warns of, by the bits of its critical warning.
    public enum Warning: String, Codable, Hashable, Sendable, CaseIterable {
        /// Bit 0: the spare capacity has fallen below its threshold.
        case spareBelowThreshold
        /// Bit 1: a temperature is at or beyond a threshold.
        case temperatureOutOfRange
        /// Bit 2: media or internal errors degrade the reliability.
        case reliabilityDegraded
        /// Bit 3: all media can only be read.
        case mediaReadOnly
        /// Bit 4: the backup of the volatile memory has failed.
        case volatileMemoryBackupFailed
        /// Bit 5: the persistent memory region is read-only or unreliable.
        case persistentMemoryUnreliable
    }

    /// The warnings as they are.
    public let criticalWarning: UInt8
    /// The warnings that are set, in the order of their bits.
    public let criticalWarnings: [Warning]
    /// Composite temperature in kelvin; 0 when not reported.
    public let temperatureKelvin: UInt16
    /// Spare capacity left, in percent (AVSP).
    public let availableSparePercent: UInt8
    /// The spare capacity below which it warns, in percent (AVSPT).
    public let spareThresholdPercent: UInt8
    /// The vendor's estimate of the life used, in percent (PUSED); 255 for 255 and more.
    public let percentageUsed: UInt8
    /// Warnings of the endurance groups together: bit 0 spare, 2 reliability, 3 read-only.
    public let enduranceGroupWarning: UInt8
    /// Data read by the host, in units of 1000 times 512 bytes, rounded up.
    public let dataUnitsRead: NVMeCounter
    /// Data written by the host, in units of 1000 times 512 bytes, rounded up.
    public let dataUnitsWritten: NVMeCounter
    /// Read commands completed.
    public let hostReadCommands: NVMeCounter
    /// Write commands completed.
    public let hostWriteCommands: NVMeCounter
    /// Minutes in which it had commands.
    public let controllerBusyMinutes: NVMeCounter
    /// Power cycles.
    public let powerCycles: NVMeCounter
    /// Hours with power; time in a power state without commands may be left out.
    public let powerOnHours: NVMeCounter
    /// Times that power was lost without a shutdown before.
    public let unsafeShutdowns: NVMeCounter
    /// Errors of media and data that could not be corrected.
    public let mediaErrors: NVMeCounter
    /// Entries of the error log over its life.
    public let errorLogEntries: NVMeCounter
    /// Minutes between the warning and the critical temperature.
    public let warningTemperatureMinutes: UInt32
    /// Minutes at or above the critical temperature.
    public let criticalTemperatureMinutes: UInt32
    /// Up to eight sensors in kelvin, as they are numbered; 0 for one that does not exist, without
    /// those at the end.
    public let sensorKelvin: [UInt16]
    /// Transitions to lower power because of thermal management temperatures 1 and 2.
    public let thermalTransitions: [UInt32]
    /// Seconds in these states.
    public let thermalSeconds: [UInt32]

    /// Reads the 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "SMART / Health Information")
        let warning = bytes[0]
        criticalWarning = warning
        criticalWarnings = Warning.allCases.enumerated()
            .filter { warning >> UInt8($0.offset) & 1 != 0 }.map(\.element)
        temperatureKelvin = try bytes.littleEndian(at: 1, field: "CTEMP")
        availableSparePercent = bytes[3]
        spareThresholdPercent = bytes[4]
        percentageUsed = bytes[5]
        enduranceGroupWarning = bytes[6]
        dataUnitsRead = try bytes.counter(at: 32, field: "DUR")
        dataUnitsWritten = try bytes.counter(at: 48, field: "DUW")
        hostReadCommands = try bytes.counter(at: 64, field: "HRC")
        hostWriteCommands = try bytes.counter(at: 80, field: "HWC")
        controllerBusyMinutes = try bytes.counter(at: 96, field: "CBT")
        powerCycles = try bytes.counter(at: 112, field: "PWRC")
        powerOnHours = try bytes.counter(at: 128, field: "POH")
        unsafeShutdowns = try bytes.counter(at: 144, field: "UPL")
        mediaErrors = try bytes.counter(at: 160, field: "MDIE")
        errorLogEntries = try bytes.counter(at: 176, field: "NEILE")
        warningTemperatureMinutes = try bytes.littleEndian(at: 192, field: "WCTT")
        criticalTemperatureMinutes = try bytes.littleEndian(at: 196, field: "CCTT")
        var sensors = [UInt16]()
        for index in 0..<8 {
            sensors.append(try bytes.littleEndian(at: 200 + index * 2, field: "TSEN"))
        }
        while sensors.last == 0 { sensors.removeLast() }
        sensorKelvin = sensors
        thermalTransitions = [
            try bytes.littleEndian(at: 216, field: "TMT1TC"),
            try bytes.littleEndian(at: 220, field: "TMT2TC"),
        ]
        thermalSeconds = [
            try bytes.littleEndian(at: 224, field: "TTTMT1"),
            try bytes.littleEndian(at: 228, field: "TTTMT2"),
        ]
    }
}
