import DiagSystem
import Foundation
import SystemPackage

/// A made-up /proc in a folder that is gone when the test is over.
final class ProcTree {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("diagbundle-stacks-\(UUID().uuidString)")
        try write("proc/sys/kernel/hostname", "web1\n")
        try write("proc/sys/kernel/osrelease", "6.1.0-53-cloud-amd64\n")
        try write("proc/sys/kernel/arch", "x86_64\n")
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func tree() throws -> RootedTree { try RootedTree(FilePath(url.path)) }

    func write(_ path: String, _ text: String) throws { try write(path, Array(text.utf8)) }

    func write(_ path: String, _ bytes: [UInt8]) throws {
        let file = url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    func link(_ path: String, to target: String) throws {
        let file = url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: file.path, withDestinationPath: target)
    }

    /// The line of /proc/PID/stat, as a 6.1 kernel writes it.
    static func stat(
        _ thread: Int, _ name: String, _ state: String, parent: Int = 1, isKernel: Bool = false
    ) -> String {
        "\(thread) (\(name)) \(state) \(parent) 0 0 0 -1 \(isKernel ? 0x20_8040 : 0x40_0000) 0 0 0 "
            + "0 16 15 12 8 20 0 1 0 4200 4456448 798 18446744073709551615 1 1 1 0 0 0 0 4100 0 "
            + "1 0 0 17 1 0 0 0 0 0\n"
    }

    /// One thread with its files.
    func thread(
        process: Int, thread: Int? = nil, _ name: String, _ state: String, wchan: String = "0",
        call: String? = nil, stack: [String] = [], isKernel: Bool = false, user: Int = 0,
        lastRun: Double? = nil
    ) throws {
        let number = thread ?? process
        let folder = "proc/\(process)/task/\(number)"
        try write("proc/\(process)/status", "Name:\tx\nUid:\t\(user)\t\(user)\t0\t0\n")
        try write(
            folder + "/stat", Self.stat(number, name, state, isKernel: isKernel))
        try write(folder + "/wchan", wchan)
        try write(folder + "/stack", stack.map { "[<0>] \($0)\n" }.joined())
        if let call { try write(folder + "/syscall", call + "\n") }
        if let lastRun {
            try write(
                folder + "/sched",
                "x (1, #threads: 1)\nse.exec_start                  :   \(lastRun)\n")
        }
    }
}
