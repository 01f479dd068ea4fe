import DiagFormats
import DiagModel
import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import DiagLiveDump
@testable import DiagSystem

@Suite("/proc/kcore")
struct KernelCoreTests {
    private func host(_ kernel: SyntheticKernel, iomem: String = SyntheticKernel.iomem) throws
        -> SyntheticHost
    {
        let host = try SyntheticHost()
        try host.write(kernel.file(), to: "proc/kcore")
        try host.write(iomem, to: "proc/iomem")
        try host.write("0-1,3\n", to: "sys/devices/system/cpu/online")
        return host
    }

    private func open(_ host: SyntheticHost) throws -> KernelCore {
        try KernelCore(tree: host.tree, host: SyntheticHost.host)
    }

    private func cause(_ host: SyntheticHost) -> LiveDumpReport.Obstacle.Cause? {
        do {
            _ = try open(host)
            return nil
        } catch { return (error as? LiveDumpError)?.obstacle.cause }
    }

    @Test("Ranges, image, physical base and notes are those of the headers")
    func layout() throws {
        let kernel = SyntheticKernel()
        kernel.taskContent = [1, 2, 3, 4]
        let core = try open(host(kernel))
        #expect(
            core.ranges == [
                MemoryRange(
                    physicalAddress: 0x10_0000, byteCount: 0x10_0000, fileOffset: 0x1_0000,
                    virtualAddress: SyntheticKernel.direct + 0x10_0000),
                MemoryRange(
                    physicalAddress: 0x40_0000, byteCount: 0x4_0000, fileOffset: 0x11_0000,
                    virtualAddress: SyntheticKernel.direct + 0x40_0000),
            ])
        #expect(
            core.kernel
                == DumpedKernel(
                    uts: SyntheticHost.host.uts, machine: 62, pageByteCount: 4096,
                    vmcoreInfo: Array(kernel.info.utf8),
                    physicalBase: 0xFFFF_FFFF_FF18_0000,
                    image: MemoryRange(
                        physicalAddress: 0x18_0000, byteCount: 0x1_0000, fileOffset: 0x9_0000,
                        virtualAddress: SyntheticKernel.image), processorCount: 3))
        #expect(core.taskStructure == [1, 2, 3, 4])
        #expect(core.warnings == [])
        #expect(core.virtualRanges.count == 4)
    }

    @Test("Memory is read by physical and by kernel address, and nothing outside of it")
    func reading() throws {
        let kernel = SyntheticKernel()
        kernel.set(0x1122_3344_5566_7788, at: 0x18_0010)
        kernel.set(42, at: 0x43_FFF8)
        let host = try host(kernel)
        defer { withExtendedLifetime(host) {} }
        let core = try open(host)
        let reader = try core.makeKernelCoreReader()
        let buffer = try MappedMemory(byteCount: 4096)
        func read(_ address: UInt64, _ count: Int) -> (Int, UInt64) {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
            return (reader.read(at: address, into: part), part.load(as: UInt64.self))
        }
        #expect(read(0x18_0010, 8) == (8, 0x1122_3344_5566_7788))
        #expect(read(0x43_FFF8, 16) == (8, 42))
        #expect(read(0x44_0000, 8).0 == 0)
        #expect(read(0xF_FFF8, 8).0 == 0)
        #expect(reader.read(virtual: SyntheticKernel.image + 0x10, count: 2) == [0x88, 0x77])
        #expect(
            reader.read(virtual: SyntheticKernel.direct + 0x18_0010, count: 2) == [0x88, 0x77])
        #expect(reader.read(virtual: SyntheticKernel.direct, count: 1) == nil)
        #expect(reader.read(virtual: SyntheticKernel.image + 0xFFFF, count: 2) == nil)
        #expect(reader.read(virtual: 0, count: 1) == nil)
    }

    @Test("Memory that is only in one of kcore and iomem is left out, with a warning")
    func hotPlug() throws {
        let one = try open(
            host(SyntheticKernel(), iomem: "00100000-0017ffff : System RAM\n"))
        #expect(one.ranges.map(\.physicalAddress) == [0x10_0000])
        #expect(one.ranges.map(\.byteCount) == [0x8_0000])
        #expect(one.warnings.count == 1)
        let hidden = try open(host(SyntheticKernel(), iomem: "00000000-00000000 : System RAM\n"))
        #expect(hidden.ranges.count == 2)
        #expect(hidden.warnings == ["/proc/iomem shows no addresses: /proc/kcore alone was used"])
    }

    @Test("What is set aside for a crash kernel is left out without a word")
    func crashKernel() throws {
        let core = try open(
            host(
                SyntheticKernel(),
                iomem: SyntheticKernel.iomem + "  00140000-0014ffff : Crash kernel\n"))
        #expect(core.ranges.map(\.physicalAddress) == [0x10_0000, 0x15_0000, 0x40_0000])
        #expect(core.ranges.map(\.fileOffset) == [0x1_0000, 0x6_0000, 0x11_0000])
        #expect(core.warnings == [])
    }

    @Test(
        "Code and rodata count as only read where the kernel protects them",
        arguments: [
            ("ro quiet\n", true), ("rodata=on", true), ("rodata=1 x", true),
            ("ro rodata=off\n", false), ("rodata=0", false), ("rodata=full", false),
            ("xrodata=off", true),
        ])
    func readOnlyImage(commandLine: String, isProtected: Bool) throws {
        let host = try host(
            SyntheticKernel(),
            iomem: SyntheticKernel.iomem.replacingOccurrences(
                of: "0018ffff : Kernel code",
                with: "00187fff : Kernel code\n  00188000-0018b0ff : Kernel rodata\n"
                    + "  0018c000-0018ffff : Kernel data"))
        try host.write(commandLine, to: "proc/cmdline")
        #expect(
            try open(host).kernel.readOnlyAddresses
                == (isProtected ? [0x18_0000..<0x18_8000, 0x18_8000..<0x18_B100] : []))
        #expect(!KernelCore.isImageProtected(host.tree, machine: 183))
    }

    @Test("Where the command line is not known nothing counts as only read")
    func unknownCommandLine() throws {
        #expect(try open(host(SyntheticKernel())).kernel.readOnlyAddresses == [])
    }

    @Test("Memory that came since is noticed")
    func changed() throws {
        let host = try host(SyntheticKernel())
        let core = try open(host)
        #expect(core.rangesChanged() == false)
        var bytes = SyntheticKernel().file()
        bytes[64 + 56 * 4 + 41] = 3  // p_memsz of the last range
        bytes[64 + 56 * 4 + 33] = 3
        try host.write(bytes, to: "proc/kcore")
        #expect(core.rangesChanged() == true)
        try host.write([], to: "proc/kcore")
        #expect(core.rangesChanged() == nil)
    }

    /// The file, with everything but its headers a page further on.
    private func moved(_ kernel: SyntheticKernel) -> [UInt8] {
        var bytes = kernel.file()
        for header in 1..<5 {
            // The second byte of p_offset: 0x1000 more.
            bytes[64 + 56 * header + 8 + 1] += 0x10
        }
        bytes.insert(contentsOf: [UInt8](repeating: 0, count: 4096), at: 0x10000)
        return bytes
    }

    @Test("Memory that lies elsewhere in the file is told from memory that came or went")
    func moves() throws {
        let kernel = SyntheticKernel()
        let host = try host(kernel)
        let core = try open(host)
        #expect(core.displacement() == nil)
        // A range that is gone leaves the others where they are.
        var fewer = kernel.file()
        fewer[64 + 56 * 4] = 0
        try host.overwrite(fewer, at: "proc/kcore")
        #expect(core.displacement() == nil)
        _ = try core.makeReader()
        try host.overwrite(moved(kernel), at: "proc/kcore")
        #expect(core.displacement() != nil)
        #expect(core.displacement() == DumpCopy.moved)
        do {
            _ = try core.makeReader()
            Issue.record("it was opened")
        } catch { #expect(error.obstacle.cause == .inputOutput) }
    }

    @Test("A header that cannot be read again is not taken for memory that moved")
    func unreadableHeader() throws {
        let host = try host(SyntheticKernel())
        let core = try open(host)
        #expect(core.displacement() == nil)
        try host.overwrite([], at: "proc/kcore")
        // Nobody knows where the ranges are: what is read may be another's all the same.
        #expect(core.displacement() != nil)
        let expected = LiveDumpReport.Obstacle(
            cause: .inputOutput,
            message: "the header of /proc/kcore could not be read again: read /proc/kcore: it has "
                + "no ELF header",
            remedy: "Make another dump.")
        #expect(core.displacement() == expected)
        do {
            _ = try core.makeReader()
            Issue.record("it was opened")
        } catch { #expect(error.obstacle == expected) }
        // Where the kernel refuses, its reason stands there: a folder stands for that.
        let folder = try OwnedDescriptor.open(host.path, .readOnly)
        do {
            _ = try KernelCore.headerAgain(folder)
            Issue.record("it was read")
        } catch {
            #expect(
                error.obstacle.message
                    == "the header of /proc/kcore could not be read again: \(Errno.isDirectory)")
        }
    }

    @Test("A dump whose memory moves meanwhile is partial and says so")
    func movesMeanwhile() throws {
        let kernel = SyntheticKernel()
        for frame in 0x100..<0x200 { kernel.set(UInt64(frame), at: UInt64(frame) * 4096) }
        let host = try host(kernel)
        try host.write(flags: [UInt64](repeating: 0, count: 0x440))
        let core = try open(host)
        let selection = try LivePageSelection(source: core, tree: host.tree)
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        func write() throws -> DumpResult {
            try DumpWriter.write(
                core, selection, notes: DumpNotes([]), options: DumpWriterOptions(started: .now),
                to: place.output(), control: DumpControl())
        }
        #expect(try write().isComplete)
        // The threads have opened the file when the first is seen to be: then it moves.
        let moving = MovingCore(core) { try? host.overwrite(moved(kernel), at: "proc/kcore") }
        let result = try DumpWriter.write(
            moving, selection, notes: DumpNotes([]), options: DumpWriterOptions(started: .now),
            to: place.output(), control: DumpControl())
        #expect(!result.isComplete)
        #expect(result.obstacle == DumpCopy.moved)
        #expect(result.torn == nil)
        #expect(try place.source().isIncomplete)
    }

    /// The kernel's memory, of which the first read makes something happen.
    private final class MovingCore: MemorySource {
        private final class Reader: MemoryReader {
            let base: any MemoryReader
            let happen: @Sendable () -> Void
            init(_ base: any MemoryReader, _ happen: @escaping @Sendable () -> Void) {
                self.base = base
                self.happen = happen
            }
            func read(at address: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int {
                happen()
                return base.read(at: address, into: bytes)
            }
        }
        let base: KernelCore
        let happen: @Sendable () -> Void
        var kernel: DumpedKernel { base.kernel }
        var ranges: [MemoryRange] { base.ranges }

        init(_ base: KernelCore, _ happen: @escaping () -> Void) {
            self.base = base
            nonisolated(unsafe) let body = happen
            let isDone = Mutex(false)
            self.happen = {
                isDone.withLock { done in
                    if !done { body() }
                    done = true
                }
            }
        }
        func makeReader() throws(LiveDumpError) -> any MemoryReader {
            Reader(try base.makeReader(), happen)
        }
        func displacement() -> LiveDumpReport.Obstacle? { base.displacement() }
    }

    @Test("A count of program headers that needs a section header is read there")
    func manyHeaders() throws {
        let host = try host(SyntheticKernel())
        try host.write(SyntheticKernel().file(phnum: 5), to: "proc/kcore")
        #expect(try open(host).ranges.count == 2)
        try host.write(SyntheticKernel().file(phnum: 4), to: "proc/kcore")
        #expect(try open(host).ranges.count == 1)
    }

    @Test("VMCOREINFO is found through /sys/kernel/vmcoreinfo on kernels without the note")
    func oldInfo() throws {
        let kernel = SyntheticKernel()
        let note = ELFNote(name: "VMCOREINFO", type: 0, descriptor: Array(kernel.info.utf8)).encoded
        for (index, byte) in note.enumerated() { kernel.memory[0x18_2000 + index] = byte }
        kernel.info = ""
        let host = try host(kernel)
        try host.write("0x0000000000182000 1024\n", to: "sys/kernel/vmcoreinfo")
        let core = try open(host)
        #expect(core.kernel.vmcoreInfo == Array(SyntheticKernel().info.utf8))
        #expect(core.warnings == [])
        try host.write("0xffffffffffffffff 1024\n", to: "sys/kernel/vmcoreinfo")
        #expect(try open(host).warnings.count == 1)
    }

    @Test("VMCOREINFO that contradicts the headers is a warning")
    func contradiction() throws {
        let kernel = SyntheticKernel()
        kernel.info = kernel.info.replacing("phys_base)=-15204352", with: "phys_base)=4096")
            .replacing("KERNELOFFSET=0", with: "KERNELOFFSET=7f000000")
            .replacing("_stext)=ffffffff81", with: "_stext)=ffffffff91")
        let core = try open(host(kernel))
        #expect(core.warnings.count == 3)
        #expect(core.kernel.physicalBase == 0xFFFF_FFFF_FF18_0000)
    }

    @Test("Each way in which a kernel refuses has its cause and a remedy")
    func refusals() throws {
        let empty = try SyntheticHost()
        #expect(cause(empty) == .noKernelCore)
        try empty.write("podman", to: "run/.containerenv")
        #expect(cause(empty) == .container)
        try empty.write([], to: "proc/kcore/folder")
        #expect(cause(empty) == .container)

        let old = try SyntheticHost()
        try old.write(SyntheticKernel().file(physical: false), to: "proc/kcore")
        #expect(cause(old) == .unsupported)
        try old.write([], to: "proc/kcore")
        #expect(cause(old) == .unsupported)

        let tree = old.tree
        func obstacle(_ errno: Errno) -> LiveDumpReport.Obstacle {
            KernelCoreObstacle.opening(
                SystemCallError(operation: "open", object: "/proc/kcore", errno: errno), in: tree
            ).obstacle
        }
        #expect(obstacle(.notPermitted).cause == .notPermitted)
        #expect(obstacle(.tooManyOpenFiles).cause == .inputOutput)
        #expect(obstacle(.tooManyOpenFiles).remedy == nil)
        func flags(_ errno: Errno) -> LiveDumpReport.Obstacle.Cause {
            KernelCoreObstacle.pageFlags(
                SystemCallError(operation: "open", object: "/proc/kpageflags", errno: errno)
            ).obstacle.cause
        }
        #expect(flags(.permissionDenied) == .notPermitted)
        #expect(flags(.noSuchFileOrDirectory) == .unsupported)
        #expect(flags(.ioError) == .inputOutput)
        #expect(obstacle(.permissionDenied).remedy?.contains("CAP_SYS_RAWIO") == true)
        try old.write("none integrity [confidentiality]\n", to: "sys/kernel/security/lockdown")
        #expect(obstacle(.notPermitted).cause == .lockdown)
        #expect(obstacle(.permissionDenied).cause == .notPermitted)
        try old.write("none [integrity] confidentiality\n", to: "sys/kernel/security/lockdown")
        #expect(obstacle(.notPermitted).cause == .notPermitted)
    }

    @Test("Every truncation and every changed byte of the header gives a value or an error")
    func damage() throws {
        let host = try SyntheticHost()
        let bytes = SyntheticKernel().file()
        try host.write(SyntheticKernel.iomem, to: "proc/iomem")
        func attempt(_ bytes: [UInt8]) throws {
            try host.write(bytes, to: "proc/kcore")
            guard let core = try? open(host) else { return }
            _ = try? core.pageFrames()
            let reader = try core.makeKernelCoreReader()
            for range in core.virtualRanges {
                _ = reader.read(virtual: range.virtualAddress, count: 64)
            }
        }
        for length in stride(from: 0, to: 64 + 56 * 5, by: 3) {
            try attempt(Array(bytes[..<length]))
        }
        for index in 0..<(64 + 56 * 5) {
            var damaged = bytes[..<0x1_1000].map { $0 }
            damaged[index] = ~damaged[index]
            try attempt(damaged)
        }
    }

    @Test("An AArch64 kernel's base is where its memory begins")
    func arm() throws {
        let kernel = SyntheticKernel()
        kernel.info = "NUMBER(PHYS_OFFSET)=0x40000000\n"
        let host = try host(kernel)
        var bytes = kernel.file()
        bytes[18] = 183
        try host.write(bytes, to: "proc/kcore")
        let core = try open(host)
        #expect(core.kernel.physicalBase == 0x4000_0000)
        #expect(core.kernel.image == nil)
        bytes[18] = 8
        try host.write(bytes, to: "proc/kcore")
        #expect(cause(host) == .unsupported)
    }
}
