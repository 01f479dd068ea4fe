internal import DiagFormats
internal import DiagModel

/// `nvme/<controller>.json`: what one controller says of itself and its namespaces, and its logs.
struct NVMeDocument: Codable, Hashable {
    /// A namespace that is active.
    struct Namespace: Codable, Hashable {
        /// Its number (NSID).
        var identifier: UInt32
        /// What the controller says of it; none when that was refused.
        var identity: NVMeIdentifyNamespace?
        /// Its names, from version 1.3 on.
        var names: NVMeNamespaceNames?
    }

    /// The health of one endurance group.
    struct EnduranceGroup: Codable, Hashable {
        /// Its number.
        var identifier: UInt16
        /// Its log.
        var log: NVMeEnduranceGroupLog
    }

    /// `diagbundle.nvme/1`.
    var schema = "diagbundle.nvme/1"
    /// The controller's character device.
    var device: String
    /// What it says of itself.
    var controller: NVMeIdentifyController?
    /// The active namespaces, by number.
    var namespaces: [Namespace] = []
    /// Whether all active namespaces are there.
    var hasAllNamespaces = true
    /// The numbers of the controllers in its subsystem.
    var controllers: [UInt16]?
    /// The log pages that it has.
    var supportedLogPages: NVMeSupportedLogPages?
    /// SMART and health.
    var health: NVMeSMARTLog?
    /// The last commands that failed.
    var errors: NVMeErrorLog?
    /// Firmware slots.
    var firmware: NVMeFirmwareLog?
    /// Device self-tests.
    var selfTests: NVMeSelfTestLog?
    /// Commands supported and effects.
    var commandEffects: NVMeCommandEffectsLog?
    /// Asymmetric namespace access.
    var asymmetricAccess: NVMeANALog?
    /// The health of the endurance groups.
    var enduranceGroups: [EnduranceGroup]?
    /// The namespaces that changed.
    var changedNamespaces: NVMeNamespaceList?
    /// The last sanitize operation.
    var sanitize: NVMeSanitizeLog?
    /// What happened over its life; only when asked for.
    var persistentEvents: NVMePersistentEventLog?
    /// Why something is not there, by the name of its artifact without `.bin`.
    var refused: [String: String] = [:]
}

/// What is read of the bytes of one answer.
protocol NVMeStructure {
    init(parsing bytes: Span<UInt8>) throws(FormatError)
}

extension NVMeIdentifyController: NVMeStructure {}
extension NVMeIdentifyNamespace: NVMeStructure {}
extension NVMeNamespaceList: NVMeStructure {}
extension NVMeNamespaceNames: NVMeStructure {}
extension NVMeIdentifierList: NVMeStructure {}
extension NVMeSupportedLogPages: NVMeStructure {}
extension NVMeSMARTLog: NVMeStructure {}
extension NVMeErrorLog: NVMeStructure {}
extension NVMeFirmwareLog: NVMeStructure {}
extension NVMeSelfTestLog: NVMeStructure {}
extension NVMeCommandEffectsLog: NVMeStructure {}
extension NVMeANALog: NVMeStructure {}
extension NVMeEnduranceGroupLog: NVMeStructure {}
extension NVMeSanitizeLog: NVMeStructure {}
extension NVMePersistentEventLog: NVMeStructure {}
