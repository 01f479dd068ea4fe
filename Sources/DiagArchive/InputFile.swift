internal import DiagCodec
internal import SystemPackage

/// The file of a bundle that is read, or its volumes, open for several threads at once.
final class InputFile: Sendable {
    private enum Storage: Sendable {
        case file(InputVolume)
        case volumes(VolumeSet)

        func read(into buffer: inout [UInt8], at offset: Int64) throws(ArchiveError) -> Int {
            switch self {
            case .file(let file): try file.read(into: &buffer, at: offset)
            case .volumes(let set): try set.read(into: &buffer, at: offset)
            }
        }

        /// `count` bytes from `offset` on; fewer at the end.
        func bytes(at offset: Int64, count: Int) throws(ArchiveError) -> [UInt8] {
            var bytes = [UInt8]()
            var part = [UInt8](repeating: 0, count: count)
            while bytes.count < count {
                let got = try read(into: &part, at: offset + Int64(bytes.count))
                guard got > 0 else { break }
                if bytes.isEmpty, got == count { return part }
                bytes += part.prefix(min(got, count - bytes.count))
            }
            return bytes
        }
    }

    /// Its path; of volumes, their common name without the number.
    let path: FilePath
    /// The size when it was opened; what is appended meanwhile is not read.
    let byteCount: Int64
    /// The parts that cannot be read, since volumes are missing, in their order.
    let holes: [Range<Int64>]
    /// What is wrong with volumes, in words.
    let faults: [String]
    /// What it is encrypted with; `nil` when it is in clear.
    let cipher: BundleCipher?
    /// What decrypts it.
    private let keys: DecryptionKeys
    private let storage: Storage

    /// A name for errors.
    var object: String { path.string }

    /// Opens the file at `path`, or the set of volumes that `path` names: by one of them, or by the
    /// name without a number. When it is encrypted, `keys` open it.
    ///
    /// - Throws: ``ArchiveError`` when it cannot be opened, and for the first volume of a set that is
    ///   missing, too short or not in its place, unless it is read for what can be saved.
    convenience init(
        _ path: FilePath, keys: DecryptionKeys = .init(), isSalvaged: Bool = false
    ) throws(ArchiveError) {
        guard let names = try VolumeNames.find(path) else {
            try self.init(.file(try InputVolume(path)), keys, isSalvaged: isSalvaged)
            return
        }
        let set = try VolumeSet(names, isSalvaged: isSalvaged)
        var faults = set.faults
        if faults.isEmpty {
            do throws(ArchiveError) {
                let file = try InputFile(.volumes(set), keys, isSalvaged: isSalvaged)
                faults = try VolumeCheck(set, file).faults()
            } catch {
                // On a dying disk the rest may be readable.
                guard isSalvaged else { throw error }
            }
        }
        if let first = faults.first, !isSalvaged {
            let others = faults.dropFirst().map { "; \($0.reason)" }
            let rest = others.count > 4 ? "; and \(others.count - 4) more" : ""
            let more = others.prefix(4).joined() + rest
            throw ArchiveError(
                .invalid, operation: "read", object: first.path.string, reason: first.reason + more)
        }
        try self.init(
            .volumes(set), keys, isSalvaged: isSalvaged,
            faults: faults.map { "\($0.path): \($0.reason)" })
    }

    private init(
        _ storage: Storage, _ keys: DecryptionKeys, isSalvaged: Bool, faults: [String] = []
    ) throws(ArchiveError) {
        self.storage = storage
        self.keys = keys
        self.faults = faults
        switch storage {
        case .file(let file):
            path = file.path
            byteCount = file.byteCount
            holes = []
        case .volumes(let set):
            path = set.names.path
            byteCount = set.byteCount
            holes = set.holes
        }
        do throws(ArchiveError) {
            cipher = BundleCipher(
                beginning: try storage.bytes(at: 0, count: BundleCipher.magicByteCount))
        } catch {
            // Without its beginning nothing decrypts it, whatever it was.
            guard isSalvaged else { throw error }
            cipher = nil
        }
    }

    /// The file for libarchive, decrypted where it is encrypted.
    func input() throws(ArchiveError) -> FileInput {
        guard let cipher else { return FileInput(self) }
        return try DecryptedInput(self, try keys.program(for: cipher, of: object))
    }

    /// Reads into `buffer` from `offset` on, up to the size it had, or to the end of a volume; 0 is
    /// the end.
    func read(into buffer: inout [UInt8], at offset: Int64) throws(ArchiveError) -> Int {
        try storage.read(into: &buffer, at: offset)
    }

    /// The first `count` bytes, fewer when the file is shorter.
    func firstBytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
        try bytes(at: 0, count: Int(min(Int64(count), byteCount)))
    }

    /// `count` bytes from `offset` on; fewer when the file became shorter.
    func bytes(at offset: Int64, count: Int) throws(ArchiveError) -> [UInt8] {
        try storage.bytes(at: offset, count: count)
    }

    /// The hole that holds the byte at `offset`.
    func hole(at offset: Int64) -> Range<Int64>? { holes.first { $0.contains(offset) } }

    /// Where the hole behind `offset` begins; the end where there is none.
    func readableEnd(from offset: Int64) -> Int64 {
        holes.first { $0.upperBound > offset }.map { max(offset, $0.lowerBound) } ?? byteCount
    }

    /// The file for a decoder of blocks.
    var blockSource: BlockSource {
        BlockSource(byteCount: byteCount, holes: holes) { [self] offset, count in
            try bytes(at: offset, count: count)
        }
    }

    /// What an error about `range` names: of volumes those that hold it.
    func object(at range: Range<Int64>) -> String {
        guard case .volumes(let set) = storage else { return object }
        let first = set.place(holding: range.lowerBound).number
        let last = set.place(holding: max(range.lowerBound, range.upperBound - 1)).number
        return first == last
            ? "\(object), volume \(first)" : "\(object), volumes \(first) to \(last)"
    }
}

extension ArchiveError {
    /// Whatever was thrown where `file` was read: of volumes, the one is named where it shows.
    init(translating error: any Error, operation: String, file: InputFile) {
        let place = (error as? BlockFormatError)?.offset
        self.init(
            translating: error, operation: operation,
            object: place.map { file.object(at: $0..<$0) } ?? file.object)
    }
}
