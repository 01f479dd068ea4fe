internal import DiagCodec
internal import DiagDigest
internal import DiagSystem

/// The file that a bundle is written to: tar bytes come in, xz goes to the disk and is hashed.
final class BundleOutput {
    private let object: String
    private let file: OwnedDescriptor
    private var encoder: XZStreamEncoder
    private var hash = SHA256()
    private(set) var byteCount: Int64 = 0
    /// What stopped the writing, kept for when libarchive says only that its callback failed.
    private(set) var failure: ArchiveError?

    /// Writes to `file`, which messages call `object`.
    init(
        _ file: consuming OwnedDescriptor, object: String, compression: XZConfiguration
    ) throws(ArchiveError) {
        do throws(XZError) { encoder = try .start(compression) } catch {
            throw ArchiveError(translating: error, operation: "seal", object: object)
        }
        self.file = file
        self.object = object
    }

    var storedByteCount: Int64 { encoder.storedByteCount }

    /// Takes bytes of the tar stream. After a failure nothing more is written.
    func take(_ bytes: Span<UInt8>) throws(ArchiveError) {
        try run { encoder throws in try encoder.write(bytes) { try self.store($0) } }
    }

    /// Stores instead of compressing from here on.
    func storeRest() throws(ArchiveError) {
        try run { encoder throws in try encoder.storeRest { try self.store($0) } }
    }

    /// Stores what comes next, up to ``endStoring()``.
    func beginStoring() throws(ArchiveError) {
        try run { encoder throws in try encoder.beginStoring { try self.store($0) } }
    }

    /// Compresses again, unless the rest is stored.
    func endStoring() throws(ArchiveError) {
        try run { encoder throws in try encoder.endStoring { try self.store($0) } }
    }

    /// Ends the xz file and waits until it is on the disk; gives the SHA-256 of the file.
    func finish() throws(ArchiveError) -> String {
        try run { encoder throws in try encoder.finish { try self.store($0) } }
        do throws(SystemCallError) { try file.synchronize() } catch {
            throw ArchiveError(error, object: object)
        }
        return hash.digest().hexadecimal
    }

    private func run(
        _ body: (inout XZStreamEncoder) throws -> Void
    ) throws(ArchiveError) {
        if let failure { throw failure }
        do { try body(&encoder) } catch {
            let failure = ArchiveError(translating: error, operation: "write", object: object)
            self.failure = failure
            throw failure
        }
    }

    private func store(_ bytes: Span<UInt8>) throws {
        try file.write(bytes)
        hash.update(bytes)
        byteCount += Int64(bytes.count)
    }
}
