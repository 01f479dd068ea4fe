internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Copies the kernel's last messages that lie beside a crash dump.
struct CrashDumpMessages {
    private static let fileLimit = 3
    private static let byteLimit: Int64 = 256 << 10

    let reader: FactReader

    private static func isMessages(_ name: String) -> Bool {
        name.hasPrefix("vmcore-dmesg") && name.hasSuffix(".txt") || name == "kexec-dmesg.log"
            || name.hasPrefix("dmesg.")
    }

    /// Sends the ends of the files in `folder` as `kdump/NAME`, secrets masked.
    ///
    /// - Returns: their artifacts.
    func send(from folder: FilePath) throws -> [String] {
        var artifacts = [String]()
        for entry in try reader.names(folder, limit: 1000) ?? []
        where Self.isMessages(entry.name.string) && artifacts.count < Self.fileLimit {
            let path = folder.appending(entry.name)
            let bytes: [UInt8]
            let isCut: Bool
            do throws(SystemCallError) {
                (bytes, isCut) = try end(of: path)
            } catch {
                try reader.context.report(error, on: path, into: reader.sink)
                continue
            }
            var mask = SecretMask()
            let artifact = "kdump/" + UntrustedText.escapingForPath(entry.name.string.utf8)
            try reader.sink.send(
                artifact, mask.text(bytes), source: UntrustedText.escapingForPath(path.string.utf8),
                mediaType: "text/plain", privacy: .content)
            if isCut {
                try reader.sink.send(
                    .truncated(.init(why: "only the last \(Self.byteLimit) bytes are kept")))
            }
            artifacts.append("boot/" + artifact)
        }
        return artifacts
    }

    /// The last bytes of the file, from the start of a line on, and whether more are before them.
    private func end(of path: FilePath) throws(SystemCallError) -> ([UInt8], Bool) {
        let file = try reader.context.root.openRegularFile(path)
        let byteCount = try file.status().byteCount
        let start = max(0, byteCount - Self.byteLimit)
        var bytes = [UInt8]()
        while Int64(bytes.count) < min(byteCount, Self.byteLimit) {
            var buffer = [UInt8](repeating: 0, count: Int(Self.byteLimit) - bytes.count)
            let count = try file.read(into: &buffer, at: start + Int64(bytes.count))
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard start > 0 else { return (bytes, false) }
        // A line without its beginning might hold a secret without its name.
        let line = bytes.firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.endIndex
        return (Array(bytes[line...]), true)
    }
}
