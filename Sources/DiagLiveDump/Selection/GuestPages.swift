public import DiagSystem
internal import Synchronization
internal import SystemPackage

/// The page frames of virtual machines that this host runs, by the page maps of the processes
/// that hold /dev/kvm.
///
/// Source: Linux 6.1 Documentation/admin-guide/mm/pagemap.rst; names of descriptors:
/// virt/kvm/kvm_main.c. Only writable mappings count, so that shared libraries do not.
///
/// Lists of mappings and page maps wait for the process's `mmap_lock`, so threads read them that
/// can be given up.
public struct GuestPages: Sendable {
    /// Which mappings are looked at.
    public enum Scope: Sendable {
        /// All of them.
        case all
        /// Those of files alone, where it does not matter whose an anonymous page is. A file
        /// system attaches data to its pages; tmpfs and hugetlbfs, which guests mostly use, do not.
        case files
    }

    /// What bounds the work.
    struct Limits {
        /// Seconds for all of it.
        var seconds = 60.0
        /// Seconds after which one read is given up.
        var stuckSeconds = 2.0
    }

    /// The page frames; none when no process runs a machine.
    public let frames: MappedBitmap?
    /// The processes that do.
    public let processes: [Int32]
    /// Page maps that could not be read.
    public let warnings: [String]

    /// Whether a link in /proc/PID/fd says that the process runs a virtual machine with KVM.
    @Sendable public static func isMachine(_ target: String) -> Bool {
        if target == "/dev/kvm" { return true }
        guard target.hasPrefix("anon_inode:") else { return false }
        let name = target.dropFirst(11).drop { $0 == "[" }
        return name.hasPrefix("kvm-vm") || name.hasPrefix("kvm-vcpu")
    }

    /// Looks through the descriptors of all processes of `tree`; `isStopped` is asked a few
    /// hundred times a second while page maps are read.
    public init(
        tree: RootedTree, frameLimit: Int, pageByteCount: Int, scope: Scope = .all,
        isMachine: (String) -> Bool = GuestPages.isMachine, isStopped: () -> Bool = { false }
    ) throws(LiveDumpError) {
        try self.init(
            tree: tree, frameLimit: frameLimit, pageByteCount: pageByteCount, scope: scope,
            limits: Limits(), isMachine: isMachine, isStopped: isStopped
        ) { path in try? tree.read(path, limit: 1 << 24) }
    }

    init(
        tree: RootedTree, frameLimit: Int, pageByteCount: Int, scope: Scope, limits: Limits,
        isMachine: (String) -> Bool, isStopped: () -> Bool,
        readMappings: @escaping @Sendable (FilePath) -> [UInt8]?
    ) throws(LiveDumpError) {
        let deadline = MonotonicTime.now.advanced(bySeconds: limits.seconds)
        let (processes, isWhole) = Self.machines(tree, isMachine) {
            isStopped() || MonotonicTime.now >= deadline
        }
        self.processes = processes
        let unseen = isWhole ? [] : ["not all processes were asked whether they run a machine"]
        guard !processes.isEmpty else {
            frames = nil
            warnings = unseen
            return
        }
        let marks: Marks
        do throws(SystemCallError) { marks = Marks(try MappedBitmap(count: frameLimit)) } catch {
            throw PageFlagScan.noMemory(error)
        }
        let threads = min(8, HostFacts.processorCount)
        let page = UInt64(pageByteCount)
        let lists = WatchedThreads.map(
            count: processes.count, threads: threads, stuckAfter: limits.stuckSeconds,
            deadline: deadline, isStopped: isStopped
        ) { index in
            readMappings(FilePath("/proc/\(processes[index])/maps")).map {
                Self.parts($0, pageByteCount: page, scope: scope)
            }
        }
        var failed = Set<Int32>()
        var parts = [Part]()
        // A list may claim any number of pages; no machine has many times the host's memory.
        var budget = UInt64(frameLimit) * 4 + 1 << 20
        for (process, list) in zip(processes, lists.values) {
            guard let list = list ?? nil else {
                failed.insert(process)
                continue
            }
            for range in list {
                guard range.count <= budget else {
                    failed.insert(process)
                    break
                }
                budget -= UInt64(range.count)
                parts.append(Part(process: process, pages: range))
            }
        }
        let wanted = parts
        let read = WatchedThreads.map(
            count: wanted.count, threads: threads, stuckAfter: limits.stuckSeconds,
            deadline: deadline, isStopped: isStopped
        ) { marks.read(wanted[$0], tree) }
        marks.close()
        for (part, isWhole) in zip(wanted, read.values) where isWhole != true {
            failed.insert(part.process)
        }
        frames = marks.bitmap
        warnings =
            unseen
            + failed.sorted().map { "the page map of process \($0) could not be read to its end" }
    }

