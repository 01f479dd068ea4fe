/// What a SCSI device says that it is: the standard INQUIRY data.
///
/// Source: SPC-6, section 6.7.2.
public struct SCSIInquiry: Codable, Hashable, Sendable {
    /// 0 when a device is connected, 1 when none is but could be, 3 when none can be.
    public let peripheralQualifier: UInt8
    /// 0 disk, 5 CD, 13 enclosure, 14 simplified disk, 20 host-managed zoned disk.
    public let peripheralDeviceType: UInt8
    /// Whether the medium can be taken out.
    public let isRemovable: Bool
    /// The version of SPC that it claims: 5 SPC-3, 6 SPC-4, 7 SPC-5.
    public let version: UInt8
    /// Target port groups: 0 none, 1 implicit, 2 explicit, 3 both kinds of asymmetric access.
    public let targetPortGroupSupport: UInt8
    /// Whether it supports protection information.
    public let isProtectionSupported: Bool
    /// Whether an enclosure service process can be asked through it.
    public let hasEnclosureServices: Bool
    /// Whether it has more than one port.
    public let hasMultiplePorts: Bool
    /// Whether it takes several commands at a time.
    public let queuesCommands: Bool
    /// T10 vendor identification, eight characters.
    public let vendor: String
    /// Product identification, 16 characters.
    public let product: String
    /// Product revision level, four characters.
    public let revision: String
    /// Codes of the standards that it claims to keep, those that are 0 left out.
    public let versionDescriptors: [UInt16]

    /// Reads the data as they come from the device, at least 36 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let first = try bytes.byte(at: 0, field: "PERIPHERAL DEVICE TYPE")
        peripheralQualifier = first >> 5
        peripheralDeviceType = first & 0x1F
        isRemovable = try bytes.isSet(7, at: 1, field: "RMB")
        version = try bytes.byte(at: 2, field: "VERSION")
        targetPortGroupSupport = try bytes.byte(at: 5, field: "TPGS") >> 4 & 3
        isProtectionSupported = try bytes.isSet(0, at: 5, field: "PROTECT")
        hasEnclosureServices = try bytes.isSet(6, at: 6, field: "ENCSERV")
        hasMultiplePorts = try bytes.isSet(4, at: 6, field: "MULTIP")
        queuesCommands = try bytes.isSet(1, at: 7, field: "CMDQUE")
        vendor = try bytes.text(8, at: 8, field: "T10 VENDOR IDENTIFICATION")
        product = try bytes.text(16, at: 16, field: "PRODUCT IDENTIFICATION")
        revision = try bytes.text(4, at: 32, field: "PRODUCT REVISION LEVEL")
        let end = min(bytes.count, 5 + Int(try bytes.byte(at: 4, field: "ADDITIONAL LENGTH")))
        var descriptors = [UInt16]()
        for offset in stride(from: 58, to: 74, by: 2) where offset + 2 <= end {
            let code = try bytes.bigEndian(UInt16.self, at: offset, field: "VERSION DESCRIPTOR")
            if code != 0 { descriptors.append(code) }
        }
        versionDescriptors = descriptors
    }
}
