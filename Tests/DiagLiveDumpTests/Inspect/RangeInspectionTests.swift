import DiagFormats
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("The kernel of a LiME or AVML file")
struct RangeInspectionTests {
    private static let lost = "The kernel cannot be told"

    @Test(
        "Kernel, host and debug package are told from the memory",
        arguments: [
            RangeSamples.lime(RangeSamples.memory()), RangeSamples.avml(RangeSamples.memory()),
        ])
    func found(bytes: [UInt8]) throws {
        let dump = try DumpSamples.describe(bytes)
        #expect(dump.completeness == .complete, "\(dump.shortcomings)")
        #expect(dump.release == RangeSamples.release)
        #expect(dump.host == "lab")
        #expect(dump.version == "#1 SMP Debian 6.1")
        #expect(dump.machine == "x86_64")
        #expect(dump.buildIdentifier == RangeSamples.identifier)
        #expect(dump.kernelOffset == "0x1a000000")
        #expect(dump.time == nil)
        #expect(dump.debugPackage == "linux-image-\(RangeSamples.release)-dbg")
        #expect(dump.isLive == true)
        let crash = try #require(dump.openWith.first { $0.hasPrefix("crash ") })
        #expect(
            crash.hasPrefix(
                "crash --kaslr=0x1a000000 -m phys_base=0xffffffffe8000000 "
                    + "/usr/lib/debug/boot/vmlinux-\(RangeSamples.release) "))
        #expect(dump.warnings.contains { $0.hasPrefix("Kernel and host are from the memory") })
        #expect(!dump.warnings.contains { $0.hasPrefix("The search ended early") })
    }

    @Test("Crash is given each range as an image at its address")
    func images() throws {
        let dump = try DumpSamples.describe(RangeSamples.lime(RangeSamples.memory()))
        let copy = "bs=1M iflag=skip_bytes,count_bytes conv=sparse"
        #expect(dump.openWith[0] == "dd if=dump of=range1.raw \(copy) skip=32 count=6000")
        #expect(dump.openWith[1] == "dd if=dump of=range2.raw \(copy) skip=6064 count=262144")
        #expect(dump.openWith[2].hasSuffix(" range1.raw@1000,range2.raw@3000000"))
        let many = (0..<20).flatMap { DumpSamples.lime([(UInt64($0) << 24, 4096)]) }
        for bytes in [
            RangeSamples.avml(RangeSamples.memory()),
            many + RangeSamples.lime(RangeSamples.memory()),
        ] {
            let commands = try DumpSamples.describe(bytes).openWith
            #expect(commands[0] == "avml-convert --format raw dump memory.raw")
            #expect(commands[1].hasSuffix(" memory.raw@0"))
        }
    }

    @Test("A range that begins within a page", arguments: [1, 512, 4095])
    func unaligned(skip: Int) throws {
        let dump = try DumpSamples.describe(RangeSamples.lime(RangeSamples.memory(), skip: skip))
        #expect(dump.host == "lab")
    }

    @Test("A text that the memory does not confirm tells the kernel, and says so")
    func unconfirmed() throws {
        let memory = RangeSamples.memory(hasNames: false)
        for bytes in [RangeSamples.lime(memory), RangeSamples.avml(memory)] {
            let dump = try DumpSamples.describe(bytes)
            #expect(dump.release == RangeSamples.release)
            #expect(dump.host == nil)
            #expect(
                dump.warnings.contains { $0.contains("nothing else in the memory confirms it") })
        }
    }

    @Test("The text of another kernel, as a file in memory may hold it, does not count")
    func others() throws {
        let other = RangeSamples.text.replacingOccurrences(of: "6.1.0-56", with: "5.10.0-9")
        let dump = try DumpSamples.describe(
            RangeSamples.lime(RangeSamples.memory(others: [1: other, 2: other, 60: other])))
        #expect(dump.release == RangeSamples.release)
        #expect(dump.host == "lab")
    }

    @Test(
        "A text that no kernel writes is not believed",
        arguments: [
            ("OSRELEASE=6", "OSRELEASE=\u{1B}6"), ("OSRELEASE=6.1", "OSRELEASE=$(id)"),
            ("BUILD-ID=3b43", "BUILD-ID=xyz!"), ("PAGESIZE=4096", "PAGESIZE=4097"),
            ("PAGESIZE=4096\n", ""), ("KERNELOFFSET=1a000000", "KERNELOFFSET=1a00001"),
            ("KERNELOFFSET=1a000000", "KERNELOFFSET=; rm"), ("NUMBER(phys", "OTHER(phys"),
            ("PAGESIZE", "no key\u{20}x=1\nPAGESIZE"),
            ("SYMBOL(init_uts_ns)=ffff", "SYMBOL(a)=ffff"),
            ("OSRELEASE=", " OSRELEASE="), ("1a000000\n", "1a000000"),
        ])
    func malformed(old: String, new: String) throws {
        #expect(RangeSamples.text.contains(old))
        let text = RangeSamples.text.replacingOccurrences(of: old, with: new)
        let dump = try DumpSamples.describe(RangeSamples.lime(RangeSamples.memory(text)))
        #expect(dump.release == nil)
        #expect(dump.host == nil)
        #expect(dump.buildIdentifier == nil)
        #expect(dump.symbols == nil)
        #expect(!dump.openWith.contains { $0.hasPrefix("crash") })
        #expect(dump.warnings.contains { $0.hasPrefix(Self.lost) })
    }

    @Test("A text without an end is not believed")
    func endless() {
        let endless = Array(RangeSamples.text.utf8) + Array(repeating: 0x41, count: 70_000)
        #expect(KernelText.parse(endless.span) == nil)
        #expect(KernelText.parse((Array(RangeSamples.text.utf8) + [0]).span) != nil)
        for count in 0...RangeSamples.text.utf8.count {
            #expect(KernelText.parse(Array(RangeSamples.text.utf8.prefix(count)).span) == nil)
        }
    }

    @Test(
        "A search that ended at its limit says so",
        arguments: [
            KernelTextSearch.Limits(byteCount: 4096), .init(duration: .zero), .init(byteCount: 0),
        ])
    func limits(limits: KernelTextSearch.Limits) throws {
        for bytes in [
            RangeSamples.lime(RangeSamples.memory()), RangeSamples.avml(RangeSamples.memory()),
        ] {
            let path = FilePath(
                FileManager.default.temporaryDirectory
                    .appendingPathComponent("ranges-\(UUID().uuidString)").path)
            defer { try? FileManager.default.removeItem(atPath: path.string) }
            try Data(bytes).write(to: URL(fileURLWithPath: path.string))
            let file = try InspectedFile(OwnedDescriptor.open(path, .readOnly), name: "dump")
            let dump = try RangeInspection.describe(file, bytes, limits: limits)
            #expect(dump.release == nil)
            #expect(dump.warnings.contains { $0.hasPrefix("The search ended early, after ") })
        }
    }

    @Test("Every cut of such a file gives a description or an error")
    func cut() throws {
        for bytes in [
            RangeSamples.lime(RangeSamples.memory()), RangeSamples.avml(RangeSamples.memory()),
        ] {
            let lengths = stride(from: bytes.count - 1, through: 0, by: -997)
            try DumpSamples.describeCut(bytes, to: lengths) { length, dump in
                if let dump, length != 6032 { #expect(dump.completeness == .partial, "\(length)") }
            }
        }
    }

    @Test("Compressed memory that is damaged is told, and the rest is looked through")
    func damaged() throws {
        let memory = RangeSamples.memory(hasNames: false)
        let dump = try DumpSamples.describe(RangeSamples.avml(memory))
        #expect(dump.release == RangeSamples.release)
        #expect(dump.warnings.contains { $0.hasPrefix("Some of the compressed memory is damaged") })
    }
}
