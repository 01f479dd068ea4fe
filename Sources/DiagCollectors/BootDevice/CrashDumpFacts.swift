internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// `boot/kdump.json`: whether a crash of this host would leave a dump, and which ones there are.
struct CrashDumpDocument: Encodable, Hashable {
    /// Memory that is set aside.
    struct Range: Encodable, Hashable {
        /// Hexadecimal addresses, the last one included.
        var first: String
        var last: String
        var byteCount: UInt64
    }

    /// One folder or file below /var/crash.
    struct Record: Encodable, Hashable {
        var path: String
        var modified: Timestamp
        /// Bytes of the dump, where there is one.
        var dumpByteCount: Int64?
        /// When the dump was last written.
        var dumpModified: Timestamp?
        /// Whether the dump was written to its end.
        var isComplete: Bool?
        /// Other files beside it.
        var files: [String]
    }

    /// A place that was not looked at.
    struct LeftAlone: Encodable, Hashable {
        var path: String
        var why: String
    }

    /// Where dumps go.
    struct Target: Encodable, Hashable {
        /// `local`, or the configured kind, for example `nfs`.
        var kind: String
        var path: String?
        var freeByteCount: UInt64?
    }

    var schema = "diagbundle.kdump/1"
    /// The values of `crashkernel=`.
    var requested: [String]
    /// Bytes that the request gives on this machine; 0 for none, and left out where it is not told.
    var dueByteCount: UInt64?
    /// The unit that loads the crash kernel, where it is enabled.
    var enabledUnit: String?
    /// Bytes that the kernel has reserved.
    var reservedByteCount: UInt64?
    /// The ranges called `Crash kernel` in /proc/iomem; none where their addresses are hidden.
    var ranges: [Range]?
    var isLoaded: Bool?
    /// Where the kernel keeps the note that dumps are read by, as it is written.
    var vmcoreinfo: String?
    var elfHeaderByteCount: UInt64?
    /// The files that configure it and exist.
    var configuration: [String]
    /// The initial RAM disk for dumps of the running kernel, where one of the usual names exists.
    var crashInitramfs: String?
    var crashInitramfsByteCount: UInt64?
    var memoryByteCount: UInt64?
    var target: Target?
    /// What the kernel does when something goes wrong, by the name below /proc/sys/kernel.
    var settings: [String: String]
    var records: [Record]
    /// The artifacts with the kernel's last messages of the newest record.
    var messages: [String]?
    /// Places behind automount points and on servers, which were not looked at.
    var leftAlone: [LeftAlone]?
}

/// Gathers whether dumps can be taken, from memory and from small files.
struct CrashDumpFacts {
    private static let settings = [
        "panic", "panic_on_oops", "panic_on_warn", "panic_on_io_nmi",
        "panic_on_unrecovered_nmi", "panic_print", "hung_task_panic", "hung_task_timeout_secs",
        "hung_task_warnings", "hung_task_check_count", "softlockup_panic", "hardlockup_panic",
        "softlockup_all_cpu_backtrace", "nmi_watchdog", "watchdog_thresh", "sysrq",
        "unknown_nmi_panic", "kexec_load_disabled", "crash_kexec_post_notifiers",
    ]
    private static let recordLimit = 200

    let reader: FactReader
    let places: MountedPlaces

    /// Whether there is no obstacle on `path`; one is told in `document`.
    private func isOpen(_ path: String, _ document: inout CrashDumpDocument) -> Bool {
        guard let why = places.obstacle(on: FilePath(path)) else { return true }
        let place = CrashDumpDocument.LeftAlone(
            path: UntrustedText.escapingControls(path), why: why)
        if document.leftAlone?.contains(place) != true {
            document.leftAlone = (document.leftAlone ?? []) + [place]
        }
        return false
    }

    /// Sends `kdump.json`, and the last messages beside the newest dump.
    func send(
        _ crash: BootDocument.CrashKernel, running: String?
    ) throws -> CrashDumpDocument {
        var document = CrashDumpDocument(
            requested: crash.requested, reservedByteCount: crash.reservedByteCount,
            isLoaded: crash.isLoaded, configuration: [], settings: [:], records: [])
        document.ranges = try ranges()
        document.vmcoreinfo = try reader.optionalText("/sys/kernel/vmcoreinfo")
        document.elfHeaderByteCount = try reader.number("/sys/kernel/crash_elfcorehdr_size")
        for name in Self.settings {
            document.settings[name] = try reader.optionalText(
                FilePath("/proc/sys/kernel").appending(name), limit: 4096)
        }
        document.memoryByteCount = try Self.memory(reader)
        switch CrashKernelRequest(crash.requested, memoryByteCount: document.memoryByteCount) {
        case .nothing: document.dueByteCount = 0
        case .bytes(let byteCount): document.dueByteCount = byteCount
        case .unknown: break
        }
        document.enabledUnit = Self.enabledUnit(reader)
        document.configuration = [
            "/etc/kdump.conf", "/etc/default/kdump-tools", "/etc/sysconfig/kdump",
        ].filter { reader.exists(FilePath($0)) }
        if let running, !running.contains("/") {
            let names = [
                "/boot/initramfs-\(running)kdump.img", "/boot/initrd-\(running)-kdump",
                "/var/lib/kdump/initrd.img-\(running)", "/var/lib/kdump/initrd",
                "/var/lib/kdump/initramfs-\(running)kdump.img",
            ]
            for name in names where document.crashInitramfs == nil && isOpen(name, &document) {
                guard let status = try? reader.context.root.status(of: FilePath(name)) else {
                    continue
                }
                document.crashInitramfs = name
                document.crashInitramfsByteCount = UInt64(exactly: status.byteCount)
            }
        }
        document.target = target(&document)
        let place = document.target?.path ?? "/var/crash"
        if isOpen(place, &document) {
            document.records = try records(below: place)
            let newest = document.records.filter { $0.dumpByteCount != nil }
                .max { $0.modified < $1.modified }
            if let newest {
                let messages = try CrashDumpMessages(reader: reader).send(
                    from: FilePath(newest.path))
                document.messages = messages.isEmpty ? nil : messages
            }
        }
        try reader.sink.sendJSON("kdump.json", document, privacy: .identity)
        return document
    }

