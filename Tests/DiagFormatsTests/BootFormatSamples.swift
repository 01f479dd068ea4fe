import Foundation
import Testing

/// Bytes for the tests of the formats of the boot chain.
enum BootFormatSamples {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL)
        return Array(try Data(contentsOf: folder.appendingPathComponent("Fixtures/" + name)))
    }

    static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// One member of a cpio archive, made from the specification.
    static func member(_ name: String, mode: UInt32, _ content: [UInt8]) -> [UInt8] {
        func digits(_ value: Int) -> [UInt8] {
            let text = String(value, radix: 16, uppercase: true)
            return Array((String(repeating: "0", count: 8 - text.count) + text).utf8)
        }
        var bytes = Array("070701".utf8)
        for value in [
            7, Int(mode), 0, 0, 1, 1_700_000_000, content.count, 0, 0, 0, 0, name.utf8.count + 1, 0,
        ] {
            bytes += digits(value)
        }
        bytes += Array(name.utf8) + [0]
        while bytes.count % 4 != 0 { bytes.append(0) }
        bytes += content
        while bytes.count % 4 != 0 { bytes.append(0) }
        return bytes
    }

    static let archive: [UInt8] =
        member(".", mode: 0o040755, [])
        + member("etc/crypttab", mode: 0o100644, Array("root\n".utf8))
        + member("sbin", mode: 0o120777, Array("usr/sbin".utf8))
        + member("TRAILER!!!", mode: 0, [])

    /// A log of TPM 2.0 from the specification: its identification, a variable, an application and
    /// a command of GRUB, with SHA-1 and SHA-256.
    static let eventLog: [UInt8] = {
        var identification = Array("Spec ID Event03".utf8) + [0]
        identification += little(UInt32(0)) + [0, 2, 2, 2] + little(UInt32(2))
        identification += little(UInt16(4)) + little(UInt16(20)) + little(UInt16(11))
        identification += little(UInt16(32)) + [0]
        var log = little(UInt32(0)) + little(UInt32(3)) + [UInt8](repeating: 0, count: 20)
        log += little(UInt32(identification.count)) + identification
        func event(_ pcr: UInt32, _ type: UInt32, _ data: [UInt8]) -> [UInt8] {
            little(pcr) + little(type) + little(UInt32(2)) + little(UInt16(4))
                + [UInt8](repeating: 0xAA, count: 20) + little(UInt16(11))
                + [UInt8](repeating: 0xBB, count: 32) + little(UInt32(data.count)) + data
        }
        let name = Array("SecureBoot".utf16)
        var variable: [UInt8] = [
            0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11, 0xAA, 0x0D, 0, 0xE0, 0x98, 3, 0x2B,
            0x8C,
        ]
        variable += little(UInt64(name.count)) + little(UInt64(1)) + name.flatMap { little($0) }
        variable += [1]
        log += event(7, 0x8000_0001, variable)
        var path: [UInt8] = [4, 4, 14, 0]
        path += Array("\\a".utf16).flatMap { little($0) } + [0x62, 0, 0x2E, 0, 0, 0]
        path += [0x7F, 0xFF, 4, 0]
        let image = little(UInt64(1)) + little(UInt64(2)) + little(UInt64(0))
        log += event(4, 0x8000_0003, image + little(UInt64(path.count)) + path)
        log += event(8, 0x0D, Array("grub_cmd: set root=hd0\0".utf8))
        log += event(7, 0x04, [0, 0, 0, 0])
        return log
    }()

    /// A sequence that is the same in every run.
    struct Sequence {
        var state: UInt64

        mutating func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    /// Every truncation of `sample`, every byte with three other values, and random changes.
    /// `step` leaves out some of them, for large samples.
    static func damage(_ sample: [UInt8], step: Int = 1, random: Int, _ read: ([UInt8]) -> Void) {
        for length in stride(from: 0, to: sample.count, by: step) { read(Array(sample[..<length])) }
        var bytes = sample
        for index in stride(from: 0, to: sample.count, by: step) {
            for value in [0, 0xFF, sample[index] ^ 0x80] {
                bytes[index] = value
                read(bytes)
            }
            bytes[index] = sample[index]
        }
        let wanted = ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"].flatMap { Int($0) }
        let factor = (wanted ?? 0) / 20_000
        var sequence = Sequence(state: 20_261_121)
        for _ in 0..<(random * max(1, factor)) {
            var changed = sample
            for _ in 0..<(1 + sequence.next(below: 6)) {
                changed[sequence.next(below: changed.count)] = UInt8(sequence.next(below: 256))
            }
            read(changed)
        }
    }
}
