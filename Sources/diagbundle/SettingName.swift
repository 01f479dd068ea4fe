/// The options that have a default, can stand in the configuration file, and on the command line.
enum SettingName: String, CaseIterable {
    case output
    case deadline
    case sealDeadline = "seal-deadline"
    case format
    case compression
    case level
    case threads
    case memory
    case noSparse = "no-sparse"
    case split
    case encryptTo = "encrypt-to"
    case sign
    case archiveOnly = "archive-only"
    case jobs
    case maxSize = "max-size"
    case since
    case profile
    case collectors
    case plugins
    case only
    case skip
    case subsystem
    case persistentEvents = "include-persistent-events"
    case liveDump = "live-dump"
    case dumpLevel = "dump-level"
    case dumpCompress = "dump-compress"
    case dumpFormat = "dump-format"
    case dumpUserPages = "dump-user-pages"
    case dumpGuestPages = "dump-guest-pages"
    case dumpOnPressure = "dump-on-pressure"
    case dumpMaxSize = "dump-max-size"
    case dumpOriginator = "dump-originator"
    case dumpThreads = "dump-threads"
    case dumpThrottle = "dump-throttle"
    case dumpDirectory = "dump-directory"
    case dumpKeep = "dump-keep"
    case dumpKeepPolicy = "dump-keep-policy"
    case dumpFreeSpace = "dump-free-space"
    case dumpInterval = "dump-interval"
    case dumpOriginatorInterval = "dump-originator-interval"
    case progress
    case root

    /// Whether it takes several values.
    var isList: Bool {
        [.collectors, .plugins, .only, .skip, .subsystem, .encryptTo].contains(self)
    }

    /// Whether it says how a live dump is made, and not whether one is.
    var isOfDump: Bool { rawValue.hasPrefix("dump-") }

    /// Whether it is typed without a value.
    var isFlag: Bool {
        [
            .noSparse, .archiveOnly, .persistentEvents, .dumpUserPages, .dumpGuestPages,
            .dumpThrottle,
        ].contains(self)
    }

    /// What it is for, in a few words.
    var purpose: String {
        switch self {
        case .output: "folder that host folder and bundle are written to"
        case .deadline: "time until collecting ends"
        case .sealDeadline: "time until compressing ends; the rest is stored"
        case .format: "what the bundle is (tar or zip)"
        case .noSparse: "write files with holes full (yes or no)"
        case .compression: "how the bundle is compressed (xz, zstd or none)"
        case .level: "how strongly; xz 1, zstd 3, zip 6 when not set"
        case .threads: "blocks compressed at once; as many as processors when not set"
        case .memory: "most bytes of memory for compressing"
        case .split: "most bytes of each volume; one file when not set"
        case .encryptTo: "who alone can read the bundle; everybody when not set"
        case .sign: "key that the bundle is signed with; none when not set"
        case .archiveOnly: "keep the bundle alone, not the host folder (yes or no)"
        case .jobs: "collectors, and probes, at once"
        case .maxSize: "most bytes of all artifacts together"
        case .since: "how far back logs are collected"
        case .profile: "how much is collected: minimal, default, storage, full, or a file"
        case .collectors: "folders with more collectors"
        case .plugins: "folders with more plugins"
        case .only: "collectors to run, no others"
        case .skip: "collectors to leave out"
        case .subsystem: "storage subsystems to collect, no others"
        case .persistentEvents: "read the NVMe persistent event logs (yes or no)"
        case .liveDump: "live kernel dump in collect (no, full or stacks)"
        case .dumpLevel: "pages left out: 1 zero, 2 cache, 4 private cache, 8 user, 16 free"
        case .dumpCompress: "how pages are stored (zstd, zlib or none)"
        case .dumpFormat: "what the file is (kdump or elf)"
        case .dumpUserPages: "keep the pages of processes (yes or no)"
        case .dumpGuestPages: "keep the memory of virtual machines (yes or no)"
        case .dumpOnPressure: "when memory runs short (abort, partial or ignore)"
        case .dumpMaxSize: "most bytes of the file"
        case .dumpOriginator: "who asks, at most 8 characters"
        case .dumpThrottle: "keep the least time between dumps (yes or no)"
        case .dumpThreads: "threads that copy; as many as serve when not set"
        case .dumpDirectory: "folder of the dumps that name no other"
        case .dumpKeep: "how many dumps are kept there"
        case .dumpKeepPolicy: "keep them always, or while there is room"
        case .dumpFreeSpace: "what stays free beside them; a tenth, at most 25 GB, when not set"
        case .dumpInterval: "least time between two dumps"
        case .dumpOriginatorInterval: "least time between two dumps of one originator"
        case .progress: "how progress is shown"
        case .root: "root of the file system to read"
        }
    }
}
