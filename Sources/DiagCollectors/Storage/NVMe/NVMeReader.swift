internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Asks one controller for all that it has, keeps the bytes, and makes the document of them.
///
/// A log is asked for only when the controller says that it has it. What it refuses, or what does
/// not have the form of its specification, costs that one part.
struct NVMeReader {
    /// More namespaces than this are not read.
    static let namespaceLimit = 1024
    /// Of more namespaces than this the bytes are not kept.
    static let keptNamespaceLimit = 64
    /// Entries of the error log at most.
    static let errorLimit = 64
    /// Endurance groups at most.
    static let groupLimit = 16
    /// Bytes of a log of no fixed length at most.
    static let logByteLimit = 1 << 20
    /// Seconds after which nothing more is asked, so that the record leaves before the deadline.
    static let secondsOfAsking = 4.0

    /// What was read.
    private(set) var document: NVMeDocument
    /// Why the kernel did not send a command, the first time.
    private(set) var failure: SystemCallError?

    private let transport: any NVMeTransport
    private let sink: any CollectionSink
    private let folder: String
    private let source: String
    private let end: MonotonicTime

    /// A reader of the controller called `name` at `device`.
    init(
        _ name: String, device: String, transport: any NVMeTransport,
        into sink: any CollectionSink, end: MonotonicTime
    ) {
        self.transport = transport
        self.sink = sink
        self.end = end
        folder = "nvme/\(name)/"
        source = device
        document = NVMeDocument(device: device)
    }

    /// Reads everything; with `persistentEvents` also the log of that name, for which a context is
    /// established in the controller and released.
    ///
    /// - Throws: only when the sink is gone.
    mutating func readAll(persistentEvents: Bool) throws {
        document.controller = try read("controller", .identify(.controller))
        guard let controller = document.controller else { return }
        if !controller.isDiscovery {
            try readLogs(of: controller)
            try readNamespaces(of: controller)
            try readGroups(of: controller)
        }
        if persistentEvents, controller.hasPersistentEventLog {
            try readPersistentEvents(of: controller)
        }
    }

    private mutating func readLogs(of controller: NVMeIdentifyController) throws {
        // Before version 1.3 the bit that leaves events pending is reserved.
        let isRetaining = controller.isAtLeast(1, 3)
        func log(_ log: NVMeAdminCommand.Log, _ byteCount: Int) -> NVMeAdminCommand {
            .log(log, byteCount: byteCount, isRetaining: isRetaining)
        }
        document.health = try read("health", log(.health, 512))
        let errorCount = min(Int(controller.errorLogEntries) + 1, Self.errorLimit)
        document.errors = try read("errors", log(.errors, errorCount * 64))
        document.firmware = try read("firmware-slots", log(.firmwareSlots, 512))
        if controller.hasSupportedLogPages {
            document.supportedLogPages = try read(
                "supported-log-pages", log(.supportedLogPages, 1024))
        }
        if controller.hasSelfTest {
            document.selfTests = try read("self-tests", log(.selfTests, 564))
        }
        if controller.hasCommandEffectsLog {
            document.commandEffects = try read("command-effects", log(.commandEffects, 4096))
        }
        if controller.hasSanitize {
            document.sanitize = try read("sanitize", log(.sanitize, 512))
        }
        if controller.hasChangedNamespaceList, isRetaining {
            document.changedNamespaces = try read(
                "changed-namespaces", log(.changedNamespaces, 4096))
        }
        if controller.hasANA {
            let bytes = pieces(
                "asymmetric-access", of: .asymmetricAccess,
                byteCount: Self.accessLogByteCount(controller), controller)
            document.asymmetricAccess = try parse("asymmetric-access", bytes)
        }
    }

    /// A header, then for each group a descriptor, and each namespace once.
    static func accessLogByteCount(_ controller: NVMeIdentifyController) -> UInt64 {
        let limits = controller.commandSet
        let namespaces =
            limits.maximumNamespaces == 0
            ? limits.namespaceIdentifierMaximum : limits.maximumNamespaces
        return 16 + 32 * UInt64(controller.anaGroupCount) + 4 * UInt64(namespaces)
    }

    private mutating func readNamespaces(of controller: NVMeIdentifyController) throws {
        let active: NVMeNamespaceList? = try read(
            "active-namespaces", .identify(.activeNamespaces))
        let maximum = controller.commandSet.namespaceIdentifierMaximum
        var identifiers = active?.identifiers ?? []
        if active == nil, maximum > 0 {
            // Version 1.0 has no such list: every number may be one, and an inactive one has no size.
            identifiers = Array(1...min(maximum, UInt32(Self.namespaceLimit)))
            document.hasAllNamespaces = maximum <= UInt32(Self.namespaceLimit)
        } else if identifiers.count >= Self.namespaceLimit {
            document.hasAllNamespaces = identifiers.count >= Int(clamping: maximum)
        }
        for (index, identifier) in identifiers.prefix(Self.namespaceLimit).enumerated() {
            guard canAsk("namespace-\(identifier)") else {
                document.hasAllNamespaces = false
                return
            }
            let keeps = index < Self.keptNamespaceLimit
            let name = "namespace-\(identifier)"
            let identity: NVMeIdentifyNamespace? = try read(
                name, .identify(.namespace, namespaceIdentifier: identifier), keeps: keeps)
            if active == nil, (identity?.sizeInBlocks ?? 0) == 0 { continue }
            var names: NVMeNamespaceNames?
            if controller.isAtLeast(1, 3) {
                names = try read(
                    name + "-names", .identify(.namespaceNames, namespaceIdentifier: identifier),
                    keeps: keeps)
            }
            document.namespaces.append(
                .init(identifier: identifier, identity: identity, names: names))
        }
    }

