/// Errors while writing (page 02h), reading (03h) or verifying (05h).
///
/// Source: SPC-6, sections 7.3.11, 7.3.15 and 7.3.24. A counter that the device lacks is `nil`.
public struct SCSIErrorCounters: Codable, Hashable, Sendable {
    /// Corrected without much delay.
    public let correctedFast: UInt64?
    /// Corrected with possible delays.
    public let correctedDelayed: UInt64?
    /// Rewrites or rereads.
    public let retries: UInt64?
    /// Corrected in all.
    public let corrected: UInt64?
    /// How often the correction was run.
    public let correctionRuns: UInt64?
    /// Bytes written, read or verified.
    public let bytesProcessed: UInt64?
    /// Not corrected: data was lost or had to be written elsewhere.
    public let uncorrected: UInt64?

    /// Reads the whole page, which must be one of the three.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSILogPage(parsing: bytes)
        guard [2, 3, 5].contains(page.pageCode), page.subpageCode == 0 else {
            throw .invalid(field: "PAGE CODE", offset: 0, value: UInt64(page.pageCode))
        }
        correctedFast = page[0]?.number
        correctedDelayed = page[1]?.number
        retries = page[2]?.number
        corrected = page[3]?.number
        correctionRuns = page[4]?.number
        bytesProcessed = page[5]?.number
        uncorrected = page[6]?.number
    }
}

/// Errors that have nothing to do with the medium: page 06h. Source: SPC-6, section 7.3.14.
public struct SCSINonMediumErrors: Codable, Hashable, Sendable {
    /// How many there were; `nil` where the device does not count them.
    public let nonMediumErrorCount: UInt64?

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        nonMediumErrorCount = try SCSILogPage(parsing: bytes, page: 6)[0]?.number
    }
}

/// The temperature page 0Dh, in degrees Celsius. Source: SPC-6, section 7.3.22.
public struct SCSITemperature: Codable, Hashable, Sendable {
    /// How warm it is; `nil` where it does not say.
    public let temperatureCelsius: UInt8?
    /// How warm it may be for long; `nil` where it does not say.
    public let referenceTemperatureCelsius: UInt8?

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSILogPage(parsing: bytes, page: 0x0D)
        func celsius(_ code: UInt16) -> UInt8? {
            guard let value = page[code]?.value, value.count >= 2, value[1] != 0xFF else {
                return nil
            }
            return value[1]
        }
        temperatureCelsius = celsius(0)
        referenceTemperatureCelsius = celsius(1)
    }
}

/// The start-stop cycle counter page 0Eh. Source: SPC-6, section 7.3.21.
public struct SCSIStartStopCycles: Codable, Hashable, Sendable {
    /// Year and week of manufacture, as `2026-07`; `nil` where it does not say.
    public let manufactured: String?
    /// Year and week that an operator has set, as `2026-07`; `nil` where nobody has.
    public let accounted: String?
    /// Starts and stops that it is built for.
    public let specifiedStartStopCycles: UInt64?
    /// Starts and stops so far.
    public let accumulatedStartStopCycles: UInt64?
    /// Loads and unloads of its heads that it is built for.
    public let specifiedLoadUnloadCycles: UInt64?
    /// Loads and unloads of its heads so far.
    public let accumulatedLoadUnloadCycles: UInt64?

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSILogPage(parsing: bytes, page: 0x0E)
        func date(_ code: UInt16) -> String? {
            guard let digits = page[code]?.value, digits.count == 6,
                digits.allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
            return String(decoding: digits[..<4], as: UTF8.self) + "-"
                + String(decoding: digits[4...], as: UTF8.self)
        }
        func count(_ code: UInt16) -> UInt64? {
            guard let number = page[code]?.number, number != UInt64(UInt32.max) else { return nil }
            return number
        }
        manufactured = date(1)
        accounted = date(2)
        specifiedStartStopCycles = count(3)
        accumulatedStartStopCycles = count(4)
        specifiedLoadUnloadCycles = count(5)
        accumulatedLoadUnloadCycles = count(6)
    }
}

