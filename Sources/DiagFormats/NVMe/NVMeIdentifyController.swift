/// What a controller says of itself.
///
/// Source: NVM Express Base Specification 2.0c, section 5.17.2.1, figure 275: Identify with CNS 01h,
/// 4096 bytes. A field that a controller of an older version does not know is zero.
public struct NVMeIdentifyController: Codable, Hashable, Sendable {
    /// PCI vendor (VID); 0 on fabrics.
    public let vendorIdentifier: UInt16
    /// PCI subsystem vendor (SSVID).
    public let subsystemVendorIdentifier: UInt16
    /// Serial number (SN).
    public let serialNumber: String
    /// Model number (MN).
    public let modelNumber: String
    /// Firmware revision that runs (FR).
    public let firmwareRevision: String
    /// Recommended arbitration burst (RAB), commands as a power of two.
    public let recommendedArbitrationBurst: UInt8
    /// The vendor's organisationally unique identifier (IEEE), 24 bits.
    public let ieeeIdentifier: UInt32
    /// Multi-path I/O and namespace sharing (CMIC): bit 0 several ports, 1 several controllers,
    /// 2 SR-IOV, 3 asymmetric namespace access.
    public let multipathCapabilities: UInt8
    /// Largest transfer (MDTS), as a power of two of the smallest page; 0 for no limit.
    public let maximumDataTransferExponent: UInt8
    /// The controller's number in its subsystem (CNTLID).
    public let controllerIdentifier: UInt16
    /// Version of the specification (VER): major in bits 31:16, minor 15:8, tertiary 7:0.
    public let version: UInt32
    /// The version as `1.4.0`.
    public let versionText: String
    /// Microseconds to resume from run-time D3 (RTD3R).
    public let resumeLatencyMicroseconds: UInt32
    /// Microseconds to enter run-time D3 (RTD3E).
    public let entryLatencyMicroseconds: UInt32
    /// Asynchronous events it can send (OAES).
    public let optionalEvents: UInt32
    /// Controller attributes (CTRATT).
    public let attributes: UInt32
    /// Read recovery levels it supports (RRLS).
    public let readRecoveryLevels: UInt16
    /// What kind of controller it is (CNTRLTYPE): 1 I/O, 2 discovery, 3 administrative, 0 not said.
    public let controllerType: UInt8
    /// Identifier of the field-replaceable unit (FGUID), 32 hexadecimal digits.
    public let replaceableUnitGUID: String
    /// Retry delays in units of 100 ms (CRDT1, CRDT2, CRDT3).
    public let retryDelays: [UInt16]
    /// What of a device the subsystem is (NVMSR): bit 0 storage device, 1 enclosure.
    public let subsystemReport: UInt8
    /// Vital product data writes left (VWCI): bit 7 says that bits 6:0 are valid.
    public let vitalDataWriteCycles: UInt8
    /// Management endpoints (MEC): bit 0 SMBus, 1 PCIe.
    public let managementEndpoints: UInt8
    /// Optional admin commands (OACS).
    public let optionalAdminCommands: UInt16
    /// Abort commands at once (ACL), one less than the count.
    public let abortCommandLimit: UInt8
    /// Asynchronous event requests at once (AERL), one less than the count.
    public let eventRequestLimit: UInt8
    /// Firmware updates (FRMW): bit 0 slot 1 is read-only, 3:1 slots, 4 activation without reset.
    public let firmwareUpdates: UInt8
    /// Log page attributes (LPA).
    public let logPageAttributes: UInt8
    /// Entries of the error log (ELPE), one less than the count.
    public let errorLogEntries: UInt8
    /// Vendor specific admin commands (AVSCC).
    public let adminVendorCommands: UInt8
    /// Autonomous power state transitions (APSTA), bit 0.
    public let autonomousPowerTransitions: UInt8
    /// Composite temperature from which on it warns (WCTEMP), in kelvin; 0 when not reported.
    public let warningTemperatureKelvin: UInt16
    /// Composite temperature that is critical (CCTEMP), in kelvin; 0 when not reported.
    public let criticalTemperatureKelvin: UInt16
    /// Most time without commands at a firmware activation (MTFA), in units of 100 ms.
    public let firmwareActivationTime: UInt16
    /// Preferred host memory buffer (HMPRE), in units of 4 KiB.
    public let hostMemoryPreferred: UInt32
    /// Smallest host memory buffer (HMMIN), in units of 4 KiB.
    public let hostMemoryMinimum: UInt32
    /// Total capacity (TNVMCAP) in bytes; 0 when not reported.
    public let totalCapacityBytes: NVMeCounter
    /// Capacity in no namespace (UNVMCAP) in bytes.
    public let unallocatedCapacityBytes: NVMeCounter
    /// Replay protected memory blocks (RPMBS).
    public let replayProtectedMemory: UInt32
    /// Minutes that an extended self-test takes (EDSTT).
    public let extendedSelfTestMinutes: UInt16
    /// Self-test options (DSTO): bit 0 one test at a time in the subsystem.
    public let selfTestOptions: UInt8
    /// Granularity of firmware updates (FWUG) in units of 4 KiB; 0 unknown, 255 none.
    public let firmwareUpdateGranularity: UInt8
    /// Granularity of the keep alive timer (KAS), in units of 100 ms.
    public let keepAliveGranularity: UInt16
    /// Host controlled thermal management (HCTMA), bit 0.
    public let hostThermalManagement: UInt16
    /// Lowest temperature for thermal management (MNTMT), in kelvin.
    public let minimumThermalKelvin: UInt16
    /// Highest temperature for thermal management (MXTMT), in kelvin.
    public let maximumThermalKelvin: UInt16
    /// Sanitize operations (SANICAP): bit 0 crypto erase, 1 block erase, 2 overwrite.
    public let sanitizeCapabilities: UInt32
    /// Smallest descriptor of a host memory buffer (HMMINDS), in units of 4 KiB.
    public let hostMemoryMinimumDescriptor: UInt32
    /// Descriptors of a host memory buffer at most (HMMAXD).
    public let hostMemoryMaximumDescriptors: UInt16
    /// Largest NVM set identifier (NSETIDMAX).
    public let setIdentifierMaximum: UInt16
    /// Largest endurance group identifier (ENDGIDMAX).
    public let enduranceGroupMaximum: UInt16
    /// Seconds that a transition between ANA states takes at most (ANATT).
    public let anaTransitionSeconds: UInt8
    /// ANA states that it reports (ANACAP).
    public let anaCapabilities: UInt8
    /// Largest ANA group identifier (ANAGRPMAX).
    public let anaGroupMaximum: UInt32
    /// ANA groups that this controller has (NANAGRPID).
    public let anaGroupCount: UInt32
    /// Largest persistent event log (PELS), in units of 64 KiB.
    public let persistentEventLogSize: UInt32
    /// The domain it is in (DOMAINID).
    public let domainIdentifier: UInt16
    /// Largest capacity of one endurance group (MEGCAP) in bytes.
    public let enduranceGroupCapacityBytes: NVMeCounter
    /// Name of the subsystem (SUBNQN).
    public let subsystemName: String
    /// What it offers for commands and namespaces: bytes 512 to 563.
    public let commandSet: NVMeCommandSetLimits
    /// What it says of its fabric; `nil` on PCIe.
    public let fabrics: NVMeFabricsLimits?
    /// Its power states (NPSS + 1 of them), the strongest first.
    public let powerStates: [NVMePowerState]
    /// Words for the bits that are set in CMIC, OACS, LPA, CTRATT and ONCS.
    public let supports: [String]

