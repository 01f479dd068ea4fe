internal import DiagModel

/// One page of the Device Statistics log (04h).
///
/// Source: ACS-5, section 9.5: a header of eight bytes, then statistics of eight bytes, the upper
/// one of which says what they are worth.
public struct ATADeviceStatistics: Codable, Hashable, Sendable {
    /// One statistic that the device supports.
    public struct Statistic: Codable, Hashable, Sendable {
        /// Where it stands in the page.
        public var offset: UInt16
        /// Its name in the standard, in lower camel case; none for one that is not known here.
        public var name: String?
        /// The value; none when the device says that it is not valid now.
        public var value: Int64?
        /// Whether it is scaled as the vendor likes.
        public var isNormalized: Bool
        /// Whether a condition that the host set for it is met.
        public var isConditionMet: Bool
    }

    /// The page, 1 to 7 in the standard.
    public let page: UInt8
    /// The page's name in the standard.
    public let name: String?
    /// The revision of the page, 1.
    public let revision: UInt16
    /// The statistics that are supported, by offset.
    public let statistics: [Statistic]

    /// The valid value of the statistic called `name`.
    public func value(_ name: String) -> Int64? {
        statistics.first { $0.name == name }?.value
    }

    /// Reads one page of 512 bytes, which must be page `page` of at least 1.
    public init(parsing bytes: Span<UInt8>, page: UInt8) throws(FormatError) {
        try bytes.check(512, at: 0, field: "device statistics page")
        let header: UInt64 = try bytes.littleEndian(at: 0, field: "device statistics header")
        guard header >> 16 & 0xFF == UInt64(page), page > 0 else {
            throw .invalid(field: "page number", offset: 2, value: header >> 16 & 0xFF)
        }
        self.page = page
        revision = UInt16(truncatingIfNeeded: header)
        guard revision > 0 else { throw .invalid(field: "revision", offset: 0, value: 0) }
        name = ATADeviceStatisticsNames.pages[page]
        let known = ATADeviceStatisticsNames.statistics[page] ?? []
        var statistics = [Statistic]()
        for at in stride(from: 8, to: 512, by: 8) {
            let flags = bytes[at + 7]
            guard flags & 0x80 != 0 else { continue }
            let index = at / 8 - 1
            let entry = known.indices.contains(index) ? known[index] : nil
            let width = entry?.byteCount ?? 7
            let number = try bytes.ataNumber(width, at: at, field: entry?.name ?? "statistic")
            var value = Int64(number)
            if entry?.isSigned == true { value = Int64(Int8(truncatingIfNeeded: number)) }
            statistics.append(
                Statistic(
                    offset: UInt16(at), name: entry?.name,
                    value: flags & 0x40 != 0 ? value : nil, isNormalized: flags & 0x20 != 0,
                    isConditionMet: flags & 0x08 != 0))
        }
        self.statistics = statistics
    }

    /// The pages that page 0 lists. Source: ACS-5, section 9.5.3.
    public static func supportedPages(
        parsing bytes: Span<UInt8>
    ) throws(FormatError) -> [UInt8] {
        try bytes.check(512, at: 0, field: "device statistics list")
        guard bytes[2] == 0, bytes[0] > 0 || bytes[1] > 0 else {
            throw .invalid(field: "page number", offset: 2, value: UInt64(bytes[2]))
        }
        let count = Swift.min(Int(bytes[8]), 503)
        return try bytes.bytes(count, at: 9, field: "supported pages")
    }
}

/// The names of the device statistics. Source: ACS-5, section 9.5.
enum ATADeviceStatisticsNames {
    /// A statistic: its name, and how many of its seven bytes count.
    struct Known {
        let name: String
        let byteCount: Int
        let isSigned: Bool

        init(_ name: String, _ byteCount: Int, isSigned: Bool = false) {
            self.name = name
            self.byteCount = byteCount
            self.isSigned = isSigned
        }
    }

    static let pages: [UInt8: String] = [
        1: "General Statistics", 2: "Free-Fall Statistics", 3: "Rotating Media Statistics",
        4: "General Errors Statistics", 5: "Temperature Statistics", 6: "Transport Statistics",
        7: "Solid State Device Statistics",
    ]

    /// For each page the statistics from offset 8 on, eight bytes apart. Temperatures are signed
    /// degrees Celsius, times over and under a limit minutes, the time stamp milliseconds.
    static let statistics: [UInt8: [Known]] = [
        1: [
            Known("lifetimePowerOnResets", 4), Known("powerOnHours", 4),
            Known("logicalSectorsWritten", 6), Known("writeCommands", 6),
            Known("logicalSectorsRead", 6), Known("readCommands", 6),
            Known("dateAndTimeMilliseconds", 6), Known("pendingErrorCount", 4),
            Known("workloadUtilization", 2), Known("utilizationUsageRate", 6),
            Known("resourceAvailability", 7), Known("randomWriteResourcesUsed", 1),
        ],
        2: [Known("freeFallEventsDetected", 4), Known("overlimitShockEvents", 4)],
        3: [
            Known("spindleMotorPowerOnHours", 4), Known("headFlyingHours", 4),
            Known("headLoadEvents", 4), Known("reallocatedLogicalSectors", 4),
            Known("readRecoveryAttempts", 4), Known("mechanicalStartFailures", 4),
            Known("reallocationCandidateLogicalSectors", 4),
            Known("highPriorityUnloadEvents", 4),
        ],
        4: [
            Known("reportedUncorrectableErrors", 4),
            Known("resetsBetweenCommandAcceptanceAndCompletion", 4),
            Known("physicalElementStatusChanged", 4),
        ],
        5: [
            Known("currentTemperatureCelsius", 1, isSigned: true),
            Known("averageShortTermTemperatureCelsius", 1, isSigned: true),
            Known("averageLongTermTemperatureCelsius", 1, isSigned: true),
            Known("highestTemperatureCelsius", 1, isSigned: true),
            Known("lowestTemperatureCelsius", 1, isSigned: true),
            Known("highestAverageShortTermTemperatureCelsius", 1, isSigned: true),
            Known("lowestAverageShortTermTemperatureCelsius", 1, isSigned: true),
            Known("highestAverageLongTermTemperatureCelsius", 1, isSigned: true),
            Known("lowestAverageLongTermTemperatureCelsius", 1, isSigned: true),
            Known("timeInOverTemperatureMinutes", 4),
            Known("specifiedMaximumOperatingTemperatureCelsius", 1, isSigned: true),
            Known("timeInUnderTemperatureMinutes", 4),
            Known("specifiedMinimumOperatingTemperatureCelsius", 1, isSigned: true),
        ],
        6: [
            Known("hardwareResets", 4), Known("asynchronousSignalRecoveryEvents", 4),
            Known("interfaceCRCErrors", 4),
        ],
        7: [Known("percentageUsedEnduranceIndicator", 1)],
    ]
}
