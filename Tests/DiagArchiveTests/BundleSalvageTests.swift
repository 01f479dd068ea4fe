import DiagCodec
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

@Suite struct BundleSalvageTests {
    /// What is saved of `bytes`, and what is told of it.
    static func saved(
        _ bytes: [UInt8], in folder: TestFolder
    ) throws -> (files: [String: [UInt8]], outcome: BundleSalvage.Outcome) {
        let path = folder.path + "/damaged"
        let out = folder.path + "/saved"
        try SealedSample.write(bytes, to: path)
        try? FileManager.default.removeItem(atPath: out)
        let outcome = try BundleSalvage.salvage(FilePath(path), into: FilePath(out))
        let isThere = FileManager.default.fileExists(atPath: out + "/host17")
        return (isThere ? try SealedSample.files(below: out + "/host17") : [:], outcome)
    }

    @Test("Of a whole bundle everything is saved", arguments: BlockFormat.allCases)
    func whole(format: BlockFormat) throws {
        let folder = try SealedSample.large()
        let whole = try bytes(SealedSample.seal(folder, format))
        let (files, outcome) = try Self.saved(whole, in: folder)
        #expect(files == (try SealedSample.files(below: folder.host)))
        #expect(outcome.isWhole && outcome.isListed && outcome.isChecked)
        #expect(outcome.fileCount == files.count)
    }

