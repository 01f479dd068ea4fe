import Testing

@testable import DiagFormats

@Suite("Samples of processors")
struct PerfRecordTests {
    static let mask = ProcessorRegisters.Machine.x86.perfMask

    static func sample(
        thread: UInt32 = 42, chain: [UInt64], registers: [UInt64]?, misc: UInt16 = 1
    ) -> [UInt8] {
        var body = [UInt8]()
        body.appendLittleEndian(UInt64(0xFFFF_FFFF_8100_1234))
        body.appendLittleEndian(UInt32(40))
        body.appendLittleEndian(thread)
        body.appendLittleEndian(UInt64(123_456_789))
        body.appendLittleEndian(UInt32(3))
        body.appendLittleEndian(UInt32(0))
        body.appendLittleEndian(UInt64(chain.count))
        for address in chain { body.appendLittleEndian(address) }
        body.appendLittleEndian(UInt64(registers == nil ? 0 : 2))
        for value in registers ?? [] { body.appendLittleEndian(value) }
        return record(type: 9, misc: misc, body)
    }

    static func record(type: UInt32, misc: UInt16 = 0, _ body: [UInt8]) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.appendLittleEndian(type)
        bytes.appendLittleEndian(misc)
        bytes.appendLittleEndian(UInt16(8 + body.count))
        return bytes + body
    }

    static let kernelMark = UInt64.max - 127
    static let userMark = UInt64.max - 511
    static let registers = (0..<20).map { UInt64($0 + 1) }
    static let ring: [UInt8] = {
        var lost = [UInt8]()
        lost.appendLittleEndian(UInt64(7))
        lost.appendLittleEndian(UInt64(5))
        return sample(
            chain: [kernelMark, 0xFFFF_FFFF_8100_1234, 0xFFFF_FFFF_8100_5678, userMark, 0x40_1000],
            registers: registers) + record(type: 2, lost)
            + sample(thread: 0, chain: [], registers: nil, misc: 2)
    }()

    @Test("A ring's samples have threads, kernel call chains and registers; what was lost counts")
    func ring() throws {
        let records = try PerfRecords(parsing: Self.ring.span, registerMask: Self.mask)
        #expect(records.lostCount == 5)
        #expect(
            records.samples == [
                PerfSample(
                    processIdentifier: 40, threadIdentifier: 42, time: 123_456_789, processor: 3,
                    instructionPointer: 0xFFFF_FFFF_8100_1234, isUser: false,
                    callChain: [0xFFFF_FFFF_8100_1234, 0xFFFF_FFFF_8100_5678],
                    registers: Self.registers),
                PerfSample(
                    processIdentifier: 40, threadIdentifier: 0, time: 123_456_789, processor: 3,
                    instructionPointer: 0xFFFF_FFFF_8100_1234, isUser: true, callChain: [],
                    registers: []),
            ])
    }

    @Test("A sample without registers asked for ends behind its call chain")
    func noRegisters() throws {
        var bytes = Self.sample(chain: [1], registers: nil)
        bytes.removeLast(8)
        bytes.setLittleEndian(UInt16(bytes.count), at: 6)
        let records = try PerfRecords(parsing: bytes.span, registerMask: 0)
        #expect(records.samples.map(\.callChain) == [[1]])
    }

    @Test("A ring cut anywhere but between records is an error, never a trap")
    func truncation() throws {
        let ends = [0, 256, 280, Self.ring.count]
        for length in 0...Self.ring.count {
            let part = Array(Self.ring[..<length])
            if let records = try? PerfRecords(parsing: part.span, registerMask: Self.mask) {
                #expect(ends.contains(length), "\(length)")
                #expect(records.samples.count <= 2)
            } else {
                #expect(!ends.contains(length), "\(length)")
            }
        }
    }

    @Test("A ring with any byte changed gives a value or an error")
    func damage() {
        for offset in Self.ring.indices {
            for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
                var damaged = Self.ring
                damaged[offset] = value
                _ = try? PerfRecords(parsing: damaged.span, registerMask: Self.mask)
                _ = try? PerfRecords(parsing: damaged.span, registerMask: .max)
            }
        }
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<2000 {
            var damaged = Self.ring
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1
                damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 40)
            }
            _ = try? PerfRecords(parsing: damaged.span, registerMask: Self.mask)
        }
    }

    @Test("Registers of a sample take their places in pr_reg, and read back from the note")
    func registersOfX86() throws {
        let registers = try #require(
            ProcessorRegisters(machine: .x86, perfValues: Self.registers))
        // ax bx cx dx si di bp sp ip flags cs ss r8-r15 hold 1 to 20.
        #expect(
            registers.values == [
                20, 19, 18, 17, 7, 2, 16, 15, 14, 13, 1, 3, 4, 5, 6, .max, 9, 11, 10, 8, 12, 0, 0,
                0, 0, 0, 0,
            ])
        #expect(registers.instructionPointer == 9)
        #expect(registers.stackPointer == 8)
        let status = ProcessorStatus(processIdentifier: 4, registers: registers)
        let bytes = status.encoded
        #expect(bytes.count == 336)
        #expect(bytes[32] == 4)
        #expect(bytes[112 + 16 * 8] == 9)
        #expect(try ProcessorStatus(parsing: bytes.span, machine: .x86) == status)
        #expect(status.note.name == "CORE")
        for length in 0..<336 {
            #expect(throws: FormatError.self) {
                try ProcessorStatus(parsing: bytes.span.extracting(0..<length), machine: .x86)
            }
        }
    }

    @Test("On AArch64 a note has 392 bytes, with sp and pc behind x30")
    func registersOfArm() throws {
        let values = (0..<33).map { UInt64($0 + 100) }
        let registers = try #require(ProcessorRegisters(machine: .arm, perfValues: values))
        #expect(registers.values == values + [0])
        #expect(registers.stackPointer == 131)
        #expect(registers.instructionPointer == 132)
        let status = ProcessorStatus(processIdentifier: -1, registers: registers)
        #expect(status.encoded.count == 392)
        #expect(try ProcessorStatus(parsing: status.encoded.span, machine: .arm) == status)
        #expect(ProcessorRegisters(machine: .arm, perfValues: Self.registers) == nil)
    }
}

