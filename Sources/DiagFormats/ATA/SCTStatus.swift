internal import DiagModel

/// The status of the SMART Command Transport: log E0h, read.
///
/// Source: ACS-3, section 8.1.5.1 and table 187 (SCT status response).
public struct SCTStatus: Codable, Hashable, Sendable {
    /// The version of the structure, 2 or 3.
    public let formatVersion: UInt16
    /// The vendor's version of SCT.
    public let sctVersion: UInt16
    /// Bit 0: a segment is initialised.
    public let statusFlags: UInt32
    /// What the device does: `active`, `standby`, `sleep`, `dst`, `offline`, `sctCommand`.
    public let deviceState: String?
    /// How the last SCT command ended, FFFFh while it runs.
    public let extendedStatusCode: UInt16
    /// The action of the last SCT command.
    public let actionCode: UInt16
    /// The function of the last SCT command.
    public let functionCode: UInt16
    /// The temperature now, in degrees Celsius.
    public let temperatureCelsius: Int8?
    /// The lowest one since power-on.
    public let minimumTemperatureCelsius: Int8?
    /// The highest one since power-on.
    public let maximumTemperatureCelsius: Int8?
    /// The lowest one in the device's life.
    public let lifetimeMinimumTemperatureCelsius: Int8?
    /// The highest one in the device's life.
    public let lifetimeMaximumTemperatureCelsius: Int8?
    /// The highest one that it is made for to work continuously.
    public let maximumOperatingTemperatureCelsius: Int8?
    /// How many of its records were above the limit.
    public let overLimitCount: UInt32
    /// How many of its records were below the limit.
    public let underLimitCount: UInt32
    /// What SMART says here: whether a threshold is exceeded; none when it does not say.
    public let isSMARTThresholdExceeded: Bool?

    /// Reads 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "SCT status")
        formatVersion = try bytes.littleEndian(at: 0, field: "format version")
        guard formatVersion == 2 || formatVersion == 3 else {
            throw .invalid(field: "format version", offset: 0, value: UInt64(formatVersion))
        }
        sctVersion = try bytes.littleEndian(at: 2, field: "SCT version")
        statusFlags = try bytes.littleEndian(at: 6, field: "status flags")
        let states = ["active", "standby", "sleep", "dst", "offline", "sctCommand"]
        let state = Int(bytes[10])
        deviceState = states.indices.contains(state) ? states[state] : nil
        extendedStatusCode = try bytes.littleEndian(at: 14, field: "extended status code")
        actionCode = try bytes.littleEndian(at: 16, field: "action code")
        functionCode = try bytes.littleEndian(at: 18, field: "function code")
        // -128 says that there is none.
        let temperatures = (200...205).map { at -> Int8? in
            bytes[at] == 0x80 ? nil : Int8(bitPattern: bytes[at])
        }
        temperatureCelsius = temperatures[0]
        minimumTemperatureCelsius = temperatures[1]
        maximumTemperatureCelsius = temperatures[2]
        lifetimeMinimumTemperatureCelsius = temperatures[3]
        lifetimeMaximumTemperatureCelsius = temperatures[4]
        // 0 was reserved before ACS-2, and no limit of a disk.
        maximumOperatingTemperatureCelsius = temperatures[5] == 0 ? nil : temperatures[5]
        overLimitCount = try bytes.littleEndian(at: 206, field: "over limit count")
        underLimitCount = try bytes.littleEndian(at: 210, field: "under limit count")
        let status: UInt16 = try bytes.littleEndian(at: 214, field: "SMART status")
        isSMARTThresholdExceeded = status == 0x2CF4 ? true : status == 0xC24F ? false : nil
    }
}
