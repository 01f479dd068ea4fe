import Foundation
import SystemPackage
import Testing

@testable import DiagSystem

@Suite("Automount points that are left alone")
struct AutomountTableTests {
    private static func point(_ place: String, isIndirect: Bool = false) -> AutomountTable.Point {
        .init(mountPoint: Array(place.utf8), isIndirect: isIndirect)
    }

    /// A tree of the running host in which procfs stands in for autofs: it is mounted everywhere.
    private static func tree(_ table: AutomountTable) throws -> RootedTree {
        try RootedTree(
            "/", followsLinksOfOthers: true, scope: nil, marks: .init(automountTypes: [0x9FA0])
        ).leavingAutomounts(of: table)
    }

    private static let proc = AutomountTable([point("/boot"), point("/proc")])

    /// The automount point that `body` leaves alone.
    private func leftAlone(_ body: () throws -> Void) -> FilePath? {
        do { try body() } catch { return (error as? SystemCallError)?.automountPoint }
        return nil
    }

    @Test(
        "Only what lies at a mount of autofs or below one needs care, and what climbs",
        arguments: [
            ("/boot", true), ("/boot/a/b", true), ("boot/a", true), ("/a/../etc", true),
            ("/bootx", false), ("/boo", false), ("/a/boot", false), ("/", false), ("", false),
        ])
    func concerns(path: String, isConcerned: Bool) {
        let table = AutomountTable([Self.point("/net", isIndirect: true), Self.point("/boot")])
        #expect(table.concerns(FilePath(path)) == isConcerned)
        #expect(AutomountTable.unknown.concerns(FilePath(path)))
        #expect(!AutomountTable([]).concerns(FilePath(path)))
    }

    @Test("The last mount at a place tells whether the names in it are the automount points")
    func indirect() {
        let table = AutomountTable([
            Self.point("/net", isIndirect: true), Self.point("/home"),
            Self.point("/home", isIndirect: true), Self.point("/misc", isIndirect: true),
            Self.point("/misc"),
        ])
        #expect(table.isIndirect("/net") && table.isIndirect("/home"))
        #expect(!table.isIndirect("/misc") && !table.isIndirect("/net/host"))
    }

    @Test(
        "A tree leaves them alone whatever is asked of it, behind a link, too",
        arguments: ["/proc", "/proc/version", "/proc/self/status", "/etc/../proc/version", "link"],
        [proc, .unknown])
    func wholeTree(path: String, table: AutomountTable) throws {
        let folder = try TemporaryFolder()
        try folder.link("link", to: "/proc/version")
        let path = path == "link" ? folder.path.appending("link") : FilePath(path)
        let plain = try Self.tree(table)
        let scope = ReadScope(files: [], trees: [], folders: [])
        let trees = [
            plain, try plain.followingTrustedLinks(), try plain.restricted(to: scope),
        ]
        for tree in trees {
            #expect(leftAlone { _ = try tree.status(of: path) } == "/proc")
            #expect(leftAlone { _ = try tree.read(path) } == "/proc")
            #expect(leftAlone { _ = try tree.walk(path, flags: O_RDONLY).rawValue } == "/proc")
        }
        #expect(leftAlone { _ = try plain.directory(path) } == "/proc")
        #expect(leftAlone { _ = try plain.openDevice(path).rawValue } == "/proc")
    }

    @Test("A folder of such a tree leaves them alone, too", arguments: [proc, .unknown])
    func folder(table: AutomountTable) throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "in/x")
        try folder.link("in/link", to: "/proc")
        let top = try Self.tree(table).directory("/")
        #expect(leftAlone { _ = try top.directory("proc") } == "/proc")
        #expect(leftAlone { _ = try top.directory("proc/self") } == "/proc")
        #expect(leftAlone { _ = try top.attribute("proc/version") } == "/proc")
        var buffer = [UInt8](repeating: 0, count: 64)
        #expect(top.attribute("proc/version", into: &buffer) == nil)
        #expect(leftAlone { _ = try top.read("proc/version", into: &buffer) } == "/proc")
        let inner = try Self.tree(table).directory(folder.path.appending("in"))
        #expect(leftAlone { _ = try inner.directory("link/self") } == "/proc")
        #expect(try inner.readLink("link") == "/proc")
    }

    @Test("All else is read as ever", arguments: [proc, .unknown])
    func elsewhere(table: AutomountTable) throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "a/b/c")
        try folder.link("link", to: "a")
        let tree = try Self.tree(table)
        for path in ["a/b/c", "link/b/c", "link/../a/b/c"] {
            #expect(try tree.read(folder.path.appending(path)) == Array("x".utf8))
        }
        let link = try tree.directory(folder.path.appending("link"))
        #expect(try link.directory("b").entries().map(\.name.string) == ["c"])
        #expect(try link.directory("b").text("c") == "x")
        #expect(link.text("b/c") == "x")
        let error = #expect(throws: SystemCallError.self) {
            try tree.read(folder.path.appending("a/no"))
        }
        #expect(error?.errno == .noSuchFileOrDirectory)
    }

    @Test("Where there is none, and in another root, the tree stays as it is")
    func none() throws {
        let live = try RootedTree("/")
        #expect(try live.leavingAutomounts(of: AutomountTable([])) === live)
        let other = try RootedTree("/proc/self/root")
        #expect(try other.leavingAutomounts(of: Self.proc) === other)
    }
}