@Suite("Names of the kernel's functions")
struct KernelSymbolsTests {
    static let text = """
        0000000000000000 A fixed_percpu_data
        ffffffff81000000 T _stext
        ffffffff81000000 T _text
        ffffffff81000040 t schedule
        ffffffff81000100 D jiffies
        ffffffff81000200 W weak_one
        ffffffffc0001000 t late\t[ext4]
        ffffffffc0000000 t ext4_read\t[ext4]
        nonsense
        ffffffff81000300 T
        """

    static let places: [(UInt64, String)] = [
        (0xFFFF_FFFF_8100_0000, "_stext+0x0"), (0xFFFF_FFFF_8100_0104, "schedule+0xc4"),
        (0xFFFF_FFFF_8100_0200, "weak_one+0x0"), (0xFFFF_FFFF_8100_03FF, "weak_one+0x1ff"),
        (0xFFFF_FFFF_C000_0010, "ext4_read+0x10 [ext4]"),
        (0xFFFF_FFFF_C000_1FFF, "late+0xfff [ext4]"),
        (0xFFFF_FFFF_8000_0000, "0xffffffff80000000"),
        (0xFFFF_FFFF_FFFF_FFFF, "0xffffffffffffffff"),
    ]

    private static func symbols(
        at addresses: [UInt64], _ text: [UInt8], piece: Int = .max
    ) -> KernelSymbols {
        var symbols = KernelSymbols(at: addresses)
        var start = 0
        while start < text.count {
            let end = start + min(piece, text.count - start)
            symbols.consume(text.span.extracting(start..<end))
            start = end
        }
        symbols.finish()
        return symbols
    }

    @Test(
        "An address is told as function, offset and module; data is no function",
        arguments: [Int.max, 1, 2, 7, 30, 64])
    func places(piece: Int) {
        let symbols = Self.symbols(
            at: Self.places.map(\.0), Array(Self.text.utf8), piece: piece)
        #expect(symbols.count == 6)
        for (address, text) in Self.places { #expect(symbols.text(of: address) == text) }
        #expect(symbols.text(of: 0xFFFF_FFFF_8100_0105) == "0xffffffff81000105")
    }

    @Test("It is done behind the highest address, and never where lines come in no order")
    func done() {
        let lines = Self.text.split(separator: "\n").map { Array($0.utf8) + [0x0A] }
        func linesNeeded(_ address: UInt64) -> Int? {
            var symbols = KernelSymbols(at: [address])
            for (index, line) in lines.enumerated() {
                symbols.consume(line.span)
                if symbols.isDone { return index + 1 }
            }
            return nil
        }
        #expect(linesNeeded(0xFFFF_FFFF_8100_0010) == 4)
        #expect(linesNeeded(0xFFFF_FFFF_8100_0104) == 6)
        #expect(linesNeeded(0xFFFF_FFFF_C000_1FFF) == nil)
        #expect(KernelSymbols(at: []).isDone)
    }

    @Test("Modules are found before the image, as on arm64, and behind it in any order")
    func modules() {
        let image = "ffff800008010000 T _stext\nffff800008010100 T schedule\n"
        let below = "ffff800000b20000 t xfs_read\t[xfs]\nffff800000a10000 t nfs_read\t[nfs]\n"
        let above = "ffff80000b920000 t xfs_read\t[xfs]\nffff80000b810000 t nfs_read\t[nfs]\n"
        let cases: [(String, UInt64)] = [
            (below, 0xFFFF_8000_00A1_0010), (above, 0xFFFF_8000_0B81_0010),
        ]
        for (text, place) in cases {
            var symbols = KernelSymbols(at: [place])
            for line in (image + text).split(separator: "\n") where !symbols.isDone {
                symbols.consume(Array((line + "\n").utf8).span)
            }
            symbols.finish()
            #expect(symbols.text(of: place) == "nfs_read+0x10 [nfs]")
        }
    }

    @Test("Where addresses are hidden nothing is known, and damage never traps")
    func hidden() {
        let zeros = Array("0000000000000000 T schedule\n0000000000000000 t x\n".utf8)
        #expect(Self.symbols(at: [1, .max], zeros).count == 0)
        let sample = Array(Self.text.utf8)
        for length in 0...sample.count {
            _ = Self.symbols(at: [.max], Array(sample[..<length])).text(of: .max)
        }
        for offset in sample.indices {
            for value in [UInt8(0), 0x0A, 0x20, 0x66, 0xFF] {
                var damaged = sample
                damaged[offset] = value
                _ = Self.symbols(at: Self.places.map(\.0), damaged).text(of: Self.places[1].0)
            }
        }
    }

    @Test("A line without an end takes bounded room, and the next is understood")
    func longLine() {
        let text = [UInt8](repeating: 0x61, count: 100_000) + [0x0A] + Array(Self.text.utf8)
        let symbols = Self.symbols(at: [Self.places[1].0], text, piece: 4096)
        #expect(symbols.text(of: Self.places[1].0) == Self.places[1].1)
    }
}
