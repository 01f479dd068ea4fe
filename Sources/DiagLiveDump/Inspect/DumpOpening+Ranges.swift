internal import DiagFormats
internal import DiagModel

/// Ranges of memory without a word on the kernel: crash takes raw images of them by their
/// addresses.
///
/// Neither crash 8.0.2 and 8.0.6 nor drgn 0.3.0 know LiME or AVML files. Sources: crash(8),
/// `MEMORY-IMAGE@ADDRESS` and `--kaslr`; AVML src/bin/avml-convert.rs.
extension DumpOpening {
    /// Images that one command of crash is given; a file of more ranges is made one image.
    private static let largestImageCount = 16

    /// Sets the readers and the commands for ranges, whose kernel `information` tells.
    static func fillRanges(
        _ result: inout DumpDescription, _ ranges: [StoredRange], _ information: VMCoreInfo?
    ) {
        let file = ShellWord.quoted(result.file)
        let isCompressed = result.format == .avml
        result.openWith = []
        let symbols = fillSymbols(&result)
        let crash = symbols.flatMap { Self.crash($0, information) }
        if let crash { result.openWith = images(file, ranges, isCompressed: isCompressed, crash) }
        result.openWith += ["vol -f \(file) banners.Banners", "vol -f \(file) linux.pslist"]
        result.readers = [
            .init(
                "crash", canRead: false,
                note: crash == nil
                    ? "takes raw images of the ranges and the kernel's offset, which is not known"
                    : "takes raw images of the ranges: see the commands"),
            .init(
                "drgn", canRead: false,
                note: "not with -c; a script can give it the ranges (set_linux_kernel_custom)"),
            .init(
                "volatility3", canRead: true,
                note: isCompressed
                    ? "with python-snappy; needs a symbol table of the kernel"
                    : "needs a symbol table of the kernel"),
        ]
    }

    /// The command without its images; only of x86-64 is known what crash must be told.
    private static func crash(_ symbols: String, _ information: VMCoreInfo?) -> String? {
        guard let information, let offset = information.kernelOffset,
            let base = information.number("phys_base")
        else { return nil }
        return "crash --kaslr=\(HexadecimalText.describe(offset)) "
            + "-m phys_base=\(HexadecimalText.describe(base)) \(symbols)"
    }

    private static func images(
        _ file: String, _ ranges: [StoredRange], isCompressed: Bool, _ crash: String
    ) -> [String] {
        guard !isCompressed, ranges.count <= largestImageCount else {
            return [
                "avml-convert --format raw \(file) memory.raw", "\(crash) memory.raw@0",
            ]
        }
        var lines = [String]()
        var names = [String]()
        for (index, range) in ranges.enumerated() {
            let name = "range\(index + 1).raw"
            names.append("\(name)@\(String(range.start, radix: 16))")
            lines.append(
                "dd if=\(file) of=\(name) bs=1M iflag=skip_bytes,count_bytes conv=sparse "
                    + "skip=\(range.fileOffset) count=\(range.storedByteCount)")
        }
        return lines + ["\(crash) \(names.joined(separator: ","))"]
    }
}
