import Testing

@testable import DiagFormats

@Suite("Programs of the firmware and who signed them")
struct PEFormatTests {
    @Test("The headers of Debian's shim are read whole")
    func shim() throws {
        let bytes = try BootFormatSamples.bytes("pe/shim-head.bin")
        let image = try PEImage(parsing: bytes.span)
        #expect(image.machine == 0x8664 && image.machineName == "x86_64")
        #expect(image.subsystem == 10 && image.is64Bit)
        #expect(image.certificateOffset == 0xFB410 && image.certificateByteCount == 19_368)
        #expect(
            image.sections.map(\.name) == [
                "/4", ".text", ".reloc", "/14", "/26", ".data", "/37", ".dynamic", ".rela", ".sbat",
            ])
        let sbat = try #require(image.section(".sbat"))
        #expect(sbat.contentByteCount == 198 && sbat.fileOffset == 897_024)
        #expect(sbat.fileByteCount == 4096 && sbat.virtualByteCount == 198)
        #expect(!image.isUnifiedKernelImage)
    }

    @Test("systemd's stub has no certificates and is no kernel image by itself")
    func stub() throws {
        let bytes = try BootFormatSamples.bytes("pe/stub-head.bin")
        let image = try PEImage(parsing: bytes.span)
        #expect(image.machineName == "x86_64" && image.subsystem == 10)
        #expect(image.certificateByteCount == 0 && !image.isUnifiedKernelImage)
        #expect(image.section(".sbat") != nil)
    }

    @Test("The signer of Debian's shim is Microsoft's publisher")
    func signer() throws {
        let bytes = try BootFormatSamples.bytes("pe/shim-certificates.bin")
        let table = try AuthenticodeSignature.table(parsing: bytes.span)
        let first = try #require(table.first?.signers.first)
        #expect(first.subject == "Microsoft Windows UEFI Driver Publisher")
        #expect(first.issuer == "Microsoft Corporation UEFI CA 2011")
        #expect(first.serialNumber == "33000000708cc364d7555a275e000100000070")
        #expect(first.notAfter?.hasSuffix("Z") == true)
        #expect(table.first?.certificateCount == 2)
        #expect(table.allSatisfy { $0.signers.count == 1 })
    }

    @Test("A certificate tells whom it is for")
    func certificate() throws {
        let bytes = try BootFormatSamples.bytes("pe/example-certificate.der")
        let certificate = try CertificateIdentity(parsing: bytes.span)
        #expect(certificate.subject == "Example Signer" && certificate.issuer == "Example Signer")
        #expect(certificate.serialNumber.utf8.count == 40)
    }

    @Test("The security generations of shim are read")
    func sbat() throws {
        let bytes = try BootFormatSamples.bytes("pe/shim-sbat.bin")
        let entries = SBATEntry.entries(parsing: bytes.span)
        #expect(entries.map(\.component) == ["sbat", "shim", "shim.debian"])
        #expect(entries.map(\.generation) == [1, 4, 1])
        #expect(
            entries.last?.details == [
                "Debian", "shim", "16.1", "https://tracker.debian.org/pkg/shim",
            ]
        )
    }

    @Test("What is no program is refused")
    func refused() {
        #expect(throws: FormatError.invalid(field: "e_magic", offset: 0, value: 0)) {
            let zeros = [UInt8](repeating: 0, count: 64)
            _ = try PEImage(parsing: zeros.span)
        }
        let empty = [UInt8]()
        #expect(throws: FormatError.self) { _ = try PEImage(parsing: empty.span) }
    }

    @Test("Damaged headers and signatures give a value or an error")
    func damaged() throws {
        var count = 0
        BootFormatSamples.damage(
            try BootFormatSamples.bytes("pe/shim-head.bin"), step: 8, random: 1500
        ) {
            count += 1
            if let image = try? PEImage(parsing: $0.span) { #expect(image.sections.count <= 512) }
        }
        BootFormatSamples.damage(
            try BootFormatSamples.bytes("pe/example-certificate.der"), random: 2000
        ) {
            count += 1
            _ = try? CertificateIdentity(parsing: $0.span)
        }
        BootFormatSamples.damage(
            try BootFormatSamples.bytes("pe/shim-certificates.bin"), step: 499, random: 30
        ) {
            count += 1
            if let table = try? AuthenticodeSignature.table(parsing: $0.span) {
                #expect(table.count <= 64)
            }
        }
        BootFormatSamples.damage(try BootFormatSamples.bytes("pe/shim-sbat.bin"), random: 1000) {
            count += 1
            let entries = SBATEntry.entries(parsing: $0.span)
            #expect(entries.count <= 256)
        }
        #expect(count > 9000)
    }
}
