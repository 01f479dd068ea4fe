import Foundation

/// A compression program of this machine, which says what it makes of our files.
struct CompressionProgram: Sendable, CustomStringConvertible {
    static let xz = CompressionProgram(name: "xz")
    static let zstd = CompressionProgram(name: "zstd")

    let name: String
    var description: String { name }

    /// Whether it is installed.
    var isThere: Bool {
        let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return folders.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }

    /// What it writes for a file of `bytes`; `nil` when it fails.
    func output(_ arguments: [String], for bytes: [UInt8]) throws -> [UInt8]? {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("block-\(UUID().uuidString).\(name == "zstd" ? "zst" : name)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments + [file.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? Array(data) : nil
    }
}
