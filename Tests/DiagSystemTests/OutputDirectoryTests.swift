import Foundation
import SystemPackage
import Testing

@testable import DiagSystem

@Suite("Writing below the output")
struct OutputDirectoryTests {
    @Test("Parents are made with mode 0700, files with 0600, and nothing is overwritten")
    func modes() throws {
        let folder = try TemporaryFolder()
        let output = try OutputDirectory.create(folder.path.appending("a/b"))
        _ = try output.makeDirectory("c").createFile("file").write(Array("x".utf8).span)
        let tree = try RootedTree(folder.path)
        #expect(try tree.status(of: "a").permissions == 0o700)
        #expect(try tree.status(of: "a/b/c").permissions == 0o700)
        #expect(try tree.status(of: "a/b/c/file").permissions == 0o600)
        let error = #expect(throws: SystemCallError.self) {
            _ = try output.makeDirectory("c").createFile("file").rawValue
        }
        #expect(error?.errno == .fileExists)
    }

    @Test("A link in the way is refused, and removing a tree follows none")
    func links() throws {
        let folder = try TemporaryFolder()
        try folder.write("precious", to: "precious/file")
        try folder.link("link", to: "precious")
        try folder.write("x", to: "old/deep/er/file")
        try folder.link("old/link", to: "../precious")
        let output = try OutputDirectory.create(folder.path)
        #expect(throws: SystemCallError.self) { try output.makeDirectory("link") }
        #expect(throws: SystemCallError.self) { _ = try output.createFile("link").rawValue }
        try output.removeTree("old")
        try output.removeTree("old")
        #expect(try output.status(of: "old") == nil)
        #expect(try RootedTree(folder.path).read("precious/file") == Array("precious".utf8))
    }

    @Test("A name that something has already is not taken from it")
    func renamingNew() throws {
        let folder = try TemporaryFolder()
        let output = try OutputDirectory.create(folder.path)
        try folder.write("ours", to: "part")
        try folder.write("theirs", to: "whole")
        let error = #expect(throws: SystemCallError.self) {
            try output.renameNew("part", to: "whole")
        }
        #expect(error?.errno == .fileExists)
        let tree = try RootedTree(folder.path)
        #expect(try tree.read("whole") == Array("theirs".utf8))
        try output.renameNew("part", to: "other")
        #expect(try tree.read("other") == Array("ours".utf8))
        #expect(try output.status(of: "part") == nil)
    }

    @Test("The second to lock is told who holds it; after release the lock is free")
    func lock() throws {
        let folder = try TemporaryFolder()
        let output = try OutputDirectory.create(folder.path)
        guard case .acquired(let lock) = try FileLock.acquire(".lock", in: output, holder: "run 1")
        else {
            Issue.record("the first lock was not given")
            return
        }
        guard case .held(let holder) = try FileLock.acquire(".lock", in: output, holder: "run 2")
        else {
            Issue.record("two have the lock")
            return
        }
        #expect(holder == "run 1")
        lock.release()
        #expect(try output.status(of: ".lock") == nil)
    }
}
