internal import DiagFormats
internal import DiagModel
internal import DiagSystem

/// The bytes of a dump by their place; those of a flattened one as they will lie when it is put in
/// order.
final class InspectedFile {
    /// Its name in messages.
    let name: String
    /// Bytes of the file as it is.
    let storedByteCount: UInt64
    /// Bytes of the dump in it: more or less than of the file only for a flattened one.
    private(set) var byteCount: UInt64
    private let descriptor: OwnedDescriptor
    private var pieces: FlattenedMap?
    /// What may still be read: tables that lie one upon another would else cost without end.
    private var allowance = 2 << 30

    /// How many bytes are read at once.
    static let chunkByteCount = 1 << 20

    init(_ descriptor: consuming OwnedDescriptor, name: String) throws(DumpInspectionError) {
        let status: FileStatus
        do { status = try descriptor.status() } catch { throw DumpInspectionError(error, on: name) }
        guard status.kind == .regular else {
            throw DumpInspectionError(
                .wrongKind,
                "read \(name): it is a \(status.kind.words), and a dump is a regular file")
        }
        self.name = name
        storedByteCount = UInt64(max(status.byteCount, 0))
        byteCount = storedByteCount
        self.descriptor = descriptor
    }

    /// Reads at most `count` bytes at `offset`; fewer only where the dump ends.
    func bytes(at offset: UInt64, count: Int) throws(DumpInspectionError) -> [UInt8] {
        guard offset < byteCount, count > 0 else { return [] }
        let wanted = Int(min(UInt64(count), byteCount - offset))
        guard let pieces else { return try stored(at: offset, count: wanted) }
        var result = [UInt8](repeating: 0, count: wanted)
        for part in pieces.parts(from: offset, count: wanted) {
            let content = try stored(at: part.fileOffset, count: part.count)
            result.replaceSubrange(part.place..<(part.place + content.count), with: content)
        }
        return result
    }

    /// Reads `byteCount` bytes from `offset` on, in pieces whose size is a multiple of `unit` but
    /// for the last.
    ///
    /// - Returns: how many bytes there were; fewer where the dump ends.
    func scan(
        from offset: UInt64, byteCount: UInt64, unit: Int,
        _ body: ([UInt8]) -> Void
    ) throws(DumpInspectionError) -> UInt64 {
        let chunk = Self.chunkByteCount / unit * unit
        var done: UInt64 = 0
        while done < byteCount {
            let wanted = Int(min(UInt64(chunk), byteCount - done))
            let (place, overflow) = offset.addingReportingOverflow(done)
            if overflow { break }
            let part = try bytes(at: place, count: wanted)
            if !part.isEmpty { body(part) }
            done += UInt64(part.count)
            if part.count < wanted { break }
        }
        return done
    }

    /// Reads into the start of `buffer` what is stored from `offset` on; 0 is the end of the file.
    ///
    /// For memory, of which there is more than of any table: whoever calls it has a limit of its
    /// own.
    func readMemory(
        into buffer: inout [UInt8], at offset: UInt64
    ) throws(DumpInspectionError) -> Int {
        guard let place = Int64(exactly: offset) else { return 0 }
        do { return try descriptor.read(into: &buffer, at: place) } catch {
            throw DumpInspectionError(
                SystemCallError(operation: "read", object: name, errno: error.errno),
                on: "\(name) at byte \(offset)")
        }
    }

    private func stored(at offset: UInt64, count: Int) throws(DumpInspectionError) -> [UInt8] {
        guard let offset = Int64(exactly: offset), count > 0 else { return [] }
        guard count <= allowance else {
            throw DumpInspectionError(
                .damaged, "\(name) has tables that ask for more than 2 GiB to be read")
        }
        allowance -= count
        var result = [UInt8](repeating: 0, count: count)
        var done = 0
        do {
            done = try descriptor.read(into: &result, at: offset)
            // A regular file gives all at once, but for a signal or its end.
            while done > 0, done < count {
                var rest = [UInt8](repeating: 0, count: count - done)
                let more = try descriptor.read(into: &rest, at: offset + Int64(done))
                if more == 0 { break }
                result.replaceSubrange(done..<(done + more), with: rest[..<more])
                done += more
            }
        } catch {
            throw DumpInspectionError(
                SystemCallError(
                    operation: "read", object: name, errno: error.errno),
                on: "\(name) at byte \(offset)")
        }
        result.removeLast(count - done)
        return result
    }

    /// Reads the heads of all pieces of a flattened dump, and is the dump in it from then on.
    ///
    /// - Returns: whether the mark of the end was found, and whether there were more pieces than
    ///   are kept in memory.
    func unflatten() throws(DumpInspectionError) -> (isWhole: Bool, isCut: Bool) {
        var map = FlattenedMap()
        var offset = UInt64(FlattenedHeader.byteCount)
        var isWhole = false
        // Heads are far apart in a large dump, and side by side in a small one.
        while map.count < FlattenedMap.largestCount {
            let head = try stored(at: offset, count: FlattenedPiece.byteCount)
            guard let piece = try? FlattenedPiece(parsing: head.span) else { break }
            if piece.isEnd {
                isWhole = true
                break
            }
            let start = offset + UInt64(FlattenedPiece.byteCount)
            let available = storedByteCount > start ? storedByteCount - start : 0
            map.append(
                place: UInt64(piece.offset), fileOffset: start,
                count: min(UInt64(piece.size), available))
            guard UInt64(piece.size) <= available else { break }
            offset = start + UInt64(piece.size)
        }
        let isCut = map.count == FlattenedMap.largestCount
        map.finish()
        byteCount = map.end
        pieces = map
        return (isWhole, isCut)
    }
}
