import DiagFormats
import Testing

struct OSReleaseTests {
    @Test("Quotes and escapes are those of a shell, and other lines are noted")
    func fields() {
        let text = """
            # comment
            NAME="Debian GNU/Linux"
            ID=debian
            VARIANT='a "b" \\c'
            PRETTY_NAME="x \\"y\\" \\$z \\n"
            EMPTY=

            not an assignment
            1BAD=x
            OPEN="never closed
            ID=last
            """
        let release = OSRelease(parsing: text)
        #expect(
            release.fields == [
                "NAME": "Debian GNU/Linux", "ID": "last", "VARIANT": "a \"b\" \\c",
                "PRETTY_NAME": "x \"y\" $z \\n", "EMPTY": "",
            ])
        #expect(release.malformedLines == [8, 9, 10])
    }

    @Test("Lines may end with a carriage return, and an empty file has no fields")
    func endings() {
        #expect(OSRelease(parsing: "ID=x\r\nNAME=\"y\"\r\n").fields == ["ID": "x", "NAME": "y"])
        #expect(OSRelease(parsing: "").fields == [:])
    }
}

struct KernelTaintTests {
    @Test("Every flag of the kernel has its letter")
    func letters() {
        #expect(KernelTaint.known.map(\.letter).joined() == "PFSRMBUDAWCIOELKXTNJ")
        #expect(KernelTaint.known.map(\.bit) == Array(0..<20))
    }

    @Test("A mask gives its flags, lowest first; a new one is told as such")
    func mask() throws {
        let taint = try #require(KernelTaint(parsing: "12800\n"))
        #expect(taint.flags.map(\.letter) == ["W", "O", "E"])
        #expect(KernelTaint(mask: 1 << 63).flags.map(\.letter) == ["?"])
        #expect(KernelTaint(mask: 0).flags == [])
        #expect(KernelTaint(parsing: "-1") == nil)
    }
}

struct PressureStallTests {
    static let sample = """
        some avg10=0.00 avg60=1.25 avg300=100.00 total=18446744073709551615
        full avg10=0.00 avg60=0.00 avg300=0.00 total=0

        """

    @Test("Both lines are read")
    func both() throws {
        let pressure = try PressureStall(parsing: Self.sample)
        #expect(pressure.some?.average60 == 1.25)
        #expect(pressure.some?.average300 == 100)
        #expect(pressure.some?.totalMicroseconds == .max)
        #expect(pressure.full?.totalMicroseconds == 0)
    }

    @Test(
        "A line without its values is an error",
        arguments: [
            ("", 1), ("none", 1), ("some avg10=0", 1),
            ("full avg10=0 avg60=0 avg300=0 total=0\nsome avg10=nan avg60=0 avg300=0 total=0", 2),
            ("some avg10=0 avg60=0 avg300=0 total=-1", 1),
        ])
    func malformed(text: String, line: Int) {
        do {
            _ = try PressureStall(parsing: text)
            Issue.record("accepted")
        } catch {
            guard case .unexpected(line, _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test("No truncation traps")
    func truncated() {
        for length in 0..<Self.sample.utf8.count {
            _ = try? PressureStall(parsing: String(Self.sample.prefix(length)))
        }
    }
}

struct KernelModuleListTests {
    @Test("Modules are read with their users, state and taint")
    func modules() {
        let text = """
            zfs 5000000 6 - Live 0x0000000000000000 (POE)
            dm_mod 200704 2 dm_crypt,dm_mirror, Live 0x0000000000000000
            builtin 1 - [permanent], Live 0x0
            going 16384 0 - Unloading 0x0 (O-)
            broken
            x y z - Live 0x0
            """
        let list = KernelModuleList(parsing: text)
        #expect(list.modules.map(\.name) == ["zfs", "dm_mod", "builtin", "going"])
        #expect(list.modules.map(\.byteCount) == [5_000_000, 200_704, 1, 16384])
        #expect(list.modules.map(\.referenceCount) == [6, 2, nil, 0])
        #expect(
            list.modules.map(\.usedBy) == [[], ["dm_crypt", "dm_mirror"], ["[permanent]"], []])
        #expect(list.modules.map(\.taint) == ["POE", "", "", "O"])
        #expect(list.modules.last?.state == "Unloading")
        #expect(list.malformedLines == [5, 6])
    }
}

struct MemoryStatisticsTests {
    @Test("Sizes are bytes, numbers of pages are counts, and what overflows is left out")
    func memory() {
        let statistics = MemoryStatistics(
            parsing: """
                MemTotal:       16384 kB
                Active(anon):       4 kB
                HugePages_Total:       3
                Huge:  18446744073709551615 kB
                Strange: x
                Odd: 4 MB
                """)
        #expect(statistics.byteCounts == ["MemTotal": 16_777_216, "Active(anon)": 4096])
        #expect(statistics.counts == ["HugePages_Total": 3])
    }
}

struct ProcessorListTests {
    @Test("An x86 host is summed up")
    func x86() {
        let one = { (number: Int, package: Int, core: Int) in
            """
            processor\t: \(number)
            vendor_id\t: GenuineIntel
            cpu family\t: 6
            model\t\t: 85
            model name\t: Intel(R) Xeon(R) Gold 6248
            stepping\t: 7
            microcode\t: 0x5003604
            physical id\t: \(package)
            core id\t\t: \(core)
            flags\t\t: fpu vme hypervisor
            bugs\t\t: spectre_v1 mds

            """
        }
        let list = ProcessorList(
            parsing: [one(0, 0, 0), one(1, 0, 0), one(2, 1, 0), one(3, 1, 0)].joined())
        #expect(list.logicalCount == 4 && list.coreCount == 2 && list.packageCount == 2)
        #expect(list.models == ["Intel(R) Xeon(R) Gold 6248"])
        #expect(list.vendor == "GenuineIntel" && list.signature == "6/85/7")
        #expect(list.microcodeRevisions == ["0x5003604"])
        #expect(list.features == ["fpu", "vme", "hypervisor"])
        #expect(list.bugs == ["spectre_v1", "mds"])
    }

    @Test("An Arm host and an s390 host are counted")
    func others() {
        let arm = ProcessorList(
            parsing: "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n")
        #expect(arm.logicalCount == 1 && arm.vendor == "0x41" && arm.packageCount == nil)
        #expect(arm.features == ["fp", "asimd"])
        let mainframe = ProcessorList(
            parsing: "vendor_id       : IBM/S390\nprocessor 0: version = 00\nprocessor 1: x\n")
        #expect(mainframe.logicalCount == 2 && mainframe.vendor == "IBM/S390")
    }
}
