extension NVMeIdentifyController {
    /// Whether it reports asymmetric namespace access (CMIC bit 3).
    public var hasANA: Bool { multipathCapabilities & 8 != 0 }
    /// Whether it has the namespace management commands (OACS bit 3).
    public var hasNamespaceManagement: Bool { optionalAdminCommands & 8 != 0 }
    /// Whether it has device self-tests (OACS bit 4).
    public var hasSelfTest: Bool { optionalAdminCommands & 0x10 != 0 }
    /// Whether it has the log of commands supported and effects (LPA bit 1).
    public var hasCommandEffectsLog: Bool { logPageAttributes & 2 != 0 }
    /// Whether a log can be read from an offset on (LPA bit 2).
    public var hasLogOffsets: Bool { logPageAttributes & 4 != 0 }
    /// Whether it has a persistent event log (LPA bit 4).
    public var hasPersistentEventLog: Bool { logPageAttributes & 0x10 != 0 }
    /// Whether it has the log of supported log pages (LPA bit 5).
    public var hasSupportedLogPages: Bool { logPageAttributes & 0x20 != 0 }
    /// Whether it has endurance groups (CTRATT bit 4).
    public var hasEnduranceGroups: Bool { attributes & 0x10 != 0 }
    /// Whether it keeps a list of namespaces that changed (OAES bit 8).
    public var hasChangedNamespaceList: Bool { optionalEvents & 0x100 != 0 }
    /// Whether it can sanitize in any way (SANICAP bits 2:0).
    public var hasSanitize: Bool { sanitizeCapabilities & 7 != 0 }
    /// Whether it serves discovery only (CNTRLTYPE 2).
    public var isDiscovery: Bool { controllerType == 2 }
    /// Whether it follows the specification of `major`.`minor` or a later one.
    public func isAtLeast(_ major: UInt32, _ minor: UInt32) -> Bool {
        version >= major << 16 | minor << 8
    }

    static let multipathWords = NVMeBitWords(words: [
        (0, "multiplePorts"), (1, "multipleControllers"), (2, "virtualFunction"),
        (3, "asymmetricNamespaceAccess"),
    ])
    static let adminWords = NVMeBitWords(words: [
        (0, "security"), (1, "format"), (2, "firmwareUpdate"), (3, "namespaceManagement"),
        (4, "deviceSelfTest"), (5, "directives"), (6, "managementInterface"),
        (7, "virtualizationManagement"), (8, "doorbellBuffer"), (9, "logicalBlockStatus"),
        (10, "lockdown"),
    ])
    static let logWords = NVMeBitWords(words: [
        (0, "healthLogPerNamespace"), (1, "commandEffectsLog"), (2, "logOffsets"),
        (3, "telemetryLog"), (4, "persistentEventLog"), (5, "supportedLogPages"),
        (6, "telemetryDataArea4"),
    ])
    static let attributeWords = NVMeBitWords(words: [
        (0, "hostIdentifier128"), (1, "nonOperationalPowerPermissive"), (2, "nvmSets"),
        (3, "readRecoveryLevels"), (4, "enduranceGroups"), (5, "predictableLatency"),
        (6, "trafficBasedKeepAlive"), (7, "namespaceGranularity"), (8, "queueAssociations"),
        (9, "uuidList"), (10, "multipleDomains"), (11, "fixedCapacityManagement"),
        (12, "variableCapacityManagement"), (13, "deleteEnduranceGroup"), (14, "deleteNVMSet"),
        (15, "extendedBlockFormats"),
    ])
}

/// What a controller offers for commands and namespaces.
///
/// Source: NVM Express Base Specification 2.0c, figure 275, bytes 512 to 563.
public struct NVMeCommandSetLimits: Codable, Hashable, Sendable {
    /// Sizes of a submission queue entry (SQES): required in bits 3:0, largest in 7:4, powers of two.
    public let submissionEntrySizes: UInt8
    /// Sizes of a completion queue entry (CQES), likewise.
    public let completionEntrySizes: UInt8
    /// Commands at once in a queue (MAXCMD); 0 when not reported.
    public let maximumCommands: UInt16
    /// Largest namespace identifier (NN).
    public let namespaceIdentifierMaximum: UInt32
    /// Optional commands (ONCS).
    public let optionalCommands: UInt16
    /// Fused operations (FUSES).
    public let fusedOperations: UInt16
    /// How Format NVM works (FNA): bit 0 formats all namespaces, 1 erases all, 2 crypto erase.
    public let formatAttributes: UInt8
    /// Volatile write cache (VWC): bit 0 present, 2:1 how Flush works.
    public let volatileWriteCache: UInt8
    /// Blocks written atomically in normal operation (AWUN), one less than the count.
    public let atomicWriteUnit: UInt16
    /// Blocks written atomically over a power failure (AWUPF), one less than the count.
    public let atomicWriteUnitPowerFail: UInt16
    /// Vendor specific I/O commands (ICSVSCC).
    public let vendorCommands: UInt8
    /// Namespace write protection (NWPC).
    public let writeProtection: UInt8
    /// Blocks that Compare and Write takes atomically (ACWU), one less than the count.
    public let atomicCompareWriteUnit: UInt16
    /// Formats of the Copy command (CDFS).
    public let copyFormats: UInt16
    /// Scatter gather lists (SGLS).
    public let scatterGatherLists: UInt32
    /// Namespaces at most (MNAN); 0 when NN says so.
    public let maximumNamespaces: UInt32
    /// Attachments of namespaces in a domain at most (MAXDNA).
    public let maximumDomainAttachments: NVMeCounter
    /// Namespaces attached to this controller at most (MAXCNA).
    public let maximumAttachments: UInt32

