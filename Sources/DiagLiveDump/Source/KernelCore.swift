public import DiagFormats
public import DiagModel
public import DiagSystem
internal import Synchronization
internal import SystemPackage

/// The memory of the running kernel: /proc/kcore.
///
/// Source: Linux 6.1 fs/proc/kcore.c. `p_paddr` is that of memory and, on x86-64, of the kernel
/// image; all ones for vmalloc, modules and the map of pages; 0 for all before Linux 4.11.
public final class KernelCore: MemorySource {
    /// What of a host does not stand in its files.
    public struct Host: Hashable, Sendable {
        /// The six names of uname(2).
        public var uts: [String]
        /// Bytes of one page: a power of two.
        public var pageByteCount: Int
        /// Processors online, where /sys does not say.
        public var processorCount: Int

        /// A host by its values.
        public init(uts: [String], pageByteCount: Int, processorCount: Int) {
            self.uts = uts
            self.pageByteCount = pageByteCount
            self.processorCount = processorCount
        }

        /// The host that this program runs on.
        public static var current: Host {
            Host(
                uts: HostFacts.unameFields, pageByteCount: HostFacts.pageByteCount,
                processorCount: HostFacts.processorCount)
        }
    }

    /// What the readers of a dump need to know of the kernel.
    public let kernel: DumpedKernel
    /// The ranges of memory, sorted, whole pages.
    public let ranges: [MemoryRange]
    /// All ranges of kernel addresses that the file has, sorted by address: memory, image,
    /// vmalloc, modules, the map of pages.
    public let virtualRanges: [ELFProgramHeader]
    /// The content of the task_struct of the thread that opened the file: `NT_TASKSTRUCT`.
    public let taskStructure: [UInt8]
    /// What a reader should know: sources that contradict one another.
    public let warnings: [String]

    let tree: RootedTree
    private let header: KernelCoreHeader
    /// The file as it was opened first: asking it does not renew the kernel's list of ranges.
    private let file: Mutex<OwnedDescriptor>

    /// Opens the kernel's memory below `tree` and reads what it says of itself.
    public init(tree: RootedTree, host: Host = .current) throws(LiveDumpError) {
        self.tree = tree
        let file = try Self.open(tree)
        let header = try KernelCoreHeader(reading: file)
        self.header = header
        let layout = try KernelCoreLayout(header, pageByteCount: host.pageByteCount)
        var warnings = layout.warnings

        let map = (try? tree.read("/proc/iomem", limit: 1 << 22)).map {
            SystemMemoryMap(parsing: String(decoding: $0, as: UTF8.self))
        }
        var ranges = layout.ranges
        if let map, !map.isHidden {
            let page = UInt64(host.pageByteCount)
            let common = ranges.intersected(with: map.pages(of: page), pageByteCount: page)
            let lost = ranges.totalByteCount &- common.totalByteCount
            let other = map.pages(of: page).reduce(0) { $0 &+ UInt64($1.count) } &* page
            if lost != 0 || other != common.totalByteCount {
                warnings.append(
                    "/proc/kcore and /proc/iomem differ: \(lost) bytes are only in the first, "
                        + "\(other &- common.totalByteCount) only in the second; memory may be "
                        + "added or removed just now")
            }
            if common.isEmpty {
                warnings.append("nothing is common to both: /proc/kcore alone was used")
            } else {
                ranges = common.intersected(
                    with: map.withoutCrashKernel(map.pages(of: page), page), pageByteCount: page)
            }
        } else {
            warnings.append("/proc/iomem shows no addresses: /proc/kcore alone was used")
        }
        self.ranges = ranges

        var vmcoreInfo = header.note("VMCOREINFO", type: 0) ?? []
        if vmcoreInfo.isEmpty {
            vmcoreInfo = Self.vmcoreInfo(tree: tree, file: file, ranges: layout.ranges)
            if vmcoreInfo.isEmpty {
                warnings.append("the kernel gives no VMCOREINFO: readers need its symbols")
            }
        }
        self.file = Mutex(file)
        let base = try layout.physicalBase(
            vmcoreInfo: VMCoreInfo(parsing: vmcoreInfo.span), warnings: &warnings)
        kernel = DumpedKernel(
            uts: host.uts, machine: header.machine, pageByteCount: host.pageByteCount,
            vmcoreInfo: vmcoreInfo, physicalBase: base, image: layout.image,
            imageAddresses: layout.image == nil ? map?.image : nil,
            readOnlyAddresses: Self.isImageProtected(tree, machine: header.machine)
                ? map?.readOnlyImage ?? [] : [],
            processorCount: Self.processorCount(tree) ?? host.processorCount)
        virtualRanges = layout.virtualRanges
        taskStructure = header.note("CORE", type: ELFNote.taskStructure) ?? []
        self.warnings = warnings
    }

    /// Opens the memory for one thread.
    public func makeReader() throws(LiveDumpError) -> any MemoryReader {
        try makeKernelCoreReader()
    }

