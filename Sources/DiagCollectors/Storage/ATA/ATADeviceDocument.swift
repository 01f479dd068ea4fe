internal import DiagFormats
internal import DiagModel

/// What an ATA device told of itself; a member of the document of its SCSI device.
///
/// What was refused or is not there is not a member; `refused` says why. Its schema is
/// `PublishedSchema.ataDefinitions`.
struct ATADeviceDocument: Codable, Hashable {
    /// Whether the device was left alone because it would have had to spin up.
    var sleeping = false
    /// What CHECK POWER MODE gave.
    var powerMode: ATAPowerMode?
    var identify: ATAIdentifyDevice?
    var identifyPacket: ATAIdentifyPacketDevice?
    /// Whether the device says that it is about to fail: SMART RETURN STATUS.
    var isSMARTThresholdExceeded: Bool?
    var smart: SMART?
    var smartLogDirectory: ATALogDirectory?
    var generalPurposeLogDirectory: ATALogDirectory?
    var summaryErrorLog: ATAErrorLog?
    var comprehensiveErrorLog: ATAErrorLog?
    var extendedErrorLog: ATAErrorLog?
    var selfTestLog: ATASelfTestLog?
    var extendedSelfTestLog: ATASelfTestLog?
    var selectiveSelfTestLog: ATASelectiveSelfTestLog?
    var deviceStatistics: [ATADeviceStatistics]?
    var phyEventCounters: SATAPhyEventCounters?
    var sctStatus: SCTStatus?
    var ncqErrorLog: NCQErrorLog?
    /// The raw pages that are kept, by name.
    var pages: [String] = []
    /// Why a command gave nothing, by its name.
    var refused: [String: String] = [:]

    /// The attributes joined with their thresholds, and what else SMART READ DATA says.
    struct SMART: Codable, Hashable {
        var attributes: [SMARTAttribute]
        var revision: UInt16
        var isChecksumRight: Bool
        var offlineDataCollectionStatus: UInt8
        var offlineDataCollectionSeconds: UInt16
        var offlineDataCollectionCapability: UInt8
        var smartCapability: UInt16
        var isErrorLoggingSupported: Bool
        var selfTestExecutionStatus: ATASelfTestResult
        var selfTestRemainingPercent: UInt8
        var shortSelfTestMinutes: UInt8
        var extendedSelfTestMinutes: UInt16
        var conveyanceSelfTestMinutes: UInt8

        init(_ data: SMARTData, _ thresholds: SMARTThresholds?) {
            attributes = SMARTAttribute.join(data, thresholds)
            revision = data.revision
            isChecksumRight = data.isChecksumRight
            offlineDataCollectionStatus = data.offlineDataCollectionStatus
            offlineDataCollectionSeconds = data.offlineDataCollectionSeconds
            offlineDataCollectionCapability = data.offlineDataCollectionCapability
            smartCapability = data.smartCapability
            isErrorLoggingSupported = data.isErrorLoggingSupported
            selfTestExecutionStatus = data.selfTestExecutionStatus
            selfTestRemainingPercent = data.selfTestRemainingPercent
            shortSelfTestMinutes = data.shortSelfTestMinutes
            extendedSelfTestMinutes = data.extendedSelfTestMinutes
            conveyanceSelfTestMinutes = data.conveyanceSelfTestMinutes
        }
    }
}

/// What reading an ATA device gave: the document, the bytes behind it, and the facts for the graph.
struct ATAReading {
    /// The typed values.
    var document = ATADeviceDocument()
    /// The raw pages in the order they were read; the name is that of an artifact without `.bin`.
    var pages: [(name: String, bytes: [UInt8])] = []
    /// The few values that people and the topology need, each name with `ata/` before it.
    var facts: [String: JSONValue] = [:]
    /// Whether the device answered as an ATA device at all.
    var isATA: Bool { document.identify != nil || document.identifyPacket != nil }
}
