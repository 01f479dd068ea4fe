/// Where the bytes of a flattened dump lie in the stream.
struct FlattenedMap {
    /// Pieces that are kept: 24 MiB of memory.
    static let largestCount = 1 << 20

    private struct Piece {
        let place, fileOffset, count: UInt64
    }

    /// A part of a request, and where its bytes lie in the stream.
    struct Part: Hashable {
        /// Where it begins in the request, in bytes.
        let place: Int
        /// Where it begins in the stream.
        let fileOffset: UInt64
        /// How many bytes.
        let count: Int
    }

    private var pieces: [Piece] = []
    /// The largest end of all pieces up to this one, once they are sorted.
    private var ends: [UInt64] = []
    /// The first byte behind all pieces.
    private(set) var end: UInt64 = 0

    var count: Int { pieces.count }

    mutating func append(place: UInt64, fileOffset: UInt64, count: UInt64) {
        pieces.append(Piece(place: place, fileOffset: fileOffset, count: count))
    }

    /// Sorts the pieces, after which parts can be asked for.
    mutating func finish() {
        pieces.sort { ($0.place, $0.fileOffset) < ($1.place, $1.fileOffset) }
        ends.reserveCapacity(pieces.count)
        for piece in pieces {
            end = max(end, piece.place &+ piece.count)
            ends.append(end)
        }
    }

    /// Where the `count` bytes from `offset` on lie; what was written later comes later.
    func parts(from offset: UInt64, count: Int) -> [Part] {
        let limit = offset &+ UInt64(count)
        var low = 0
        var high = pieces.count
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].place < limit { low = middle + 1 } else { high = middle }
        }
        var found = [Piece]()
        var index = low - 1
        while index >= 0, ends[index] > offset {
            let piece = pieces[index]
            if piece.place &+ piece.count > offset, piece.count > 0 { found.append(piece) }
            index -= 1
        }
        return found.sorted { $0.fileOffset < $1.fileOffset }.map { piece in
            let start = max(piece.place, offset)
            let stop = min(piece.place &+ piece.count, limit)
            return Part(
                place: Int(start - offset), fileOffset: piece.fileOffset + (start - piece.place),
                count: Int(stop - start))
        }
    }
}
