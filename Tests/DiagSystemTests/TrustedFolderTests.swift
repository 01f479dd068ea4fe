import DiagSystem
import Foundation
import SystemPackage
import Testing

@Suite("A folder that nobody else could have written")
struct TrustedFolderTests {
    private let temporary: TemporaryFolder

    init() throws {
        temporary = try TemporaryFolder()
        try permit(0o755, "")
    }

    private func permit(_ mode: Int, _ name: String) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: mode], ofItemAtPath: "\(temporary.path)/\(name)")
    }

    private func refusal(_ name: String, isProgram: Bool = false) -> String? {
        do throws(TrustedFolder.Refusal) {
            _ = try TrustedFolder(temporary.path).file(name, isProgram: isProgram)
            return nil
        } catch { return error.description }
    }

    @Test("A plain file is opened, a program when it may be executed")
    func opened() throws {
        try temporary.write("text", to: "a")
        try permit(0o644, "a")
        #expect(refusal("a") == nil)
        #expect(
            refusal("a", isProgram: true)
                == "\(temporary.path)/a may not be executed: give it that right (chmod +x)")
        try permit(0o755, "a")
        #expect(refusal("a", isProgram: true) == nil)
        #expect(try TrustedFolder(temporary.path).read("a", limit: 2) == Array("te".utf8))
    }

    @Test("What others may write is refused, file or folder", arguments: [0o664, 0o646, 0o777])
    func writable(mode: Int) throws {
        try temporary.write("text", to: "a")
        try permit(mode, "a")
        let right = "may be written by others: take that right away (chmod go-w)"
        #expect(refusal("a") == "\(temporary.path)/a \(right)")
        try permit(0o644, "a")
        try permit(mode | 0o700, "")
        #expect(refusal("a") == "\(temporary.path) \(right)")
    }

    @Test("Links, folders, FIFOs and nothing are refused, and none is opened")
    func others() throws {
        try temporary.write("text", to: "a")
        try temporary.link("link", to: "a")
        try temporary.link("dangling", to: "nowhere")
        try FileManager.default.createDirectory(
            atPath: "\(temporary.path)/folder", withIntermediateDirectories: true)
        #expect(mkfifo("\(temporary.path)/fifo", 0o644) == 0)
        let link = "is a symbolic link, and none is followed here: put what it names in its place"
        #expect(refusal("link") == "\(temporary.path)/link \(link)")
        #expect(refusal("dangling") == "\(temporary.path)/dangling \(link)")
        #expect(refusal("folder") == "\(temporary.path)/folder is no regular file")
        #expect(refusal("fifo") == "\(temporary.path)/fifo is no regular file")
        #expect(refusal("none") == "\(temporary.path)/none does not exist")
    }

    @Test("A link to a folder is followed, but not one that another user made, nor in a circle")
    func linked() throws {
        try temporary.write("text", to: "a")
        try permit(0o644, "a")
        try temporary.link("same", to: ".")
        let path = temporary.path.appending("same")
        #expect(try TrustedFolder(path).read("a", limit: 4) == Array("text".utf8))
        try temporary.link("circle", to: "circle")
        #expect(throws: TrustedFolder.Refusal.self) {
            _ = try TrustedFolder(temporary.path.appending("circle"))
        }
        if getuid() == 0 {
            #expect(lchown("\(path)", 12_345, 0) == 0)
            let error = #expect(throws: TrustedFolder.Refusal.self) { _ = try TrustedFolder(path) }
            #expect(error?.description == "\(path) is a link of user 12345")
        }
    }

    @Test("What belongs to another is refused", .enabled(if: getuid() == 0))
    func owned() throws {
        try temporary.write("text", to: "a")
        try permit(0o644, "a")
        #expect(chown("\(temporary.path)/a", 12_345, 0) == 0)
        #expect(
            refusal("a") == "\(temporary.path)/a belongs to user 12345, neither root nor who runs"
                + " this: change that (chown)")
    }
}