/// How much of a solid state disk's endurance is used: page 11h. Source: SBC-4, section 6.4.9.
public struct SCSISolidStateMedia: Codable, Hashable, Sendable {
    /// 100 when the vendor's estimate is reached, up to 255; `nil` where it does not say.
    public let percentageUsedEnduranceIndicator: UInt8?

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let value = try SCSILogPage(parsing: bytes, page: 0x11)[1]?.value ?? []
        percentageUsedEnduranceIndicator = value.count >= 4 ? value[3] : nil
    }
}

/// What the device has done: the general statistics page 19h. Source: SPC-6, section 7.3.12.
public struct SCSIGeneralStatistics: Codable, Hashable, Sendable {
    /// Read commands.
    public let readCommands: UInt64
    /// Write commands.
    public let writeCommands: UInt64
    /// Logical blocks that it took.
    public let logicalBlocksReceived: UInt64
    /// Logical blocks that it gave.
    public let logicalBlocksTransmitted: UInt64
    /// Time of reading, in the device's own intervals.
    public let readProcessingIntervals: UInt64
    /// Time of writing, in the device's own intervals.
    public let writeProcessingIntervals: UInt64
    /// Time without a command, in the device's own intervals; `nil` where it does not say.
    public let idleIntervals: UInt64?
    /// One interval, as an integer and the power of ten to divide it by; `nil` where it does not say.
    public let intervalInteger: UInt64?
    /// The power of ten that ``intervalInteger`` seconds are divided by.
    public let intervalNegativeExponent: UInt64?

    /// Reads the whole page, which must have its first parameter.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSILogPage(parsing: bytes, page: 0x19)
        let value = page[1]?.value ?? []
        let fields = value.span
        readCommands = try fields.number(8, at: 0, field: "NUMBER OF READ COMMANDS")
        writeCommands = try fields.number(8, at: 8, field: "NUMBER OF WRITE COMMANDS")
        logicalBlocksReceived = try fields.number(8, at: 16, field: "BLOCKS RECEIVED")
        logicalBlocksTransmitted = try fields.number(8, at: 24, field: "BLOCKS TRANSMITTED")
        readProcessingIntervals = try fields.number(8, at: 32, field: "READ INTERVALS")
        writeProcessingIntervals = try fields.number(8, at: 40, field: "WRITE INTERVALS")
        idleIntervals = page[2]?.number
        let interval = page[3]?.value ?? []
        intervalNegativeExponent = interval.span.numberIfPresent(4, at: 0)
        intervalInteger = interval.span.numberIfPresent(4, at: 4)
    }
}

/// Whether the device foresees its failure: page 2Fh. Source: SPC-6, section 7.3.13.
public struct SCSIInformationalExceptions: Codable, Hashable, Sendable {
    /// What it has to say: 0 nothing, 5Dh a failure is predicted, 0Bh a warning.
    public let additionalSenseCode: UInt8
    /// Which failure or warning.
    public let additionalSenseCodeQualifier: UInt8
    /// How warm it is in degrees Celsius; `nil` where it does not say.
    public let mostRecentTemperatureCelsius: UInt8?
    /// How warm it may get in degrees Celsius; a vendor's extension, `nil` where it is missing.
    public let temperatureTripCelsius: UInt8?

    /// Reads the whole page, which must have its first parameter.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let value = try SCSILogPage(parsing: bytes, page: 0x2F)[0]?.value ?? []
        additionalSenseCode = try value.span.byte(at: 0, field: "ADDITIONAL SENSE CODE")
        additionalSenseCodeQualifier = try value.span.byte(at: 1, field: "SENSE CODE QUALIFIER")
        let temperature = value.count > 2 ? value[2] : 0xFF
        mostRecentTemperatureCelsius = temperature == 0xFF ? nil : temperature
        let trip = value.count > 3 ? value[3] : 0
        temperatureTripCelsius = trip == 0 || trip == 0xFF ? nil : trip
    }

    /// Whether a failure is predicted; 5Dh with FFh is only a test of the alarm.
    public var isFailurePredicted: Bool {
        additionalSenseCode == 0x5D && additionalSenseCodeQualifier != 0xFF
    }
}