    /// The same, where kernel addresses are to be read too.
    ///
    /// - Throws: `inputOutput` when opening it moved the ranges, see ``displacement()``, and when its
    ///   header cannot be read.
    public func makeKernelCoreReader() throws(LiveDumpError) -> KernelCoreReader {
        let file = try Self.open(tree)
        guard !header.isMoved(to: try Self.headerAgain(file)) else {
            throw LiveDumpError(
                .inputOutput,
                "open /proc/kcore: memory was added or taken away since the dump began",
                remedy: "Try again.")
        }
        return KernelCoreReader(file, ranges: ranges, virtualRanges: virtualRanges)
    }

    /// Why what is read may be another's by now; `nil` while the ranges lie where they did.
    ///
    /// Whoever opens the file after memory came or went moves them for all: then each page that is
    /// read is its neighbour. Where the header cannot be read nobody knows.
    public func displacement() -> LiveDumpReport.Obstacle? {
        file.withLock { file -> LiveDumpReport.Obstacle? in
            do throws(LiveDumpError) {
                let now = try Self.headerAgain(file)
                return header.isMoved(to: now) ? DumpCopy.moved : nil
            } catch { return error.obstacle }
        }
    }

    /// The header of the open file as it is now.
    ///
    /// The kernel makes it up anew at each read, and lacks the memory for that at times: one
    /// failure says nothing. Source: Linux 6.1 fs/proc/kcore.c, `read_kcore`.
    static func headerAgain(
        _ file: borrowing OwnedDescriptor
    ) throws(LiveDumpError) -> KernelCoreHeader {
        if let header = try? KernelCoreHeader(reading: file) { return header }
        do throws(LiveDumpError) { return try KernelCoreHeader(reading: file) } catch {
            let reason = refusal(file).map { "\($0)" } ?? error.obstacle.message
            throw LiveDumpError(
                .inputOutput, "the header of /proc/kcore could not be read again: \(reason)",
                remedy: "Make another dump.")
        }
    }

    /// What the kernel says when the start of the file is read, if it refuses that.
    private static func refusal(_ file: borrowing OwnedDescriptor) -> Errno? {
        // More than the ELF header, which needs no memory.
        var bytes = [UInt8](repeating: 0, count: 4096)
        do throws(SystemCallError) {
            _ = try file.read(into: &bytes, at: 0)
            return nil
        } catch { return error.errno }
    }

    /// Whether memory was added or removed since this was opened, by the file's header now; `nil`
    /// where that cannot be read.
    public func rangesChanged() -> Bool? {
        guard let file = try? Self.open(tree), let now = try? Self.headerAgain(file)
        else { return nil }
        return now.loads != header.loads
    }

    private static func open(_ tree: RootedTree) throws(LiveDumpError) -> OwnedDescriptor {
        do throws(SystemCallError) {
            return try tree.openRegularFile("/proc/kcore")
        } catch { throw KernelCoreObstacle.opening(error, in: tree) }
    }

    /// The note at the physical address that /sys/kernel/vmcoreinfo names: kernels before 4.19.
    private static func vmcoreInfo(
        tree: RootedTree, file: borrowing OwnedDescriptor, ranges: [MemoryRange]
    ) -> [UInt8] {
        guard let text = try? tree.read("/sys/kernel/vmcoreinfo", limit: 256) else { return [] }
        let words = String(decoding: text, as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard words.count == 2, words[0].hasPrefix("0x"),
            let address = UInt64(words[0].dropFirst(2), radix: 16),
            let count = Int(words[1], radix: 16), count > 0, count <= 1 << 20,
            let range = ranges.first(where: {
                $0.physicalAddress <= address && address < $0.end
                    && UInt64(count) <= $0.end - address
            }),
            let bytes = file.readExactly(
                count, at: range.fileOffset &+ (address - range.physicalAddress)),
            let notes = try? ELFNote.parse(bytes.span)
        else { return [] }
        return notes.first { $0.name == "VMCOREINFO" }?.descriptor ?? []
    }

    /// Whether the kernel writes to its own code and rodata by patching code alone: x86-64, where
    /// no configuration leaves them writable, unless the command line does.
    ///
    /// Source: Linux 6.1 arch/x86/Kconfig, `ARCH_HAS_STRICT_KERNEL_RWX` without
    /// `ARCH_OPTIONAL_KERNEL_RWX`; init/main.c, `set_debug_rodata`: `rodata=off`, or another word
    /// for it.
    static func isImageProtected(_ tree: RootedTree, machine: UInt16) -> Bool {
        guard machine == 62, let bytes = try? tree.read("/proc/cmdline", limit: 65_536) else {
            return false
        }
        return !String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            .contains { $0.hasPrefix("rodata=") && $0 != "rodata=on" && $0 != "rodata=1" }
    }

    /// The count of `0-3,5`. Source: Linux Documentation/admin-guide/cputopology.rst, `online`.
    private static func processorCount(_ tree: RootedTree) -> Int? {
        guard let bytes = try? tree.read("/sys/devices/system/cpu/online", limit: 65_536) else {
            return nil
        }
        var count = 0
        for part in String(decoding: bytes, as: UTF8.self).split(whereSeparator: {
            $0 == "," || $0 == "\n"
        }) {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, 0...last ~= first,
                last < 1 << 16
            else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }
}

extension [MemoryRange] {
    /// The bytes of all ranges together.
    var totalByteCount: UInt64 { reduce(0) { $0 &+ $1.byteCount } }
}
