import DiagSystem
import Foundation
import SystemPackage

@testable import DiagCollectors

/// A controller that answers what was put into it, and keeps what it was asked.
final class NVMeRecordedController: NVMeTransport {
    private var answers: [String: [UInt8]] = [:]
    private var statuses: [String: UInt16] = [:]
    private var errors: [String: Errno] = [:]
    private(set) var commands: [NVMeAdminCommand] = []
    private(set) var asked: [String] = []

    /// Names a command: `identify 0 1` (CNS and namespace), `log 9 3` (log and its index), and
    /// `events 1` (what is done with the persistent event log).
    static func key(_ command: NVMeAdminCommand) -> String {
        let words = command.doubleWords
        if command.operation == .identify {
            return "identify \(words[0]) \(command.namespaceIdentifier)"
        }
        if words[0] & 0xFF == 0x0D { return "events \(words[0] >> 8 & 0x7F)" }
        return "log \(words[0] & 0xFF) \(words[1] >> 16)"
    }

    func answer(_ key: String, _ bytes: [UInt8]) { answers[key] = bytes }
    func refuse(_ key: String, _ status: UInt16) { statuses[key] = status }
    func fail(_ key: String, _ errno: Errno) { errors[key] = errno }

    func execute(_ command: NVMeAdminCommand) throws(SystemCallError) -> NVMeAdminResponse {
        let key = Self.key(command)
        commands.append(command)
        asked.append(key)
        if let errno = errors[key] {
            throw SystemCallError(operation: "ioctl", object: "/dev/nvme0", errno: errno)
        }
        if let status = statuses[key] { return .status(status) }
        let known = answers[key] ?? (key == "events 0" ? answers["events 1"] : nil)
        guard let bytes = known else { return .status(0x4002) }
        let offset = command.operation == .getLogPage ? Int(command.doubleWords[2]) : 0
        let part = Array(bytes.dropFirst(offset).prefix(command.byteCount))
        return .data(part + [UInt8](repeating: 0, count: command.byteCount - part.count))
    }

    /// What QEMU's controller answers, recorded with the tests of the formats.
    static func recorded() throws -> NVMeRecordedController {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("DiagFormatsTests/Fixtures/nvme")
        let files = [
            "identify 1 0": "controller", "identify 0 1": "namespace-1",
            "identify 0 2": "namespace-2", "identify 2 0": "active-namespaces",
            "identify 3 1": "namespace-1-names", "identify 3 2": "namespace-2-names",
            "identify 19 0": "controllers", "log 1 0": "errors", "log 2 0": "health",
            "log 3 0": "firmware-slots", "log 4 0": "changed-namespaces",
            "log 5 0": "command-effects",
        ]
        let controller = NVMeRecordedController()
        for (key, file) in files {
            let data = try Data(contentsOf: folder.appendingPathComponent(file + ".bin"))
            controller.answer(key, Array(data))
        }
        return controller
    }

    /// The same with every optional log, built from the specification.
    static func complete() throws -> NVMeRecordedController {
        let controller = try recorded()
        var identity = controller.answers["identify 1 0"] ?? []
        identity[76] |= 0x08  // CMIC: asymmetric namespace access
        identity[256] |= 0x10  // OACS: device self-test
        identity[261] |= 0x30  // LPA: persistent events, supported log pages
        identity[96] |= 0x10  // CTRATT: endurance groups
        identity[328] = 2  // SANICAP: block erase
        identity[348] = 2  // NANAGRPID
        identity[262] = 3  // ELPE
        controller.answer("identify 1 0", identity)
        var health = controller.answers["log 2 0"] ?? []
        health.replaceSubrange(0..<6, with: [0x0F, 0x76, 0x01, 3, 10, 104])
        health[160] = 6
        controller.answer("log 2 0", health)
        var tests = [UInt8](repeating: 0, count: 564)
        tests.replaceSubrange(4..<8, with: [0x17, 2, 0, 0])
        tests[8] = 99
        controller.answer("log 6 0", tests)
        var access = [UInt8](repeating: 0, count: 84)
        access.replaceSubrange(8..<10, with: [1, 0])
        access.replaceSubrange(16..<24, with: [1, 0, 0, 0, 1, 0, 0, 0])
        access[32] = 3
        access[48] = 1
        controller.answer("log 12 0", access)
        var group = [UInt8](repeating: 0, count: 512)
        group.replaceSubrange(0..<6, with: [5, 0, 0, 2, 10, 77])
        controller.answer("log 9 1", group)
        controller.answer("identify 25 0", [1, 0, 1, 0])
        controller.answer("log 129 0", [0xFF, 0xFF, 3, 0])
        controller.answer("log 0 0", [1, 0, 0, 0, 1, 0, 0, 0])
        var events = [UInt8](repeating: 0, count: 512)
        events[0] = 0x0D
        events[4] = 1
        events.replaceSubrange(18..<20, with: [0xEC, 1])
        var event = [UInt8](repeating: 0, count: 24)
        event.replaceSubrange(0..<3, with: [13, 1, 21])
        event[22] = 2
        events += event + [40, 2]
        let count = events.count
        events.replaceSubrange(8..<10, with: [UInt8(count & 0xFF), UInt8(count >> 8)])
        controller.answer("events 1", events)
        controller.answer("events 2", [])
        return controller
    }
}
