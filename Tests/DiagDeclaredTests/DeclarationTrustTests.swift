import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("What decides what is run must belong to who runs it")
struct DeclarationTrustTests {
    private static let text = yaml("  - files: [/etc/hostname]")

    private func failure(_ folder: String) -> String? {
        do {
            _ = try DeclarationFile.readFolder(FilePath(folder), isOptional: false)
            return nil
        } catch { return error.message }
    }

    private func permissions(_ mode: Int, of path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test("A folder and its files that nobody else may write are read")
    func trusted() throws {
        let host = try DeclaredHost([
            "/c/a.yaml": Self.text, "/c/.hidden.yaml": "x", "/c/b.txt": "",
        ])
        let found = try DeclarationFile.readFolder(FilePath(host.path + "/c"), isOptional: false)
        #expect(found.map(\.0.name) == ["test"])
    }

    @Test("A file or folder that others may write is refused with its name")
    func writable() throws {
        let host = try DeclaredHost(["/c/a.yaml": Self.text])
        try permissions(0o666, of: host.path + "/c/a.yaml")
        #expect(failure(host.path + "/c")?.contains("a.yaml may be written by others") == true)
        try permissions(0o644, of: host.path + "/c/a.yaml")
        try permissions(0o775, of: host.path + "/c")
        #expect(failure(host.path + "/c")?.contains("/c may be written by others") == true)
        try permissions(0o755, of: host.path + "/c")
        #expect(failure(host.path + "/c") == nil)
    }

    @Test("A link among the files is refused, and so is a dangling one: neither is passed over")
    func links() throws {
        let host = try DeclaredHost(["/c/a.yaml": Self.text, "/other.yaml": Self.text])
        try host.link("/c/b.yaml", to: "../other.yaml")
        #expect(failure(host.path + "/c")?.contains("b.yaml is a symbolic link") == true)
        try FileManager.default.removeItem(atPath: host.path + "/c/b.yaml")
        try host.link("/c/z.yaml", to: "/nowhere")
        #expect(failure(host.path + "/c")?.contains("z.yaml is a symbolic link") == true)
    }

    @Test("Of one file alone it is told why a run would refuse it, and whether one would read it")
    func oneFile() throws {
        let host = try DeclaredHost(["/c/a.yaml": Self.text])
        try host.link("/c/b.yaml", to: "a.yaml")
        func doubt(_ name: String) -> String? {
            DeclarationFile.doubt(of: FilePath("\(host.path)/c/\(name)"))
        }
        #expect(doubt("a.yaml") == nil)
        #expect(doubt("b.yaml")?.contains("b.yaml is a symbolic link") == true)
        try permissions(0o664, of: host.path + "/c/a.yaml")
        #expect(doubt("a.yaml")?.contains("a.yaml may be written by others") == true)
        try permissions(0o644, of: host.path + "/c/a.yaml")
        try permissions(0o777, of: host.path + "/c")
        #expect(doubt("a.yaml")?.contains("/c may be written by others") == true)
        #expect(
            ["a.yaml", "a.yml", "a.conf", ".a.yaml", "a"].map(DeclarationFile.isRead)
                == [true, true, false, false, false])
    }

    @Test("A folder that is not there is an error, unless it need not be")
    func missing() throws {
        let host = try DeclaredHost()
        #expect(failure(host.path + "/c")?.contains("does not exist") == true)
        let none = try DeclarationFile.readFolder(FilePath(host.path + "/c"), isOptional: true)
        #expect(none.isEmpty)
    }

    @Test(
        "As root, a folder on the way that others may write is refused, unless it is sticky",
        .enabled(if: geteuid() == 0))
    func ancestors() throws {
        let host = try DeclaredHost(["/way/c/a.yaml": Self.text])
        try permissions(0o777, of: host.path + "/way")
        #expect(failure(host.path + "/way/c")?.contains("/way may be written by others") == true)
        try permissions(0o1777, of: host.path + "/way")
        #expect(failure(host.path + "/way/c") == nil)
    }

    @Test(
        "As root, a link on the way is followed when it is root's, and what it leads to is checked",
        .enabled(if: geteuid() == 0))
    func linkOnTheWay() throws {
        let host = try DeclaredHost(["/real/c/a.yaml": Self.text])
        try host.link("/way", to: "real")
        #expect(failure(host.path + "/way/c") == nil)
        try permissions(0o777, of: host.path + "/real")
        #expect(failure(host.path + "/way/c")?.contains("/real may be written by others") == true)
        try permissions(0o755, of: host.path + "/real")
        #expect(lchown(host.path + "/way", 65534, 65534) == 0)
        #expect(failure(host.path + "/way/c")?.contains("is a link of user 65534") == true)
        try host.link("/loop", to: "loop")
        #expect(failure(host.path + "/loop/c") != nil)
    }
}
