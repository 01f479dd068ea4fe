import DiagModel

extension SchemaSample {
    /// What a dump would take, with classes and without.
    static let dumpEstimate: [SchemaSample] = [
        ("full", [DumpEstimate.Row(name: "slab", pages: 9, keptPages: 9, pageByteCount: 4096)]),
        ("lean", []),
    ].map { title, rows in
        SchemaSample(
            .dumpEstimate, title,
            DumpEstimate(
                kind: .full, level: 26, compression: "zstd", pageByteCount: 4096, rows: rows,
                fileByteCount: 12_288, pagesPerSecond: 60_000, isRateMeasured: false, threads: 2,
                memoryByteCount: 4096, warnings: ["a warning"]))
    }
}
