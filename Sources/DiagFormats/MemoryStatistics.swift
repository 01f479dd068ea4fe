/// The lines of /proc/meminfo.
///
/// Source: Linux 6.17, fs/proc/meminfo.c and mm/hugetlb.c.
public struct MemoryStatistics: Codable, Hashable, Sendable {
    /// Sizes in bytes, by the kernel's name, for example `MemAvailable`.
    public let byteCounts: [String: UInt64]
    /// What has no unit: numbers of huge pages.
    public let counts: [String: UInt64]

    /// Reads `text`; lines that are not `Name: number` or `Name: number kB` are passed over.
    public init(parsing text: String) {
        var byteCounts = [String: UInt64]()
        var counts = [String: UInt64]()
        for line in TextFields.lines(text) {
            guard let pair = TextFields.pair(line, separator: 0x3A) else { continue }
            let words = TextFields.words(pair.value)
            guard let value = words.first.flatMap({ UInt64($0) }) else { continue }
            if words.count == 1 {
                counts[pair.name] = value
            } else if words[1] == "kB" {
                let (bytes, overflow) = value.multipliedReportingOverflow(by: 1024)
                if !overflow { byteCounts[pair.name] = bytes }
            }
        }
        self.byteCounts = byteCounts
        self.counts = counts
    }
}
