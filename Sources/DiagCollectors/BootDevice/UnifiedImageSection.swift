internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Where the initial RAM disk of a unified kernel image stands in its file.
///
/// Source: UAPI.5, Unified Kernel Image, section "UKI Components".
struct UnifiedImageSection {
    private static let headLimit = 64 << 10

    /// The kernel's release after `.uname`; none where the image does not tell it.
    var version: String?
    /// The bytes of `.initrd`; none where there is none.
    var initramfs: Range<Int64>?

    /// An image that cannot be read.
    struct Failure: Error { let reason: String }

    init(_ path: FilePath, in root: RootedTree) throws(Failure) {
        do {
            let file = try root.openRegularFile(path)
            let head = try Self.read(file, at: 0, count: Self.headLimit)
            let image = try PEImage(parsing: head.span)
            if let section = image.sections.first(where: { $0.name == ".uname" }) {
                let bytes = try Self.read(
                    file, at: Int64(section.fileOffset),
                    count: Int(min(section.contentByteCount, 256)))
                let text = FactReader.text(Array(bytes.prefix { $0 != 0 }))
                version = text.isEmpty ? nil : text
            }
            if let section = image.sections.first(where: { $0.name == ".initrd" }) {
                let start = Int64(section.fileOffset)
                let end = start + Int64(section.contentByteCount)
                guard end <= (try file.status().byteCount) else {
                    throw Failure(reason: "its .initrd lies outside the file")
                }
                initramfs = start..<end
            }
        } catch let failure as Failure {
            throw failure
        } catch let error as SystemCallError {
            throw Failure(reason: error.description)
        } catch let error as FormatError {
            throw Failure(reason: error.description)
        } catch {
            throw Failure(reason: "\(error)")
        }
    }

    private static func read(
        _ file: borrowing OwnedDescriptor, at offset: Int64, count: Int
    ) throws(SystemCallError) -> [UInt8] {
        var bytes = [UInt8]()
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            let length = try file.read(into: &buffer, at: offset + Int64(bytes.count))
            if length == 0 { break }
            bytes += buffer[..<length]
        }
        return bytes
    }
}
