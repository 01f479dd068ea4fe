import Foundation
import SystemPackage
import Testing

@testable import DiagSystem

/// Whether /dev is a file system in memory of its own.
private let hasOwnDevices: Bool = {
    guard let tree = try? RootedTree("/"), let root = try? tree.status(of: "/"),
        let folder = try? tree.status(of: "/dev"),
        let space = try? tree.fileSystemSpace(at: "/dev")
    else { return false }
    return space.magic == 0x0102_1994 && folder.deviceNumber != root.deviceNumber
}()

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

    /// The type of procfs, which stands in for autofs: it is mounted everywhere.
    private static let procfs: UInt32 = 0x9FA0

    @Test(
        "What is at an automount point, below it or behind a link to it is left alone, and named",
        arguments: ["/proc", "/proc/version", "/proc/self/status", "/etc/../proc/version", "link"])
    func automounts(path: String) throws {
        let folder = try TemporaryFolder()
        try folder.link("link", to: "/proc/version")
        let path = path == "link" ? folder.path.appending("link") : FilePath(path)
        let tree = try RootedTree(
            "/", followsLinksOfOthers: true, scope: nil,
            marks: .init(automountTypes: [Self.procfs]))
        let error = #expect(throws: SystemCallError.self) {
            _ = try tree.status(of: path, leavingAutomounts: true)
        }
        #expect(error?.automountPoint == "/proc")
        let refusal = #expect(throws: SystemCallError.self) {
            _ = try tree.directory(path, leavingAutomounts: true)
        }
        #expect(refusal?.automountPoint == "/proc")
        #expect(try tree.status(of: path).kind != .unknown)
        #expect(try RootedTree("/").status(of: path, leavingAutomounts: true).kind != .unknown)
    }

    @Test("What is not there, and what is no automount point, is told as ever")
    func noAutomounts() throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "a/b")
        try folder.link("link", to: "a")
        let tree = try RootedTree("/")
        let path = folder.path.appending("link")
        #expect(try tree.status(of: path, leavingAutomounts: true).kind == .directory)
        #expect(
            try tree.status(of: path, followingLinks: false, leavingAutomounts: true).kind
                == .symbolicLink)
        #expect(
            try tree.directory(path, leavingAutomounts: true).entries().map(\.name.string) == ["b"])
        let error = #expect(throws: SystemCallError.self) {
            try tree.status(of: path.appending("b/c"), leavingAutomounts: true)
        }
        #expect(error?.errno == .notDirectory)
        #expect(error?.automountPoint == nil)
    }

    /// The running host's root under another name, which has a border.
    private static let ownRoot: FilePath = "/proc/self/root"

    @Test("What the running kernel has mounted in a root is not there, nor is an automount point")
    func border() throws {
        let tree = try RootedTree(Self.ownRoot)
        for path in ["/proc", "/proc/version", "/sys/kernel"] as [FilePath] {
            let error = #expect(throws: SystemCallError.self) { try tree.status(of: path) }
            #expect(error?.errno == .noSuchFileOrDirectory)
        }
        let top = try tree.directory("/")
        #expect(throws: SystemCallError.self) { try top.directory("proc") }
        #expect(try tree.directory("/etc").path == "/etc")
    }

    @Test(
        "A link does not lead past the border of a root",
        .enabled(if: hasOwnDevices, "/dev is of the root"))
    func linkPastBorder() throws {
        let folder = try TemporaryFolder()
        try folder.link("link", to: "/dev/null")
        try folder.link("folder", to: "/dev")
        // /tmp may be in memory itself.
        let tree = try RootedTree(
            Self.ownRoot, followsLinksOfOthers: true, scope: nil,
            marks: .init(memoryFolders: ["/dev"]))
        for path in ["link", "folder", "folder/null"] {
            let error = #expect(throws: SystemCallError.self) {
                try tree.status(of: folder.path.appending(path))
            }
            #expect(error?.errno == .noSuchFileOrDirectory)
            #expect(error?.object.hasPrefix("/dev (of the running kernel") == true)
        }
        let refusal = #expect(throws: SystemCallError.self) {
            _ = try tree.openDevice(folder.path.appending("link")).rawValue
        }
        #expect(refusal?.errno == .noSuchFileOrDirectory)
        #expect(
            try tree.status(of: folder.path.appending("link"), followingLinks: false).kind
                == .symbolicLink)
        let elsewhere = try RootedTree(
            Self.ownRoot, followsLinksOfOthers: true, scope: nil, marks: .init(memoryFolders: []))
        #expect(try elsewhere.status(of: folder.path.appending("link")).kind == .characterDevice)
    }
}
