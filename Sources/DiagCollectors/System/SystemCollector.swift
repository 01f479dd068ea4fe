public import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Gathers what the system is: release, kernel, processors, memory, load, limits.
///
/// Everything it reads answers from memory: /proc, /sys, and a few files of /etc.
public struct SystemCollector: Collector {
    /// A collector without options.
    public init() {}

    /// `system`: memory only, a reader, 20 seconds, 32 MiB.
    public var descriptor: CollectorDescriptor {
        CollectorDescriptor(
            name: "system", subject: "system facts", risk: .memoryOnly, confinement: .inspector,
            deadlineSeconds: 20, byteBudget: 32 << 20)
    }

    /// Sends `system.json`, `identity.json`, the texts they rest on, and `sysctl.txt`; of a root
    /// that nothing runs from `users.txt` and `groups.txt`, too.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        let reader = FactReader(context: context, sink: sink)
        var document = SystemDocument()
        try readRelease(&document, reader)
        let modules = try readKernel(&document, reader)
        try readTime(&document, reader)
        try readProcessors(&document, reader)
        try readLoad(&document, reader)
        try readLimits(&document, reader)
        try readVirtualization(&document, reader)
        let identity = try readIdentity(reader)
        try sendAccounts(reader)
        try sink.progress(1, of: 3, unit: "steps", activity: "copying kernel statistics")
        for (path, name, limit) in Self.evidence {
            _ = try reader.evidence(FilePath(path), as: name, limit: limit)
        }
        try sink.progress(2, of: 3, unit: "steps", activity: "reading kernel parameters")
        let taintLine = try SysctlWalk(reader: reader).send()
        try sink.sendJSON("system.json", document, privacy: .technical)
        try sink.sendJSON("identity.json", identity, privacy: .identity)
        if let mask = document.kernel.taint?.mask {
            for finding in TaintFindings.findings(
                KernelTaint(mask: mask), modules: modules, line: taintLine)
            {
                try sink.send(.finding(finding))
            }
        }
    }

    /// What is kept as it is and read for nothing else.
    static let evidence: [(path: String, name: String, limit: Int)] = [
        ("/proc/cgroups", "cgroups", 64 << 10),
        ("/proc/devices", "devices", 64 << 10),
        ("/proc/filesystems", "filesystems", 64 << 10),
        ("/proc/interrupts", "interrupts", 2 << 20),
        ("/proc/softirqs", "softirqs", 256 << 10),
        ("/proc/vmstat", "vmstat", 256 << 10),
        ("/proc/buddyinfo", "buddyinfo", 64 << 10),
        ("/proc/zoneinfo", "zoneinfo", 2 << 20),
    ]

    private func readRelease(_ document: inout SystemDocument, _ reader: FactReader) throws {
        var source: FilePath = "/etc/os-release"
        // os-release(5): the vendor's copy counts when /etc has none.
        if !reader.exists(source), reader.exists("/usr/lib/os-release") {
            try reader.sink.absent(source.string, why: "/usr/lib/os-release is read in its place")
            source = "/usr/lib/os-release"
        }
        if let bytes = try reader.evidence(source, as: "os-release", limit: 64 << 10) {
            let release = OSRelease(parsing: FactReader.text(bytes))
            document.osRelease = release.fields
            if !release.malformedLines.isEmpty {
                let lines = release.malformedLines.map { String($0) }.joined(separator: ", ")
                try reader.sink.send(
                    .note(.init(text: "\(source): no assignment in line \(lines)")))
            }
        }
    }

    private func readKernel(
        _ document: inout SystemDocument, _ reader: FactReader
    ) throws -> KernelModuleList? {
        let kernel: FilePath = "/proc/sys/kernel"
        document.kernel.name = try reader.text(kernel.appending("ostype"))
        document.kernel.release = try reader.text(kernel.appending("osrelease"))
        document.kernel.version = try reader.text(kernel.appending("version"))
        // Since Linux 6.1.
        document.kernel.architecture = try reader.optionalText(kernel.appending("arch"))
        document.kernel.build = try reader.evidence("/proc/version", as: "version")
            .map(FactReader.text)
        if let text = try reader.text(kernel.appending("tainted")),
            let taint = KernelTaint(parsing: text)
        {
            document.kernel.taint = .init(
                mask: taint.mask,
                flags: taint.flags.map {
                    .init(bit: $0.bit, letter: $0.letter, meaning: $0.meaning)
                })
        }
        document.kernel.lockdown = try reader.text("/sys/kernel/security/lockdown")
            .map(Self.chosen)
        document.kernel.securityModules = try reader.text("/sys/kernel/security/lsm")
            .map { $0.split(separator: ",").map(String.init) }
        document.bootID = try reader.text(kernel.appending("random").appending("boot_id"))
        let modules = try reader.evidence("/proc/modules", as: "modules", limit: 4 << 20)
            .map { KernelModuleList(parsing: FactReader.text($0)) }
        document.modules = modules?.modules
        return modules
    }

    private func readTime(_ document: inout SystemDocument, _ reader: FactReader) throws {
        if let bytes = try reader.evidence("/proc/uptime", as: "uptime") {
            document.time.uptimeSeconds = FactReader.text(bytes).split(separator: " ").first
                .flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
        }
        if let bytes = try reader.evidence("/proc/stat", as: "stat", limit: 2 << 20) {
            // A guard against numbers that no calendar has: year 9999 at most.
            document.time.bootTime = Self.words(bytes, after: "btime").first
                .flatMap { Int64($0) }.flatMap { (0..<253_402_300_800).contains($0) ? $0 : nil }
                .map { Timestamp(microsecondsSince1970: $0 * 1_000_000).description }
        }
        if let link = try? reader.context.root.readLink("/etc/localtime") {
            let text = UntrustedText.escapingControls(link.string)
            let marker = "/zoneinfo/"
            document.time.timeZone =
                text.split(separator: marker, maxSplits: 1).count == 2
                ? text.split(separator: marker, maxSplits: 1).last.map(String.init) : text
        } else {
            document.time.timeZone = try reader.optionalText("/etc/timezone")
        }
        let clock: FilePath = "/sys/devices/system/clocksource/clocksource0"
        document.time.clockSource = try reader.text(clock.appending("current_clocksource"))
        document.time.availableClockSources =
            try reader.text(clock.appending("available_clocksource"))
            .map { $0.split(separator: " ").map(String.init) }
    }

    private func readProcessors(_ document: inout SystemDocument, _ reader: FactReader) throws {
        if let bytes = try reader.evidence("/proc/cpuinfo", as: "cpuinfo", limit: 8 << 20) {
            document.processors.list = ProcessorList(parsing: FactReader.text(bytes))
        }
        let processors: FilePath = "/sys/devices/system/cpu"
        document.processors.online = try reader.text(processors.appending("online"))
        document.processors.present = try reader.text(processors.appending("present"))
        document.processors.possible = try reader.text(processors.appending("possible"))
        document.processors.offline = try reader.optionalText(processors.appending("offline"))
        document.processors.isolated = try reader.optionalText(processors.appending("isolated"))
        document.processors.isMultithreaded =
            try reader.optionalText(processors.appending("smt/active")).map { $0 == "1" }
        let folder = processors.appending("vulnerabilities")
        for entry in try reader.names(folder, limit: 1000) ?? [] {
            document.processors.vulnerabilities[entry.name.string] =
                try reader.text(folder.appending(entry.name))
        }
    }

    private func readLoad(_ document: inout SystemDocument, _ reader: FactReader) throws {
        if let bytes = try reader.evidence("/proc/meminfo", as: "meminfo") {
            document.memory = MemoryStatistics(parsing: FactReader.text(bytes))
        }
        if let bytes = try reader.evidence("/proc/loadavg", as: "loadavg") {
            let words = FactReader.text(bytes).split(separator: " ")
            let averages = words.prefix(3).compactMap { Double($0) }.filter(\.isFinite)
            let tasks = words.dropFirst(3).first?.split(separator: "/").map { Int($0) } ?? []
            if averages.count == 3 {
                document.load = .init(
                    average1: averages[0], average5: averages[1], average15: averages[2],
                    runningTasks: tasks.first ?? nil, tasks: tasks.count == 2 ? tasks[1] : nil)
            }
        }
        guard reader.exists("/proc/pressure") else {
            return try reader.sink.absent(
                "/proc/pressure", why: "the kernel has no pressure stall information, or psi=0")
        }
        document.pressure = [:]
        for resource in ["cpu", "memory", "io", "irq"] {
            let path = FilePath("/proc/pressure").appending(resource)
            guard let bytes = try reader.evidence(path, as: "pressure/\(resource)") else {
                continue
            }
            do throws(FormatError) {
                document.pressure?[resource] = try PressureStall(parsing: FactReader.text(bytes))
            } catch {
                try reader.sink.missing(path.string, why: error.description)
            }
        }
    }

    private func readLimits(_ document: inout SystemDocument, _ reader: FactReader) throws {
        let sysctl: FilePath = "/proc/sys"
        func numbers(_ path: String) throws -> [UInt64] {
            try (reader.optionalText(sysctl.appending(path)) ?? "")
                .split { $0 == "\t" || $0 == " " }.compactMap { UInt64($0) }
        }
        document.limits.pidMaximum = try numbers("kernel/pid_max").first
        document.limits.threadsMaximum = try numbers("kernel/threads-max").first
        document.limits.openFilesPerProcessMaximum = try numbers("fs/nr_open").first
        // Allocated, always 0, maximum.
        let files = try numbers("fs/file-nr")
        if files.count == 3 {
            document.limits.filesAllocated = files[0]
            document.limits.filesMaximum = files[2]
        }
        let inodes = try numbers("fs/inode-nr")
        if inodes.count == 2 {
            document.limits.inodesAllocated = inodes[0]
            document.limits.inodesFree = inodes[1]
        }
    }

    private func readVirtualization(_ document: inout SystemDocument, _ reader: FactReader) throws {
        let dmi: FilePath = "/sys/class/dmi/id"
        document.virtualization.systemVendor =
            try reader.optionalText(dmi.appending("sys_vendor"))
        document.virtualization.productName =
            try reader.optionalText(dmi.appending("product_name"))
        document.virtualization.deviceTreeModel =
            try reader.optionalText("/sys/firmware/devicetree/base/model")
        document.virtualization.hypervisorType = try reader.optionalText("/sys/hypervisor/type")
        document.virtualization.container = try reader.optionalText("/run/systemd/container")
        document.virtualization.hasHypervisorFlag =
            document.processors.list.flatMap { list in
                list.features.isEmpty ? nil : list.features.contains("hypervisor")
            }
        if reader.exists("/sys/fs/cgroup/cgroup.controllers") {
            document.controlGroups = "v2"
        } else if reader.exists("/sys/fs/cgroup/unified/cgroup.controllers") {
            document.controlGroups = "hybrid"
        } else if try reader.names("/sys/fs/cgroup")?.isEmpty == false {
            document.controlGroups = "v1"
        }
    }

    private func readIdentity(_ reader: FactReader) throws -> SystemIdentityDocument {
        var identity = SystemIdentityDocument()
        identity.hostName = try reader.text("/proc/sys/kernel/hostname")
        identity.domainName = try reader.text("/proc/sys/kernel/domainname")
        identity.machineID = try reader.text("/etc/machine-id")
        // The text itself is sent by the boot collector, as `boot/cmdline`.
        identity.commandLine = try reader.text("/proc/cmdline").map {
            KernelCommandLine(parsing: $0)
        }
        return identity
    }

    /// The word in brackets of `none [integrity] confidentiality`; the whole text without one.
    private static func chosen(_ text: String) -> String {
        guard let open = text.utf8.firstIndex(of: 0x5B),
            let close = text.utf8[open...].firstIndex(of: 0x5D)
        else { return text }
        return String(text[text.utf8.index(after: open)..<close])
    }

    /// The words after `name` on the first line that begins with it.
    private static func words(_ bytes: [UInt8], after name: String) -> [String] {
        for line in bytes.split(separator: 0x0A) where line.starts(with: Array((name + " ").utf8)) {
            return line.split(separator: 0x20).dropFirst().map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        return []
    }
}
