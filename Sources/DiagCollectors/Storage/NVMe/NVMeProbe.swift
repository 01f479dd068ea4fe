public import DiagCollect
internal import DiagFormats
public import DiagModel
public import DiagSystem
internal import SystemPackage

/// Asks one NVMe controller for what it says of itself, its namespaces and its logs.
///
/// Source: Identify and Get Log Page through `NVME_IOCTL_ADMIN_CMD`, which needs CAP_SYS_ADMIN. No
/// other command is sent. Facts of a request: `dev` the device number, `persistentEvents` to have
/// that log too, for which a context is established in the controller and released.
public struct NVMeProbe: Probe {
    static let kindName = "nvme"

    /// `nvme`.
    public let kind = NVMeProbe.kindName
    /// Five seconds: a controller that is well answers all in a tenth of one.
    public let deadlineSeconds: Double = 5
    /// It sends commands.
    public let commandsDevices = true

    /// A probe of NVMe controllers.
    public init() {}

    /// The controllers below `root` that can be asked: those whose state is `live`.
    ///
    /// The kernel opens no other. Source: `nvme_dev_open`, drivers/nvme/host/core.c, Linux 6.12.
    public static func requests(
        in root: RootedTree, persistentEvents: Bool = false
    ) -> [ProbeRequest] {
        var reader = AttributeReader()
        return NVMeSysfs.names(in: root).compactMap { name in
            guard let folder = try? root.directory(NVMeSysfs.folder.appending(name)),
                reader.text("state", of: folder) == "live"
            else { return nil }
            var facts: [String: JSONValue] = [:]
            if let number = reader.text("dev", of: folder) { facts["dev"] = .string(number) }
            if persistentEvents { facts["persistentEvents"] = true }
            return ProbeRequest(
                kind: kindName, target: "/dev/\(name)", facts: facts.isEmpty ? nil : facts)
        }
    }

    /// Asks the controller at the request's target, below the root.
    public func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord {
        let start = MonotonicTime.now
        let number = request.facts?["dev"]?.text.flatMap {
            DeviceNumber(parsing: Array($0.utf8)[...])
        }
        let device: NVMeDevice
        do throws(SystemCallError) {
            device = NVMeDevice(
                try DeviceFile.open(
                    FilePath(request.target), in: context.root,
                    number: number.map { ($0.major, $0.minor) }))
        } catch {
            let (outcome, reason) = Self.verdict(on: error)
            return ProbeRecord(
                kind: kind, target: request.target, outcome: outcome,
                seconds: MonotonicTime.now.seconds(since: start), reason: reason)
        }
        return try ask(device, request, start: start, into: sink)
    }

    /// Asks `transport` for everything and sends it.
    func ask(
        _ transport: any NVMeTransport, _ request: ProbeRequest, start: MonotonicTime = .now,
        into sink: any CollectionSink
    ) throws -> ProbeRecord {
        let name = Self.name(of: request.target)
        var reader = NVMeReader(
            name, device: request.target, transport: transport, into: sink,
            end: start.advanced(bySeconds: NVMeReader.secondsOfAsking))
        try reader.readAll(persistentEvents: request.facts?["persistentEvents"] == true)
        let document = reader.document
        var record = ProbeRecord(kind: kind, target: request.target, outcome: .ok, seconds: 0)
        if let failure = reader.failure {
            (record.outcome, record.reason) = Self.verdict(on: failure)
        } else if document.controller == nil {
            record.outcome = .failed
            let why = document.refused["controller"] ?? "no answer"
            record.reason = "Identify Controller on \(request.target): \(why)"
        }
        if document.controller != nil {
            let path = "nvme/\(name).json"
            try sink.sendJSON(path, document, source: request.target, privacy: .identity)
            record.facts = Self.facts(of: document)
            record.facts["artifact"] = .string("storage/" + path)
        }
        record.seconds = MonotonicTime.now.seconds(since: start)
        return record
    }

    /// The last component of a device path, which stands in the names of its artifacts.
    static func name(of target: String) -> String {
        FilePath(target).lastComponent?.string ?? "controller"
    }

    /// What a refusal of the kernel means.
    static func verdict(on error: SystemCallError) -> (ProbeRecord.Outcome, String) {
        let said = error.description
        return switch error.errno {
        case .permissionDenied, .notPermitted:
            (.skipped, "\(said); " + DeviceRefusal.words("CAP_SYS_ADMIN"))
        case .noSuchFileOrDirectory, .notDirectory:
            (.skipped, "\(said); there is no such device node, or the controller was removed")
        case .resourceTemporarilyUnavailable:
            (.failed, "\(said); the controller is not live: it is being reset or connected")
        case .noSuchAddressOrDevice, .operationNotSupportedByDevice:
            (.failed, "\(said); the controller was removed, or the name now means another")
        case .init(rawValue: 25):
            (.skipped, "\(said); it is no NVMe controller that takes admin commands")
        case .ioError, .timedOut:
            (.failed, "\(said); the controller does not answer")
        default: (.failed, said)
        }
    }
}
