import DiagFormats
import DiagLiveDump
import DiagModel
import DiagSystem
import Synchronization
import SystemPackage

/// A memory of a few pages whose bytes follow from their number, and may change.
final class InventedMemory: MemorySource {
    let kernel: DumpedKernel
    let ranges: [MemoryRange]
    /// Pages that cannot be read.
    let holes: Set<UInt64>
    /// Pages that are all zero.
    let zeros: Set<UInt64>
    /// Pages that are different at each of the first reads.
    let changing: [UInt64: Int]
    /// Pages among these that are all zero at the first read.
    let zerosAtFirst: Set<UInt64>
    /// Pages among these that are all zero at some reads, which count from 0.
    let zeroReads: [UInt64: Set<Int>]
    /// How often each changing page was read.
    let reads = Mutex<[UInt64: Int]>([:])
    /// Is called before each read.
    let onRead: @Sendable () -> Void

    init(
        frames: [Range<UInt64>], holes: Set<UInt64> = [], zeros: Set<UInt64> = [],
        changing: [UInt64: Int] = [:], zerosAtFirst: Set<UInt64> = [],
        zeroReads: [UInt64: Set<Int>] = [:], image: Range<UInt64>? = nil,
        readOnly: [Range<UInt64>] = [],
        onRead: @escaping @Sendable () -> Void = {}
    ) {
        ranges = frames.map {
            MemoryRange(
                physicalAddress: $0.lowerBound * 4096, byteCount: UInt64($0.count) * 4096,
                fileOffset: 0, virtualAddress: 0xFF00_0000_0000_0000 + $0.lowerBound * 4096)
        }
        kernel = DumpedKernel(
            uts: ["Linux", "host", "6.1.0", "#1", "x86_64", "(none)"], machine: 62,
            pageByteCount: 4096, vmcoreInfo: Array("OSRELEASE=6.1.0\nPAGESIZE=4096\n".utf8),
            physicalBase: 0xFFFF_FFFF_F0A0_0000, imageAddresses: image,
            readOnlyAddresses: readOnly, processorCount: 2)
        self.holes = holes
        self.zeros = zeros
        self.changing = changing
        self.zerosAtFirst = zerosAtFirst
        self.zeroReads = zeroReads
        self.onRead = onRead
    }

    /// Notes of two processors: the first has sevens in its registers, the second zeros.
    var processorNotes: [ELFNote] {
        (0..<2).map { number in
            var bytes = [UInt8](repeating: 0, count: 336)
            bytes[32] = UInt8(number + 1)
            if number == 0 { for index in 112..<328 { bytes[index] = 7 } }
            return ELFNote(name: "CORE", type: ELFNote.processorStatus, descriptor: bytes)
        }
    }

    func makeReader() -> any MemoryReader { Reader(memory: self) }

    /// The bytes of a page as they are after all changes.
    func page(_ frame: UInt64) -> [UInt8] { bytes(frame, version: changing[frame] ?? 0) }

    func bytes(_ frame: UInt64, version: Int) -> [UInt8] {
        if zeros.contains(frame) || (version == 0 && zerosAtFirst.contains(frame))
            || zeroReads[frame]?.contains(version) == true
        {
            return [UInt8](repeating: 0, count: 4096)
        }
        var state = frame &* 0x9E37_79B9 &+ UInt64(version) &+ 1
        var words = [UInt64](repeating: state, count: 512)
        // Every third page does not compress.
        if frame % 3 == 0 {
            for index in 0..<512 {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                words[index] = state &* 0x9E37_79B9_7F4A_7C15
            }
        } else {
            words[Int(frame % 512)] = ~state
        }
        return words.withUnsafeBytes { Array($0) }
    }

    private final class Reader: MemoryReader {
        let memory: InventedMemory
        init(memory: InventedMemory) { self.memory = memory }

        func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
            memory.onRead()
            var done = 0
            while done < destination.count {
                let frame = (address + UInt64(done)) / 4096
                if memory.holes.contains(frame) { return done }
                var version = 0
                if let last = memory.changing[frame] {
                    version = memory.reads.withLock { reads in
                        defer { reads[frame, default: 0] += 1 }
                        return min(last, reads[frame, default: 0])
                    }
                }
                let bytes = memory.bytes(frame, version: version)
                let count = min(4096, destination.count - done)
                destination[done..<(done + count)].copyBytes(from: bytes[..<count])
                done += count
            }
            return done
        }
    }
}

/// Some of the page frames of an invented memory.
final class InventedSelection: PageSelection {
    let pageFrameLimit: UInt64
    let present: MappedBitmap
    let dumped: MappedBitmap
    let dumpedCount: Int
    let flagWords: MappedWords
    let tally: PageTally
    let appliedLevel: Int

    /// `words` has the word of each page frame that is dumped.
    init(_ memory: InventedMemory, words: [UInt64: UInt64], level: Int = 30) throws {
        appliedLevel = level
        let limit = (memory.ranges.last?.end ?? 0) / 4096
        pageFrameLimit = limit
        present = try MappedBitmap(count: Int(limit))
        dumped = try MappedBitmap(count: Int(limit))
        flagWords = try MappedWords(count: words.count)
        dumpedCount = words.count
        var tally = PageTally()
        for range in memory.ranges {
            for frame in (range.physicalAddress / 4096)..<(range.end / 4096) {
                present[Int(frame)] = true
                tally.count(.kernel, isKept: words[frame] != nil)
            }
        }
        for (index, frame) in words.keys.sorted().enumerated() {
            dumped[Int(frame)] = true
            flagWords[index] = words[frame] ?? 0
        }
        self.tally = tally
    }
}

/// A file in a folder of the test.
struct DumpPlace {
    let path: String

    init(_ name: String = #function) {
        path = "/tmp/dump-\(ProcessNumber.own)-\(name.filter { $0.isLetter })"
    }

    func output(direct: Bool = true) throws -> DumpOutput {
        let descriptor = try OwnedDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .truncate])
        return DumpOutput(descriptor, name: path, wantsDirect: direct)
    }

    func source() throws -> KdumpSource { try KdumpSource(path: FilePath(path)) }

    func bytes() throws -> [UInt8] {
        try OwnedDescriptor.open(FilePath(path), .readOnly).readAll(limit: 1 << 28)
    }
}

/// Reads one page; `nil` when the file does not have it.
func readPage(_ reader: any MemoryReader, _ frame: UInt64) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0xEE, count: 4096)
    let count = bytes.withUnsafeMutableBytes { reader.read(at: frame * 4096, into: $0) }
    return count == 4096 ? bytes : nil
}
