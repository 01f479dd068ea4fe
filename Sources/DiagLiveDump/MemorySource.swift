public import DiagFormats
public import DiagModel

/// Physical memory that can be read by page: of the running kernel, or in a file.
public protocol MemorySource: Sendable {
    /// What the readers of a dump need to know of the kernel.
    var kernel: DumpedKernel { get }
    /// The ranges of memory, sorted by address, not overlapping, whole pages.
    var ranges: [MemoryRange] { get }

    /// Opens the memory for one thread.
    ///
    /// Every thread needs its own: /proc/kcore copies through one page for each open file, and
    /// threads that share a descriptor corrupt one another's pages without a word (Linux 6.1
    /// fs/proc/kcore.c, `read_kcore`).
    func makeReader() throws(LiveDumpError) -> any MemoryReader
    /// Why what is read may be another's by now: the memory lies elsewhere in its file, or nobody
    /// can tell. `nil` while it lies where it did: always, but for the running kernel's. For one
    /// thread at a time.
    func displacement() -> LiveDumpReport.Obstacle?
    /// The page frames of the kernel's map of pages, sorted; `nil` where they are not known.
    func pageMapFrames() -> [Range<UInt64>]?
    /// Told when all was copied, and before what changed is read again.
    func willBeReadAgain()
}

extension MemorySource {
    /// Not known: whoever wants it looks at what the pages are.
    public func pageMapFrames() -> [Range<UInt64>]? { nil }
    /// A file stays as it is.
    public func displacement() -> LiveDumpReport.Obstacle? { nil }
    /// It is read as before.
    public func willBeReadAgain() {}
}

/// An open memory, for one thread.
public protocol MemoryReader: AnyObject {
    /// Reads from the physical `address` on; the bytes lie within one range.
    ///
    /// - Returns: how many bytes were read; fewer than asked for when the next page cannot be read.
    func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int
}

/// A range of physical memory, and where it lies in the file it is read from.
public struct MemoryRange: Hashable, Sendable {
    /// The first byte's physical address: a multiple of the page size.
    public var physicalAddress: UInt64
    /// Its size, a multiple of the page size.
    public var byteCount: UInt64
    /// Where it begins in the file.
    public var fileOffset: UInt64
    /// Where the kernel has it mapped.
    public var virtualAddress: UInt64

    /// A range of physical memory.
    public init(
        physicalAddress: UInt64, byteCount: UInt64, fileOffset: UInt64, virtualAddress: UInt64
    ) {
        self.physicalAddress = physicalAddress
        self.byteCount = byteCount
        self.fileOffset = fileOffset
        self.virtualAddress = virtualAddress
    }

    /// The first physical address behind it.
    public var end: UInt64 { physicalAddress &+ byteCount }
}

/// What the readers of a dump need to know of the kernel.
public struct DumpedKernel: Hashable, Sendable {
    /// `sysname`, `nodename`, `release`, `version`, `machine`, `domainname` of uname(2).
    public var uts: [String]
    /// `e_machine`: 62 for x86-64, 183 for AArch64.
    public var machine: UInt16
    /// Bytes of one page: a power of two.
    public var pageByteCount: Int
    /// The bytes of VMCOREINFO; empty when the kernel gives none.
    public var vmcoreInfo: [UInt8]
    /// Physical base, modulo 2^64. Source: makedumpfile's `phys_base`.
    public var physicalBase: UInt64
    /// The kernel image: the text LOAD of /proc/kcore, on x86-64 only.
    public var image: MemoryRange?
    /// Where the kernel image lies in physical memory, in bytes: on other machines too.
    public var imageAddresses: Range<UInt64>?
    /// The parts of the image that the kernel writes to no more, but for patches of its code, in
    /// bytes; empty where they are not known.
    public var readOnlyAddresses: [Range<UInt64>]
    /// Processors online; 0 where a dump does not tell.
    public var processorCount: Int
    /// Notes of a source that is a dump already: registers, marks; empty for a running kernel.
    public var notes: [ELFNote]

    /// What is known of a kernel.
    public init(
        uts: [String], machine: UInt16, pageByteCount: Int, vmcoreInfo: [UInt8],
        physicalBase: UInt64, image: MemoryRange? = nil,
        imageAddresses: Range<UInt64>? = nil, readOnlyAddresses: [Range<UInt64>] = [],
        processorCount: Int, notes: [ELFNote] = []
    ) {
        self.uts = uts
        self.machine = machine
        self.pageByteCount = pageByteCount
        self.vmcoreInfo = vmcoreInfo
        self.physicalBase = physicalBase
        self.image = image
        self.imageAddresses =
            imageAddresses ?? image.map { $0.physicalAddress..<max($0.physicalAddress, $0.end) }
        self.readOnlyAddresses = readOnlyAddresses
        self.processorCount = processorCount
        self.notes = notes
    }
}