    /// Reads the 4096 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(4096, at: 0, field: "Identify Controller")
        vendorIdentifier = try bytes.littleEndian(at: 0, field: "VID")
        subsystemVendorIdentifier = try bytes.littleEndian(at: 2, field: "SSVID")
        serialNumber = try bytes.text(20, at: 4, field: "SN")
        modelNumber = try bytes.text(40, at: 24, field: "MN")
        firmwareRevision = try bytes.text(8, at: 64, field: "FR")
        recommendedArbitrationBurst = bytes[72]
        ieeeIdentifier = UInt32(bytes[73]) | UInt32(bytes[74]) << 8 | UInt32(bytes[75]) << 16
        multipathCapabilities = bytes[76]
        maximumDataTransferExponent = bytes[77]
        controllerIdentifier = try bytes.littleEndian(at: 78, field: "CNTLID")
        version = try bytes.littleEndian(at: 80, field: "VER")
        versionText = "\(version >> 16).\(version >> 8 & 0xFF).\(version & 0xFF)"
        resumeLatencyMicroseconds = try bytes.littleEndian(at: 84, field: "RTD3R")
        entryLatencyMicroseconds = try bytes.littleEndian(at: 88, field: "RTD3E")
        optionalEvents = try bytes.littleEndian(at: 92, field: "OAES")
        attributes = try bytes.littleEndian(at: 96, field: "CTRATT")
        readRecoveryLevels = try bytes.littleEndian(at: 100, field: "RRLS")
        controllerType = bytes[111]
        replaceableUnitGUID = Hexadecimal.string(try bytes.bytes(16, at: 112, field: "FGUID"))
        retryDelays = [
            try bytes.littleEndian(at: 128, field: "CRDT1"),
            try bytes.littleEndian(at: 130, field: "CRDT2"),
            try bytes.littleEndian(at: 132, field: "CRDT3"),
        ]
        subsystemReport = bytes[253]
        vitalDataWriteCycles = bytes[254]
        managementEndpoints = bytes[255]
        optionalAdminCommands = try bytes.littleEndian(at: 256, field: "OACS")
        abortCommandLimit = bytes[258]
        eventRequestLimit = bytes[259]
        firmwareUpdates = bytes[260]
        logPageAttributes = bytes[261]
        errorLogEntries = bytes[262]
        adminVendorCommands = bytes[264]
        autonomousPowerTransitions = bytes[265]
        warningTemperatureKelvin = try bytes.littleEndian(at: 266, field: "WCTEMP")
        criticalTemperatureKelvin = try bytes.littleEndian(at: 268, field: "CCTEMP")
        firmwareActivationTime = try bytes.littleEndian(at: 270, field: "MTFA")
        hostMemoryPreferred = try bytes.littleEndian(at: 272, field: "HMPRE")
        hostMemoryMinimum = try bytes.littleEndian(at: 276, field: "HMMIN")
        totalCapacityBytes = try bytes.counter(at: 280, field: "TNVMCAP")
        unallocatedCapacityBytes = try bytes.counter(at: 296, field: "UNVMCAP")
        replayProtectedMemory = try bytes.littleEndian(at: 312, field: "RPMBS")
        extendedSelfTestMinutes = try bytes.littleEndian(at: 316, field: "EDSTT")
        selfTestOptions = bytes[318]
        firmwareUpdateGranularity = bytes[319]
        keepAliveGranularity = try bytes.littleEndian(at: 320, field: "KAS")
        hostThermalManagement = try bytes.littleEndian(at: 322, field: "HCTMA")
        minimumThermalKelvin = try bytes.littleEndian(at: 324, field: "MNTMT")
        maximumThermalKelvin = try bytes.littleEndian(at: 326, field: "MXTMT")
        sanitizeCapabilities = try bytes.littleEndian(at: 328, field: "SANICAP")
        hostMemoryMinimumDescriptor = try bytes.littleEndian(at: 332, field: "HMMINDS")
        hostMemoryMaximumDescriptors = try bytes.littleEndian(at: 336, field: "HMMAXD")
        setIdentifierMaximum = try bytes.littleEndian(at: 338, field: "NSETIDMAX")
        enduranceGroupMaximum = try bytes.littleEndian(at: 340, field: "ENDGIDMAX")
        anaTransitionSeconds = bytes[342]
        anaCapabilities = bytes[343]
        anaGroupMaximum = try bytes.littleEndian(at: 344, field: "ANAGRPMAX")
        anaGroupCount = try bytes.littleEndian(at: 348, field: "NANAGRPID")
        persistentEventLogSize = try bytes.littleEndian(at: 352, field: "PELS")
        domainIdentifier = try bytes.littleEndian(at: 356, field: "DOMAINID")
        enduranceGroupCapacityBytes = try bytes.counter(at: 368, field: "MEGCAP")
        subsystemName = try bytes.text(256, at: 768, field: "SUBNQN")
        commandSet = try NVMeCommandSetLimits(bytes)
        fabrics = try NVMeFabricsLimits(bytes)
        var states = [NVMePowerState]()
        for index in 0...min(Int(bytes[263]), 31) {
            states.append(
                try NVMePowerState(bytes, at: 2048 + index * NVMePowerState.byteCount))
        }
        powerStates = states
        supports =
            Self.multipathWords.of(multipathCapabilities)
            + Self.adminWords.of(optionalAdminCommands) + Self.logWords.of(logPageAttributes)
            + Self.attributeWords.of(attributes)
            + NVMeCommandSetLimits.words.of(commandSet.optionalCommands)
    }
}
