internal import DiagCollect
internal import DiagDigest
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads the firmware's variables and the table of its updates.
struct EFIFacts {
    private static let hashLimit = 4096
    private static let subjectLimit = 256
    /// What systemd-boot and its stub may tell. `LoaderSystemToken` is a secret, and never read.
    private static let loaderNames = [
        "LoaderInfo", "LoaderFirmwareInfo", "LoaderFirmwareType", "LoaderEntrySelected",
        "LoaderEntryDefault", "LoaderEntryOneShot", "LoaderEntryLastBooted", "LoaderEntries",
        "LoaderDevicePartUUID", "LoaderDeviceURL", "LoaderTpm2ActivePcrBanks",
        "LoaderImageIdentifier", "LoaderConfigTimeout", "LoaderConfigTimeoutOneShot",
        "StubPcrKernelImage", "StubPcrKernelParameters", "StubPcrInitRDSysExts",
        "LoaderTimeInitUSec", "LoaderTimeMenuUSec", "LoaderTimeExecUSec", "LoaderBootCountPath",
        "StubInfo", "StubImageIdentifier", "StubDevicePartUUID",
    ]

    let reader: FactReader
    let resolver: EFIEntryResolver

    /// Sends `efi.json`, `efi-boot.txt` and the raw variables; `nil` where there is no EFI.
    func send() throws -> EFIDocument? {
        let firmware: FilePath = "/sys/firmware/efi"
        guard reader.exists(firmware) else {
            try reader.sink.absent(firmware.string, why: "the host was not started by EFI firmware")
            return nil
        }
        var document = EFIDocument()
        document.platformBits = try reader.number(firmware.appending("fw_platform_size"))
        if let variables = try EFIVariableReader(reader, seconds: 10) {
            document.variableCount = variables.names.count
            try readOrder(&document, variables)
            try readEntries(&document, variables)
            try readState(&document, variables)
            try readLoader(&document, variables)
            try readDatabases(&document, variables)
            try variables.reportLeftOut()
        }
        for index in document.entries.indices {
            document.entries[index].target = resolver.target(of: document.entries[index])
        }
        document.tableAddresses = try readAddresses(firmware)
        document.resources = try readResources(firmware.appending("esrt/entries"))
        try reader.sink.send(
            "efi-boot.txt", Array(document.text.utf8), source: "\(firmware)/efivars",
            mediaType: "text/plain", privacy: .identity)
        try reader.sink.sendJSON(
            "efi.json", document, source: "\(firmware)/efivars", privacy: .identity)
        return document
    }

    private func digits(_ number: UInt16) -> String {
        String(EFIVariableName.boot(number).dropFirst(4))
    }

    private func readOrder(_ document: inout EFIDocument, _ variables: EFIVariableReader) throws {
        func read(_ name: String) throws -> EFIVariable? {
            try variables.variable(name, artifact: "efi/\(name).bin")
        }
        document.bootCurrent = try read("BootCurrent")?.number16.map(digits)
        document.bootNext = try read("BootNext")?.number16.map(digits)
        document.timeoutSeconds = try read("Timeout")?.number16
        if let order = try read("BootOrder") {
            document.bootOrder = order.numbers16?.map(digits)
            if order.numbers16 == nil {
                try reader.sink.missing(
                    "BootOrder", why: "its length of \(order.value.count) bytes is odd")
            }
        }
    }

    private func readEntries(_ document: inout EFIDocument, _ variables: EFIVariableReader) throws {
        let present = variables.names.compactMap(\.bootNumber)
        // The ones that matter come first, in case the firmware is slow.
        let wanted =
            [document.bootCurrent, document.bootNext].compactMap(\.self)
            + (document.bootOrder ?? [])
        var order = wanted.compactMap { UInt16($0, radix: 16) }.filter(present.contains)
        order += present
        var seen = Set<UInt16>()
        for number in order where seen.insert(number).inserted {
            let name = EFIVariableName.boot(number)
            guard let variable = try variables.variable(name, artifact: "efi/\(name).bin") else {
                continue
            }
            document.entries.append(entry(number, variable))
        }
        document.entries.sort { $0.number < $1.number }
    }

    private func entry(_ number: UInt16, _ variable: EFIVariable) -> EFIDocument.Entry {
        do throws(FormatError) {
            let option = try EFILoadOption(parsing: variable.value.span)
            var mask = SecretMask()
            return .init(
                number: digits(number), description: option.description,
                isActive: option.isActive, isHidden: option.isHidden, category: option.category,
                attributes: option.attributes, paths: option.paths.map(\.text),
                partition: option.paths.lazy.compactMap(\.partition).first,
                file: option.paths.lazy.compactMap(\.filePath).first,
                optionalDataByteCount: option.optionalData.count,
                optionalText: option.optionalText.map { mask.line($0) },
                fault: option.pathFault?.description)
        } catch {
            return .init(number: digits(number), paths: [], fault: error.description)
        }
    }

