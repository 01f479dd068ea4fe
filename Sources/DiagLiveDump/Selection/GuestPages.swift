public import DiagSystem
internal import SystemPackage

/// The page frames of virtual machines that this host runs, by the page maps of the processes
/// that hold /dev/kvm.
///
/// Source: Linux 6.1 Documentation/admin-guide/mm/pagemap.rst; names of descriptors:
/// virt/kvm/kvm_main.c. Only writable mappings count, so that shared libraries do not.
public struct GuestPages: Sendable {
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

    /// Looks through the descriptors of all processes of `tree`.
    public init(
        tree: RootedTree, frameLimit: Int, pageByteCount: Int,
        isMachine: (String) -> Bool = GuestPages.isMachine
    ) throws(LiveDumpError) {
        var processes = [Int32]()
        var warnings = [String]()
        let names = (try? tree.directory("/proc").entries()) ?? []
        for name in names {
            guard let identifier = Int32(name.name.string),
                let folder = try? tree.directory(FilePath("/proc/\(identifier)/fd")),
                let entries = try? folder.entries()
            else { continue }
            let holds = entries.contains { entry in
                (try? folder.readLink(entry.name.string)).map { isMachine($0.string) } ?? false
            }
            if holds { processes.append(identifier) }
        }
        self.processes = processes
        guard !processes.isEmpty else {
            frames = nil
            self.warnings = []
            return
        }
        let bitmap: MappedBitmap
        do throws(SystemCallError) { bitmap = try MappedBitmap(count: frameLimit) } catch {
            throw PageFlagScan.noMemory(error)
        }
        // A page map may claim any number of pages; no machine has many times the host's memory.
        var budget = frameLimit &* 4 &+ 1 << 20
        for process in processes {
            guard
                Self.mark(
                    process, tree: tree, pageByteCount: UInt64(pageByteCount), in: bitmap,
                    budget: &budget)
            else {
                warnings.append("the page map of process \(process) could not be read to its end")
                continue
            }
        }
        frames = bitmap
        self.warnings = warnings
    }

    /// Marks the frames of one process; whether its page map was read to its end.
    private static func mark(
        _ process: Int32, tree: RootedTree, pageByteCount: UInt64, in bitmap: MappedBitmap,
        budget: inout Int
    ) -> Bool {
        guard let maps = try? tree.read(FilePath("/proc/\(process)/maps"), limit: 1 << 24),
            let file = try? tree.openRegularFile(FilePath("/proc/\(process)/pagemap"))
        else { return false }
        var words = [UInt8](repeating: 0, count: 1 << 20)
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 2)
            guard fields.count >= 2, fields[1].dropFirst().first == "w" else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1] else { continue }
            var place = ends[0] / pageByteCount
            let end = ends[1] / pageByteCount
            while place < end {
                let count = Int(min(UInt64(words.count / 8), end - place))
                budget -= count
                guard budget >= 0 else { return false }
                let read = unsafe words.withUnsafeMutableBytes {
                    unsafe file.readMemory(
                        into: UnsafeMutableRawBufferPointer(rebasing: $0[..<(count * 8)]),
                        at: place &* 8) / 8
                }
                for index in 0..<read {
                    var entry: UInt64 = 0
                    for byte in (0..<8).reversed() {
                        entry = entry << 8 | UInt64(words[index * 8 + byte])
                    }
                    let frame = Int(entry & 0x7F_FFFF_FFFF_FFFF)
                    guard entry >> 63 == 1, frame > 0, frame < bitmap.count else { continue }
                    bitmap[frame] = true
                }
                guard read == count else { return false }
                place += UInt64(count)
            }
        }
        return true
    }
}
