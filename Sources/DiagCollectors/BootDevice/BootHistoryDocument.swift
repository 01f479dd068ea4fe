internal import DiagModel

/// `boot/boot-history.json`: the recent boots, how long the last one took and how each ended.
struct BootHistoryDocument: Encodable, Hashable {
    /// How a boot ended.
    enum Ending: String, Encodable {
        /// It is the one that runs.
        case running
        /// The host was shut down or restarted in order.
        case clean
        /// The kernel stopped itself after a fault.
        case crash
        /// The journal just ends: the power failed, the host hung, or it was reset.
        case abrupt
        /// The journal was read no further.
        case unknown
    }

    /// One boot.
    struct Boot: Encodable, Hashable {
        /// 32 hexadecimal digits.
        var bootIdentifier: String
        var firstEntry: Timestamp
        var lastEntry: Timestamp
        var ending: Ending
        /// The message, or the crash record, that tells it.
        var evidence: String?
        /// Units that systemd said had failed, each once, in the order of their messages.
        var failedUnits: [String]
        /// Whether only a part of its messages was looked through for them.
        var isPartial: Bool
        /// Whether it ended in, or passed through, emergency or rescue mode.
        var reachedEmergency: Bool
    }

    /// How long the running boot took, in seconds, as far as it is known.
    struct Timing: Encodable, Hashable {
        var firmwareSeconds: Double?
        var loaderSeconds: Double?
        var kernelSeconds: Double?
        var initrdSeconds: Double?
        var userspaceSeconds: Double?
        var totalSeconds: Double?
        /// The kernel's own count, of the time of reading.
        var uptimeSeconds: Double?
        /// systemd's message.
        var message: String?
    }

    var schema = "diagbundle.boot-history/1"
    /// Oldest first.
    var boots: [Boot]
    /// Whether the journal knows more boots, or was read in part.
    var isComplete: Bool
    var timing: Timing
}
