internal import DiagCodec
internal import DiagDigest
internal import DiagSystem
internal import SystemPackage

/// One file of a host folder, to be read into a bundle.
struct MemberSource: ~Copyable {
    private let member: FolderWalk.Member
    private let file: OwnedDescriptor
    private let expected: String?
    private let object: String

    /// Opens `member` below `folder`; `expected` is its SHA-256, as far as the manifest has it.
    init(_ member: FolderWalk.Member, below folder: Directory, expected: String?)
        throws(ArchiveError)
    {
        self.member = member
        self.expected = expected
        file = try FolderWalk.open(member.path, below: folder)
        object = folder.path.string + "/" + MemberPath.text(member.path.bytes)
    }

    /// Gives all its bytes to `body`, from the start on; their SHA-256.
    ///
    /// - Throws: ``ArchiveError`` of kind `invalid` when it is not as it was counted, or as the
    ///   manifest says; what the kernel says; or what `body` throws.
    func copy(
        _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Digest {
        try copy(SparseMap(regions: [0..<member.byteCount], byteCount: member.byteCount), body)
    }

    /// Gives the data of `map` to `body`; the SHA-256 of the whole file, holes as zeros.
    func copy(
        _ map: SparseMap, _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Digest {
        var buffer = [UInt8](repeating: 0, count: BundleWriter.chunkByteCount)
        var hash = SHA256()
        var position: Int64 = 0
        for region in map.regions {
            try skip(region.lowerBound - position, &hash)
            position = region.lowerBound
            while position < region.upperBound {
                let count = try read(
                    into: &buffer, at: position, most: region.upperBound - position)
                guard count > 0 else { throw changed }
                hash.update(buffer.span.extracting(..<count))
                try body(buffer.span.extracting(..<count))
                position += Int64(count)
            }
        }
        try skip(member.byteCount - position, &hash)
        guard try status() == member.byteCount else { throw changed }
        let digest = hash.digest()
        if let expected, expected != digest.hexadecimal {
            throw error("its SHA-256 is \(digest.hexadecimal), the manifest says \(expected)")
        }
        return digest
    }

    /// Whether a trial of its first MiB says that compressing pays.
    func isWorthCompressing() throws(ArchiveError) -> Bool {
        var first = [UInt8](repeating: 0, count: 1 << 20)
        let count = try read(into: &first, at: 0, most: member.byteCount)
        return Compressibility.isWorthwhile(first.span.extracting(..<count))
    }

    /// Its map, when its holes are worth being left out; see ``HoleScan``.
    ///
    /// `step` is called for every MiB that is looked at.
    func holes(
        step: () throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> SparseMap? {
        guard member.byteCount >= HoleScan.leastByteCount else { return nil }
        var first = [UInt8](repeating: 0, count: 4096)
        var buffer = [UInt8]()
        return try HoleScan.map(byteCount: member.byteCount) { offset throws(ArchiveError) in
            do throws(SystemCallError) { return try file.nextData(from: offset) } catch {
                throw ArchiveError(error, object: object)
            }
        } isZero: { range throws(ArchiveError) in
            try step()
            let count = try read(into: &first, at: range.lowerBound, most: Int64(range.count))
            guard count > 0, first.span.holdsZerosAlone(count) else { return false }
            if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 128 << 10) }
            var position = range.lowerBound + Int64(count)
            while position < range.upperBound {
                let count = try read(
                    into: &buffer, at: position, most: range.upperBound - position)
                guard count > 0, buffer.span.holdsZerosAlone(count) else { return false }
                position += Int64(count)
            }
            return true
        }
    }

    private func skip(_ byteCount: Int64, _ hash: inout SHA256) throws(ArchiveError) {
        var passed = hash
        try BundleReader.fill(byteCount) { zeros throws(ArchiveError) in passed.update(zeros) }
        hash = passed
    }

    /// How many bytes from `offset` on, at most `most`, are in `buffer` now.
    private func read(
        into buffer: inout [UInt8], at offset: Int64, most: Int64
    ) throws(ArchiveError) -> Int {
        do throws(SystemCallError) {
            return Int(min(Int64(try file.read(into: &buffer, at: offset)), most))
        } catch { throw ArchiveError(error, object: object) }
    }

    private func status() throws(ArchiveError) -> Int64 {
        do throws(SystemCallError) { return try file.status().byteCount } catch {
            throw ArchiveError(error, object: object)
        }
    }

    private var changed: ArchiveError {
        error("it has not the \(member.byteCount) bytes that were counted")
    }

    private func error(_ reason: String) -> ArchiveError {
        ArchiveError(.invalid, operation: "seal", object: object, reason: reason)
    }
}

extension Span<UInt8> {
    /// Whether the first `count` bytes are zeros.
    fileprivate func holdsZerosAlone(_ count: Int) -> Bool {
        unsafe withUnsafeBytes { bytes in
            var rest = 0
            while rest + 8 <= count {
                guard unsafe bytes.loadUnaligned(fromByteOffset: rest, as: UInt64.self) == 0 else {
                    return false
                }
                rest += 8
            }
            while rest < count {
                guard unsafe bytes[rest] == 0 else { return false }
                rest += 1
            }
            return true
        }
    }
}
