internal import DiagFormats

/// `system/system.json`: the facts of the running system that name nobody.
struct SystemDocument: Encodable {
    /// The kernel by itself. Source: /proc/sys/kernel.
    struct Kernel: Encodable {
        var name: String?
        var release: String?
        var version: String?
        var architecture: String?
        /// The whole line of /proc/version, with the compiler.
        var build: String?
        var taint: Taint?
        /// The mode in force: `none`, `integrity` or `confidentiality`.
        var lockdown: String?
        /// The security modules in their order.
        var securityModules: [String]?
    }

    /// Why the kernel is tainted.
    struct Taint: Encodable {
        struct Flag: Encodable {
            var bit: Int
            var letter: String
            var meaning: String
        }
        var mask: UInt64
        var flags: [Flag]
    }

    /// What time it is, and since when.
    struct Time: Encodable {
        var bootTime: String?
        var uptimeSeconds: Double?
        /// For example `Europe/Berlin`, or the link's target where that lies elsewhere.
        var timeZone: String?
        var clockSource: String?
        var availableClockSources: [String]?
    }

    /// The processors.
    struct Processors: Encodable {
        var list: ProcessorList?
        /// Lists of numbers as the kernel writes them, for example `0-7,16`.
        var online: String?
        var present: String?
        var possible: String?
        var offline: String?
        var isolated: String?
        /// Whether simultaneous multithreading is at work.
        var isMultithreaded: Bool?
        /// By the kernel's name, for example `spectre_v2`.
        var vulnerabilities: [String: String]
    }

    /// Tasks that ran or waited, averaged. Source: proc_loadavg(5).
    struct Load: Encodable {
        var average1: Double
        var average5: Double
        var average15: Double
        var runningTasks: Int?
        var tasks: Int?
    }

    /// What is in use of what the kernel allows.
    struct Limits: Encodable {
        var pidMaximum: UInt64?
        var threadsMaximum: UInt64?
        var filesAllocated: UInt64?
        var filesMaximum: UInt64?
        var inodesAllocated: UInt64?
        var inodesFree: UInt64?
        var openFilesPerProcessMaximum: UInt64?
    }

    /// Signs that this is a guest or a container.
    struct Virtualization: Encodable {
        var systemVendor: String?
        var productName: String?
        var deviceTreeModel: String?
        /// The content of /sys/hypervisor/type.
        var hypervisorType: String?
        /// Whether an x86 processor says that it runs below a hypervisor.
        var hasHypervisorFlag: Bool?
        /// What systemd's container manager left in /run/systemd/container.
        var container: String?
    }

    var schema = "diagbundle.system/1"
    var osRelease: [String: String]?
    var bootID: String?
    var kernel = Kernel()
    var time = Time()
    var processors = Processors(vulnerabilities: [:])
    var memory: MemoryStatistics?
    var load: Load?
    /// By resource: `cpu`, `memory`, `io`, `irq`.
    var pressure: [String: PressureStall]?
    var modules: [KernelModuleList.Module]?
    /// `v1`, `v2` or `hybrid`.
    var controlGroups: String?
    var limits = Limits()
    var virtualization = Virtualization()
}

/// `system/identity.json`: what names this host.
struct SystemIdentityDocument: Encodable {
    var schema = "diagbundle.system-identity/1"
    var hostName: String?
    var domainName: String?
    var machineID: String?
    var commandLine: KernelCommandLine?
}
