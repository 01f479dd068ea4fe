internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads firmware variables one by one, within a count and a time.
///
/// Each reading asks the firmware, which takes milliseconds; the kernel slows down ordinary users.
final class EFIVariableReader {
    /// More variables than this are not read.
    static let countLimit = 128
    /// A larger one is not read.
    static let byteLimit: Int64 = 1 << 20
    /// Raw bytes beyond this are not kept.
    static let artifactByteLimit = 4 << 20

    private let reader: FactReader
    private let folder: FilePath = "/sys/firmware/efi/efivars"
    private let deadline: MonotonicTime
    private var readCount = 0
    private var artifactByteCount = 0
    /// How many were not read because the count or the time was used up.
    private(set) var leftOut = 0
    /// The variables there are, in the order of their file names.
    let names: [EFIVariableName]

    /// Lists the variables; `nil` after it was told why that cannot be.
    init?(_ reader: FactReader, seconds: Double) throws {
        self.reader = reader
        deadline = min(
            MonotonicTime.now.advanced(bySeconds: seconds),
            reader.context.deadline.advanced(bySeconds: -5))
        do throws(SystemCallError) {
            names = try reader.context.root.directory(folder).entries(limit: 20_000)
                .compactMap { EFIVariableName(fileName: $0.name.string) }
        } catch {
            try reader.context.report(error, on: folder, into: reader.sink)
            return nil
        }
    }

    /// The variable, and where its raw bytes are to be kept: nowhere without `artifact`.
    ///
    /// - Returns: `nil` for one that does not exist, or after it was told missing.
    func variable(
        _ name: String, vendor: String = EFIGUID.globalVariable, artifact: String? = nil
    ) throws -> EFIVariable? {
        guard let entry = names.first(where: { $0.name == name && $0.vendor == vendor }) else {
            return nil
        }
        guard readCount < Self.countLimit, MonotonicTime.now < deadline else {
            leftOut += 1
            return nil
        }
        readCount += 1
        let path = folder.appending(name + "-" + vendor)
        let bytes: [UInt8]
        do throws(SystemCallError) {
            let file = try reader.context.root.openRegularFile(path)
            let size = try file.status().byteCount
            // No more than the size: another read for the end would ask the firmware again.
            bytes = try file.readAll(
                limit: Int(clamping: size > 0 ? min(size, Self.byteLimit + 1) : Self.byteLimit + 1))
        } catch {
            try reader.context.report(
                SystemCallError(operation: "read", object: path.string, errno: error.errno),
                on: path, into: reader.sink)
            return nil
        }
        guard bytes.count <= Self.byteLimit else {
            try reader.sink.missing(path.string, why: "larger than \(Self.byteLimit) bytes")
            return nil
        }
        if let artifact, artifactByteCount + bytes.count > Self.artifactByteLimit {
            try reader.sink.missing(
                artifact, why: "more than \(Self.artifactByteLimit) bytes of variables")
        } else if let artifact {
            artifactByteCount += bytes.count
            let kept = entry.bootNumber != nil ? Self.withoutSecret(bytes) : bytes
            try reader.sink.send(
                artifact, kept, source: path.string, mediaType: "application/octet-stream",
                privacy: .identity)
            if kept.count < bytes.count {
                try reader.sink.send(.truncated(.init(why: "the optional data holds a secret")))
            }
        }
        do throws(FormatError) {
            return try EFIVariable(parsing: bytes.span)
        } catch {
            try reader.sink.missing(path.string, why: error.description)
            return nil
        }
    }

    /// A boot entry's bytes; without its optional data when ``SecretMask`` finds a secret in them.
    ///
    /// The text of `efi.json` is masked, but in the bytes a mask would look like data.
    private static func withoutSecret(_ bytes: [UInt8]) -> [UInt8] {
        guard let variable = try? EFIVariable(parsing: bytes.span),
            let option = try? EFILoadOption(parsing: variable.value.span),
            let text = option.optionalText
        else { return bytes }
        var mask = SecretMask()
        _ = mask.line(text)
        return mask.maskedCount == 0 ? bytes : Array(bytes.dropLast(option.optionalData.count))
    }

    /// Says how many variables were left out, when some were.
    func reportLeftOut() throws {
        guard leftOut > 0 else { return }
        try reader.sink.missing(
            "\(leftOut) EFI variables",
            why: "no more than \(Self.countLimit) are read, nor longer than the firmware may take",
            remedy: "read them with efibootmgr or efivar")
    }
}
