/// The results of the last self-tests: page 10h. Source: SPC-6, section 7.3.18.
public struct SCSISelfTestResults: Codable, Hashable, Sendable {
    /// One self-test.
    public struct Entry: Codable, Hashable, Sendable {
        /// 1 background short, 2 background extended, 5 foreground short, 6 foreground extended.
        public let selfTestCode: UInt8
        /// 0 well, 1 and 2 ended early, 3 unknown error, 4 to 7 failed, 15 still running.
        public let selfTestResults: UInt8
        /// The segment that failed.
        public let selfTestNumber: UInt8
        /// Hours that the device had been on; 65,535 for that many or more.
        public let accumulatedPowerOnHours: UInt16
        /// The first block that failed; `nil` where there is none.
        public let addressOfFirstFailure: UInt64?
        /// The sense key of the failure.
        public let senseKey: UInt8
        /// The additional sense code of the failure.
        public let additionalSenseCode: UInt8
        /// Its qualifier.
        public let additionalSenseCodeQualifier: UInt8

        /// Whether the test ended with a fault of the device.
        public var isFailed: Bool { (3...7).contains(selfTestResults) }
    }

    /// The self-tests, the newest first.
    public let entries: [Entry]

    /// Reads the whole page; places that no test has filled are left out.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSILogPage(parsing: bytes, page: 0x10)
        var entries = [Entry]()
        for parameter in page.parameters where (1...20).contains(parameter.code) {
            guard parameter.value.contains(where: { $0 != 0 }) else { continue }
            let value = parameter.value.span
            let first = try value.byte(at: 0, field: "SELF-TEST RESULTS")
            let address = try value.number(8, at: 4, field: "ADDRESS OF FIRST FAILURE")
            entries.append(
                Entry(
                    selfTestCode: first >> 5, selfTestResults: first & 0xF,
                    selfTestNumber: try value.byte(at: 1, field: "SELF-TEST NUMBER"),
                    accumulatedPowerOnHours: try value.bigEndian(at: 2, field: "POWER ON HOURS"),
                    addressOfFirstFailure: address == .max ? nil : address,
                    senseKey: try value.byte(at: 12, field: "SENSE KEY") & 0xF,
                    additionalSenseCode: try value.byte(at: 13, field: "ADDITIONAL SENSE CODE"),
                    additionalSenseCodeQualifier: try value.byte(at: 14, field: "QUALIFIER")))
        }
        self.entries = entries
    }
}

/// What the device found when it read its medium by itself: page 15h. Source: SBC-4, section 6.4.2.
public struct SCSIBackgroundScan: Codable, Hashable, Sendable {
    /// One place that could not be read well.
    public struct Entry: Codable, Hashable, Sendable {
        /// Minutes that the device had been on.
        public let accumulatedPowerOnMinutes: UInt64
        /// 1 to be written anew, 2 and 5 to 8 reassigned or rewritten well or in vain.
        public let reassignStatus: UInt8
        /// 1 recovered, 3 medium error.
        public let senseKey: UInt8
        /// The additional sense code.
        public let additionalSenseCode: UInt8
        /// Its qualifier.
        public let additionalSenseCodeQualifier: UInt8
        /// The logical block.
        public let logicalBlockAddress: UInt64
    }

    /// Minutes that the device has been on; `nil` where it does not say.
    public let accumulatedPowerOnMinutes: UInt64?
    /// 0 none runs, 1 runs, 2 to 8 paused or halted for a reason.
    public let backgroundScanStatus: UInt8?
    /// Background scans so far.
    public let backgroundScansPerformed: UInt64?
    /// How far the running one is, in 65,536ths.
    public let scanProgress: UInt64?
    /// Medium scans so far.
    public let mediumScansPerformed: UInt64?
    /// The places that could not be read well.
    public let entries: [Entry]

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSILogPage(parsing: bytes, page: 0x15)
        let status = page[0]?.value ?? []
        accumulatedPowerOnMinutes = status.span.numberIfPresent(4, at: 0)
        backgroundScanStatus = status.span.numberIfPresent(1, at: 5).map { UInt8(clamping: $0) }
        backgroundScansPerformed = status.span.numberIfPresent(2, at: 6)
        scanProgress = status.span.numberIfPresent(2, at: 8)
        mediumScansPerformed = status.span.numberIfPresent(2, at: 10)
        var entries = [Entry]()
        for parameter in page.parameters where (1...0x800).contains(parameter.code) {
            let value = parameter.value.span
            let state = try value.byte(at: 4, field: "REASSIGN STATUS")
            entries.append(
                Entry(
                    accumulatedPowerOnMinutes: try value.number(4, at: 0, field: "MINUTES"),
                    reassignStatus: state >> 4, senseKey: state & 0xF,
                    additionalSenseCode: try value.byte(at: 5, field: "ADDITIONAL SENSE CODE"),
                    additionalSenseCodeQualifier: try value.byte(at: 6, field: "QUALIFIER"),
                    logicalBlockAddress: try value.number(8, at: 12, field: "LOGICAL BLOCK")))
        }
        self.entries = entries
    }

    /// Entries of medium errors that were neither rewritten nor reassigned well.
    public var pendingCount: Int {
        entries.count { $0.senseKey == 3 && ![2, 5, 7].contains($0.reassignStatus) }
    }
}
