internal import DiagModel

/// Which programs read a dump, and how it is opened.
enum DumpOpening {
    /// Sets the readers, the commands, and where the symbols are to be had.
    static func fill(_ result: inout DumpDescription) {
        // Those of ranges need to know them: whoever read these has filled it in.
        if [.lime, .avml].contains(result.format) { return }
        result.openWith = []
        result.symbols = nil
        switch result.format {
        case .kdump: fillKdump(&result)
        case .elf: fillELF(&result)
        case .lime, .avml: break
        case .windows:
            result.openWith = [
                "windbg -z \(ShellWord.quoted(result.file))", ".bugcheck", "!analyze -v", "k",
            ]
            result.readers = [
                .init(
                    "WinDbg", canRead: true,
                    note: "symbols: srv*https://msdl.microsoft.com/download/symbols"),
                .init("crash", canRead: false, note: "Linux only"),
                .init("drgn", canRead: false, note: "Linux only"),
            ]
        }
    }

    private static func fillKdump(_ result: inout DumpDescription) {
        let methods = result.compression
        let isZstd = methods.contains("zstd")
        let isSnappy = methods.contains("snappy")
        let crash: String? =
            isZstd
            ? "8.0.2 or newer; for Linux 6.1.18x and newer 8.0.6"
            : isSnappy ? "where it is built with snappy" : nil
        var drgn: String? = isSnappy ? "where libkdumpfile is built with snappy" : nil
        if result.isFlattened { drgn = "slow with a flattened file: put it in order first" }
        let isReadable = !isZstd && !isSnappy
        result.readers = [
            .init("crash", canRead: true, note: crash), .init("drgn", canRead: true, note: drgn),
            .init(
                "makedumpfile", canRead: isReadable,
                note: isReadable
                    ? "refilters, takes out dmesg"
                    : "Debian's 1.7.2 has no \(isZstd ? "zstd" : "snappy"): convert with "
                        + "diagbundle dump convert --compress zlib"),
            .init("gdb", canRead: false, note: "convert with diagbundle dump convert --format elf"),
        ]
        fillLinux(&result)
    }

    private static func fillELF(_ result: inout DumpDescription) {
        result.readers = [
            .init("crash", canRead: true), .init("drgn", canRead: true),
            .init("makedumpfile", canRead: true, note: "filters and compresses"),
            .init("gdb", canRead: true, note: "without tasks and without address translation"),
        ]
        fillLinux(&result)
    }

    private static func fillLinux(_ result: inout DumpDescription) {
        var file = ShellWord.quoted(result.file)
        if result.isFlattened {
            result.openWith.append("makedumpfile -R \(ShellWord.quoted("ordered.kdump")) < \(file)")
            file = "ordered.kdump"
        }
        guard let symbols = fillSymbols(&result) else { return }
        let lacksPages = result.format == .kdump && result.completeness == .partial
        let crash = lacksPages ? DebugPackage.crashOfIncomplete : "crash"
        result.openWith.append("\(crash) \(symbols) \(file)")
        result.openWith.append("drgn -c \(file) -s \(symbols)")
        if result.readers.contains(where: { $0.name == "makedumpfile" && $0.canRead }) {
            result.openWith.append("makedumpfile --dump-dmesg \(file) dmesg.txt")
        }
    }

    /// Sets the debug package and how symbols are got.
    ///
    /// - Returns: the place of the kernel with symbols, as a word of a command; `nil` where the
    ///   dump does not tell its kernel.
    static func fillSymbols(_ result: inout DumpDescription) -> String? {
        guard result.release != nil || result.buildIdentifier != nil else {
            return nil
        }
        let package = DebugPackage.of(
            release: result.release ?? "", version: result.version,
            buildId: result.buildIdentifier, named: result.debugPackage)
        result.debugPackage = package.name
        // Without a package a place would be a guess.
        let images = package.name == nil ? [] : package.images
        result.symbols = .init(
            installCommand: package.installCommand, note: package.note, images: images,
            symbolServer: package.fetchCommand == nil ? nil : package.symbolServer,
            fetchCommand: package.fetchCommand)
        return ShellWord.quoted(images.first ?? "vmlinux")
    }
}
