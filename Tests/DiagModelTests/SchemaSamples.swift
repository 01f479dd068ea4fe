import DiagModel
import Testing

/// One document of each schema, with every optional member, and with none.
struct SchemaSample: Sendable, CustomTestStringConvertible {
    let schema: PublishedSchema
    let definition: String?
    let title: String
    let value: JSONValue

    var testDescription: String { "\(schema.name) \(definition ?? "") \(title)" }

    init(
        _ schema: PublishedSchema, definition: String? = nil, _ title: String,
        _ value: some Encodable
    ) {
        self.schema = schema
        self.definition = definition
        self.title = title
        let bytes = (try? JSONDocument.encode(value, layout: .line)) ?? []
        self.value = (try? JSONDocument.decode(JSONValue.self, from: bytes)) ?? .null
    }

    static let time = Timestamp(microsecondsSince1970: 1_800_000_000_123_456)
    static let sha = String(repeating: "0a", count: 32)

    static let fullFinding = Finding(
        fault: "storage.mount.hung", severity: .critical, collector: "storage", object: "/mnt/a",
        place: "mount:/mnt/a", reason: "statfs did not return", recommendedActions: ["umount -l"],
        evidence: [.init(artifact: "storage/probes.json", line: 3), .init(artifact: "logs/k.txt")])
    static let leanFinding = Finding(
        fault: "f", severity: .notice, collector: "c", object: "o", reason: "r",
        recommendedActions: [], evidence: [])
    static let fullMissing = Missing(
        collector: "logs", what: "/dev/kmsg", why: "EPERM", remedy: "root")
    static let leanMissing = Missing(collector: "logs", what: "x", why: "y")

    static let fullWithheld: Withheld = {
        var withheld = Withheld()
        withheld.add(file: "/etc/crontab")
        withheld.add(command: "ps -ef")
        withheld.add(Withheld.Count(files: 3, isLeast: true))
        return withheld
    }()

    static let fullManifest = Manifest(
        tool: .init(name: "diagbundle", version: "1.0"),
        host: .init(
            name: "host17", kernelRelease: "6.1.0", architecture: "x86_64",
            operatingSystem: "Debian 12", uptimeSeconds: 12.5),
        caseIdentifier: "C-1", userIdentifier: 0, started: time, collected: time,
        options: .init(
            root: "/", collectors: ["storage"], since: time, deadlineSeconds: 60,
            sealDeadlineSeconds: 60, jobs: 2, maxByteCount: 1 << 30,
            planSHA256: String(repeating: "b2", count: 32)),
        reports: [
            .init(
                collector: "storage", outcome: .timedOut, reason: "deadline", started: time,
                seconds: 1.5, artifactCount: 1, byteCount: 3, confinement: "parser",
                confinementGaps: ["landlock"], processorSeconds: 0.5,
                peakResidentByteCount: 4096, notes: ["n"], withheld: fullWithheld,
                origin: "/etc/diagbundle/collectors.d/storage.yaml", definition: sha,
                replacesBuiltIn: true)
        ],
        artifacts: [
            .init(
                collector: "storage", path: #"storage/\xFF.txt"#, pathBytes: "c3RvcmFnZS//LnR4dA==",
                byteCount: 3, sha256: sha, source: "/sys", mediaType: "text/plain",
                privacy: .sensitive, seconds: 0.25, isTruncated: true, truncationReason: "budget")
        ],
        absent: [.init(collector: "storage", what: "md", why: "no arrays")], missing: [fullMissing],
        memberOrder: ["logs", "storage"])
    static let leanManifest = Manifest(
        tool: .init(name: "diagbundle", version: "1.0"),
        host: .init(name: "h", kernelRelease: "6", architecture: "x86_64"), userIdentifier: 1000,
        started: time, collected: time,
        options: .init(
            root: "/", collectors: [], deadlineSeconds: 1, sealDeadlineSeconds: 1, jobs: 1,
            maxByteCount: 0),
        reports: [.init(collector: "a", outcome: .complete)],
        artifacts: [.init(collector: "a", path: "a/b", byteCount: 0, sha256: sha)],
        absent: [.init(collector: "a", what: "b")], missing: [])

