internal import DiagFormats
internal import DiagSystem

/// Reads the metadata of one device, each page once, and not more than a fixed amount.
///
/// A page that cannot be read is noted with its place and not tried again: a dying disk may take
/// seconds for each try.
final class DeviceMetadataSource: MetadataSource {
    /// Bytes of a page; whole ones are read, as direct reads want.
    static let pageByteCount = 4096

    let byteCount: UInt64
    let logicalBlockSize: Int
    /// How many bytes were read from the device.
    private(set) var readByteCount = 0
    /// Where reading failed, in bytes from the start of the device, and what the kernel said.
    private(set) var failures: [(offset: UInt64, error: SystemCallError)] = []
    /// Whether something was not read because the limit was reached.
    private(set) var isExhausted = false

    private let read: (UInt64, Int) throws(SystemCallError) -> [UInt8]
    private let limit: Int
    private var pages: [UInt64: [UInt8]] = [:]
    private var badPages: Set<UInt64> = []

    /// The metadata of `device`, of which at most `limit` bytes are read.
    convenience init(
        _ device: consuming DeviceFile, logicalBlockSize: Int, limit: Int
    ) throws(SystemCallError) {
        let file = OpenDevice(device)
        self.init(
            byteCount: try file.device.byteCount, logicalBlockSize: logicalBlockSize, limit: limit
        ) { (offset, count) throws(SystemCallError) in
            try file.device.read(at: offset, count: count)
        }
    }

    /// The metadata of a device that `read` gives bytes of, by their offset and count.
    init(
        byteCount: UInt64, logicalBlockSize: Int, limit: Int,
        read: @escaping (UInt64, Int) throws(SystemCallError) -> [UInt8]
    ) {
        self.byteCount = byteCount
        self.logicalBlockSize = logicalBlockSize
        self.limit = limit
        self.read = read
    }

    /// Reads what nearly every format wants in two calls: the first 68 KiB and the last 36 KiB.
    ///
    /// A failure here is not noted: each page is tried again when it is asked for.
    func prefetch() {
        let page = UInt64(Self.pageByteCount)
        let head = min(17, (byteCount + page - 1) / page)
        read(0..<head, isTrial: true)
        let end = (byteCount + page - 1) / page
        read(max(head, end < 9 ? 0 : end - 9)..<max(head, end), isTrial: true)
    }

    func bytes(_ count: Int, at offset: UInt64) -> [UInt8]? {
        let (end, overflows) = offset.addingReportingOverflow(UInt64(max(0, count)))
        guard count > 0, !overflows, end <= byteCount else { return nil }
        let size = UInt64(Self.pageByteCount)
        let wanted = offset / size...(end - 1) / size
        var missing: ClosedRange<UInt64>?
        for page in wanted where pages[page] == nil {
            guard !badPages.contains(page) else { return nil }
            missing = (missing?.lowerBound ?? page)...page
        }
        if let missing {
            read(missing.lowerBound..<missing.upperBound + 1, isTrial: wanted.count > 1)
            // As one they failed: whole are those that can be read alone.
            for page in missing where pages[page] == nil && !badPages.contains(page) {
                read(page..<page + 1, isTrial: false)
            }
        }
        var bytes = [UInt8]()
        bytes.reserveCapacity(count)
        for page in wanted {
            guard let content = pages[page] else { return nil }
            let start = page == wanted.lowerBound ? Int(offset - page * size) : 0
            let stop = page == wanted.upperBound ? Int(end - page * size) : content.count
            guard start <= stop, stop <= content.count else { return nil }
            bytes += content[start..<stop]
        }
        return bytes.count == count ? bytes : nil
    }

    /// Reads pages that are not there yet; a trial leaves no note when it fails.
    private func read(_ range: Range<UInt64>, isTrial: Bool) {
        let size = UInt64(Self.pageByteCount)
        guard !range.isEmpty, range.upperBound - range.lowerBound <= UInt64(limit) / size else {
            if !range.isEmpty { isExhausted = true }
            return
        }
        let count = range.count * Self.pageByteCount
        guard readByteCount + count <= limit else {
            isExhausted = true
            return
        }
        readByteCount += count
        do throws(SystemCallError) {
            let content = try read(range.lowerBound * size, count)
            for (index, page) in range.enumerated() {
                let start = index * Self.pageByteCount
                guard start < content.count else { break }
                let stop = min(content.count, start + Self.pageByteCount)
                pages[page] = Array(content[start..<stop])
            }
        } catch {
            guard !isTrial else { return }
            badPages.formUnion(range)
            failures.append((range.lowerBound * size, error))
        }
    }
}

/// Holds an open device for a closure, which cannot own one itself.
private final class OpenDevice {
    let device: DeviceFile

    init(_ device: consuming DeviceFile) { self.device = device }
}
