import DiagCodec
import DiagModel
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

/// Which members must come out of a damaged bundle: all whose bytes are untouched, and none wrong.
///
/// Of a compressed bundle those are the members all of whose blocks are untouched.
@Suite struct SalvageExactTests {
    /// A bundle of few bytes and many blocks, and where its members lie in the file.
    struct Sample {
        let folder: TestFolder
        let whole: [UInt8]
        let expected: [String: [UInt8]]
        /// Of each file the ranges of the bundle that must be untouched.
        let ranges: [String: [Range<Int>]]

        init(_ format: BlockFormat) throws {
            folder = try TestFolder()
            let findings = TestFolder.document(FindingList([]))
            try folder.add(Array("findings.json".utf8), findings)
            try folder.add(Array("logs/a.txt".utf8), Array("one\ntwo\n".utf8))
            try folder.add(Array("logs/b.bin".utf8), SealedSample.noise(300, seed: 3))
            try folder.add(Array("logs/empty".utf8), [])
            // Too long for a plain header.
            let long = "logs/" + String(repeating: "n", count: 120)
            try folder.add(Array(long.utf8), Array("long name".utf8))
            if format != .none {
                // They begin blocks of their own, and get small.
                for name in ["system/c.log", "system/d.log"] {
                    try folder.add(
                        Array(name.utf8), [UInt8](repeating: name.utf8.last ?? 0, count: 270_000))
                }
            }
            try folder.writeManifest()
            let path = try SealedSample.seal(folder, format)
            whole = try bytes(path)
            expected = try SealedSample.files(below: folder.host)
            let bundle = try #require(try IndexedBundle.open(InputFile(FilePath(path))))
            let table = bundle.stream.table
            var ranges = [String: [Range<Int>]]()
            for member in try bundle.allMembers() where member.kind != .directory {
                let end = member.contentOffset + member.byteCount
                let own = member.headerOffset..<end
                if format == .none {
                    ranges[member.path.text] = [Int(own.lowerBound)..<Int(own.upperBound)]
                    continue
                }
                ranges[member.path.text] = (0..<table.count).map { table[$0] }.filter {
                    let start = $0.uncompressedOffset
                    return (start..<start + $0.uncompressedByteCount).overlaps(own)
                }.map { Int($0.offset)..<Int($0.offset + $0.byteCount) }
            }
            self.ranges = ranges
        }

        /// The files that a damage of `range` does not touch.
        func untouched(by range: Range<Int>) -> Set<String> {
            Set(ranges.filter { !$0.value.contains { $0.overlaps(range) } }.keys)
        }

        /// Saves from `damaged`, and compares; `what` names the damage.
        func check(_ damaged: [UInt8], lost range: Range<Int>, _ what: String) {
            let saved = try? BundleSalvageTests.saved(damaged, in: folder)
            let files = saved?.files ?? [:]
            let wanted = untouched(by: range)
            #expect(
                wanted.isSubset(of: files.keys),
                "\(what): \(wanted.subtracting(files.keys)) are lost")
            for (name, content) in files {
                // Only a file that is not compressed, without its index, has no check at all.
                guard saved?.outcome.isChecked ?? true else { continue }
                #expect(content == expected[name], "\(what): \(name)")
            }
            if files.count < expected.count { #expect(saved?.outcome.isWhole != true, "\(what)") }
        }
    }

    /// Every place when `DIAGBUNDLE_FUZZ` is in the environment; otherwise some, since a build
    /// without optimisation takes minutes for all: of a plain bundle, mostly zeros, fewer.
    static func places(_ format: BlockFormat, _ count: Int) -> [Int] {
        let isExhaustive = ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"] != nil
        return Array(stride(from: 0, to: count, by: isExhaustive ? 1 : format == .none ? 67 : 31))
    }

    @Test("The sample has blocks enough to lose some", arguments: [BlockFormat.xz, .zstd])
    func blocks(format: BlockFormat) throws {
        let sample = try Sample(format)
        #expect(Set(sample.ranges.values.flatMap(\.self).map(\.lowerBound)).count >= 3)
        #expect(sample.whole.count < 8192, "each byte of it is damaged")
        #expect(Set(sample.ranges.keys) == Set(sample.expected.keys))
    }

    @Test(
        "Whichever byte is flipped, every member that it does not touch is saved",
        arguments: BlockFormat.allCases)
    func flipped(format: BlockFormat) throws {
        let sample = try Sample(format)
        for index in Self.places(format, sample.whole.count) {
            var damaged = sample.whole
            damaged[index] ^= index & 1 == 0 ? 0x41 : 0xFF
            sample.check(damaged, lost: index..<index + 1, "byte \(index)")
        }
    }

    @Test(
        "Wherever it is cut, every member before that is saved", arguments: BlockFormat.allCases)
    func cut(format: BlockFormat) throws {
        let sample = try Sample(format)
        let count = sample.whole.count
        for length in Self.places(format, count) {
            sample.check(
                Array(sample.whole[..<length]), lost: length..<count, "\(length) bytes")
        }
    }

    @Test(
        "A hole of some bytes in the middle costs what it touches",
        arguments: [BlockFormat.xz, .zstd])
    func hole(format: BlockFormat) throws {
        let sample = try Sample(format)
        let count = sample.whole.count
        for start in Self.places(format, count) {
            let range = start..<min(start + 64, count)
            var damaged = sample.whole
            damaged.replaceSubrange(range, with: repeatElement(0, count: range.count))
            // Without the first and the last bytes nobody knows what it was.
            sample.check(damaged, lost: range, "bytes \(range)")
        }
    }

    @Test("A seek table that lies of a frame hides no member")
    func lyingTable() throws {
        let sample = try Sample(.zstd)
        let count = Int(
            sample.whole[(sample.whole.count - 9)...].prefix(4).reversed()
                .reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        let table = sample.whole.count - 9 - 8 * count
        for number in 0..<count {
            // How many bytes it has, and how many it gives.
            for field in [table + 8 * number, table + 8 * number + 4] {
                let value = sample.whole[field..<field + 4].reversed()
                    .reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                for lie in [0, 1, value - 1, value + 1, 1 << 26, .max] as [UInt32]
                where lie != value {
                    var damaged = sample.whole
                    damaged.replaceSubrange(field..<field + 4, with: little(lie, 4))
                    sample.check(damaged, lost: 0..<0, "frame \(number): \(lie) at \(field)")
                }
            }
        }
    }
}
