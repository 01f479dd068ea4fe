public import DiagModel
internal import DiagSystem
public import SystemPackage

extension KernelStacks {
    /// More than this is not read: a host with 200,000 threads has less.
    public static var fileByteLimit: Int { 512 << 20 }

    /// Reads the document at `path`. What is no regular file is an error, and holds nobody up.
    ///
    /// - Throws: ``LiveDumpError``: `notPermitted`, or `inputOutput` for all else.
    public static func read(_ path: FilePath) throws(LiveDumpError) -> KernelStacks {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try StateFile.read(path, limit: fileByteLimit)
        } catch {
            throw LiveDumpError(
                error.errno == .permissionDenied ? .notPermitted : .inputOutput, "\(error)")
        }
        return try KernelStacks(reading: bytes, of: path.string)
    }

    /// Whether the stacks hold registers of processes: values of their own code and data.
    public var holdsUserRegisters: Bool {
        processors.contains { $0.mode == .user && !$0.registers.isEmpty }
    }

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