    @Test(
        "A byte flipped anywhere costs nothing that is not near it, and nothing wrong is saved",
        arguments: BlockFormat.allCases)
    func flipped(format: BlockFormat) throws {
        let folder = try SealedSample.small()
        let whole = try bytes(SealedSample.seal(folder, format))
        let expected = try SealedSample.files(below: folder.host)
        var savedCount = 0
        for index in SealedSample.places(in: whole.count) {
            var damaged = whole
            damaged[index] ^= 0x41
            guard let (files, outcome) = try? Self.saved(damaged, in: folder) else { continue }
            savedCount += files.isEmpty ? 0 : 1
            for (name, content) in files where outcome.isChecked {
                #expect(content == expected[name], "byte \(index), \(name)")
            }
            if files.count < expected.count { #expect(!outcome.isWhole, "byte \(index)") }
        }
        #expect(savedCount > 0)
    }

    @Test(
        "Cut anywhere, what is saved is right", arguments: BlockFormat.allCases)
    func cut(format: BlockFormat) throws {
        let folder = try SealedSample.small()
        let whole = try bytes(SealedSample.seal(folder, format))
        let expected = try SealedSample.files(below: folder.host)
        for count in SealedSample.places(in: whole.count) {
            guard let (files, outcome) = try? Self.saved(Array(whole[..<count]), in: folder) else {
                continue
            }
            for (name, content) in files {
                #expect(content == expected[name], "\(count) bytes, \(name)")
            }
            if files.count < expected.count { #expect(!outcome.isWhole, "\(count) bytes") }
        }
    }

    @Test(
        "A damaged block costs the members in it alone, with the table or without",
        arguments: [BlockFormat.xz, .zstd], [false, true])
    func oneBlock(format: BlockFormat, isCut: Bool) throws {
        let folder = try SealedSample.large()
        let path = try SealedSample.seal(folder, format)
        let whole = try bytes(path)
        let expected = try SealedSample.files(below: folder.host)
        let table = try #require(try BlockTable.read(BlockSource(whole)))
        let bundle = try #require(try IndexedBundle.open(InputFile(FilePath(path))))
        let members = try bundle.allMembers()
        for number in 0..<table.count {
            let block = table[number]
            let start = block.uncompressedOffset
            let end = start + block.uncompressedByteCount
            guard end < bundle.index.contentOffset else { break }
            var damaged = whole
            damaged[Int(block.offset + block.byteCount / 2)] ^= 0xFF
            if isCut { damaged.removeLast(10) }
            let lost = Set(
                members.filter { $0.headerOffset < end && $0.endOffset > start }.map(\.path.text))
            let (files, outcome) = try Self.saved(damaged, in: folder)
            #expect(Set(files.keys) == Set(expected.keys).subtracting(lost), "block \(number)")
            #expect(files.allSatisfy { $0.value == expected[$0.key] })
            #expect(outcome.lostBlockCount >= 1 && outcome.isListed == !isCut)
            if !isCut {
                #expect(
                    Set(outcome.lost)
                        == Set(lost.filter { expected[$0] != nil }.map { "host17/" + $0 }))
            }
        }
    }

    @Test("A damaged header of a block does not hide those behind it")
    func blockHeader() throws {
        let folder = try SealedSample.large()
        let whole = try bytes(SealedSample.seal(folder))
        let table = try #require(try BlockTable.read(BlockSource(whole)))
        var damaged = whole
        damaged[Int(table[1].offset) + 5] ^= 0xFF
        damaged.removeLast(100)  // Neither index nor footer.
        let (files, outcome) = try Self.saved(damaged, in: folder)
        #expect(files.count > 3)
        #expect(!outcome.isWhole && !outcome.damage.isEmpty)
        let expected = try SealedSample.files(below: folder.host)
        #expect(files.allSatisfy { $0.value == expected[$0.key] })
    }

    @Test("A member that is an archive itself does not pass for members of the bundle")
    func archiveInside() throws {
        let inner = try SealedSample.small()
        let foreign = inner.path + "/inner.tar"
        try #require(
            try run("sh", "-c", "cd '\(inner.path)' && mv host17 other && tar -cf inner.tar other")
                .isWell)
        let folder = try TestFolder.whole(
            extra: [
                (
                    Array("logs/a.tar".utf8),
                    SealedSample.noise(5 << 20, seed: 5) + (try bytes(foreign))
                )
            ], asciiOnly: true)
        let path = try SealedSample.seal(folder)
        var damaged = try bytes(path)
        let bundle = try #require(try IndexedBundle.open(InputFile(FilePath(path))))
        let member = try #require(try bundle.index.find(text: "logs/a.tar"))
        let block = bundle.stream.table[try #require(bundle.block(of: member))]
        damaged[Int(block.offset + block.byteCount / 2)] ^= 0xFF
        damaged.removeLast(100)
        let (_, outcome) = try Self.saved(damaged, in: folder)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/saved/other"))
        #expect(!outcome.isWhole)
    }

    @Test(
        "An index that lies costs no member whose blocks have checks",
        arguments: IndexedBundleTests.lies)
    func lyingIndex(lie: IndexedBundleTests.Lie) throws {
        let folder = try SealedSample.small()
        let forged = try IndexedBundleTests.forge(folder, lie)
        try #require(try run("xz", "-0", "--block-size=2000", forged).isWell)
        let (files, outcome) = try Self.saved(bytes(forged + ".xz"), in: folder)
        #expect(files == (try SealedSample.files(below: folder.host)))
        #expect(outcome.isListed && !outcome.isWhole)
        #expect(outcome.damage.contains { $0.contains("the index of members says") })
    }

    @Test("What has no blocks is saved up to the damage", arguments: ["gzip", "xz"])
    func foreign(program: String) throws {
        let folder = try SealedSample.large()
        let path = folder.path + "/t"
        try #require(
            try run("sh", "-c", "cd '\(folder.path)' && tar -cf - host17 | \(program) > t").isWell)
        let whole = try bytes(path)
        let expected = try SealedSample.files(below: folder.host)
        let (files, outcome) = try Self.saved(Array(whole[..<(whole.count / 2)]), in: folder)
        #expect(!outcome.isWhole && !outcome.isChecked && !outcome.isListed)
        #expect(files.allSatisfy { $0.value == expected[$0.key] })
        #expect(try Self.saved(whole, in: folder).outcome.isWhole)
    }

    @Test("Rubbish gives nothing, and no trap")
    func rubbish() throws {
        let folder = try SealedSample.small()
        for bytes in [[], SealedSample.noise(100_000, seed: 1), [UInt8](repeating: 0, count: 4096)]
        {
            let saved = try? Self.saved(bytes, in: folder)
            #expect(saved?.files ?? [:] == [:])
        }
    }
}
