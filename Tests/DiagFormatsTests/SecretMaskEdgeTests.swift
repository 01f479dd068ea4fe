import Testing

@testable import DiagFormats

@Suite("Secrets in lines of configuration")
struct SecretMaskEdgeTests {
    private func masked(_ text: String) -> String {
        var mask = SecretMask()
        return String(decoding: mask.text(Array(text.utf8)), as: UTF8.self)
    }

    @Test("A sign that joins the last letter of a name hides no secret")
    func combining() {
        // Compared as characters, the `t` with its accent would be another letter.
        #expect(masked("secret\u{301}=hunter2 x") == "secret\u{301}=[masked] x")
        #expect(masked("a_passwd\u{301} = a b") == "a_passwd\u{301} = [masked]")
    }

    @Test("An address or a hash inside a word that names a secret is masked, too")
    func nested() {
        #expect(
            masked("url=https://u:hunter2@host/?token=abc x")
                == "url=https://u:[masked]@host/?token=[masked] x")
        #expect(masked("https://u:a=b@host/token=abc") == "https://u:[masked]@host/token=[masked]")
        #expect(masked("$6$salt$hash.token=abc") == "[masked]=[masked]")
        #expect(
            masked("see,ftp://a:b@c,ftp://d:e@f_key = x")
                == "see,ftp://a:[masked]@c,ftp://d:[masked]@f_key = [masked]")
    }

    @Test("Text without a secret stays as it is, to the byte")
    func untouched() {
        let text = "name =  \nkeyring\t \n\u{FF}\\ # a: b://c\n\n  monkey wepa sweep=1\n$a$b\n"
        #expect(masked(text) == text)
        let bytes: [UInt8] = [0xFF, 0x3D, 0x00, 0x0A, 0x24, 0x80]
        var mask = SecretMask()
        #expect(mask.text(bytes) == bytes)
        #expect(mask.maskedCount == 0)
    }

    @Test("A line that is continued is masked with the one it continues")
    func continued() {
        #expect(
            masked("password a \\\nb \\\n\nkeep")
                == "password [masked]\n[masked]\n[masked]\nkeep")
    }
}
