import DiagSystem
import Foundation
import SystemPackage
import Testing

/// Only commands that read reach the kernel.
@Suite struct SCSICommandTests {
    private static func ata16(
        _ command: UInt8, features: (UInt8, UInt8) = (0, 0), transfer: (UInt8, UInt8) = (8, 0x0E),
        signature: (UInt8, UInt8) = (0, 0)
    ) -> [UInt8] {
        [
            0x85, transfer.0, transfer.1, features.0, features.1, 0, 1, 0, 0, 0, signature.0, 0,
            signature.1, 0, command, 0,
        ]
    }

    private static let smart: (UInt8, UInt8) = (0x4F, 0xC2)

    static let allowed: [([UInt8], Int)] = [
        (SCSICommand.inquiry(byteCount: 96), 96),
        (SCSICommand.inquiry(page: 0x83, byteCount: 9), 9),
        (SCSICommand.testUnitReady, 0), (SCSICommand.requestSense(byteCount: 252), 252),
        (SCSICommand.readCapacity10, 8), (SCSICommand.readCapacity16, 32),
        (SCSICommand.logSense(page: 0x2F, byteCount: 512), 512),
        (SCSICommand.modeSense6(page: 8, byteCount: 64), 64),
        (SCSICommand.modeSense10(page: 8, byteCount: 64), 64),
        (SCSICommand.receiveDiagnostic(page: 2, byteCount: 512), 512),
        (SCSICommand.reportTargetPortGroups(byteCount: 512), 512),
        ([0xA0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], 256), (SCSICommand.ataCheckPowerMode, 0),
        (ata16(0xEC), 512), (ata16(0xA1), 512), (ata16(0x2F), 512),
        (ata16(0xB0, features: (0, 0xD0), signature: smart), 512),
        (ata16(0xB0, features: (0, 0xD5), signature: smart), 512),
        ([0xA1, 8, 0x0E, 0, 1, 0, 0, 0, 0, 0xEC, 0, 0], 512),
    ]

    static let refused: [([UInt8], Int)] = [
        ([], 0), ([0x12], 1), ([0x12, 0, 0, 0, 36], 36), (SCSICommand.testUnitReady, 4),
        ([0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0], 0),  // WRITE (10)
        ([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], 512),  // READ (10)
        ([0x04, 0, 0, 0, 0, 0], 0), ([0x1B, 0, 0, 0, 1, 0], 0),  // FORMAT UNIT, START STOP UNIT
        ([0x1D, 4, 0, 0, 0, 0], 0), ([0x15, 0x10, 0, 0, 8, 0], 0),  // SEND DIAGNOSTIC, MODE SELECT
        ([0x4C, 2, 0, 0, 0, 0, 0, 0, 0, 0], 0),  // LOG SELECT
        ([0x4D, 1, 0x42, 0, 0, 0, 0, 0, 4, 0], 4),  // LOG SENSE that saves
        ([0x1C, 0, 0, 0, 4, 0], 4), ([0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0], 0),  // UNMAP
        ([0x9E, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0], 32),
        ([0xA3, 0x0C, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0], 8),
        ([0xA4, 0x0A, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0], 0),  // SET TARGET PORT GROUPS
        ([0x3B, 5, 0, 0, 0, 0, 0, 0, 8, 0], 0),  // WRITE BUFFER
        ([0x7F, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0), ([0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0),
        (ata16(0x35), 512), (ata16(0xE0, transfer: (6, 0)), 0),  // WRITE DMA EXT, STANDBY IMMEDIATE
        (ata16(0xEC, transfer: (10, 0x06)), 512), (ata16(0xEC, transfer: (8, 0x06)), 512),
        (ata16(0xEC, transfer: (12, 0x0E)), 512), (ata16(0xF4), 512), (ata16(0x92), 512),
        (ata16(0xB0, features: (0, 0xD4), transfer: (6, 0), signature: smart), 0),  // self-test
        (ata16(0xB0, features: (0, 0xD9), transfer: (6, 0), signature: smart), 0),  // disable
        (ata16(0xB0, features: (0, 0xD0)), 512), (ata16(0x2F, features: (0, 1)), 512),
        ([0xA1, 8, 0x0E, 0, 1, 0, 0, 0, 0, 0x30, 0, 0], 512),
    ]

    @Test("What only reads is allowed", arguments: allowed)
    func allows(command: [UInt8], byteCount: Int) {
        #expect(SCSICommandFilter.standard.allows(command, reading: byteCount))
    }

    @Test("Everything else is refused", arguments: refused)
    func refuses(command: [UInt8], byteCount: Int) {
        #expect(!SCSICommandFilter.standard.allows(command, reading: byteCount))
    }

    @Test("No operation code outside the list is allowed, whatever follows it")
    func closed() {
        let known: Set<UInt8> = [
            0x00, 0x03, 0x12, 0x1A, 0x1C, 0x25, 0x4D, 0x5A, 0x85, 0x9E, 0xA0, 0xA1, 0xA3,
        ]
        for code in UInt8.min...UInt8.max where !known.contains(code) {
            for count in [6, 10, 12, 16] {
                let command = [code] + [UInt8](repeating: 1, count: count - 1)
                #expect(!SCSICommandFilter.standard.allows(command, reading: 0))
            }
        }
    }

    @Test("A refused command is EPERM before the kernel sees it; an allowed one reaches it")
    func kernel() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("scsi-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(count: 512).write(to: folder.appendingPathComponent("disk"))
        let device = try DeviceFile.open("/disk", in: try RootedTree(FilePath(folder.path)))
        do throws(SystemCallError) {
            _ = try device.execute([0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0], reading: 0)
            Issue.record("a write was sent")
        } catch {
            #expect(error.errno == .notPermitted)
            #expect(error.description.hasPrefix("send the SCSI command 0x2a /disk: "))
        }
        do throws(SystemCallError) {
            _ = try device.execute(SCSICommand.inquiry(byteCount: 36), reading: 36)
            Issue.record("a regular file answered")
        } catch {
            #expect(error.operation == "SG_IO" && error.errno == .inappropriateIOCTLForDevice)
        }
    }
}
