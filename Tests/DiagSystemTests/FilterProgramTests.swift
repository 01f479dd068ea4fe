import DiagSystem
import SystemPackage
import Testing

@Suite("Programs that bytes go through")
struct FilterProgramTests {
    private func start(_ script: String) throws -> FilterProgram {
        let shell = try #require(InstalledTool.find("sh", searchPath: "/usr/bin:/bin"))
        return try FilterProgram.start(shell, ["-c", script])
    }

    private func readAll(_ program: FilterProgram) throws -> [UInt8] {
        var bytes = [UInt8]()
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = try program.read(into: &part)
            guard count > 0 else { return bytes }
            bytes += part[..<count]
        }
    }

    @Test("What goes in comes out, and it ends when no more comes")
    func through() throws {
        let program = try start("cat")
        try program.write(Array("one ".utf8).span)
        try program.write(Array("two".utf8).span)
        program.closeInput()
        #expect(try readAll(program) == Array("one two".utf8))
        #expect(program.wait().isWell)
        #expect(program.wait().isWell)
    }

    @Test("More than the pipes hold goes through, with one thread that writes and one that reads")
    func large() throws {
        let program = try start("cat")
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let writer = try BackgroundThread.start(name: "writer") {
            try? program.write(bytes.span)
            program.closeInput()
        }
        #expect(try readAll(program) == bytes)
        writer.join()
        #expect(program.wait().isWell)
    }

    @Test("One that ends early is an error of the write, and says why")
    func early() throws {
        let program = try start("echo 'no key' >&2; exit 3")
        #expect(try readAll(program).isEmpty)
        #expect(program.wait() == .ended(.exited(code: 3)))
        #expect(program.errors == Array("no key\n".utf8))
        let error = #expect(throws: SystemCallError.self) {
            try program.write([UInt8](repeating: 0, count: 4096).span)
        }
        #expect(error?.errno == .brokenPipe)
    }

    @Test("One that is killed lets go of who writes and who reads")
    func killed() throws {
        let program = try start("exec sleep 614")
        let writer = try BackgroundThread.start(name: "writer") {
            while (try? program.write([UInt8](repeating: 0, count: 65_536).span)) != nil {}
        }
        program.kill()
        #expect(try readAll(program).isEmpty)
        writer.join()
        #expect(program.wait() == .ended(.signalled(9)))
    }

    @Test("After its input was closed nothing can be written")
    func closed() throws {
        let program = try start("cat")
        program.closeInput()
        #expect(throws: SystemCallError.self) { try program.write([1].span) }
        #expect(try readAll(program).isEmpty)
    }

    @Test("Complaints beyond 64 KiB are passed over, and do not stop it")
    func complaints() throws {
        let program = try start("head -c 300000 /dev/zero >&2; echo done")
        program.closeInput()
        #expect(try readAll(program) == Array("done\n".utf8))
        #expect(program.wait().isWell)
        #expect(program.errors.count == 65_536)
    }

    @Test("A program is found in absolute folders alone")
    func search() {
        #expect(InstalledTool.find("sh", searchPath: "relative::/nonexistent:/bin")?.name == "sh")
        #expect(InstalledTool.find("sh", searchPath: "bin:.:") == nil)
        #expect(InstalledTool.find("sh", searchPath: "") == nil)
        #expect(InstalledTool.find("no-such-program", "sh", searchPath: "/bin")?.name == "sh")
        #expect(InstalledTool.find("bin", searchPath: "/usr") == nil)
    }
}
