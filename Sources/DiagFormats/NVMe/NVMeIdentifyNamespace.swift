/// What a controller says of one namespace.
///
/// Source: NVM Express NVM Command Set Specification 1.0c, section 4.1.5.1, figure 97: Identify with
/// CNS 00h, 4096 bytes. Counts of blocks are in blocks of the format in use.
public struct NVMeIdentifyNamespace: Codable, Hashable, Sendable {
    /// One way in which a namespace can be formatted.
    public struct BlockFormat: Codable, Hashable, Sendable {
        /// Bytes of metadata with each block (MS).
        public let metadataByteCount: UInt16
        /// Bytes of a block (LBADS, a power of two from 9 on); `nil` when the format is not usable.
        public let blockByteCount: UInt64?
        /// Relative performance (RP): 0 best, 1 better, 2 good, 3 degraded.
        public let relativePerformance: UInt8

        init(_ bytes: Span<UInt8>, at offset: Int) throws(FormatError) {
            metadataByteCount = try bytes.littleEndian(at: offset, field: "MS")
            let exponent: UInt8 = try bytes.littleEndian(at: offset + 2, field: "LBADS")
            blockByteCount = (9..<64).contains(exponent) ? 1 << UInt64(exponent) : nil
            let performance: UInt8 = try bytes.littleEndian(at: offset + 3, field: "RP")
            relativePerformance = performance & 3
        }
    }

    /// Its size in blocks (NSZE); 0 when it is not active.
    public let sizeInBlocks: UInt64
    /// Blocks that can be allocated (NCAP).
    public let capacityInBlocks: UInt64
    /// Blocks that are allocated (NUSE).
    public let usedBlocks: UInt64
    /// Features (NSFEAT): bit 0 thin provisioning, 1 atomic write units of its own, 2 errors for
    /// deallocated blocks, 3 identifiers are not used again, 4 preferred sizes.
    public let features: UInt8
    /// Which format is in use (FLBAS), with the bits that are not its index.
    public let formattedSize: UInt8
    /// The index of the format in use: FLBAS bits 6:5 and 3:0.
    public let formatIndex: UInt8
    /// How metadata can be transferred (MC).
    public let metadataCapabilities: UInt8
    /// Kinds of end-to-end protection it can have (DPC).
    public let protectionCapabilities: UInt8
    /// The end-to-end protection that is in use (DPS): bits 2:0 the type, 0 none.
    public let protectionSettings: UInt8
    /// Sharing (NMIC): bit 0 it may be attached to several controllers.
    public let multipathCapabilities: UInt8
    /// Reservations (RESCAP).
    public let reservationCapabilities: UInt8
    /// Progress of formatting (FPI): bit 7 is reported, 6:0 percent left.
    public let formatProgress: UInt8
    /// What deallocated blocks read as (DLFEAT).
    public let deallocateFeatures: UInt8
    /// Blocks written atomically in normal operation (NAWUN), one less than the count.
    public let atomicWriteUnit: UInt16
    /// Blocks written atomically over a power failure (NAWUPF), one less than the count.
    public let atomicWriteUnitPowerFail: UInt16
    /// Blocks that Compare and Write takes atomically (NACWU), one less than the count.
    public let atomicCompareWriteUnit: UInt16
    /// The boundary of atomic writes in blocks (NABSN).
    public let atomicBoundary: UInt16
    /// The first atomic boundary in blocks (NABO).
    public let atomicBoundaryOffset: UInt16
    /// The boundary of atomic writes over a power failure in blocks (NABSPF).
    public let atomicBoundaryPowerFail: UInt16
    /// Best boundary for reads and writes in blocks (NOIOB); 0 when not reported.
    public let optimalBoundaryInBlocks: UInt16
    /// The capacity it takes from its subsystem (NVMCAP) in bytes; 0 when not reported.
    public let capacityBytes: NVMeCounter
    /// Preferred granularity of writes in blocks (NPWG), one less than the count.
    public let preferredWriteGranularity: UInt16
    /// Preferred alignment of writes in blocks (NPWA), one less than the count.
    public let preferredWriteAlignment: UInt16
    /// Preferred granularity of deallocation in blocks (NPDG), one less than the count.
    public let preferredDeallocateGranularity: UInt16
    /// Preferred alignment of deallocation in blocks (NPDA), one less than the count.
    public let preferredDeallocateAlignment: UInt16
    /// Best size of writes in blocks (NOWS), one less than the count.
    public let optimalWriteSize: UInt16
    /// The ANA group it is in (ANAGRPID); 0 when there are none.
    public let anaGroup: UInt32
    /// Attributes (NSATTR): bit 0 it is write protected.
    public let attributes: UInt8
    /// The NVM set it is in (NVMSETID).
    public let nvmSet: UInt16
    /// The endurance group it is in (ENDGID).
    public let enduranceGroup: UInt16
    /// Its globally unique identifier (NGUID), 32 hexadecimal digits; `nil` when all are zero.
    public let nguid: String?
    /// Its extended unique identifier (EUI64), 16 hexadecimal digits; `nil` when all are zero.
    public let eui64: String?
    /// The formats it can have (LBAF), NLBAF + 1 of them.
    public let blockFormats: [BlockFormat]
    /// Bytes of a block of the format in use; `nil` when that is not among ``blockFormats``.
    public let blockByteCount: UInt64?
    /// Its size in bytes; `nil` when that is not known or exceeds 64 bits.
    public let byteCount: UInt64?

