import DiagSystem
import Synchronization
import Testing

@testable import DiagLiveDump

@Suite("Room in a file that threads share")
struct FileRoomTests {
    @Test("The limit can be reached, and is not passed")
    func limit() {
        let room = FileRoom(from: 100, maxByteCount: 200)
        #expect(room.take(101) == nil)
        #expect(room.take(60) == 100)
        #expect(room.take(41) == nil)
        #expect(room.take(Int.max) == nil)
        #expect(room.end == 160)
        #expect(room.take(40) == 160)
        #expect(room.take(1) == nil)
        #expect(room.take(0) == 200)
        #expect(room.mayReach(200) && !room.mayReach(201))
        #expect(FileRoom(from: 100, maxByteCount: -1).take(1) == nil)
        let endless = FileRoom(from: UInt64.max - 9, maxByteCount: nil)
        #expect(endless.take(10) == nil)
        #expect(endless.take(9) == UInt64.max - 9)
    }

    @Test("No two threads get the same bytes, though others are refused just then")
    func threads() {
        let start: UInt64 = 1 << 20
        let limit: Int64 = 2 << 30
        let room = FileRoom(from: start, maxByteCount: limit)
        let all = Mutex<[Range<UInt64>]>([])
        let refused = Atomic<Int>(0)
        WorkerThreads.run(count: 8) { number in
            var random = UInt64(number)
            var own = [Range<UInt64>]()
            for step in 0..<20_000 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                // Every other piece is larger than all that there is.
                let byteCount = step % 2 == 0 ? 4096 * (1 + Int(random >> 60)) : Int(limit)
                if let place = room.take(byteCount) {
                    own.append(place..<(place + UInt64(byteCount)))
                } else {
                    _ = refused.add(1, ordering: .relaxed)
                }
            }
            all.withLock { $0 += own }
        }
        let pieces = all.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
        // One behind the other: neither do they overlap, nor is a place lost.
        var end = start
        for piece in pieces {
            guard piece.lowerBound == end else {
                Issue.record("\(piece) follows what ends at \(end)")
                return
            }
            end = piece.upperBound
        }
        #expect(end == room.end)
        #expect(end <= UInt64(limit))
        // What fits no more is less than the largest of the smaller pieces.
        #expect(UInt64(limit) - end < 16 * 4096)
        #expect(pieces.count + refused.load(ordering: .relaxed) == 160_000)
    }
}
