internal import DiagFormats

/// `scsi/<name>.json`: what one SCSI device said of itself.
struct SCSIDocument: Codable, Hashable {
    /// One command, and how it ended.
    struct Command: Codable, Hashable {
        /// What was asked: `VPD 83h`, `log 02h`.
        var name: String
        /// How many bytes came; none when it failed.
        var byteCount: Int?
        /// Why there is no answer, or none that makes sense.
        var problem: String?
    }

    /// Whether a device is awake.
    struct Power: Codable, Hashable {
        /// `active`, `idle`, `standby`, `low power`, `stopped`, `suspended`, `unknown`.
        var state: String
        /// Whether more questions would wake it.
        var isSleeping: Bool
        /// What it said: a sense code or a count register.
        var source: String
    }

    /// `diagbundle.scsi/1`.
    var schema = "diagbundle.scsi/1"
    /// The node that a person knows: `/dev/sda`, `/dev/sg4`.
    var device: String
    /// The node that was opened.
    var opened: String
    /// Host, channel, target and logical unit: `0:0:0:0`.
    var address: String?
    /// Every command sent, in order.
    var commands: [Command] = []
    /// Why not everything was asked; none when it was.
    var limitedBecause: String?
    var power: Power?

    var inquiry: SCSIInquiry?
    var supportedVitalPages: SCSISupportedVitalPages?
    var unitSerialNumber: SCSIUnitSerialNumber?
    var identification: SCSIDeviceIdentification?
    var extendedInquiry: SCSIExtendedInquiry?
    var modePagePolicy: SCSIModePagePolicy?
    var ports: SCSIPorts?
    var ataInformation: SCSIATAInformation?
    /// What an ATA device behind it says in ATA's own words.
    var ata: ATADeviceDocument?
    var blockLimits: SCSIBlockLimits?
    var blockCharacteristics: SCSIBlockCharacteristics?
    var provisioning: SCSIProvisioning?
    var zonedCharacteristics: SCSIZonedCharacteristics?
    var capacity: SCSICapacity?

    var supportedLogPages: SCSISupportedLogPages?
    var supportedLogSubpages: SCSISupportedLogPages?
    var writeErrors: SCSIErrorCounters?
    var readErrors: SCSIErrorCounters?
    var verifyErrors: SCSIErrorCounters?
    var nonMediumErrors: SCSINonMediumErrors?
    var temperature: SCSITemperature?
    var startStopCycles: SCSIStartStopCycles?
    var selfTestResults: SCSISelfTestResults?
    var solidStateMedia: SCSISolidStateMedia?
    var backgroundScan: SCSIBackgroundScan?
    var sasPorts: SCSISASPorts?
    var statistics: SCSIGeneralStatistics?
    var informationalExceptions: SCSIInformationalExceptions?
    /// Log pages that this program does not decode.
    var otherLogPages: [SCSILogPage]?

    var isWriteProtected: Bool?
    var caching: SCSICachingPage?
    var exceptionsControl: SCSIExceptionsControlPage?
    var targetPortGroups: SCSITargetPortGroups?
    var enclosure: SCSIEnclosure?

    init(device: String, opened: String, address: String? = nil) {
        self.device = device
        self.opened = opened
        self.address = address
    }

    /// Whether it is an ATA device behind a translation.
    var isATA: Bool { inquiry?.vendor == "ATA" || ataInformation != nil }
}