    /// The processes that run a machine, and whether all were asked before the end.
    private static func machines(
        _ tree: RootedTree, _ isMachine: (String) -> Bool, until isEnded: () -> Bool
    ) -> (processes: [Int32], isWhole: Bool) {
        var processes = [Int32]()
        for name in (try? tree.directory("/proc").entries()) ?? [] {
            if isEnded() { return (processes, false) }
            guard let identifier = Int32(name.name.string),
                let folder = try? tree.directory(FilePath("/proc/\(identifier)/fd")),
                let entries = try? folder.entries()
            else { continue }
            let holds = entries.contains { entry in
                (try? folder.readLink(entry.name.string)).map { isMachine($0.string) } ?? false
            }
            if holds { processes.append(identifier) }
        }
        return (processes, true)
    }

    /// The pages of the writable mappings that a list names, by their numbers in the process, in
    /// parts of one read.
    private static func parts(
        _ maps: [UInt8], pageByteCount: UInt64, scope: Scope
    ) -> [Range<UInt64>] {
        var parts = [Range<UInt64>]()
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            // Addresses, rights, offset, device, inode, name.
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count >= 5, fields[1].dropFirst().first == "w",
                scope == .all || fields[4] != "0"
            else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1] else { continue }
            var place = ends[0] / pageByteCount
            let end = ends[1] / pageByteCount
            while place < end, parts.count < 1 << 20 {
                let next = min(end, place + UInt64(Marks.partPageCount))
                parts.append(place..<next)
                place = next
            }
        }
        return parts
    }

    /// Some pages of a process, by their numbers there.
    private struct Part: Sendable {
        var process: Int32
        var pages: Range<UInt64>
    }

    /// The bitmap while threads mark frames in it.
    private final class Marks: Sendable {
        /// Pages of which the words are read at once: 1 MiB.
        static let partPageCount = 131_072

        let bitmap: MappedBitmap
        private struct State {
            /// Whether threads that were given up must leave the bitmap alone.
            var isClosed = false
            /// Processes of which a part is being read, with its begin.
            var active = [Int32: MonotonicTime]()
        }
        private let state = Mutex(State())

        init(_ bitmap: MappedBitmap) { self.bitmap = bitmap }

        func close() { state.withLock { $0.isClosed = true } }

        /// Marks the frames of a part; whether its words could be read to the end.
        func read(_ part: Part, _ tree: RootedTree) -> Bool {
            let now = MonotonicTime.now
            let isFree = state.withLock { state in
                // Where one part waits for the process's lock the others would wait too.
                if let begin = state.active[part.process], now.seconds(since: begin) > 0.5 {
                    return false
                }
                state.active[part.process] = now
                return !state.isClosed
            }
            guard isFree,
                let file = try? tree.openRegularFile(FilePath("/proc/\(part.process)/pagemap")),
                let memory = try? MappedMemory(byteCount: part.pages.count * 8)
            else { return false }
            let bytes = unsafe UnsafeMutableRawBufferPointer(
                rebasing: memory.bytes[..<(part.pages.count * 8)])
            let count = unsafe file.readMemory(into: bytes, at: part.pages.lowerBound &* 8) / 8
            let limit = UInt64(bitmap.count)
            state.withLock { state in
                state.active[part.process] = nil
                guard !state.isClosed else { return }
                for index in 0..<count {
                    let entry = unsafe UInt64(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: index * 8, as: UInt64.self))
                    let frame = entry & 0x7F_FFFF_FFFF_FFFF
                    if entry >> 63 == 1, frame > 0, frame < limit { bitmap[Int(frame)] = true }
                }
            }
            return count == part.pages.count
        }
    }
}