    init(_ bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(52, at: 512, field: "I/O command set attributes")
        submissionEntrySizes = bytes[512]
        completionEntrySizes = bytes[513]
        maximumCommands = try bytes.littleEndian(at: 514, field: "MAXCMD")
        namespaceIdentifierMaximum = try bytes.littleEndian(at: 516, field: "NN")
        optionalCommands = try bytes.littleEndian(at: 520, field: "ONCS")
        fusedOperations = try bytes.littleEndian(at: 522, field: "FUSES")
        formatAttributes = bytes[524]
        volatileWriteCache = bytes[525]
        atomicWriteUnit = try bytes.littleEndian(at: 526, field: "AWUN")
        atomicWriteUnitPowerFail = try bytes.littleEndian(at: 528, field: "AWUPF")
        vendorCommands = bytes[530]
        writeProtection = bytes[531]
        atomicCompareWriteUnit = try bytes.littleEndian(at: 532, field: "ACWU")
        copyFormats = try bytes.littleEndian(at: 534, field: "CDFS")
        scatterGatherLists = try bytes.littleEndian(at: 536, field: "SGLS")
        maximumNamespaces = try bytes.littleEndian(at: 540, field: "MNAN")
        maximumDomainAttachments = try bytes.counter(at: 544, field: "MAXDNA")
        maximumAttachments = try bytes.littleEndian(at: 560, field: "MAXCNA")
    }

    static let words = NVMeBitWords(words: [
        (0, "compare"), (1, "writeUncorrectable"), (2, "datasetManagement"), (3, "writeZeroes"),
        (4, "saveFeatures"), (5, "reservations"), (6, "timestamp"), (7, "verify"), (8, "copy"),
    ])
}

/// What a controller says of its fabric.
///
/// Source: NVM Express Base Specification 2.0c, figure 275, bytes 1792 to 1806.
public struct NVMeFabricsLimits: Codable, Hashable, Sendable {
    /// Largest command capsule of an I/O queue (IOCCSZ), in units of 16 bytes.
    public let commandCapsuleSize: UInt32
    /// Largest response capsule of an I/O queue (IORCSZ), in units of 16 bytes.
    public let responseCapsuleSize: UInt32
    /// Where data starts in a capsule (ICDOFF), in units of 16 bytes.
    public let inCapsuleDataOffset: UInt16
    /// Attributes (FCATT): bit 0 the static controller model.
    public let attributes: UInt8
    /// Descriptors of data blocks in a capsule at most (MSDBD); 0 for no limit.
    public let maximumDataBlockDescriptors: UInt8
    /// Optional fabrics commands (OFCS): bit 0 Disconnect.
    public let optionalCommands: UInt16
    /// The kind of discovery controller (DCTYPE): 1 direct, 2 central.
    public let discoveryControllerType: UInt8

    /// `nil` where all are zero, which is so on PCIe.
    init?(_ bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(15, at: 1792, field: "NVMe over Fabrics")
        commandCapsuleSize = try bytes.littleEndian(at: 1792, field: "IOCCSZ")
        responseCapsuleSize = try bytes.littleEndian(at: 1796, field: "IORCSZ")
        inCapsuleDataOffset = try bytes.littleEndian(at: 1800, field: "ICDOFF")
        attributes = bytes[1802]
        maximumDataBlockDescriptors = bytes[1803]
        optionalCommands = try bytes.littleEndian(at: 1804, field: "OFCS")
        discoveryControllerType = bytes[1806]
        if commandCapsuleSize == 0, responseCapsuleSize == 0, discoveryControllerType == 0 {
            return nil
        }
    }
}