    static let all: [SchemaSample] = {
        let run = ProgressEvent.Run(
            done: 1, total: 2, fraction: 0.5, elapsedSeconds: 1, remainingSeconds: 2)
        let leanRun = ProgressEvent.Run(done: 0, total: 0, fraction: 0, elapsedSeconds: 0)
        let fullRecord = ProbeRecord(
            kind: "mount-health", target: "/mnt/a", outcome: .hung, seconds: 2, reason: "deadline",
            facts: ["free": 3, "deep": ["a": [1, "x"]]], details: ["text": "t"],
            kernelStack: ["rpc_wait_bit_killable"])
        let leanRecord = ProbeRecord(kind: "k", target: "t", outcome: .ok, seconds: 0)
        let probe = ProbeRequest(
            kind: "k", target: #"\xFF"#, targetBytes: "/w==", facts: ["a": 1], standsOn: ["u"])
        let messages: [(String, WorkerMessage)] = [
            (
                "full",
                .artifact(
                    .init(
                        path: "a", pathBytes: "YQ==", source: "s", mediaType: "m", privacy: .content
                    ))
            ),
            ("lean", .artifact(.init(path: "a/b"))),
            ("full", .data(byteCount: 12)), ("full", .truncated(.init(why: "w"))),
            ("full", .progress(.init(done: 1, total: 2, unit: "files", activity: "a"))),
            ("lean", .progress(.init(done: 1))),
            (
                "with a file",
                .progress(
                    .init(
                        done: 1,
                        file: .init(
                            path: "a", byteCount: 1, totalByteCount: 2, bytesPerSecond: 3,
                            remainingSeconds: 4)))
            ),
            ("all", .spoken(.init(version: 1))),
            ("full", .seekable(.init(isComplete: false, reason: "r"))),
            ("lean", .seekable(.init(isComplete: true))),
            ("full", .absent(.init(what: "w", why: "y", remedy: "r"))),
            ("lean", .absent(.init(what: "w"))),
            ("full", .missing(.init(what: "w", why: "y", remedy: "r"))),
            ("full", .finding(fullFinding)), ("lean", .finding(leanFinding)),
            ("full", .note(.init(text: "t", withheld: fullWithheld))),
            ("lean", .note(.init(text: "t"))), ("full", .probe(probe)),
            ("lean", .probe(.init(kind: "k", target: "t"))), ("full", .record(fullRecord)),
            ("lean", .record(leanRecord)), ("full", .awaitProbes),
            ("full", .end(.init(failure: "f", confinementGaps: ["g"]))), ("lean", .end(.init())),
        ]
        let messageSamples = messages.map { title, message in
            let body = (try? message.encodedBody()) ?? []
            let value = (try? JSONDocument.decode(JSONValue.self, from: body)) ?? .null
            return SchemaSample(.workerMessages, definition: message.verb, title, value)
        }
        return messageSamples + collectors + nvme + scsi + metadata + fileSystems
            + dumpDescriptions + declared + plans + liveDump + kernelStacks + dumpEstimate + [
                SchemaSample(.manifest, "full", fullManifest),
                SchemaSample(.manifest, "lean", leanManifest),
                SchemaSample(.findings, "full", FindingList([fullFinding, leanFinding])),
                SchemaSample(.findings, "lean", FindingList([])),
                SchemaSample(
                    .topology, "full",
                    Topology(
                        nodes: [
                            .init(
                                id: "block:sda", kind: .disk, name: "sda", byteCount: 512,
                                attributes: ["any": ["x": [1, .number(2.5), true]]]),
                            .init(
                                id: "mount:/", kind: .mount, name: "/", health: .warning,
                                operationalStatus: ["Full"], artifacts: ["": "a"]),
                        ], edges: [.init(from: "block:sda", to: "mount:/", kind: .usedAt)])),
                SchemaSample(.topology, "lean", Topology(nodes: [], edges: [])),
                SchemaSample(.probes, "full", ProbeRecordList([fullRecord, leanRecord])),
                SchemaSample(.probes, "lean", ProbeRecordList([])),
                SchemaSample(
                    .progress, "full",
                    ProgressEvent(
                        kind: .operationProgress, time: time, run: run,
                        operation: .init(
                            name: "logs", title: "Collecting logs", state: .partial, done: 1,
                            total: 2,
                            unit: "files", activity: "a", elapsedSeconds: 1, reason: "r",
                            file: .init(
                                path: "logs/a", byteCount: 1, totalByteCount: 2,
                                bytesPerSecond: 3.5,
                                remainingSeconds: 4)),
                        message: "m",
                        result: .init(
                            exitCode: 3, bundlePath: "b", bundleByteCount: 1, bundleSHA256: sha,
                            folderPath: "f", artifactCount: 1, artifactByteCount: 2,
                            completeness: .partial, missing: [fullMissing], findings: [fullFinding],
                            collectSeconds: 1, sealSeconds: 2, error: "e",
                            withheld: ["scheduled": fullWithheld.count],
                            volumes: [.init(path: "b.001", byteCount: 1, sha256: sha)],
                            encryption: .init(program: "age", recipients: ["r"]),
                            signaturePath: "b.sig"))),
                SchemaSample(
                    .progress, "lean", ProgressEvent(kind: .runStarted, time: time, run: leanRun)),
                SchemaSample(
                    .workerRequest, "full",
                    WorkerRequest(
                        collector: "logs", root: "/", since: time, options: ["a": ["b": 1]],
                        deadlineSeconds: 2.5, byteBudget: 3, boundary: "b0undary", probe: probe,
                        seekable: .init(descriptor: 3, path: "LiveDump.kdump", byteLimit: 1 << 40))),
                SchemaSample(
                    .workerAnswer, "full",
                    WorkerAnswer(isInterrupted: true, probes: [fullRecord, leanRecord])),
                SchemaSample(.workerAnswer, "lean", WorkerAnswer(probes: [])),
                SchemaSample(
                    .workerRequest, "lean",
                    WorkerRequest(
                        collector: "logs", root: "/", deadlineSeconds: 1, byteBudget: 0,
                        boundary: "b")),
            ]
    }()
}

/// A sample with one thing wrong.
struct SpoiledSample: Sendable, CustomTestStringConvertible {
    let sample: SchemaSample
    let change: String
    let value: JSONValue

