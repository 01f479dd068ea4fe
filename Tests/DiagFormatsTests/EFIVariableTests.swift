import DiagFormats
import Testing

struct EFIVariableTests {
    typealias Sample = EFISample

    @Test("An entry for shim is read whole")
    func shim() throws {
        let bytes = Sample.shim
        let option = try EFILoadOption(parsing: bytes.span)
        #expect(option.isActive && !option.isHidden && option.category == 0)
        #expect(option.description == "debian")
        #expect(
            option.paths.map(\.text) == [
                "HD(1,GPT,\(Sample.guidText),0x800,0x100000)/\\EFI\\debian\\shimx64.efi"
            ])
        #expect(option.paths.first?.filePath == "\\EFI\\debian\\shimx64.efi")
        #expect(option.optionalData == [] && option.optionalText == nil)
        #expect(option.pathFault == nil)
    }

    @Test("An entry for a network card is read whole")
    func network() throws {
        let bytes = Sample.network
        let option = try EFILoadOption(parsing: bytes.span)
        #expect(
            option.paths.map(\.text) == [
                "PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,0x1)"
                    + "/IPv4(0.0.0.0,0x0,DHCP,0.0.0.0,0.0.0.0,0.0.0.0)"
            ])
        #expect(option.optionalData.count == 16 && option.optionalText == nil)
    }

    @Test("An application of the firmware is read whole")
    func setup() throws {
        let bytes = Sample.setup
        let option = try EFILoadOption(parsing: bytes.span)
        #expect(option.isActive && option.isHidden && option.category == 1)
        #expect(option.paths.map(\.text) == ["Fv(\(Sample.guidText))/FvFile(\(Sample.guidText))"])
    }

    @Test("Optional data that is text is given as text")
    func optionalText() throws {
        let bytes = Sample.option(
            "Linux", path: Sample.disk + Sample.end, data: Sample.utf16("root=/dev/vda1 quiet"))
        #expect(try EFILoadOption(parsing: bytes.span).optionalText == "root=/dev/vda1 quiet")
    }

    @Test("An entry cut within its fixed part, description or paths is an error")
    func truncated() {
        for length in 0..<Sample.shim.count {
            let cut = Array(Sample.shim.prefix(length))
            #expect(throws: FormatError.self, "\(length)") {
                try EFILoadOption(parsing: cut.span)
            }
        }
    }

    @Test("Damaged paths keep the entry and say what is wrong")
    func damagedPath() throws {
        let bytes = Sample.option("broken", path: [1, 1, 3, 0])
        let option = try EFILoadOption(parsing: bytes.span)
        #expect(option.paths == [])
        #expect(option.pathFault == .invalid(field: "node length", offset: 2, value: 3))
    }

    @Test("No flipped byte traps")
    func flipped() {
        for sample in [Sample.shim, Sample.network, Sample.setup] {
            for index in sample.indices {
                for value in [UInt8(0), 0x80, 0xFF] {
                    var bytes = sample
                    bytes[index] = value
                    if let option = try? EFILoadOption(parsing: bytes.span) {
                        _ = option.paths.map(\.text)
                        _ = option.optionalText
                    }
                }
            }
        }
    }

    @Test("A variable is its attributes and its value")
    func variable() throws {
        let order = try EFIVariable(parsing: Sample.variable([1, 0, 0xB, 0]).span)
        #expect(order.attributes == 7)
        #expect(order.numbers16 == [1, 11])
        #expect(order.number16 == nil && order.flag == nil)
        #expect(try EFIVariable(parsing: Sample.variable([1, 0, 2]).span).numbers16 == nil)
        #expect(try EFIVariable(parsing: Sample.variable([2, 1]).span).number16 == 0x102)
        #expect(try EFIVariable(parsing: Sample.variable([1]).span).flag == 1)
        #expect(
            try EFIVariable(parsing: Sample.variable(Sample.u64(0x43)).span).number64 == 0x43)
        for length in 0..<4 {
            let bytes = [UInt8](repeating: 7, count: length)
            #expect(throws: FormatError.self) { try EFIVariable(parsing: bytes.span) }
        }
    }

    @Test("Texts end at their terminators, and control characters are escaped")
    func texts() throws {
        let value = Sample.utf16("auto-windows") + Sample.utf16("a\u{1B}b") + [0x63, 0]
        let variable = try EFIVariable(parsing: Sample.variable(value).span)
        #expect(variable.text == "auto-windows")
        #expect(variable.texts == ["auto-windows", "a\\x1Bb", "c"])
    }

    static let names: [(String, String?, UInt16?)] = [
        ("BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c", "BootOrder", nil),
        ("Boot001A-8be4df61-93ca-11d2-aa0d-00e098032b8c", "Boot001A", 0x1A),
        ("Boot001a-8be4df61-93ca-11d2-aa0d-00e098032b8c", "Boot001a", nil),
        ("Boot0001-605dab50-e046-4300-abb6-3dd810dd8b23", "Boot0001", nil),
        ("a-b-8be4df61-93ca-11d2-aa0d-00e098032b8c", "a-b", nil),
        ("-8be4df61-93ca-11d2-aa0d-00e098032b8c", nil, nil),
        ("Boot0001-8be4df61-93ca-11d2-aa0d-00e098032b8", nil, nil),
        ("Boot0001-8be4df61x93ca-11d2-aa0d-00e098032b8c", nil, nil),
        ("", nil, nil),
    ]

    @Test("A file name is a variable's name and its vendor", arguments: names)
    func fileName(file: String, name: String?, number: UInt16?) {
        let parsed = EFIVariableName(fileName: file)
        #expect(parsed?.name == name)
        #expect(parsed?.bootNumber == number)
    }

    @Test("A GUID is written and read in the usual form")
    func guid() {
        #expect(EFIGUID(Sample.guidText)?.bytes == Sample.guid)
        #expect(EFIGUID(Sample.guidText.uppercased())?.description == Sample.guidText)
        #expect(EFIGUID("11223344-5566-7788-99aa-bbccddeeff0g") == nil)
    }
}

