import DiagFormats
import Testing

@Suite("Users and groups without passwords")
struct AccountTableTests {
    private func table(_ text: String, _ kind: AccountTable.Kind) -> (String, Int) {
        let table = AccountTable(parsing: Array(text.utf8), of: kind)
        return (String(decoding: table.bytes, as: UTF8.self), table.leftOutCount)
    }

    @Test(
        "The second field is never there, and a line that is not of the form is left out whole",
        arguments: [
            ("root:x:0:0:root:/root:/bin/sh\n", .users, "root:0:0:root:/root:/bin/sh\n", 0),
            ("old:$6$s$hash:1000:1000::/home/old:", .users, "old:1000:1000::/home/old:\n", 0),
            ("locked:!:1:1:::\nnone::2:2:::\n", .users, "locked:1:1:::\nnone:2:2:::\n", 0),
            ("# a comment\n\n \n", .users, "", 0),
            // A field too few or too many: the hash may stand in any.
            ("a:$6$hash:0:root:/root:/bin/sh\n", .users, "", 1),
            ("a:b:$6$hash:0:0:root:/root:/bin/sh\n", .users, "", 1),
            ("a:x:$6$hash:0:root:/root:/bin/sh\n", .users, "", 1),
            ("a:x:0:-1:root:/root:/bin/sh\n", .users, "", 1),
            ("a:x:0:4294967296:root:/root:/bin/sh\n", .users, "", 1),
            (":$6$hash:0:0:root:/root:/bin/sh\n+\n$6$hash\n", .users, "", 3),
            ("proxy=http://user:hash@proxy.example:3128/\n", .users, "", 1),
            ("wheel:hash:10:root,old\nroot:x:0:\n", .groups, "wheel:10:root,old\nroot:0:\n", 0),
            ("root:x:0:0:root:/root:/bin/sh\n", .groups, "", 1),
            ("proxy=http://user:hash@proxy.example:3128/\n", .groups, "", 1),
            ("", .groups, "", 0),
        ] as [(String, AccountTable.Kind, String, Int)])
    func lines(text: String, kind: AccountTable.Kind, kept: String, leftOutCount: Int) {
        let (bytes, count) = table(text, kind)
        #expect(bytes == kept)
        #expect(count == leftOutCount)
    }

    @Test("Bytes that are no UTF-8 stay as they are")
    func anyBytes() {
        let text: [UInt8] = Array("a:x:1:1:".utf8) + [0xFF, 0xC3] + Array(":/:/bin/sh\n".utf8)
        let kept: [UInt8] = Array("a:1:1:".utf8) + [0xFF, 0xC3] + Array(":/:/bin/sh\n".utf8)
        #expect(AccountTable(parsing: text, of: .users).bytes == kept)
    }

    @Test("A file that is cut gives no part of a password", arguments: 0..<57)
    func cut(length: Int) {
        let text = Array("old:$6$salt$secret:1000:1000::/home/old:/bin/sh\nb:x:1:1::/:\n".utf8)
        let table = AccountTable(parsing: Array(text.prefix(length)), of: .users)
        #expect(!String(decoding: table.bytes, as: UTF8.self).contains("$"))
    }
}
