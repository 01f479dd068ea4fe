internal import DiagCollect
internal import DiagDigest
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Lists and hashes what lies on the EFI system and extended boot loader partitions.
struct ESPCatalogue {
    static let fileLimit = 2000
    static let fileByteLimit: Int64 = 256 << 20
    static let totalByteLimit: Int64 = 512 << 20
    private static let depthLimit = 12
    /// Headers beyond this are not looked for.
    private static let headLimit = 64 << 10
    private static let textLimit = 16 << 10
    private static let signatureLimit = 1 << 20

    let reader: FactReader
    let mounts: [RootStackMount]
    let partitions: BootPartitions
    private let deadline: MonotonicTime
    private var readByteCount: Int64 = 0
    private var files = [ESPDocument.File]()
    private var isTruncated = false

    /// A catalogue that stops after `seconds`.
    init(
        reader: FactReader, mounts: [RootStackMount], partitions: BootPartitions, seconds: Double
    ) {
        self.reader = reader
        self.mounts = mounts
        self.partitions = partitions
        deadline = min(
            MonotonicTime.now.advanced(bySeconds: seconds),
            reader.context.deadline.advanced(bySeconds: -5))
    }

    /// Sends `esp.json`; nothing where neither such a partition nor /boot is mounted.
    mutating func send() throws -> ESPDocument? {
        var fileSystems = [ESPDocument.FileSystem]()
        for mount in wantedMounts {
            let partition = partitions.partition(number: mount.deviceNumber)
            fileSystems.append(fileSystem(mount, partition))
            if Self.isLoaderPartition(mount, partition) {
                try walk(FilePath(mount.mountPoint), depth: 0)
            }
        }
        guard !fileSystems.isEmpty else { return nil }
        let document = ESPDocument(
            fileSystems: fileSystems, files: files, isTruncated: isTruncated)
        try reader.sink.sendJSON("esp.json", document, source: "/boot", privacy: .identity)
        return document
    }

    /// Of several mounts of one device, the first of the whole, or else of a folder.
    private var wantedMounts: [RootStackMount] {
        var seen = Set<String>()
        var visible = [String: RootStackMount]()
        for mount in mounts { visible[mount.mountPoint] = mount }
        let order = visible.values.sorted {
            let isWhole = ($0.root == "/", $1.root == "/")
            return isWhole.0 == isWhole.1 ? $0.mountPoint < $1.mountPoint : isWhole.0
        }
        return order.filter { mount in
            guard mount.fileSystem != "autofs" else { return false }
            let partition = partitions.partition(number: mount.deviceNumber)
            guard mount.mountPoint == "/boot" || Self.isLoaderPartition(mount, partition) else {
                return false
            }
            return seen.insert(mount.deviceNumber).inserted
        }.sorted { $0.mountPoint < $1.mountPoint }
    }

    private static func isLoaderPartition(
        _ mount: RootStackMount, _ partition: BootPartitions.Partition?
    ) -> Bool {
        if let partition, partition.isSystemPartition || partition.isExtendedLoader { return true }
        // Where udev does not know the type, the place and the file system tell it.
        let isFat = mount.fileSystem == "vfat" || mount.fileSystem == "msdos"
        return isFat && ["/boot", "/boot/efi", "/efi", "/boot/firmware"].contains(mount.mountPoint)
    }

    private func fileSystem(
        _ mount: RootStackMount, _ partition: BootPartitions.Partition?
    ) -> ESPDocument.FileSystem {
        var result = ESPDocument.FileSystem(
            mountPoint: mount.mountPoint, fileSystem: mount.fileSystem,
            device: partition.map { "/dev/" + $0.name },
            isSystemPartition: partition?.type == nil ? nil : partition?.isSystemPartition)
        do throws(SystemCallError) {
            let space = try reader.context.root.fileSystemSpace(at: FilePath(mount.mountPoint))
            result.byteCount = space.byteCount(ofBlocks: space.blockCount)
            result.freeByteCount = space.byteCount(ofBlocks: space.freeBlockCount)
            result.isReadOnly = mount.isReadOnly || space.isReadOnly
        } catch {
            result.fault = error.description
        }
        return result
    }

