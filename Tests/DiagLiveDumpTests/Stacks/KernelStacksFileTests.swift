import DiagModel
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("A file of kernel stacks")
struct KernelStacksFileTests {
    private static func sample() -> KernelStacks {
        var stacks = KernelStacks(
            host: "h", kernelRelease: "6.1", machine: "x86_64",
            taken: Timestamp(microsecondsSince1970: 0))
        var thread = KernelStacks.Thread(
            process: 1, thread: 1, name: "init [x]", state: "S", isKernelThread: false)
        thread.stack = 0
        stacks.threads = [thread]
        stacks.stacks = [.init(count: 1, frames: ["do_wait+0x1/0x2"])]
        return stacks
    }

    @Test("Numbers that no kernel gives are shown or left out, and never trap")
    func hostile() throws {
        for number in [Int.max, Int.max - 1, 1, -1, Int.min] {
            var stacks = Self.sample()
            stacks.threads[0].stack = number
            stacks.threads[0].thread = number < 0 ? .min : .max
            stacks.threads[0].processor = number
            stacks.threads[0].systemCall = .init(number: number, name: nil, arguments: [])
            stacks.stacks[0].count = number
            stacks.processCount = number
            stacks.states = ["S": number]
            stacks.seconds = 1e308
            stacks.processors = [.init(number: number, mode: .user)]
            stacks.processors[0].registers = ["r\(number)": "", "": ""]
            stacks.blocked = [
                .init(thread: .min, seconds: -1e308, wait: .init(kind: .unknown, reason: "x"))
            ]
            #expect(KernelStacksText.render(stacks).contains("init [x]"))
            stacks.threads[0].stack = 0
            stacks.threads.append(stacks.threads[0])
            #expect(KernelStacksText.render(stacks).contains("init [x]"))
        }
    }

    @Test("The parts of a document are the document", arguments: [0, 1, 2, 511, 512, 513, 1024])
    func parts(count: Int) throws {
        var stacks = Self.sample()
        stacks.threads = (0..<count).map {
            var thread = stacks.threads[0]
            thread.thread = Int32($0)
            thread.name = "a\n[\($0)]\r\u{2028}\""
            return thread
        }
        var bytes = [UInt8]()
        try stacks.encodeDocument { bytes += $0 }
        #expect(bytes == (try JSONDocument.encode(stacks, layout: .document)))
        bytes = []
        try KernelStacksText.encode(stacks) { bytes += $0 }
        #expect(String(decoding: bytes, as: UTF8.self) == KernelStacksText.render(stacks))
    }

    @Test("A FIFO, a folder and what is not there are errors at once", .timeLimit(.minutes(1)))
    func kinds() throws {
        let root = try CareRoot(isEmpty: true)
        func failure(_ name: String) -> String? {
            do throws(LiveDumpError) {
                _ = try KernelStacks.read(root.path.appending(name))
                return nil
            } catch { return error.description }
        }
        let bytes = try JSONDocument.encode(Self.sample(), layout: .document)
        try root.write("good.json", String(decoding: bytes, as: UTF8.self))
        #expect(failure("good.json") == nil)
        try root.write("cut.json", String(decoding: bytes.dropLast(9), as: UTF8.self))
        #expect(failure("cut.json")?.contains("not a document of kernel stacks") == true)
        try #require(mkfifo(root.path.appending("fifo.json").string, 0o600) == 0)
        #expect(failure("fifo.json")?.contains("(a FIFO)") == true)
        try root.write("folder/x", "")
        #expect(failure("folder")?.contains("(a directory)") == true)
        #expect(failure("none")?.contains("No such file") == true)
    }

    @Test("Registers of a process make stacks sensitive; those of the kernel do not")
    func registers() {
        var stacks = Self.sample()
        #expect(!stacks.holdsUserRegisters)
        stacks.processors = [.init(number: 0, mode: .kernel), .init(number: 1, mode: .user)]
        stacks.processors[0].registers = ["rip": "0x1"]
        #expect(!stacks.holdsUserRegisters)
        stacks.processors[1].registers = ["rip": "0x1"]
        #expect(stacks.holdsUserRegisters)
    }
}
