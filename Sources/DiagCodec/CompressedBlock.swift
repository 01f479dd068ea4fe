/// One block as it stands in the file.
public struct CompressedBlock: Hashable, Sendable {
    /// Its bytes in the file, header, check and padding included.
    public let bytes: [UInt8]
    /// How many bytes it stands for; never 0.
    public let uncompressedByteCount: Int
    /// Its size as the container lists it: for xz without the padding, which `bytes` has.
    public let listedByteCount: Int
    /// Whether it holds the bytes uncompressed, by wish or because it did not get smaller.
    public let isStored: Bool
}
