import Testing

@testable import DiagFormats

@Suite("Archives of initial RAM disks")
struct InitramfsFormatTests {
    private func walk(_ bytes: [UInt8], step: Int) throws(FormatError) -> CpioWalker {
        var walker = CpioWalker(entryLimit: 1000)
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + step)
            let taken = try walker.take(bytes.span.extracting(at..<end))
            at += taken
            if walker.hasEnded || taken == 0 { break }
        }
        return walker
    }

    @Test("The members of an archive are the same however its bytes come", arguments: [1, 7, 4096])
    func members(step: Int) throws {
        let sample = BootFormatSamples.archive + [0, 0, 0, 0] + BootFormatSamples.archive
        let walker = try walk(sample + [0x28, 0xB5, 0x2F, 0xFD], step: step)
        let once = [
            CpioWalker.Entry(name: ".", mode: 0o040755, byteCount: 0, target: nil),
            .init(name: "etc/crypttab", mode: 0o100644, byteCount: 5, target: nil),
            .init(name: "sbin", mode: 0o120777, byteCount: 8, target: "usr/sbin"),
        ]
        #expect(walker.entries == once + once)
        #expect(walker.archiveCount == 2 && walker.hasEnded && walker.isBetweenArchives)
        #expect(walker.byteCount == Int64(sample.count))
        #expect(walker.entries[0].isDirectory && walker.entries[1].isRegular)
        #expect(walker.entries[2].isSymbolicLink && !walker.isTruncated)
    }

    @Test("No more members than asked for are kept, and that is told")
    func limit() throws {
        let archive = BootFormatSamples.archive
        var walker = CpioWalker(entryLimit: 2)
        _ = try walker.take(archive.span)
        #expect(walker.entries.count == 2 && walker.isTruncated)
    }

    @Test("A header keeps its fields; a name that is too long is refused")
    func header() throws {
        let member = BootFormatSamples.member("a", mode: 0o100755, [1, 2, 3])
        let header = try CpioHeader(parsing: member.span)
        #expect(header.mode == 0o100755 && header.fileByteCount == 3 && header.nameByteCount == 2)
        #expect(header.modifiedSeconds == 1_700_000_000 && header.linkCount == 1)
        #expect(header.inode == 7)
        var long = member
        long.replaceSubrange(94..<102, with: "00001001".utf8)
        #expect(throws: FormatError.invalid(field: "c_namesize", offset: 94, value: 4097)) {
            try CpioHeader(parsing: long.span)
        }
    }

    @Test("Each compression is told by its first bytes")
    func compressions() {
        let samples: [(InitramfsCompression?, [UInt8])] = [
            (.gzip, [0x1F, 0x8B, 8]), (.xz, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]),
            (.zstd, [0x28, 0xB5, 0x2F, 0xFD]), (.lz4, [0x02, 0x21, 0x4C, 0x18]),
            (.lzma, [0x5D, 0, 0, 0x80]), (.bzip2, [0x42, 0x5A, 0x68]), (.lzo, [0x89, 0x4C, 0x5A]),
            (nil, [0x30, 0x37]), (nil, []),
        ]
        for (compression, bytes) in samples {
            let found = InitramfsCompression(of: bytes.span)
            #expect(found == compression)
        }
    }

    @Test("Damaged archives give members or an error")
    func damaged() throws {
        var count = 0
        BootFormatSamples.damage(BootFormatSamples.archive, random: 40_000) {
            count += 1
            if let walker = try? walk($0, step: 4096) { #expect(walker.entries.count <= 4) }
            _ = InitramfsCompression(of: $0.span)
        }
        let member = BootFormatSamples.member("a", mode: 0o100644, [])
        BootFormatSamples.damage(member, random: 40_000) {
            count += 1
            if let header = try? CpioHeader(parsing: $0.span) {
                #expect(header.nameByteCount <= 4096)
            }
        }
        #expect(count > 80_000)
    }
}
