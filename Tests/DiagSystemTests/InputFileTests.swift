import Foundation
import SystemPackage
import Testing

@testable import DiagSystem

@Suite("Opening what a person named")
struct InputFileTests {
    @Test("A FIFO, a directory and a device are told as what they are, and none is waited for")
    func kinds() throws {
        let folder = try TemporaryFolder()
        try folder.write("text", to: "file")
        let fifo = folder.path.appending("fifo")
        #expect(mkfifo(fifo.string, 0o600) == 0)
        try folder.link("link", to: "fifo")
        func failure(
            _ path: FilePath, kinds: Set<FileStatus.Kind> = [.regular]
        ) -> OwnedDescriptor.InputFailure? {
            do throws(OwnedDescriptor.InputFailure) {
                _ = try OwnedDescriptor.openInput(path, kinds: kinds)
                return nil
            } catch { return error }
        }
        #expect(failure(folder.path.appending("file")) == nil)
        #expect(failure(fifo) == .kind(.fifo))
        #expect(failure(folder.path.appending("link")) == .kind(.fifo))
        #expect(failure(folder.path) == .kind(.directory))
        #expect(failure(folder.path, kinds: [.directory]) == nil)
        #expect(failure("/dev/zero") == .kind(.characterDevice))
        let none = folder.path.appending("none")
        guard case .system(let error)? = failure(none) else {
            Issue.record("what is not there was opened")
            return
        }
        #expect(error.errno == .noSuchFileOrDirectory)
        #expect(error.object == none.string)
    }
}
