internal import DiagSystem

/// One page of a chunk, as it was read.
struct ChunkPage {
    /// What is to become of it.
    enum State: UInt8 {
        /// Its bytes go into the file.
        case data
        /// All its bytes are zero.
        case zero
        /// It could not be read.
        case unreadable
        /// It is in the file as it is.
        case unchanged
    }

    /// Its page frame number.
    var frame: UInt64
    /// Its place among the page frames of the dump.
    var index: Int
    /// What is to become of it.
    var state: State
    /// Whether it was zero whenever it was read before, of a page that was read again and has
    /// changed: its bytes have no room in the file yet.
    var wasZero = false
}

/// The pages of a chunk, and their bytes: one page after the other, also of those not read.
@unsafe struct Chunk {
    let bytes: UnsafeMutableRawPointer
    let pages: UnsafeMutablePointer<ChunkPage>
    var count = 0
}

/// What the threads of a copy give their pages to.
protocol PageSink: AnyObject, Sendable {
    /// What one thread writes with.
    func makeLane() throws(LiveDumpError) -> any PageLane
    /// Bytes of the file that were written.
    var byteCount: UInt64 { get }
    /// Writes all that is known of the pages that are in the file.
    func flushTables() throws(DumpOutputError)
}

/// What one thread writes with. A call for each chunk, none for each page.
protocol PageLane: AnyObject {
    /// Its memory, to be locked.
    var memories: [MappedMemory] { get }
    /// Bytes of memory that its compressor took.
    var codecByteCount: Int { get }
    /// Takes the pages of a chunk; `isUpdate` says that they take the place of older ones.
    func store(_ chunk: Chunk, isUpdate: Bool, costs: inout CopyCosts) throws(DumpOutputError)
    /// Writes what it holds back.
    func flush(costs: inout CopyCosts) throws(DumpOutputError)
    /// Writes what it holds back, and where that is: nothing of it is lost from here on.
    func settle(costs: inout CopyCosts) throws(DumpOutputError)
}

extension PageLane {
    func settle(costs: inout CopyCosts) throws(DumpOutputError) { try flush(costs: &costs) }
}

/// What one thread did, and the nanoseconds that it took.
struct CopyCosts {
    var pagesRead = 0
    var pagesZero = 0
    var pagesUnreadable = 0
    var pagesCopied = 0
    var pagesCompressed = 0
    var pagesWritten = 0
    var pagesReread = 0
    var pagesReplaced = 0
    var pagesSampled = 0
    var pagesSampledChanged = 0
    /// Pages that were replaced and had changed again at the end.
    var pagesReplacedChanged = 0
    var bytesWritten = 0
    var readTime: Int64 = 0
    var scanTime: Int64 = 0
    var compressTime: Int64 = 0
    var writeTime: Int64 = 0
    var rereadTime: Int64 = 0

    /// What was done since it was `earlier`: pages alone.
    func subtracting(_ earlier: CopyCosts) -> CopyCosts {
        var costs = CopyCosts()
        costs.pagesZero = pagesZero - earlier.pagesZero
        costs.pagesUnreadable = pagesUnreadable - earlier.pagesUnreadable
        costs.pagesCopied = pagesCopied - earlier.pagesCopied
        return costs
    }

    mutating func add(_ other: CopyCosts) {
        pagesRead += other.pagesRead
        pagesZero += other.pagesZero
        pagesUnreadable += other.pagesUnreadable
        pagesCopied += other.pagesCopied
        pagesCompressed += other.pagesCompressed
        pagesWritten += other.pagesWritten
        pagesReread += other.pagesReread
        pagesReplaced += other.pagesReplaced
        pagesSampled += other.pagesSampled
        pagesSampledChanged += other.pagesSampledChanged
        pagesReplacedChanged += other.pagesReplacedChanged
        bytesWritten += other.bytesWritten
        readTime += other.readTime
        scanTime += other.scanTime
        compressTime += other.compressTime
        writeTime += other.writeTime
        rereadTime += other.rereadTime
    }
}
