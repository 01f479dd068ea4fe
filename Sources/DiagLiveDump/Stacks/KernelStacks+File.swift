public import DiagModel

extension KernelStacks {
    /// More than this is not read: a host with 200,000 threads has less.
    public static var fileByteLimit: Int { 512 << 20 }

    /// Reads what `LiveDump-stacks.json` holds.
    ///
    /// - Throws: ``LiveDumpError`` when it is no such document, or one of another version.
    public init(reading bytes: [UInt8], of path: String) throws(LiveDumpError) {
        let decoded: KernelStacks
        do {
            decoded = try JSONDocument.decode(KernelStacks.self, from: bytes)
        } catch {
            throw LiveDumpError(
                .inputOutput, "read \(path): it is not a document of kernel stacks")
        }
        guard decoded.schema == PublishedSchema.kernelStacks.identifier else {
            let schema = UntrustedText.escapingControls(decoded.schema)
            throw LiveDumpError(
                .inputOutput,
                "read \(path): its schema is \(schema), not "
                    + PublishedSchema.kernelStacks.identifier)
        }
        self = decoded
    }
}