    var testDescription: String { "\(sample.testDescription): \(change)" }

    /// Each object of the document in turn: every member of another type, an extra member, and
    /// every member that the schema requires left out.
    static let all: [SpoiledSample] = SchemaSample.all.flatMap { sample in
        let root = sample.schema.value
        let schema = sample.definition.flatMap { root["$defs"]?[$0] } ?? root
        return spoil(sample.value, by: schema, root: root, at: "").map {
            SpoiledSample(sample: sample, change: $0.change, value: $0.value)
        }
    }

    private static func spoil(
        _ value: JSONValue, by schema: JSONValue, root: JSONValue, at place: String
    ) -> [(change: String, value: JSONValue)] {
        var schema = schema
        if let target = schema["$ref"]?.text?.split(separator: "/").last {
            schema = root["$defs"]?[String(target)] ?? .null
        }
        switch value {
        case .object(let members):
            guard case .object(let properties)? = schema["properties"] else { return [] }
            var changes = [(change: String, value: JSONValue)]()
            if schema["additionalProperties"] == false {
                var more = members
                more["unexpected"] = 1
                changes.append(("\(place)/unexpected added", .object(more)))
            }
            if case .array(let required)? = schema["required"] {
                for name in required.compactMap(\.text) {
                    var fewer = members
                    fewer[name] = nil
                    changes.append(("\(place)/\(name) left out", .object(fewer)))
                }
            }
            for (name, member) in members {
                var other = members
                other[name] = .null
                changes.append(("\(place)/\(name) null", .object(other)))
                let inner = spoil(
                    member, by: properties[name] ?? .null, root: root, at: "\(place)/\(name)")
                for change in inner {
                    other[name] = change.value
                    changes.append((change.change, .object(other)))
                }
            }
            return changes
        case .array(let elements):
            return elements.indices.flatMap { index in
                spoil(
                    elements[index], by: schema["items"] ?? .null, root: root,
                    at: "\(place)/\(index)"
                ).map { change in
                    var other = elements
                    other[index] = change.value
                    return (change.change, .array(other))
                }
            }
        case .string(let text):
            guard schema["pattern"] != nil || schema["enum"] != nil || schema["const"] != nil
            else { return [] }
            return [("\(place) misspelt", .string("/" + text + "/../\u{1}"))]
        case .integer:
            guard schema["minimum"] != nil else { return [] }
            return [("\(place) negative", -1), ("\(place) with a fraction", .number(-0.5))]
        default: return []
        }
    }
}