struct EFISignatureListTests {
    typealias Sample = EFISample

    /// Two lists: two SHA-256 hashes, one certificate of five bytes.
    static let database: [UInt8] = {
        let sha256: [UInt8] = [
            0x26, 0x16, 0xC4, 0xC1, 0x4C, 0x50, 0x92, 0x40, 0xAC, 0xA9, 0x41, 0xF9, 0x36, 0x93,
            0x43, 0x28,
        ]
        let x509: [UInt8] = [
            0xA1, 0x59, 0xC0, 0xA5, 0xE4, 0x94, 0xA7, 0x4A, 0x87, 0xB5, 0xAB, 0x15, 0x5C, 0x2B,
            0xF0, 0x72,
        ]
        let hashes = [UInt8(0xAA), 0xBB].flatMap {
            Sample.guid + [UInt8](repeating: $0, count: 32)
        }
        return sha256 + Sample.u32(28 + 96) + Sample.u32(0) + Sample.u32(48) + hashes
            + x509 + Sample.u32(28 + 21) + Sample.u32(0) + Sample.u32(21) + Sample.guid
            + [0x30, 3, 2, 1, 0]
    }()

    @Test("Lists and their signatures are read whole")
    func whole() throws {
        let lists = try EFISignatureList.lists(parsing: Self.database.span)
        #expect(lists.map(\.typeName) == ["sha256", "x509"])
        #expect(lists.map(\.signatures.count) == [2, 1])
        #expect(lists.first?.signatures.last?.data == [UInt8](repeating: 0xBB, count: 32))
        #expect(lists.first?.signatures.first?.owner.description == Sample.guidText)
        #expect(lists.last?.signatures.first?.data == [0x30, 3, 2, 1, 0])
        #expect(try EFISignatureList.lists(parsing: [UInt8]().span) == [])
    }

    @Test("A database that is cut is an error, unless it is cut between two lists")
    func truncated() throws {
        for length in 1..<Self.database.count where length != 124 {
            let cut = Array(Self.database.prefix(length))
            #expect(throws: FormatError.self, "\(length)") {
                try EFISignatureList.lists(parsing: cut.span)
            }
        }
    }

    @Test("No flipped byte traps, nor makes a list that never ends")
    func flipped() {
        for index in Self.database.indices {
            for value in [UInt8(0), 1, 0x7F, 0xFF] {
                var bytes = Self.database
                bytes[index] = value
                _ = try? EFISignatureList.lists(parsing: bytes.span)
            }
        }
    }
}
