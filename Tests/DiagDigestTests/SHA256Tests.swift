import DiagDigest
import Testing

/// The examples of FIPS 180-4's companion (NIST, "Examples with Intermediate Values", SHA-256) and
/// the byte-oriented short messages of its validation suite.
@Suite("SHA-256")
struct SHA256Tests {
    static let examples: [(bytes: [UInt8], digest: String)] = [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ([0xBD], "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
        (
            [UInt8](repeating: 0x61, count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test("Known messages have their digests", arguments: examples)
    func known(example: (bytes: [UInt8], digest: String)) {
        #expect(SHA256.digest(of: example.bytes).hexadecimal == example.digest)
    }

    @Test("The parts in which bytes come make no difference", arguments: [1, 3, 63, 64, 65, 1000])
    func parts(byteCount: Int) {
        let bytes = (0..<4099).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hash = SHA256()
        var place = 0
        while place < bytes.count {
            let end = min(bytes.count, place + byteCount)
            hash.update(bytes.span.extracting(place..<end))
            hash.update([UInt8]().span)
            place = end
        }
        #expect(hash.digest() == SHA256.digest(of: bytes))
    }

    @Test("A digest in between changes nothing, and a copy goes on by itself")
    func between() {
        var hash = SHA256()
        hash.update(Array("ab".utf8).span)
        let copy = hash
        #expect(hash.digest() == SHA256.digest(of: Array("ab".utf8)))
        hash.update(Array("c".utf8).span)
        #expect(hash.digest() == SHA256.digest(of: Array("abc".utf8)))
        #expect(copy.digest() == SHA256.digest(of: Array("ab".utf8)))
    }
}

/// The digests of "abc". Source: NIST, "Examples with Intermediate Values", SHA1 to SHA512.
@Suite("Hash functions of formats")
struct HashFunctionTests {
    static let digests: [HashFunction: String] = [
        .sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
        .sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        .sha384: "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            + "8086072ba1e7cc2358baeca134c825a7",
        .sha512: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ]

    @Test("The digest of abc", arguments: HashFunction.allCases)
    func known(function: HashFunction) {
        #expect(function.digest(of: Array("abc".utf8)).hexadecimal == Self.digests[function])
    }

    @Test("No bytes have a digest too", arguments: HashFunction.allCases)
    func empty(function: HashFunction) {
        #expect(function.digest(of: []).bytes.count * 2 == Self.digests[function]?.count)
    }
}
