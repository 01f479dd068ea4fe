/// The head of a swap area.
///
/// Source: Linux 6.12, include/linux/swap.h (`union swap_header`) and mm/swapfile.c; the byte
/// order and the page size are those of the machine that made it.
public struct SwapHeader: Codable, Hashable, Sendable {
    /// Where to read: the mark stands at the end of the first page, of 4 to 64 KiB.
    public static let region = (offset: UInt64(0), count: 64 << 10)

    /// The version of the format; 0 for the one of Linux before 2.1.117.
    public let version: UInt32
    /// Bytes of a page of the machine that made it.
    public let pageByteCount: Int
    /// The number of its last page, which is also how many can be used, the first one excepted.
    public let lastPage: UInt32
    /// How many of these are bad.
    public let badPageCount: UInt32
    /// Its UUID.
    public let uuid: String?
    /// Its label; `nil` when it is empty.
    public let label: String?
    /// Whether a hibernated system's memory is in it.
    public let holdsHibernationImage: Bool

    /// Bytes that can be swapped out to it.
    public var byteCount: UInt64 {
        let pages = lastPage > badPageCount ? lastPage - badPageCount : 0
        return UInt64(pages) * UInt64(pageByteCount)
    }

    /// Reads the first page of the device.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        for size in [4096, 8192, 16384, 32768, 65536] where size <= bytes.count {
            let mark = try bytes.bytes(10, at: size - 10, field: "swap signature")
            let isHibernated = ["S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001"].contains {
                mark.starts(with: $0.utf8)
            }
            if mark.elementsEqual("SWAPSPACE2".utf8) || isHibernated {
                var number: UInt32 = try bytes.littleEndian(at: 1024, field: "swap version")
                let isSwapped = number.byteSwapped == 1
                if isSwapped { number = 1 }
                guard number == 1 else {
                    throw .invalid(field: "swap version", offset: 1024, value: UInt64(number))
                }
                let last: UInt32 = try bytes.littleEndian(at: 1028, field: "last_page")
                let bad: UInt32 = try bytes.littleEndian(at: 1032, field: "nr_badpages")
                version = number
                pageByteCount = size
                lastPage = isSwapped ? last.byteSwapped : last
                badPageCount = isSwapped ? bad.byteSwapped : bad
                uuid = FileSystemText.uuid(try bytes.bytes(16, at: 1036, field: "sws_uuid"))
                let name = try bytes.text(16, at: 1052, field: "sws_volume")
                label = name.isEmpty ? nil : name
                holdsHibernationImage = isHibernated
                return
            }
            if mark.elementsEqual("SWAP-SPACE".utf8) {
                version = 0
                pageByteCount = size
                lastPage = 0
                badPageCount = 0
                uuid = nil
                label = nil
                holdsHibernationImage = false
                return
            }
        }
        throw .truncated(field: "swap signature", offset: 4086, needed: 10)
    }
}