    private func readState(_ document: inout EFIDocument, _ variables: EFIVariableReader) throws {
        func flag(_ name: String) throws -> Bool? {
            try variables.variable(name, artifact: "efi/\(name).bin")?.flag.map { $0 == 1 }
        }
        document.isSecureBootOn = try flag("SecureBoot")
        document.isInSetupMode = try flag("SetupMode")
        document.isInAuditMode = try flag("AuditMode")
        document.isInDeployedMode = try flag("DeployedMode")
        document.isShimValidationOff = try variables.variable(
            "MokSBStateRT", vendor: EFIGUID.shim, artifact: "efi/MokSBStateRT.bin")?.flag
            .map { $0 == 1 }
        document.osIndications = try variables.variable(
            "OsIndications", artifact: "efi/OsIndications.bin")?.number64
        document.osIndicationsSupported = try variables.variable("OsIndicationsSupported")?.number64
        if let levels = try variables.variable(
            "SbatLevelRT", vendor: EFIGUID.shim, artifact: "efi/SbatLevelRT.bin")
        {
            document.revocationLevels = FactReader.text(levels.value)
        }
        if let keys = try variables.variable("MokListRT", vendor: EFIGUID.shim) {
            document.machineOwnerKeyByteCount = keys.value.count
            document.machineOwnerKeys = Self.database(keys.value)
        }
    }

    private func readLoader(_ document: inout EFIDocument, _ variables: EFIVariableReader) throws {
        for name in Self.loaderNames {
            let variable = try variables.variable(
                name, vendor: EFIGUID.bootLoaderInterface, artifact: "efi/\(name).bin")
            if let variable { document.loader[name] = variable.texts }
        }
    }

    private func readDatabases(
        _ document: inout EFIDocument, _ variables: EFIVariableReader
    ) throws {
        for (name, vendor) in [
            ("PK", EFIGUID.globalVariable), ("KEK", EFIGUID.globalVariable),
            ("db", EFIGUID.imageSecurityDatabase), ("dbx", EFIGUID.imageSecurityDatabase),
        ] {
            guard let variable = try variables.variable(name, vendor: vendor) else { continue }
            document.databases[name] = Self.database(variable.value)
        }
    }

    private static func database(_ value: [UInt8]) -> EFIDocument.Database {
        var database = EFIDocument.Database(
            byteCount: value.count, sha256: hash(value), signatureCount: 0, lists: [])
        do throws(FormatError) {
            let lists = try EFISignatureList.lists(parsing: value.span)
            var room = hashLimit
            for list in lists {
                let taken = list.signatures.prefix(room)
                room -= taken.count
                let isCertificate = !list.typeName.hasPrefix("sha")
                database.signatureCount += list.signatures.count
                database.lists.append(
                    .init(
                        type: list.typeName, signatureCount: list.signatures.count,
                        hashes: taken.map {
                            isCertificate ? hash($0.data) : hexadecimal($0.data)
                        },
                        isTruncated: taken.count < list.signatures.count,
                        subjects: list.typeName == "x509"
                            ? taken.prefix(subjectLimit).map { subject($0.data) } : nil))
            }
        } catch {
            database.fault = error.description
        }
        return database
    }

    /// Whom a certificate is for; `?` for one that cannot be read.
    private static func subject(_ certificate: [UInt8]) -> String {
        (try? CertificateIdentity(parsing: certificate.span))?.subject ?? "?"
    }

    /// Addresses in memory, which the kernel shows to root alone.
    private func readAddresses(_ firmware: FilePath) throws -> [String: String]? {
        var addresses = [String: String]()
        for name in ["config_table", "fw_vendor", "runtime", "systab"] {
            guard let bytes = try? reader.context.root.read(firmware.appending(name), limit: 4096)
            else { continue }
            addresses[name] = FactReader.text(bytes)
        }
        return addresses.isEmpty ? nil : addresses
    }

    private static func hash(_ bytes: [UInt8]) -> String { SHA256.digest(of: bytes).hexadecimal }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
    }

    private func readResources(_ folder: FilePath) throws -> [EFIDocument.Resource]? {
        guard let entries = try reader.names(folder, limit: 1000) else { return nil }
        return try entries.map { entry in
            let path = folder.appending(entry.name)
            func number(_ name: String) throws -> UInt64? {
                try reader.number(path.appending(name))
            }
            return .init(
                name: entry.name.string,
                firmwareClass: try reader.optionalText(path.appending("fw_class")),
                type: try number("fw_type"), version: try number("fw_version"),
                lowestSupportedVersion: try number("lowest_supported_fw_version"),
                lastAttemptVersion: try number("last_attempt_version"),
                lastAttemptStatus: try number("last_attempt_status"),
                capsuleFlags: try number("capsule_flags"))
        }
    }
}