    private mutating func walk(_ path: FilePath, depth: Int) throws {
        let entries: [Directory.Entry]
        let directory: Directory
        do throws(SystemCallError) {
            directory = try reader.context.root.directory(path)
            entries = try directory.entries(limit: 20_000)
        } catch {
            return try reader.context.report(error, on: path, into: reader.sink)
        }
        for entry in entries {
            let inner = path.appending(entry.name)
            guard files.count < Self.fileLimit else {
                isTruncated = true
                return
            }
            guard let status = try? directory.status(of: entry.name) else { continue }
            if status.kind == .directory {
                // Another file system may be mounted there, which is listed by itself or not at all.
                guard depth < Self.depthLimit,
                    !mounts.contains(where: { $0.mountPoint == inner.string })
                else { continue }
                try walk(inner, depth: depth + 1)
            } else if status.kind == .regular {
                files.append(try file(inner, status))
            }
        }
    }

    private mutating func file(
        _ path: FilePath, _ status: FileStatus
    ) throws -> ESPDocument.File {
        var result = ESPDocument.File(
            path: UntrustedText.escapingForPath(path.string.utf8), byteCount: status.byteCount,
            modified: status.modified)
        guard status.byteCount <= Self.fileByteLimit else {
            result.fault = "larger than \(Self.fileByteLimit) bytes, so it is not read"
            return result
        }
        guard readByteCount + status.byteCount <= Self.totalByteLimit else {
            result.fault = "more than \(Self.totalByteLimit) bytes of files, so it is not read"
            return result
        }
        do throws(SystemCallError) {
            let file = try reader.context.root.openRegularFile(path)
            let (hash, head) = try digest(file)
            result.sha256 = hash
            if hash == nil { result.fault = "the time was up before it was read" }
            guard head.starts(with: [0x4D, 0x5A]) else { return result }
            do throws(FormatError) {
                let image = try PEImage(parsing: head.span)
                result.program = program(image, file, byteCount: status.byteCount)
            } catch {
                if path.extension?.lowercased() == "efi" { result.fault = error.description }
            }
        } catch {
            result.fault = error.description
        }
        return result
    }

    /// The SHA-256 of a file, and its first bytes; no hash when the time is up.
    private mutating func digest(
        _ file: borrowing OwnedDescriptor
    ) throws(SystemCallError) -> (hash: String?, head: [UInt8]) {
        var hash = SHA256()
        var head = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: Int64 = 0
        while offset <= Self.fileByteLimit {
            guard MonotonicTime.now < deadline else { return (nil, head) }
            let count = try file.read(into: &buffer, at: offset)
            if count == 0 { break }
            if offset == 0 { head = Array(buffer.prefix(min(count, Self.headLimit))) }
            hash.update(buffer.span.extracting(..<count))
            offset += Int64(count)
            readByteCount += Int64(count)
        }
        return (hash.digest().hexadecimal, head)
    }

    private func program(
        _ image: PEImage, _ file: borrowing OwnedDescriptor, byteCount: Int64
    ) -> ESPDocument.Program {
        var program = ESPDocument.Program(
            machine: image.machineName, subsystem: image.subsystem,
            isUnifiedKernelImage: image.isUnifiedKernelImage, sections: [], signers: [],
            securityGenerations: [])
        for section in image.sections {
            var text: String?
            let length = Int64(section.contentByteCount)
            let bytes =
                Self.textSections.contains(section.name)
                ? Self.read(
                    file, at: Int64(section.fileOffset), length: min(length, Int64(Self.textLimit)))
                : nil
            if let bytes {
                if section.name == ".sbat" {
                    program.securityGenerations = SBATEntry.entries(parsing: bytes.span)
                } else {
                    var mask = SecretMask()
                    text = FactReader.text(mask.text(Array(bytes.prefix { $0 != 0 })))
                }
            }
            program.sections.append(
                .init(name: section.name, byteCount: length, text: text))
        }
        let length = Int64(image.certificateByteCount)
        guard length > 0 else { return program }
        guard length <= Int64(Self.signatureLimit),
            let table = Self.read(file, at: Int64(image.certificateOffset), length: length),
            table.count == Int(length)
        else {
            program.signatureFault = "the certificate table lies outside the file, or is too large"
            return program
        }
        do throws(FormatError) {
            program.signers = try AuthenticodeSignature.table(parsing: table.span)
                .flatMap(\.signers)
        } catch {
            program.signatureFault = error.description
        }
        return program
    }

    private static let textSections: Set<String> = [
        ".cmdline", ".osrel", ".uname", ".sbat", ".profile",
    ]

    private static func read(
        _ file: borrowing OwnedDescriptor, at offset: Int64, length: Int64
    ) -> [UInt8]? {
        var bytes = [UInt8]()
        while Int64(bytes.count) < length {
            var buffer = [UInt8](repeating: 0, count: Int(length) - bytes.count)
            guard let count = try? file.read(into: &buffer, at: offset + Int64(bytes.count)) else {
                return nil
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
