internal import DiagCodec

/// Looks whether the volumes of a set, whose sizes are right, hold what they should: what the format
/// tells without decoding.
struct VolumeCheck {
    /// Something that is known to stand at a place, and can be seen there.
    private struct Landmark {
        let offset: Int64
        let stands: (BlockSource) -> Bool
    }

    /// Headers that are looked at in one volume when the first is not there.
    private static let landmarkLimit = 4
    /// Bytes that a header takes at most in bundles of ours.
    private static let headerByteCount: Int64 = 512
    private static let endMagics: [[UInt8]] = [[0x59, 0x5A], [0xB1, 0xEA, 0x92, 0x8F]]

    private let set: VolumeSet
    private let file: InputFile
    private let source: BlockSource

    /// A check of `set`, which `file` reads.
    init(_ set: VolumeSet, _ file: InputFile) {
        self.set = set
        self.file = file
        source = file.blockSource
    }

    /// The volumes that cannot be where they are; and the last, when the end of the bundle is not in
    /// it. Damage that is no matter of whole volumes is left to whoever reads them.
    ///
    /// - Throws: ``ArchiveError`` when a volume cannot be read.
    func faults() throws(ArchiveError) -> [VolumeSet.Fault] {
        // What is in it nothing tells that is not decrypted.
        guard file.cipher == nil else { return [] }
        switch ArchiveStart(try file.firstBytes(512)) {
        case .xz, .zstd: return try blockFaults()
        case .tar:
            let end = try file.bytes(
                at: max(0, file.byteCount - Self.headerByteCount), count: Int(Self.headerByteCount))
            guard end.allSatisfy({ $0 == 0 }) else { return [lackingEnd()] }
            return misplaced(try memberLandmarks())
        case .zip:
            let count = min(file.byteCount, 66_000)
            let end = try file.bytes(at: file.byteCount - count, count: Int(count))
            return end.holds([0x50, 0x4B, 5, 6]) ? [] : [lackingEnd()]
        case .other, .encrypted: return []
        case nil:
            // The end, or another volume, may still tell that this was to be a bundle.
            let other = beginning()
            guard other != nil || BlockScanner.format(of: source) != nil else { return [] }
            return [
                fault(
                    set.places[0],
                    "volume 1 does not begin the bundle"
                        + (other.map { ": volume \($0.number) does, they may be swapped" } ?? ""))
            ]
        }
    }

    private func blockFaults() throws(ArchiveError) -> [VolumeSet.Fault] {
        let table: BlockTable?
        do { table = try BlockTable.read(source) } catch let error as ArchiveError {
            throw error
        } catch {
            let end = try file.bytes(at: max(0, file.byteCount - 4), count: 4)
            guard (error as? BlockFormatError)?.kind == .damaged,
                !Self.endMagics.contains(where: { end.reversed().starts(with: $0.reversed()) })
            else { return [] }
            return [lackingEnd()]
        }
        guard let table else { return lacksFrames ? [lackingEnd()] : [] }
        var landmarks = [Landmark]()
        for index in 0..<table.count {
            let block = table[index]
            landmarks.append(
                Landmark(offset: block.offset) { source in
                    var scanner = BlockScanner(table.format, source)
                    return scanner?.begins(block) ?? true
                })
        }
        return misplaced(landmarks)
    }

    /// Whether frames of zstd without a seek table stop before one of them ends. Of one frame alone,
    /// or of frames that do not tell their sizes, that is not known.
    private var lacksFrames: Bool {
        guard var scanner = BlockScanner(.zstd, source) else { return false }
        var end: Int64 = 0
        while let found = scanner.next(), found.isAdjacent {
            scanner.pass(found.block)
            end = found.block.offset + found.block.byteCount
        }
        guard end > 0 else { return false }
        // What stands behind the last may be no frame with content.
        while let head = try? source.read(end, Int(min(8, max(0, source.byteCount - end)))),
            head.count == 8, head[0] & 0xF0 == 0x50, head[1...3] == [0x2A, 0x4D, 0x18]
        {
            end += 8 + head[4...].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        }
        return end != source.byteCount
    }

