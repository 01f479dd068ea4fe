public import DiagModel

/// What a run tells of that which its plan has and which is no longer there: one rule for the files
/// of all collectors, and for what is listed.
///
/// What comes and goes while a host runs is absent: nothing is wrong when a process or a session
/// has ended, or a log was rotated. Anything else is missing.
public enum GoneSincePlan {
    /// Why it is absent or missing.
    public static let reason = "it is in the plan, and no longer there"
    /// How many of what is missing are named.
    private static let mostNamed = 100

    /// Whether what stands at `path` comes and goes while a host runs: what the kernel makes up,
    /// what lies in /run, and logs, those of the journal among them.
    public static func comesAndGoes(_ path: String) -> Bool {
        [
            "/proc/", "/sys/", "/dev/", "/run/", "/var/run/", "/var/lock/", "/var/log/",
        ].contains { path.hasPrefix($0) }
    }

    /// Tells of `paths`, which are gone.
    public static func tell(_ paths: [String], into sink: any CollectionSink) throws {
        let paths = paths.map { UntrustedText.escapingControls($0) }
        let passing = paths.filter { comesAndGoes($0) }
        if let first = passing.first {
            let what = passing.count == 1 ? first : "\(first) and \(passing.count - 1) more"
            try sink.absent(what, why: reason)
        }
        let lasting = paths.filter { !comesAndGoes($0) }
        for path in lasting.prefix(mostNamed) { try sink.missing(path, why: reason) }
        if lasting.count > mostNamed {
            try sink.missing("\(lasting.count - mostNamed) more of the plan", why: reason)
        }
    }
}

extension CollectionPlan.Item {
    /// What of it could not be looked at when the plan was made, as a run tells it, for nobody
    /// reviewed what is there; fit to be told whoever wrote the plan.
    public var unreadableLacks: [WorkerMessage.Lack] {
        let (named, moreCount) = shownUnreadable
        let when = "could not be looked at when the plan was made"
        var lacks = named.map { WorkerMessage.Lack(what: $0.path, why: "it \(when): \($0.why)") }
        if moreCount > 0 {
            lacks.append(
                .init(what: shownTitle, why: "\(moreCount) more paths \(when)"))
        }
        return lacks
    }

    /// That a plan of code has not all files, as a run tells it: it could read none of the others.
    var leftOutLack: WorkerMessage.Lack? {
        guard let leftOutCount, leftOutCount > 0 else { return nil }
        return .init(
            what: "\(shownTitle): \(leftOutCount) more files",
            why: "the plan has the first \(PlanBuilder.mostFiles), and no more")
    }

    private var shownTitle: String {
        UntrustedText.shortened(UntrustedText.escapingControls(title))
    }
}