    /// The lines `  2a000000-39ffffff : Crash kernel`; root alone sees the addresses.
    private func ranges() throws -> [CrashDumpDocument.Range]? {
        guard let text = try reader.optionalText("/proc/iomem", limit: 1 << 20) else { return nil }
        var ranges = [CrashDumpDocument.Range]()
        for line in text.split(separator: "\n") where line.hasSuffix(": Crash kernel") {
            let bounds = line.prefix { $0 != ":" }.filter { $0 != " " }.split(separator: "-")
            guard bounds.count == 2, let first = UInt64(bounds[0], radix: 16),
                let last = UInt64(bounds[1], radix: 16), last > first
            else { continue }
            ranges.append(
                .init(
                    first: String(bounds[0]), last: String(bounds[1]),
                    byteCount: (last - first) &+ 1))
        }
        return ranges
    }

    /// The unit that loads the crash kernel and that some target of the host wants; `nil` for none.
    static func enabledUnit(_ reader: FactReader) -> String? {
        let folder: FilePath = "/etc/systemd/system"
        let root = reader.context.root
        let names = ((try? root.directory(folder).entries(limit: 10_000)) ?? []).map(\.name)
        for unit in ["kdump.service", "kdump-tools.service"] {
            let isWanted = names.contains { name in
                guard name.string.hasSuffix(".wants") || name.string.hasSuffix(".requires") else {
                    return false
                }
                let link = folder.appending(name).appending(unit)
                return (try? root.status(of: link, followingLinks: false)) != nil
            }
            if isWanted { return unit }
        }
        return nil
    }

    /// Bytes of memory that the kernel has for itself and others.
    static func memory(_ reader: FactReader) throws -> UInt64? {
        guard let text = try reader.optionalText("/proc/meminfo") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = UInt64(words[1]) else { return nil }
            return kibibytes.multipliedReportingOverflow(by: 1024).partialValue
        }
        return nil
    }

    /// Where /etc/kdump.conf or kdump-tools put dumps. Source: kdump.conf(5), kdump-tools(5).
    private func target(_ document: inout CrashDumpDocument) -> CrashDumpDocument.Target {
        func lines(_ path: FilePath) -> [[Substring]] {
            guard let bytes = try? reader.context.root.read(path, limit: 1 << 20) else { return [] }
            return FactReader.text(bytes).split(separator: "\n")
                .map { $0.split { $0 == " " || $0 == "\t" || $0 == "=" || $0 == "\"" } }
                .filter { $0.count >= 2 }
        }
        var kind = "local"
        var path = "/var/crash"
        for words in lines("/etc/kdump.conf") {
            switch words[0] {
            case "path": path = String(words[1])
            case "nfs", "nfs4", "ssh", "raw", "ext2", "ext3", "ext4", "xfs", "btrfs", "virtiofs":
                kind = String(words[0])
            default: break
            }
        }
        for words in lines("/etc/default/kdump-tools") {
            switch words[0] {
            case "KDUMP_COREDIR": path = String(words[1])
            case "NFS": kind = "nfs"
            case "SSH": kind = "ssh"
            case "FTP": kind = "ftp"
            default: break
            }
        }
        for words in lines("/etc/sysconfig/kdump") where words[0] == "KDUMP_SAVEDIR" {
            let place = String(words[1])
            if place.hasPrefix("/") {
                path = place
            } else if place.hasPrefix("file://") {
                path = String(place.dropFirst(7))
            } else {
                kind = place.prefix { $0 != ":" }.lowercased()
            }
        }
        var target = CrashDumpDocument.Target(kind: kind)
        guard kind == "local", path.hasPrefix("/") else { return target }
        target.path = UntrustedText.escapingControls(path)
        if isOpen(path, &document),
            let space = try? reader.context.root.fileSystemSpace(at: FilePath(path))
        {
            target.freeByteCount = space.byteCount(ofBlocks: space.freeBlockCount)
        }
        return target
    }

    private func records(below path: String) throws -> [CrashDumpDocument.Record] {
        let folder = FilePath(path)
        var records = [CrashDumpDocument.Record]()
        for entry in try reader.names(folder, limit: 10_000) ?? [] {
            guard records.count < Self.recordLimit else { break }
            let inner = folder.appending(entry.name)
            guard let status = try? reader.context.root.status(of: inner, followingLinks: false)
            else { continue }
            var record = CrashDumpDocument.Record(
                path: UntrustedText.escapingForPath(inner.string.utf8), modified: status.modified,
                files: [])
            guard status.kind == .directory else { continue }
            for file in (try? reader.context.root.directory(inner).entries(limit: 1000)) ?? [] {
                let name = file.name.string
                record.files.append(UntrustedText.escapingForPath(name.utf8))
                guard name.hasPrefix("vmcore") || name.hasPrefix("dump"),
                    !name.hasSuffix(".txt"), !name.hasPrefix("vmcore-dmesg")
                else { continue }
                // makedumpfile writes to this name first.
                let isComplete = !name.contains("incomplete")
                guard isComplete || record.isComplete != true else { continue }
                let dump = try? reader.context.root.status(of: inner.appending(file.name))
                record.dumpByteCount = dump?.byteCount
                record.dumpModified = dump?.modified
                record.isComplete = isComplete
            }
            records.append(record)
        }
        return records
    }
}
