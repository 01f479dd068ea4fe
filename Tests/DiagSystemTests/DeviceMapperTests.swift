import SystemPackage
import Testing

@testable import DiagSystem

@Suite("The control device of the device mapper")
struct DeviceMapperTests {
    private func tree(misc: String) throws -> (folder: TemporaryFolder, tree: RootedTree) {
        let folder = try TemporaryFolder()
        try folder.write(misc, to: "proc/misc")
        return (folder, try RootedTree(folder.path))
    }

    @Test("It is opened only when the kernel has the device mapper already")
    func present() throws {
        let without = try tree(misc: " 58 rfkill\n236 my-device-mapper x\n")
        #expect(try !DeviceMapper.isPresent(in: without.tree))
        #expect(
            throws: SystemCallError(
                operation: "open", object: "/dev/mapper/control (no device-mapper in /proc/misc)",
                errno: .operationNotSupportedByDevice)
        ) { _ = try DeviceMapper.open(in: without.tree) }
        let with = try tree(misc: " 58 rfkill\n236 device-mapper\n")
        #expect(try DeviceMapper.isPresent(in: with.tree))
        #expect(throws: SystemCallError.self) { _ = try DeviceMapper.open(in: with.tree) }
    }

    @Test("What is not the device mapper refuses the question")
    func refused() throws {
        let folder = try TemporaryFolder()
        try folder.write("236 device-mapper\n", to: "proc/misc")
        try folder.write("", to: "dev/mapper/control")
        let mapper = try DeviceMapper.open(in: try RootedTree(folder.path))
        let question = DeviceMapper.Question.table(major: 253, minor: 300)
        #expect(
            throws: SystemCallError(
                operation: "ioctl DM_TABLE_STATUS (table) of 253:300",
                object: "/dev/mapper/control", errno: .inappropriateIOCTLForDevice)
        ) { try mapper.ask(question) { $0.count } }
    }
}
