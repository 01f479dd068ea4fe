public import DiagCollect
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Keeps the report of LVM's own tools, where they are installed: an addition to what is read from
/// the disks.
///
/// The command takes no lock and writes neither metadata, backup nor hints. It does not use the
/// devices file: a reporting command may rewrite /etc/lvm/devices/system.devices when a device has
/// another name than there. So it also tells of devices that the file hides from LVM. Source:
/// lvmreport(7), lvmdevices(8) and lvm.conf(5) of LVM 2.03.
public struct LVMReportProbe: Probe {
    static let kindName = "lvm-report"
    private static let limit = 32 << 20
    /// Where the tool is, best first.
    private static let places = ["/usr/sbin/lvm", "/sbin/lvm"]

    /// `lvm-report`.
    public let kind = LVMReportProbe.kindName
    /// Fifteen seconds: the tool reads every disk.
    public let deadlineSeconds: Double = 15
    /// It asks the device mapper.
    public let commandsDevices = true

    /// A probe of LVM's tools.
    public init() {}

    /// The requests on a host that has the tool, and a device that LVM uses: one or none.
    ///
    /// `standsOn` are the devices that the tool will read.
    static func requests(in root: RootedTree, standsOn: [String]) -> [ProbeRequest] {
        guard root.isLiveHost, !standsOn.isEmpty,
            let place = places.first(where: { (try? root.status(of: FilePath($0))) != nil })
        else { return [] }
        return [ProbeRequest(kind: kindName, target: place, standsOn: standsOn)]
    }

    /// Runs the command and keeps what it says as `lvm-fullreport.txt`.
    public func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord {
        var record = ProbeRecord(kind: kind, target: request.target, outcome: .ok, seconds: 0)
        guard Self.places.contains(request.target) else {
            record.outcome = .skipped
            record.reason = "\(request.target) is none of LVM's tools"
            return record
        }
        let start = MonotonicTime.now
        let check = SCSISleepCheck(request, in: context.root)
        if let why = check.sleeping(until: start.advanced(bySeconds: 3)) {
            record.outcome = .skipped
            record.reason = "LVM's tool would wake a disk that sleeps: \(why)"
            return record
        }
        let spent = MonotonicTime.now.seconds(since: start)
        do throws(SystemCallError) {
            let result = try CommandRun.run(
                FilePath(request.target), Self.arguments,
                environment: ["LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
                seconds: max(1, deadlineSeconds - 3 - spent), limit: Self.limit)
            record.seconds = MonotonicTime.now.seconds(since: start)
            (record.outcome, record.reason) = Self.verdict(on: result)
            guard !result.output.isEmpty else { return record }
            try? sink.send(
                "lvm-fullreport.txt", result.output,
                source: ([request.target] + Self.arguments).joined(separator: " "),
                mediaType: "text/plain", privacy: .identity)
            record.facts["artifact"] = "storage/lvm-fullreport.txt"
            if result.isCut {
                try? sink.send(
                    .truncated(.init(why: "only the first \(Self.limit >> 20) MiB are kept")))
            }
        } catch {
            record.outcome = .failed
            record.reason = error.description
        }
        return record
    }

    static let arguments: [String] = {
        let sections = ["vg", "pv", "lv", "pvseg", "seg"].flatMap { name in
            ["--configreport", name, "-o", name == "pv" ? "pv_all,vg_name" : "\(name)_all"]
        }
        return [
            "fullreport", "--reportformat", "json", "--units", "b", "--nosuffix", "--nolocking",
            "--foreign", "--config",
            #"global{metadata_read_only=1} backup{backup=0 archive=0} "#
                + #"devices{hints="none" use_devicesfile=0}"#,
        ] + sections
    }()

    private static func verdict(on result: CommandRun) -> (ProbeRecord.Outcome, String?) {
        let said = UntrustedText.escapingControls(
            UntrustedText.escapingInvalidUTF8(
                result.errors.split(separator: 0x0A).first ?? []))
        let why = said.isEmpty ? "" : ": \(said)"
        switch result.cause {
        case .exited(code: 0): return (.ok, nil)
        case .exited(let code): return (.failed, "lvm fullreport exited with code \(code)\(why)")
        case .signalled(let number): return (.failed, "signal \(number) ended lvm fullreport\(why)")
        case nil: return (.failed, "lvm fullreport did not end in time, and was killed\(why)")
        }
    }

    /// What LVM's tool could not tell is no fault of the host.
    public func findings(in records: [ProbeRecord]) -> [Finding] { [] }
}
