import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("Patterns of paths")
struct GlobPatternTests {
    private func matches(_ pattern: String, _ path: String) throws -> Bool {
        try GlobPattern.expanding(pattern).contains { $0.matches(FilePath(path)) }
    }

    @Test(
        "A pattern matches what a shell's would",
        arguments: [
            ("/etc/hosts", "/etc/hosts", true), ("/etc/hosts", "/etc/host", false),
            ("/etc/*.conf", "/etc/a.conf", true), ("/etc/*.conf", "/etc/.conf", false),
            ("/etc/*.conf", "/etc/b/a.conf", false), ("/etc/.*", "/etc/.conf", true),
            ("/etc/*", "/etc/.conf", false), ("/etc/?", "/etc/ä", true),
            ("/etc/?", "/etc/ab", false), ("/proc/[0-9]*/io", "/proc/12/io", true),
            ("/proc/[0-9]*/io", "/proc/self/io", false), ("/a/[!a-c]", "/a/d", true),
            ("/a/[!a-c]", "/a/b", false), ("/a/[]]", "/a/]", true), ("/a/[a-]", "/a/-", true),
            ("/a/[]-a]", "/a/^", true), ("/a/[a-a]", "/a/a", true), ("/a/[a-z-9]", "/a/-", true),
            ("/a/{b,c}.{d,e}", "/a/c.d", true), ("/a/{b,c}.{d,e}", "/a/c.f", false),
            (#"/a/\{b\}"#, "/a/{b}", true), (#"/a/{b\,c,d}"#, "/a/b,c", true),
            (#"/a/{b\},c}"#, "/a/b}", true), ("/a/{b,c/d}", "/a/c/d", true),
            ("/a/{b,{c,d}}e", "/a/de", true),
            ("/a/**", "/a/b/c/d", true), ("/a/**/x", "/a/x", true),
            ("/a/**/x", "/a/b/c/x", true), ("/a/**/x", "/a/b/c/y", false),
            (#"/a/\*"#, "/a/*", true), (#"/a/\*"#, "/a/b", false),
            ("*.key", "/any/where/a.key", true), ("*.key", "/any/where/a.keys", false),
            ("/a*b*c*d", "/axxbxxcxxd", true), ("/a*b*c*d", "/axxbxxcxx", false),
        ])
    func matching(pattern: String, path: String, isMatch: Bool) throws {
        #expect(try matches(pattern, path) == isMatch)
    }

    @Test(
        "What is no pattern is refused, and it says why",
        arguments: [
            ("/a/[b", "`[` has no `]`"), ("/a/{b", "`{` has no `}`"), ("/a/b}", "`}` has no `{`"),
            (#"/a\"#, "a backslash at the end"), ("/", "at least one name"), ("", "at least one"),
            ("/a/../b", "`..`"), (#"/a/b\}}"#, "`}` has no `{`"),
            (#"/a/{b\}"#, "`{` has no `}`"),
            ("/" + String(repeating: "{a,b}", count: 9), "more than 256"),
            ("/" + String(repeating: "{a}", count: 17), "at most 16 braces"),
            ("/" + String(repeating: "a", count: 5000), "at most 4,096 bytes"),
            ("/a*\0", "must not hold NUL"), ("/[\0-b]", "must not hold NUL"),
            ("/**/a/**/b/**/c/**", "at most three `**`"), (#"/a/\.\./b"#, "`..`"),
            ("/[z-a]", "`z-a` runs backwards"), ("/a[!9-0]*", "`9-0` runs backwards"),
            ("/[a-cz-x]", "`z-x` runs backwards"), ("/[z--]", "`z--` runs backwards"),
        ])
    func refused(pattern: String, why: String) {
        let fault = #expect(throws: GlobPattern.Fault.self) {
            try GlobPattern.expanding(pattern)
        }
        #expect(fault?.description.contains(why) == true, "\(fault?.description ?? "")")
    }

    @Test("Many stars cost no time that grows beyond all bounds")
    func manyStars() throws {
        let pattern = "/" + String(repeating: "*a", count: 60) + "b"
        #expect(try !matches(pattern, "/" + String(repeating: "a", count: 200)))
    }

    @Test("Names that are not UTF-8 are matched byte by byte")
    func bytes() throws {
        let path = FilePath(platformString: [0x2F, 0x61, CChar(bitPattern: 0xFF), 0x62, 0])
        #expect(try GlobPattern.expanding("/a*b")[0].matches(path))
        #expect(try GlobPattern.expanding("/a?b")[0].matches(path))
        #expect(try !GlobPattern.expanding("/a?")[0].matches(path))
    }
}

@Suite("The words for several patterns")
struct GlobPatternTitleTests {
    @Test(
        "One is named, two are one and another, more are counted",
        arguments: [
            (["/a"], "/a"), (["/a", "/b"], "/a and 1 other"),
            (["/a", "/b", "/c"], "/a and 2 others"),
        ])
    func title(texts: [String], expected: String) throws {
        let patterns = try texts.flatMap { try GlobPattern.expanding($0) }
        #expect(GlobPattern.title(patterns) == expected)
    }
}
