/// The options that have a default, can stand in the configuration file, and on the command line.
enum SettingName: String, CaseIterable {
    case output
    case deadline
    case sealDeadline = "seal-deadline"
    case jobs
    case maxSize = "max-size"
    case since
    case only
    case skip
    case subsystem
    case persistentEvents = "include-persistent-events"
    case progress
    case root

    /// Whether it takes several values.
    var isList: Bool { self == .only || self == .skip || self == .subsystem }

    /// What it is for, in a few words.
    var purpose: String {
        switch self {
        case .output: "folder that host folder and bundle are written to"
        case .deadline: "time until collecting ends"
        case .sealDeadline: "time until compressing ends; the rest is stored"
        case .jobs: "collectors, and probes, at once"
        case .maxSize: "most bytes of all artifacts together"
        case .since: "how far back logs are collected"
        case .only: "collectors to run, no others"
        case .skip: "collectors to leave out"
        case .subsystem: "storage subsystems to collect, no others"
        case .persistentEvents: "read the NVMe persistent event logs (yes or no)"
        case .progress: "how progress is shown"
        case .root: "root of the file system to read"
        }
    }
}
