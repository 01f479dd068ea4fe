internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// `boot/tpm.json`: the registers of each TPM, and what was measured into them.
struct TPMDocument: Encodable, Hashable {
    /// One TPM.
    struct Device: Encodable, Hashable {
        /// For example `tpm0`.
        var name: String
        /// 1 or 2.
        var majorVersion: UInt64?
        /// What the firmware calls it.
        var description: String?
        /// By bank, for example `sha256`, then by the register's number; hexadecimal digits.
        var registers: [String: [String: String]]
        /// What was measured; none where the kernel keeps no log.
        var eventLog: EventLog?
    }

    /// The log of one TPM.
    struct EventLog: Encodable, Hashable {
        /// Bytes of the whole log.
        var byteCount: Int
        /// The artifact with its bytes; none where they hold a secret.
        var artifact: String?
        /// Of a log of TPM 2.0.
        var specification: TCGEventLog.Specification?
        var algorithms: [String]
        var events: [Event]
        /// Whether there are more events.
        var isTruncated: Bool
        var fault: String?
    }

    /// One event.
    struct Event: Encodable, Hashable {
        var pcrIndex: UInt32
        var type: String
        var digests: [String: String]
        var dataByteCount: Int
        /// What the data says, where it is text; secrets masked.
        var text: String?
    }

    var schema = "diagbundle.tpm/1"
    var devices: [Device]
}

/// Reads what the kernel tells of the TPMs; their keys are never asked for.
struct TPMFacts {
    private static let logByteLimit = 4 << 20
    private static let eventLimit = 5000
    private static let deviceLimit = 8

    let reader: FactReader

    /// Sends `tpm.json` and the logs' bytes; reading a register asks the TPM itself.
    func send() throws {
        let folder: FilePath = "/sys/class/tpm"
        let names = (try reader.names(folder, limit: 100) ?? []).map(\.name.string)
            .filter { $0.hasPrefix("tpm") && !$0.hasPrefix("tpmrm") }
        guard !names.isEmpty else {
            return try reader.sink.absent(folder.string, why: "the kernel has found no TPM")
        }
        var document = TPMDocument(devices: [])
        for name in names.prefix(Self.deviceLimit) {
            document.devices.append(try device(name, folder.appending(name)))
        }
        try reader.sink.sendJSON(
            "tpm.json", document, source: folder.string, privacy: .identity)
    }

    private func device(_ name: String, _ path: FilePath) throws -> TPMDocument.Device {
        var device = TPMDocument.Device(name: name, registers: [:])
        device.majorVersion = try reader.number(path.appending("tpm_version_major"))
        device.description = try reader.optionalText(
            path.appending("device").appending("description"))
        for entry in (try reader.names(path, limit: 1000) ?? []) {
            let folder = entry.name.string
            guard folder.hasPrefix("pcr-") else { continue }
            let directory: Directory
            do throws(SystemCallError) {
                directory = try reader.context.root.directory(path.appending(entry.name))
            } catch {
                try reader.context.report(error, on: path.appending(entry.name), into: reader.sink)
                continue
            }
            var registers = [String: String]()
            for number in 0..<24 {
                guard let text = directory.text(String(number)), text.utf8.count <= 128,
                    !text.isEmpty, text.allSatisfy(\.isHexDigit)
                else { continue }
                registers[String(number)] = text.lowercased()
            }
            device.registers[String(folder.dropFirst(4))] = registers
        }
        // TPM 1.2 devices have all registers in one file.
        if device.registers.isEmpty,
            let text = try reader.optionalText(path.appending("device").appending("pcrs"))
        {
            device.registers["sha1"] = Self.registers(text)
        }
        device.eventLog = try eventLog(name)
        return device
    }

    /// Lines such as `PCR-00: 3A 3F …`.
    private static func registers(_ text: String) -> [String: String] {
        var registers = [String: String]()
        for line in text.split(separator: "\n").prefix(32) {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2, pair[0].hasPrefix("PCR-"), let number = Int(pair[0].dropFirst(4))
            else { continue }
            registers[String(number)] = pair[1].filter(\.isHexDigit).lowercased()
        }
        return registers
    }

    private func eventLog(_ name: String) throws -> TPMDocument.EventLog? {
        let path = FilePath("/sys/kernel/security").appending(name)
            .appending("binary_bios_measurements")
        guard reader.exists(path),
            let bytes = try reader.bytes(path, limit: Self.logByteLimit + 1), !bytes.isEmpty
        else { return nil }
        let kept = Array(bytes.prefix(Self.logByteLimit))
        let log: TCGEventLog
        do throws(FormatError) {
            log = try TCGEventLog(parsing: kept.span, limit: Self.eventLimit)
        } catch {
            return .init(
                byteCount: bytes.count, algorithms: [], events: [], isTruncated: false,
                fault: error.description)
        }
        var mask = SecretMask()
        let events = log.events.map { event in
            TPMDocument.Event(
                pcrIndex: event.pcrIndex, type: event.typeName, digests: event.digests,
                dataByteCount: event.dataByteCount, text: event.text.map { mask.line($0) })
        }
        var artifact: String?
        if mask.maskedCount > 0 {
            try reader.sink.missing(
                path.string,
                why: "its events hold secrets of command lines; only what was decoded "
                    + "is kept, with them masked")
        } else {
            artifact = "tpm/\(name)-measurements.bin"
            try reader.sink.send(
                "tpm/\(name)-measurements.bin", kept, source: path.string,
                mediaType: "application/octet-stream", privacy: .identity)
            if bytes.count > kept.count {
                try reader.sink.send(
                    .truncated(.init(why: "only the first \(kept.count) bytes are kept")))
            }
        }
        return .init(
            byteCount: bytes.count, artifact: artifact.map { "boot/" + $0 },
            specification: log.specification, algorithms: log.algorithms.map(\.name),
            events: events, isTruncated: log.isTruncated || bytes.count > kept.count,
            fault: log.fault)
    }
}