    private mutating func readGroups(of controller: NVMeIdentifyController) throws {
        if controller.hasNamespaceManagement {
            let list: NVMeIdentifierList? = try read("controllers", .identify(.controllers))
            document.controllers = list?.identifiers
        }
        guard controller.hasEnduranceGroups else { return }
        var groups = Set(document.namespaces.compactMap { $0.identity?.enduranceGroup })
        if controller.isAtLeast(1, 4) {
            let list: NVMeIdentifierList? = try read(
                "endurance-groups", .identify(.enduranceGroups))
            groups.formUnion(list?.identifiers ?? [])
        }
        groups.remove(0)
        var logs = [NVMeDocument.EnduranceGroup]()
        for group in groups.sorted().prefix(Self.groupLimit) {
            let log: NVMeEnduranceGroupLog? = try read(
                "endurance-group-\(group)",
                .log(
                    .enduranceGroup, namespaceIdentifier: 0, byteCount: 512, specific: group,
                    isRetaining: controller.isAtLeast(1, 3)))
            if let log { logs.append(.init(identifier: group, log: log)) }
        }
        document.enduranceGroups = logs
    }

    /// Establishes a context, reads it and releases it. One that someone else holds is left alone.
    private mutating func readPersistentEvents(of controller: NVMeIdentifyController) throws {
        let name = "persistent-events"
        let header = ask(
            name,
            .persistentEvents(
                .establish, byteCount: NVMePersistentEventLog.headerByteCount))
        guard var bytes = header else { return }
        defer {
            // Even after an error or too long a time: no one else could read the log otherwise.
            _ = try? transport.execute(.persistentEvents(.release, byteCount: 4))
        }
        let total = try? NVMePersistentEventLog(parsing: bytes.span).totalByteCount
        let wanted = Int(clamping: min(total ?? 0, UInt64(Self.logByteLimit)))
        // Commands ask for double words.
        let limit = (wanted + 3) / 4 * 4
        let piece = Self.pieceByteCount(controller)
        while bytes.count < limit, controller.hasLogOffsets {
            let command = NVMeAdminCommand.persistentEvents(
                .read, offset: UInt64(bytes.count), byteCount: min(piece, limit - bytes.count))
            guard let more = ask(name, command) else { break }
            bytes += more
        }
        if bytes.count == limit { bytes.removeLast(limit - wanted) }
        document.persistentEvents = try parse(name, bytes)
    }

    /// The most that one command is asked for: 64 KiB, or what the controller takes at once.
    static func pieceByteCount(_ controller: NVMeIdentifyController) -> Int {
        // The unit is the smallest page of the controller, which is 4 KiB or more.
        let exponent = controller.maximumDataTransferExponent
        return exponent == 0 || exponent >= 4 ? 64 << 10 : 4096 << Int(exponent)
    }

    /// A log in several pieces, where the controller can give it so; its start where it cannot.
    private mutating func pieces(
        _ name: String, of log: NVMeAdminCommand.Log, byteCount: UInt64,
        _ controller: NVMeIdentifyController
    ) -> [UInt8]? {
        let total = Int(clamping: min(byteCount, UInt64(Self.logByteLimit)) + 3) / 4 * 4
        let piece = Self.pieceByteCount(controller)
        var bytes = [UInt8]()
        while bytes.count < total, bytes.isEmpty || controller.hasLogOffsets {
            let command = NVMeAdminCommand.log(
                log, namespaceIdentifier: 0, byteCount: min(piece, total - bytes.count),
                offset: UInt64(bytes.count), isRetaining: controller.isAtLeast(1, 3))
            guard let more = ask(name, command) else { return bytes.isEmpty ? nil : bytes }
            bytes += more
        }
        return bytes
    }

    private mutating func read<Value: NVMeStructure>(
        _ name: String, _ command: NVMeAdminCommand, keeps: Bool = true
    ) throws -> Value? {
        try parse(name, ask(name, command), keeps: keeps)
    }

    /// Keeps `bytes` as an artifact and reads them.
    private mutating func parse<Value: NVMeStructure>(
        _ name: String, _ bytes: [UInt8]?, keeps: Bool = true
    ) throws -> Value? {
        guard let bytes else { return nil }
        if keeps {
            try sink.send(
                folder + name + ".bin", bytes, source: source,
                mediaType: "application/octet-stream", privacy: .identity)
        }
        do throws(FormatError) {
            return try Value(parsing: bytes.span)
        } catch {
            document.refused[name] = "not as the specification says: \(error)"
            return nil
        }
    }

    /// Whether there is time to ask, and anyone to answer.
    private mutating func canAsk(_ name: String) -> Bool {
        if failure != nil { return false }
        if MonotonicTime.now < end { return true }
        document.refused[name] = "not asked: the time of the probe was used up"
        return false
    }

    private mutating func ask(_ name: String, _ command: NVMeAdminCommand) -> [UInt8]? {
        guard canAsk(name) else { return nil }
        do throws(SystemCallError) {
            switch try transport.execute(command) {
            case .data(let bytes): return bytes
            case .status(let status):
                document.refused[name] = NVMeStatus(rawValue: status).description
            }
        } catch {
            document.refused[name] = error.description
            // EINVAL and ENOMEM are about one command; with the others nothing more will come.
            if error.errno != .invalidArgument, error.errno != .noMemory { failure = error }
        }
        return nil
    }
}
