import Foundation
import SystemPackage
import Testing

@testable import DiagSystem

@Suite("Reading below a root")
struct RootedTreeTests {
    private func tree() throws -> (TemporaryFolder, RootedTree) {
        let folder = try TemporaryFolder()
        try folder.write("secret", to: "outside.txt")
        try folder.write("inside", to: "root/etc/passwd")
        try folder.write("x", to: "root/outside.txt")
        try folder.link("root/absolute", to: "/etc/passwd")
        try folder.link("root/climbing", to: "../../../../etc/passwd")
        try folder.link("root/loop", to: "loop")
        try folder.link("root/one", to: "two")
        try folder.link("root/two", to: "one")
        return (folder, try RootedTree(folder.path.appending("root")))
    }

    @Test(
        "Links and .. stay below the root, whichever way the kernel offers",
        arguments: ["absolute", "climbing", "etc/../../../etc/passwd", "/etc/passwd"])
    func confined(path: String) throws {
        let (folder, tree) = try tree()
        #expect(try tree.read(FilePath(path)) == Array("inside".utf8))
        #expect(
            try tree.walk(FilePath(path), flags: O_RDONLY).readAll(limit: 99)
                == Array("inside".utf8))
        _ = folder
    }

    @Test("Link loops end with an error", arguments: ["loop", "one", "one/x"])
    func loops(path: String) throws {
        let (folder, tree) = try tree()
        #expect(throws: SystemCallError.self) { try tree.read(FilePath(path)) }
        let error = #expect(throws: SystemCallError.self) {
            _ = try tree.walk(FilePath(path), flags: O_RDONLY).rawValue
        }
        #expect(error?.errno == .tooManySymbolicLinkLevels)
        _ = folder
    }

    @Test("A FIFO, a socket and a device node are never opened")
    func specialFiles() throws {
        let (folder, tree) = try tree()
        #expect(mkfifo(folder.path.appending("root/fifo").string, 0o600) == 0)
        let error = #expect(throws: SystemCallError.self) { try tree.read("fifo") }
        #expect(error?.errno == .invalidArgument)
        let live = try RootedTree("/")
        let device = #expect(throws: SystemCallError.self) { try live.read("dev/zero") }
        #expect(device?.errno == .invalidArgument)
        let directory = #expect(throws: SystemCallError.self) { try tree.read("etc") }
        #expect(directory?.errno == .isDirectory)
    }

    @Test("Attributes are read whole, cut at the limit, and links to them refused")
    func attributes() throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "0123456789", count: 2000)
        try folder.write(long, to: "long")
        try folder.write("  value \n\n", to: "short")
        try folder.write("", to: "empty")
        try folder.link("link", to: "short")
        let directory = try RootedTree(folder.path).directory("/")
        #expect(try directory.attribute("long") == Array(long.utf8))
        #expect(try directory.attribute("long", limit: 5000).count == 5000)
        #expect(try directory.attribute("long", limit: 10).count == 10)
        #expect(try directory.attribute("empty") == [])
        #expect(directory.text("short") == "  value")
        #expect(directory.text("nothing") == nil)
        #expect(throws: SystemCallError.self) { try directory.attribute("link") }
        #expect(try directory.entries().map(\.name.string) == ["empty", "link", "long", "short"])
        #expect(throws: SystemCallError.self) { try directory.entries(limit: 3) }
        #expect(try directory.readLink("link") == "short")
    }

    @Test("An error names the call, the path and what the kernel said")
    func errors() throws {
        let (folder, tree) = try tree()
        let error = #expect(throws: SystemCallError.self) { try tree.read("/no/such") }
        #expect(error?.description == "read /no/such: No such file or directory")
        _ = folder
    }
}
