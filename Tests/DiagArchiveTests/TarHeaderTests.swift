import Foundation
import Testing

@testable import DiagArchive

@Suite struct TarHeaderTests {
    /// What Python's tarfile makes of one member, header blocks first.
    static func header(_ program: String, format: String = "GNU_FORMAT") throws -> [UInt8] {
        let folder = try TestFolder()
        let path = folder.path + "/header"
        try #require(
            try run(
                "python3", "-c",
                """
                import sys, tarfile
                i = tarfile.TarInfo("host17/a")
                \(program)
                open(sys.argv[1], "wb").write(i.tobuf(tarfile.\(format), "utf-8", "surrogateescape"))
                """, path
            ).isWell)
        return try bytes(path)
    }

    static func parsed(_ block: [UInt8], count: Int = 512) -> TarHeader? {
        let bytes = Array(block.prefix(count))
        return TarHeader(bytes.span)
    }

    @Test("Files, directories and others are told apart, with their sizes")
    func kinds() throws {
        let file = try #require(Self.parsed(try Self.header("i.size = 12345")))
        #expect(file.kind == .file && file.contentByteCount == 12345)
        #expect(file.path == Array("host17/a".utf8))
        let directory = try #require(
            Self.parsed(try Self.header("i.type = tarfile.DIRTYPE; i.size = 5")))
        #expect(directory.kind == .directory && directory.contentByteCount == 0)
        let link = try #require(
            Self.parsed(try Self.header("i.type = tarfile.SYMTYPE; i.linkname = 'x'; i.size = 5")))
        #expect(link.kind == .other && link.contentByteCount == 0)
        let large = try #require(Self.parsed(try Self.header("i.size = 1 << 40")))
        #expect(large.contentByteCount == 1 << 40)
        let long = try #require(
            Self.parsed(
                try Self.header("i.name = 'host17/' + 'x' * 120 + '/y'", format: "USTAR_FORMAT")))
        #expect(long.path == Array(("host17/" + String(repeating: "x", count: 120) + "/y").utf8))
        let name = try #require(Self.parsed(try Self.header("i.name = 'host17/' + 'x' * 200")))
        #expect(name.kind == .longName && name.contentByteCount == 208)
        let pax = try #require(
            Self.parsed(
                try Self.header("i.name = 'host17/' + 'x' * 200", format: "PAX_FORMAT")))
        #expect(pax.kind == .extended)
    }

    @Test("A flipped byte is no header, and a short one none", arguments: [0x01, 0x80] as [UInt8])
    func flipped(mask: UInt8) throws {
        let block = try Self.header("i.size = 77")
        for index in 0..<512 {
            var damaged = Array(block.prefix(512))
            damaged[index] ^= mask
            // Behind the digits of the checksum nothing is said.
            if (154..<156).contains(index) { continue }
            #expect(Self.parsed(damaged) == nil, "byte \(index)")
        }
        for count in 0..<512 { #expect(Self.parsed(block, count: count) == nil) }
        #expect(Self.parsed([UInt8](repeating: 0, count: 512)) == nil)
        #expect(Self.parsed([UInt8](repeating: 0xFF, count: 512)) == nil)
    }

    @Test("Records of a pax header are read")
    func records() throws {
        let records = try #require(
            PaxRecords(
                Array("12 path=h/a\n19 size=8589934592\n9 a=b=c\n".utf8.dropLast(0))
                    .withFixedLengths()))
        #expect(records.path == Array("h/a".utf8))
        #expect(records.byteCount == 8_589_934_592)
        #expect(!records.isSparse)
        #expect(PaxRecords(Array("22 GNU.sparse.major=1\n".utf8))?.isSparse == true)
        let version = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
        let size = "27 GNU.sparse.realsize=900\n"
        let name = "21 GNU.sparse.name=a\n"
        for text in [version + size + name, size + name + version] {
            let sparse = PaxRecords(Array(text.utf8))
            #expect(sparse?.sparseByteCount == 900)
            #expect(sparse?.path == Array("a".utf8))
        }
        #expect(PaxRecords(Array((size + name).utf8))?.sparseByteCount == nil)
        #expect(PaxRecords(Array("26 GNU.sparse.realsize=-9\n".utf8)) == nil)
        #expect(PaxRecords([])?.path == nil)
    }

    @Test(
        "What is no record is an error, never a trap",
        arguments: [
            "x", "5", "5 ", "0 a=b\n", "-5 a=b\n", "99 a=b\n", "6 a=b", "6 ab=\n6", "4 a\n",
            "99999999999999999999 a=b\n", "1 \n", "2 \n", "3 \n", "11 size=-10\n", "9 size=x\n",
        ])
    func wrongRecords(text: String) { #expect(PaxRecords(Array(text.utf8)) == nil) }
}

extension [UInt8] {
    /// The same records, each with its true length in front.
    fileprivate func withFixedLengths() -> [UInt8] {
        split(separator: 0x0A).flatMap { line -> [UInt8] in
            let text = line.drop { $0 != 0x20 } + [0x0A]
            var length = text.count + 1
            while "\(length)".utf8.count + text.count != length { length += 1 }
            return Array("\(length)".utf8) + text
        }
    }
}
