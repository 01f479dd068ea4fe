internal import DiagCodec
internal import Synchronization
internal import SystemPackage

/// The volumes of one bundle, read as the one file that they are when they are joined.
///
/// All have one size but the last, which has not more. Where volumes are missing or too short, there
/// are holes, which cannot be read.
final class VolumeSet: Sendable {
    /// What is wrong with one volume.
    struct Fault: Hashable, Sendable {
        let path: FilePath
        let reason: String
    }

    /// Where a volume lies in the whole.
    struct Place: Hashable, Sendable {
        let number: Int
        let start: Int64
        /// Bytes from its start to that of the next, or to the end.
        let byteCount: Int64
        /// The bytes that are there; 0 of a volume that is missing.
        let heldByteCount: Int64
        /// `nil` of a volume that is missing.
        let identity: InputVolume.Identity?

        var end: Int64 { start + byteCount }
        /// The part that cannot be read.
        var hole: Range<Int64>? {
            heldByteCount < byteCount ? start + heldByteCount..<end : nil
        }
    }

    private struct Open: Sendable {
        var volumes = [Int: InputVolume]()
        /// Their numbers, the one opened last at the end.
        var order = [Int]()
    }

    /// A process may have 1,024 files open where nobody raised that.
    private static let openLimit = 64

    let names: VolumeNames
    /// All from the first to the last that is there.
    let places: [Place]
    /// What their numbers and sizes say.
    let faults: [Fault]
    private let open: Mutex<Open>

    /// Looks at each of the volumes.
    ///
    /// - Throws: ``ArchiveError`` when one cannot be opened, or is no regular file. Such a one is
    ///   missing where what can be saved is read.
    init(_ names: VolumeNames, isSalvaged: Bool = false) throws(ArchiveError) {
        self.names = names
        var open = Open()
        var identities = [Int: InputVolume.Identity]()
        for number in names.numbers {
            let volume: InputVolume
            do throws(ArchiveError) { volume = try InputVolume(names.path(of: number)) } catch {
                guard isSalvaged else { throw error }
                continue
            }
            identities[number] = volume.identity
            if open.order.count < Self.openLimit {
                open.volumes[number] = volume
                open.order.append(number)
            }
        }
        self.open = Mutex(open)
        let last = names.numbers.last.flatMap { open.volumes[$0] }
        (places, faults) = Self.layOut(
            names, identities, endsArchive: last.map(Self.endsArchive) ?? false)
    }

    /// Whether the last bytes of a volume may be those of a whole bundle: the end of xz, of the seek
    /// table of zstd, or of tar.
    private static func endsArchive(_ volume: InputVolume) -> Bool {
        var end = [UInt8](repeating: 0, count: 4)
        let count = try? volume.read(into: &end, at: max(0, volume.byteCount - 4))
        return count == 4
            && (end[2...] == [0x59, 0x5A] || end == [0xB1, 0xEA, 0x92, 0x8F]
                || end == [0, 0, 0, 0])
    }

    /// Bytes of the whole, holes included.
    var byteCount: Int64 { places.last?.end ?? 0 }

    /// The parts that cannot be read, in their order.
    var holes: [Range<Int64>] { places.compactMap(\.hole) }

    /// The volume with the byte at `offset`; the last for what lies behind the end.
    func place(holding offset: Int64) -> Place {
        var low = 0
        var high = places.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if places[middle].start <= offset { low = middle } else { high = middle }
        }
        return places[low]
    }

    /// Reads into `buffer` from `offset` on, up to the end of a volume; 0 is the end of the whole.
    ///
    /// - Throws: ``ArchiveError`` for a hole, and when a volume is not what it was.
    func read(into buffer: inout [UInt8], at offset: Int64) throws(ArchiveError) -> Int {
        guard offset >= 0, offset < byteCount else { return 0 }
        let place = place(holding: offset)
        let inside = offset - place.start
        let path = names.path(of: place.number)
        func fault(_ reason: String) -> ArchiveError {
            ArchiveError(.invalid, operation: "read", object: path.string, reason: reason)
        }
        guard let identity = place.identity else {
            throw fault("volume \(place.number) is missing")
        }
        guard inside < place.heldByteCount else {
            throw fault("volume \(place.number) ends at byte \(place.heldByteCount)")
        }
        let volume = try volume(place.number, at: path)
        guard volume.identity == identity else { throw fault("another file came to its place") }
        let count = try volume.read(into: &buffer, at: inside)
        guard count > 0 else { throw fault("it became shorter") }
        return count
    }

    /// The open file of a volume: one that was open is closed for it where there are too many.
    private func volume(_ number: Int, at path: FilePath) throws(ArchiveError) -> InputVolume {
        if let volume = open.withLock({ $0.volumes[number] }) { return volume }
        let volume = try InputVolume(path)
        open.withLock { open in
            // Another thread may have opened it, too.
            guard open.volumes.updateValue(volume, forKey: number) == nil else { return }
            open.order.append(number)
            // Whoever reads the one that goes keeps it open until then.
            if open.order.count > Self.openLimit {
                open.volumes[open.order.removeFirst()] = nil
            }
        }
        return volume
    }

    // MARK: - Layout

    private static func layOut(
        _ names: VolumeNames, _ identities: [Int: InputVolume.Identity], endsArchive: Bool
    ) -> ([Place], [Fault]) {
        guard let last = names.numbers.last else { return ([], []) }
        let sizes = identities.mapValues(\.byteCount)
        let lastByteCount = sizes[last] ?? 0
        let before = sizes.filter { $0.key != last }.map(\.value)
        let greatest = before.max() ?? 0
        // Of two, the first is cut when the last has more.
        let common = last == 2 ? max(greatest, lastByteCount) : greatest
        var places = [Place]()
        var faults = [Fault]()
        var start: Int64 = 0
        if before.isEmpty, last > 1 {
            // Nothing tells the size of the others when this is the last. The size of the whole is a
            // multiple of 4 or 512 then, so where blocks may begin is known from its end.
            let unit = Int64(TarHeader.byteCount)
            start =
                endsArchive
                ? unit - lastByteCount % unit
                : max(unit, lastByteCount * Int64(last - 1))
            places.append(
                Place(number: 1, start: 0, byteCount: start, heldByteCount: 0, identity: nil))
            faults.append(
                Fault(
                    path: names.path(of: 1),
                    reason: last == 2
                        ? "volume 1 of the set is missing"
                        : "volumes 1 to \(last - 1) of the set are missing"))
        }
        for number in 1...last where number == last || !before.isEmpty {
            let size = sizes[number]
            let byteCount = number == last ? lastByteCount : common
            places.append(
                Place(
                    number: number, start: start, byteCount: byteCount,
                    heldByteCount: min(size ?? 0, byteCount), identity: identities[number]))
            start += byteCount
            if let reason = fault(number, size, last, common, lastByteCount) {
                faults.append(Fault(path: names.path(of: number), reason: reason))
            }
        }
        return (places, faults)
    }

    private static func fault(
        _ number: Int, _ size: Int64?, _ last: Int, _ common: Int64, _ lastByteCount: Int64
    ) -> String? {
        guard let size else { return "volume \(number) of the set is missing" }
        if number < last {
            guard size < common else { return nil }
            return "volume \(number) of the set is shorter than"
                + " \(last == 2 ? "the last" : "others"): it has \(size) of \(common) bytes"
        }
        guard last > 2, common > 0, lastByteCount > common else { return nil }
        return "volume \(number), the last of the set, has \(size) bytes, and the others"
            + " \(common): it is of another set, or something was appended"
    }
}
