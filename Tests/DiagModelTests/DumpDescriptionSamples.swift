import DiagModel

extension SchemaSample {
    /// Descriptions of dumps, with every member, and with none.
    static let dumpDescriptions: [SchemaSample] = {
        var full = DumpDescription(
            file: "LiveDump.kdump", byteCount: 1000, format: .kdump,
            formatName: "kdump-compressed, version 6", kind: "live kernel dump")
        full.isFlattened = true
        full.writer = "diagbundle"
        full.isLive = true
        full.host = "lab"
        full.system = "Linux"
        full.release = "6.1.0"
        full.version = "#1 SMP"
        full.machine = "x86_64"
        full.buildIdentifier = "aabb"
        full.kernelOffset = "0x1a000000"
        full.time = time
        full.seconds = 1.5
        full.uptimeSeconds = 60
        full.processorCount = 2
        full.registerCount = 2
        full.level = 27
        full.leftOut = DumpDescription.classes(ofLevel: 27)
        full.compression = ["zstd"]
        full.pageByteCount = 4096
        full.pages.present = 4
        full.pages.dumped = 3
        full.pages.zero = 1
        full.pages.missing = 1
        full.pages.dumpedByClass = ["slab": 3]
        full.pages.presentByClass = ["slab": 3, "free": 1]
        full.addShortcoming("the writer did not end")
        full.consistency = "smeared"
        full.torn = .init(sampled: 5, changed: 1, rounds: 1, replaced: 1, remaining: 0)
        full.windows = [.init(pages: "all", start: time, end: time)]
        full.steps = [.init(name: "copy", seconds: 0.25)]
        full.stages = [.init(name: "read", pages: 3, threadSeconds: 0.5)]
        full.code = .init(
            number: "0x161", name: "LIVE_SYSTEM_DUMP", isLive: true,
            parameters: [.init(value: "0x005461736b6d6772", text: "Taskmgr")])
        full.originator = "Taskmgr"
        full.reason = "hang"
        full.debugPackage = "linux-image-6.1.0-dbg"
        full.symbols = .init(
            installCommand: "apt-get install linux-image-6.1.0-dbg", note: "in the archive",
            images: ["/usr/lib/debug/boot/vmlinux-6.1.0"], symbolServer: "https://server/",
            fetchCommand: "debuginfod-find debuginfo aabb")
        full.openWith = ["crash vmlinux LiveDump.kdump"]
        full.readers = [.init("crash", canRead: true, note: "8.0.2 or newer")]
        full.warnings = ["w"]
        var lean = DumpDescription(
            file: "x", byteCount: 0, format: .lime, formatName: "LiME", kind: "physical memory")
        lean.readers = [.init("crash", canRead: false)]
        lean.symbols = .init()
        lean.code = .init(
            number: "0x0", name: nil, isLive: nil, parameters: [.init(value: "0x0")])
        return [
            SchemaSample(.dumpInfo, "full", full), SchemaSample(.dumpInfo, "lean", lean),
        ]
    }()
}
