import DiagModel
import Testing

@testable import DiagCollect

@Suite("Artifact paths")
struct ArtifactPathTests {
    @Test(
        "A path that leaves its folder, or is no path, is refused",
        arguments: [
            "", "/etc/passwd", "a//b", "../x", "a/../../x", "a/..", ".", "a/./b", "a/", "a\u{0}b",
            "a\nb", "a/\u{1B}[2J", "/\u{301}escaped", "../\u{301}sibling",
            String(repeating: "a", count: 256),
            String(repeating: "a/", count: 40) + "b", String(repeating: "ab/", count: 600) + "c",
        ])
    func refused(path: String) {
        #expect(throws: ArtifactPath.Refusal.self) {
            try ArtifactPath(.init(path: path), collector: "c")
        }
    }

    @Test("A path is kept below the collector's folder", arguments: ["a", "a/b.txt", "ä/…", "..a"])
    func accepted(path: String) throws {
        #expect(try ArtifactPath(.init(path: path), collector: "c").text == "c/" + path)
    }

    @Test("Two spellings of one letter are two paths")
    func spellings() throws {
        let one = try ArtifactPath(.init(path: "\u{E9}.conf"), collector: "c")
        let other = try ArtifactPath(.init(path: "e\u{301}.conf"), collector: "c")
        #expect(one != other)
        #expect(Set([one, other]).count == 2)
        #expect(
            try ArtifactPath(.init(path: "a/\u{301}b"), collector: "c").components
                == ["c", "a", "\u{301}b"])
    }

    @Test("Bytes that are not UTF-8 come with the text that escapes them")
    func bytes() throws {
        let opening = WorkerMessage.Opening(path: "a\\xFF", pathBytes: "Yf8=")
        #expect(try ArtifactPath(opening, collector: "c").components == ["c", "a\\xFF"])
        #expect(throws: ArtifactPath.Refusal.self) {
            try ArtifactPath(.init(path: "a\\xFE", pathBytes: "Yf8="), collector: "c")
        }
    }
}
