/// A block device whose metadata is read piece by piece, or in a test its bytes in memory.
///
/// What of it cannot be read is noted there, once for each place, and costs that piece only.
public protocol MetadataSource: AnyObject {
    /// The size of the device.
    var byteCount: UInt64 { get }
    /// What the kernel says of its sectors, 512 where it says nothing.
    var logicalBlockSize: Int { get }

    /// The `count` bytes from `offset` on; `nil` when the device ends before, when one of them
    /// cannot be read, or when no more is to be read.
    func bytes(_ count: Int, at offset: UInt64) -> [UInt8]?
}

extension MetadataSource {
    /// The `count` bytes that begin `distance` bytes before the end of the device.
    func bytes(_ count: Int, beforeEnd distance: UInt64) -> [UInt8]? {
        distance <= byteCount ? bytes(count, at: byteCount - distance) : nil
    }
}