    /// The headers of members, as the index of members has them; none without one.
    private func memberLandmarks() throws(ArchiveError) -> [Landmark] {
        var landmarks = [Landmark]()
        // What is wrong with the index is told by whoever needs it.
        guard let bundle = try? IndexedBundle.open(file) else { return [] }
        try? bundle.index.forEach { member throws(ArchiveError) in
            let offset = member.headerOffset
            landmarks.append(
                Landmark(offset: offset) { source in
                    guard let bytes = try? source.read(offset, TarHeader.byteCount),
                        bytes.count == TarHeader.byteCount
                    else { return false }
                    return TarHeader(bytes.span) != nil
                })
        }
        return landmarks.sorted { $0.offset < $1.offset }
    }

    // MARK: - What is where

    /// The volumes in which nothing stands where it should, by `landmarks` in their order.
    ///
    /// Of a single header that may be damage alone, unless another volume has what belongs there.
    private func misplaced(_ landmarks: [Landmark]) -> [VolumeSet.Fault] {
        var faults = [VolumeSet.Fault]()
        var next = 0
        for place in set.places {
            var missed = [Landmark]()
            var isRight = false
            while next < landmarks.count, landmarks[next].offset < place.end {
                let landmark = landmarks[next]
                next += 1
                guard !isRight, missed.count < Self.landmarkLimit,
                    landmark.offset <= place.end - Self.headerByteCount
                else { continue }
                isRight = landmark.stands(source)
                if !isRight { missed.append(landmark) }
            }
            guard !isRight, let first = missed.first else { continue }
            let what = "volume \(place.number) does not hold its part of the bundle"
            if let other = holder(of: first, insteadOf: place) {
                faults.append(
                    fault(place, "\(what): volume \(other.number) does, they may be swapped"))
            } else if let other = twin(of: place) {
                faults.append(fault(place, "\(what): it is volume \(other.number) once more"))
            } else if missed.count > 1 {
                faults.append(fault(place, "\(what): it is of another set, or damaged"))
            }
        }
        return faults
    }

    /// The volume that has `landmark` where `place` should have it.
    private func holder(
        of landmark: Landmark, insteadOf place: VolumeSet.Place
    ) -> VolumeSet.Place? {
        set.places.first { other in
            guard other.number != place.number,
                landmark.offset - place.start + Self.headerByteCount <= other.byteCount
            else { return false }
            // As if that volume lay here.
            let moved = other.start - place.start
            let file = file
            return landmark.stands(
                BlockSource(byteCount: source.byteCount) { offset, count in
                    let limit = file.byteCount - offset - moved
                    guard offset + moved >= 0, limit > 0 else { return [] }
                    return try file.bytes(at: offset + moved, count: Int(min(Int64(count), limit)))
                })
        }
    }

    /// Another volume that begins with the same bytes.
    private func twin(of place: VolumeSet.Place) -> VolumeSet.Place? {
        let count = Int(min(place.byteCount, 4096))
        guard count > 0, let own = try? file.bytes(at: place.start, count: count) else {
            return nil
        }
        return set.places.first { other in
            other.number != place.number && other.byteCount >= Int64(count)
                && (try? file.bytes(at: other.start, count: count)) == own
        }
    }

    /// The volume behind the first that begins as an archive does.
    private func beginning() -> VolumeSet.Place? {
        let isOfGPG = set.names.whole.reversed().starts(with: ".gpg".utf8.reversed())
        return set.places.dropFirst().first { place in
            let count = Int(min(Self.headerByteCount, place.byteCount))
            guard let start = try? file.bytes(at: place.start, count: count) else { return false }
            return ArchiveStart(start) != nil
                || isOfGPG && BundleCipher(beginning: start) == .gpg
        }
    }

    // MARK: - Faults

    private func fault(_ place: VolumeSet.Place, _ reason: String) -> VolumeSet.Fault {
        VolumeSet.Fault(path: set.names.path(of: place.number), reason: reason)
    }

    private func lackingEnd() -> VolumeSet.Fault {
        let last = set.places[set.places.count - 1]
        let common = set.places[0].byteCount
        let next = last.number + 1
        let what = "the bundle does not end in volume \(last.number), the last that is there"
        return fault(
            last,
            last.byteCount < common
                ? "\(what): it is cut or damaged"
                : "\(what): volume \(next) is missing, or the end damaged"
                    + " (\(set.names.path(of: next)))")
    }
}

extension [UInt8] {
    /// Whether `bytes`, at least one, stand in it.
    fileprivate func holds(_ bytes: [UInt8]) -> Bool {
        count >= bytes.count
            && (0...count - bytes.count).contains {
                self[$0..<$0 + bytes.count].elementsEqual(bytes)
            }
    }
}
