internal import DiagFormats
internal import DiagModel
internal import DiagSystem
public import SystemPackage

/// Whether a file is one that can be converted, told before anything is written.
public enum ConversionInput {
    /// Looks at the first bytes of the file at `path`; a FIFO is not waited for.
    ///
    /// - Throws: ``DumpInspectionError``, when it cannot be read, is neither a regular file nor a
    ///   block device, or is something else than the memory of a kernel.
    public static func check(_ path: FilePath) throws(DumpInspectionError) {
        let name = path.string
        var first = [UInt8](repeating: 0, count: 32)
        let file: OwnedDescriptor
        do throws(OwnedDescriptor.InputFailure) {
            file = try OwnedDescriptor.openInput(path, kinds: [.regular, .blockDevice])
        } catch {
            throw DumpInspectionError(
                error, on: name, wanted: "a dump is a regular file or a block device")
        }
        let kind: FileStatus.Kind
        do throws(SystemCallError) {
            kind = try file.status().kind
            let count = try file.read(into: &first, at: 0)
            first.removeLast(first.count - count)
        } catch { throw DumpInspectionError(error, on: name) }
        if first.starts(with: KdumpHeader.signature)
            || first.starts(with: FlattenedHeader.signature)
        {
            return
        }
        let isELF = first.starts(with: [0x7F, 0x45, 0x4C, 0x46])
        guard kind == .regular else {
            if isELF { return }
            throw DumpInspectionError(.notADump, "\(name) does not begin like a dump")
        }
        let description = try DumpInspector.describe(path)
        guard isELF else {
            throw DumpInspectionError(
                .notADump,
                "\(name) is of the format \(description.formatName): kdump-compressed, flattened"
                    + " and ELF files can be converted")
        }
    }
}