    /// Whether nothing may be written to it (NSATTR bit 0).
    public var isWriteProtected: Bool { attributes & 1 != 0 }

    /// Reads the 4096 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(4096, at: 0, field: "Identify Namespace")
        sizeInBlocks = try bytes.littleEndian(at: 0, field: "NSZE")
        capacityInBlocks = try bytes.littleEndian(at: 8, field: "NCAP")
        usedBlocks = try bytes.littleEndian(at: 16, field: "NUSE")
        features = bytes[24]
        formattedSize = bytes[26]
        // Bits 6:5 are used from 17 formats on, and zero before.
        formatIndex = bytes[25] < 16 ? bytes[26] & 0xF : bytes[26] & 0xF | bytes[26] >> 1 & 0x30
        metadataCapabilities = bytes[27]
        protectionCapabilities = bytes[28]
        protectionSettings = bytes[29]
        multipathCapabilities = bytes[30]
        reservationCapabilities = bytes[31]
        formatProgress = bytes[32]
        deallocateFeatures = bytes[33]
        atomicWriteUnit = try bytes.littleEndian(at: 34, field: "NAWUN")
        atomicWriteUnitPowerFail = try bytes.littleEndian(at: 36, field: "NAWUPF")
        atomicCompareWriteUnit = try bytes.littleEndian(at: 38, field: "NACWU")
        atomicBoundary = try bytes.littleEndian(at: 40, field: "NABSN")
        atomicBoundaryOffset = try bytes.littleEndian(at: 42, field: "NABO")
        atomicBoundaryPowerFail = try bytes.littleEndian(at: 44, field: "NABSPF")
        optimalBoundaryInBlocks = try bytes.littleEndian(at: 46, field: "NOIOB")
        capacityBytes = try bytes.counter(at: 48, field: "NVMCAP")
        preferredWriteGranularity = try bytes.littleEndian(at: 64, field: "NPWG")
        preferredWriteAlignment = try bytes.littleEndian(at: 66, field: "NPWA")
        preferredDeallocateGranularity = try bytes.littleEndian(at: 68, field: "NPDG")
        preferredDeallocateAlignment = try bytes.littleEndian(at: 70, field: "NPDA")
        optimalWriteSize = try bytes.littleEndian(at: 72, field: "NOWS")
        anaGroup = try bytes.littleEndian(at: 92, field: "ANAGRPID")
        attributes = bytes[99]
        nvmSet = try bytes.littleEndian(at: 100, field: "NVMSETID")
        enduranceGroup = try bytes.littleEndian(at: 102, field: "ENDGID")
        nguid = Self.identifier(try bytes.bytes(16, at: 104, field: "NGUID"))
        eui64 = Self.identifier(try bytes.bytes(8, at: 120, field: "EUI64"))
        var formats = [BlockFormat]()
        for index in 0...min(Int(bytes[25]), 63) {
            formats.append(try BlockFormat(bytes, at: 128 + index * 4))
        }
        blockFormats = formats
        let block =
            Int(formatIndex) < formats.count ? formats[Int(formatIndex)].blockByteCount : nil
        blockByteCount = block
        let product = (block ?? 0).multipliedReportingOverflow(by: sizeInBlocks)
        byteCount = block == nil || product.overflow ? nil : product.partialValue
    }

    static func identifier(_ bytes: [UInt8]) -> String? {
        bytes.allSatisfy { $0 == 0 } ? nil : Hexadecimal.string(bytes)
    }
}
