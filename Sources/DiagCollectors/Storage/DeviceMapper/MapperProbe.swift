public import DiagCollect
internal import DiagFormats
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Whoever answers questions about mapped devices: the kernel, or in a test a recording.
protocol MapperSource {
    func ask<Answer>(
        _ question: DeviceMapper.Question, _ body: (Span<UInt8>) -> Answer
    ) throws(SystemCallError) -> Answer
}

extension DeviceMapper: MapperSource {}

/// Asks the device mapper for tables, states and dependencies of several hundred devices at once.
///
/// Only questions that change nothing, and no device but /dev/mapper/control is opened. Keys never
/// leave the parser. Source: linux/dm-ioctl.h of Linux 6.12.
public struct MapperProbe: Probe {
    static let kindName = "mapper"

    /// `mapper`.
    public let kind = MapperProbe.kindName
    /// Five seconds for a batch; the kernel answers for a device in some microseconds.
    public let deadlineSeconds: Double = 5
    /// The device mapper answers only with `SYS_ADMIN`.
    public let commandsDevices = true

    private let source: @Sendable (RootedTree) throws(SystemCallError) -> any MapperSource
    /// How many bytes of text each of the two listings may have.
    private static let textLimit = 4 << 20

    /// A probe of mapped devices.
    public init() {
        source = { root throws(SystemCallError) in try DeviceMapper.open(in: root) }
    }

    /// A probe that asks `source` instead of the kernel.
    init(
        asking source: @escaping @Sendable (RootedTree) throws(SystemCallError) -> any MapperSource
    ) {
        self.source = source
    }

    /// Asks about each device in the request's facts, `devices`: the kernel's name and the number.
    ///
    /// Sends `device-mapper/<batch>.jsonl`, and the same as `dmsetup table` and `dmsetup status`
    /// print it. A device that is gone is left out; one that is refused is told in its line.
    public func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord {
        let start = MonotonicTime.now
        var record = ProbeRecord(kind: kind, target: request.target, outcome: .ok, seconds: 0)
        func ending(_ outcome: ProbeRecord.Outcome, _ reason: String?) -> ProbeRecord {
            record.outcome = outcome
            record.reason = reason
            record.seconds = MonotonicTime.now.seconds(since: start)
            return record
        }
        guard case .object(let devices)? = request.facts?["devices"],
            case .integer(let batch)? = request.facts?["batch"]
        else { return ending(.skipped, "the request names no devices") }
        let mapper: any MapperSource
        let head: MapperDocumentHead
        do throws(SystemCallError) {
            mapper = try source(context.root)
            head = MapperDocumentHead(
                interfaceVersion: try mapper.ask(.version) {
                    try? MapperHeader(parsing: $0).interfaceVersion
                },
                targetVersions: try mapper.ask(.targets) {
                    (try? MapperTargetVersion.list(parsing: $0)) ?? []
                })
        } catch {
            let (outcome, reason) = Self.verdict(on: error)
            return ending(outcome, reason)
        }

        let path = "device-mapper/\(batch).jsonl"
        try sink.open(
            .init(
                path: path, source: DeviceMapper.controlPath.string,
                mediaType: "application/jsonl", privacy: .identity))
        try sink.write((try JSONDocument.encode(head, layout: .line) + [0x0A]).span)
        var facts = [String: JSONValue]()
        var texts = (table: [UInt8](), status: [UInt8]())
        for (name, value) in devices.sorted(by: { NaturalOrder.precedes($0.key, $1.key) }) {
            guard let number = DeviceNumber(parsing: Array((value.text ?? "").utf8)[...]),
                let device = Self.device(name, number, mapper)
            else { continue }
            try sink.write((try JSONDocument.encode(device, layout: .line) + [0x0A]).span)
            facts[name] = .object(MapperFacts.facts(of: device))
            Self.add(device, to: &texts)
        }
        for (name, text) in [("table", texts.table), ("status", texts.status)] where !text.isEmpty {
            try sink.send(
                "device-mapper/\(batch).\(name).txt", Array(text.prefix(Self.textLimit)),
                source: DeviceMapper.controlPath.string, mediaType: "text/plain",
                privacy: .identity)
            if text.count > Self.textLimit {
                try sink.send(
                    .truncated(.init(why: "only the first \(Self.textLimit) bytes are kept")))
            }
        }
        record.facts = [
            "batch": .integer(batch), "artifact": .string("storage/\(path)"),
            "devices": .object(facts),
        ]
        return ending(.ok, nil)
    }

    /// What the kernel says of one device; `nil` when it is gone.
    private static func device(
        _ name: String, _ number: DeviceNumber, _ mapper: any MapperSource
    ) -> MapperDevice? {
        let (major, minor) = (number.major, number.minor)
        func asked<Value>(
            _ question: DeviceMapper.Question,
            _ parse: (Span<UInt8>) throws(FormatError) -> Value
        ) -> Result<Value, any Error> {
            do throws(SystemCallError) {
                let result = try mapper.ask(question) { bytes -> Result<Value, any Error> in
                    do throws(FormatError) { return .success(try parse(bytes)) } catch {
                        return .failure(error)
                    }
                }
                return result
            } catch {
                return .failure(error)
            }
        }
        guard
            case .success(let header) = asked(
                .device(major: major, minor: minor),
                { bytes throws(FormatError) in try MapperHeader(parsing: bytes) })
        else { return nil }
        var device = MapperDevice(device: name, number: number.description, header: header)
        // Suspended since sysfs was read: its state may be locked.
        guard !header.isSuspended else { return device }
        let table = asked(.table(major: major, minor: minor)) { bytes throws(FormatError) in
            try MapperLine.list(parsing: bytes, form: .table)
        }
        let status = asked(.status(major: major, minor: minor)) { bytes throws(FormatError) in
            try MapperLine.list(parsing: bytes, form: .status)
        }
        let dependencies = asked(.dependencies(major: major, minor: minor)) {
            bytes throws(FormatError) in try MapperDependencies(parsing: bytes).numbers
        }
        func value<Value>(_ result: Result<Value, any Error>, _ otherwise: Value) -> Value {
            switch result {
            case .success(let value): return value
            case .failure(let error):
                device.problems.append("\(error)")
                return otherwise
            }
        }
        device.setTargets(table: value(table, []), status: value(status, []))
        device.dependencies = value(dependencies, [])
        return device
    }

    /// Adds the lines as dmsetup(8) prints them.
    private static func add(
        _ device: MapperDevice, to texts: inout (table: [UInt8], status: [UInt8])
    ) {
        for target in device.targets {
            let start =
                "\(device.name): \(target.startSector) \(target.sectorCount) \(target.type)"
            if let text = target.tableText, texts.table.count <= textLimit {
                texts.table += (text.isEmpty ? start : "\(start) \(text)").utf8
                texts.table.append(0x0A)
            }
            if let text = target.statusText, texts.status.count <= textLimit {
                texts.status += (text.isEmpty ? start : "\(start) \(text)").utf8
                texts.status.append(0x0A)
            }
        }
    }

    private static func verdict(on error: SystemCallError) -> (ProbeRecord.Outcome, String) {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            (.skipped, "\(error); " + DeviceRefusal.words("CAP_SYS_ADMIN"))
        case .noSuchFileOrDirectory, .operationNotSupportedByDevice:
            (.skipped, "\(error); the device mapper cannot be asked here")
        default: (.failed, error.description)
        }
    }
}
