import DiagFormats
import Testing

/// Every text parser takes whatever a damaged or hostile host gives it.
struct DamagedTextTests {
    static let samples = [
        "NAME=\"a b\"\nID='c'\nX=\\y\n",
        "zfs 5000000 6 a,b, Live 0x0 (POE)\n",
        "some avg10=0.00 avg60=1.25 avg300=9.00 total=7\nfull avg10=0 avg60=0 avg300=0 total=0\n",
        "processor\t: 0\nphysical id\t: 0\ncore id\t: 1\nmodel name\t: M\nflags\t: a b\n",
        "MemTotal: 12 kB\nHugePages_Total: 3\n",
        "# GRUB Environment Block\nsaved_entry=a\\\nb\n###",
        "title A\ninitrd /a /b\noptions x=\"y z\" w\n",
        "linux /v root=x rd.iscsi.password=\"a b\" c=iscsi:u:p@h $6$ab$cd$ \\",
        "4608\n",
    ]

    private func parseAll(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = OSRelease(parsing: text)
        _ = KernelModuleList(parsing: text)
        _ = try? PressureStall(parsing: text)
        _ = ProcessorList(parsing: text)
        _ = MemoryStatistics(parsing: text)
        _ = try? GRUBEnvironment(parsing: bytes)
        _ = BootLoaderEntry(parsing: text)
        _ = KernelCommandLine(parsing: text)
        _ = KernelTaint(parsing: text)
        _ = EFIVariableName(fileName: text)
        var mask = SecretMask()
        _ = mask.text(bytes)
    }

    @Test("No truncation and no flipped byte traps", arguments: samples)
    func damaged(sample: String) {
        let bytes = Array(sample.utf8)
        for length in bytes.indices { parseAll(Array(bytes.prefix(length))) }
        for index in bytes.indices {
            for value in [UInt8(0), 0x0A, 0x20, 0x22, 0x3D, 0x5C, 0xFF] {
                var damaged = bytes
                damaged[index] = value
                parseAll(damaged)
            }
        }
    }

    @Test("However a line is cut, no part of its secret of five bytes is left")
    func cutSecret() {
        let line = Array("linux /v rd.iscsi.password=QQQQQ c='x' n.secret=\"QQ QQ\"".utf8)
        for length in 0...line.count {
            var mask = SecretMask()
            #expect(!mask.text(Array(line.prefix(length))).contains(UInt8(ascii: "Q")), "\(length)")
        }
    }
}
