internal import DiagModel

/// What was found in a bundle or folder, until the manifest says what should be there.
struct VerificationLedger {
    private struct Found {
        let byteCount: Int64
        let sha256: String
        let notJSON: [String]
        let hasKnownPlace: Bool
    }

    /// A folder's files may lack a hash; a bundle's may not.
    private let isOfFolder: Bool
    private var found = [MemberPath: Found]()
    private var differences = Set<String>()
    private var unchecked = [String]()
    private var unhashed = [String]()
    private var manifest: [UInt8]?
    private var findings: [UInt8]?
    private var hasManifest = false
    /// The member that was added last.
    private(set) var lastPath: MemberPath?

    init(isOfFolder: Bool) { self.isOfFolder = isOfFolder }

    /// Notes a difference.
    mutating func add(_ difference: String) { differences.insert(difference) }

    /// Notes what could not be checked.
    mutating func add(unchecked path: String) { unchecked.append(path) }

    /// Notes a member that has passed.
    mutating func add(_ member: MemberCheck.Outcome) {
        lastPath = member.path
        differences.formUnion(member.differences)
        if member.isUnchecked { unchecked.append(member.path.text) }
        if member.path.text == BundleWriter.manifestName {
            hasManifest = true
            manifest = member.content
            differences.formUnion(member.notJSON)
            if member.isUnchecked {
                add("manifest.json: larger than \(Manifest.byteLimit) bytes")
            }
            return
        }
        if member.path.text == "findings.json" {
            findings = member.content
            differences.formUnion(member.notJSON)  // It is never cut.
        }
        found[member.path] = Found(
            byteCount: member.byteCount, sha256: member.sha256, notJSON: member.notJSON,
            hasKnownPlace: member.hasKnownPlace)
    }

    /// The result when reading ended early; what was not read is not called missing.
    func result(brokenBy error: ArchiveError) -> VerificationResult {
        VerificationResult(
            differences: (differences.union(["\(error)"])).sorted(), unchecked: unchecked,
            unhashed: unhashed,
            artifactCount: 0, byteCount: 0, completeness: nil, withheld: [:])
    }

    /// The result of comparing all that was found with the manifest.
    ///
    /// A manifest that breaks its schema is not read further: there is nothing to compare with.
    mutating func result() -> VerificationResult {
        var read: Manifest?
        if let manifest {
            do { read = try JSONDocument.decode(Manifest.self, from: manifest) } catch {
                add("manifest.json: not a manifest of this version")
            }
        } else if !hasManifest {
            add("manifest.json: not there")
        }
        if let read {
            compare(with: read)
        } else {
            for member in found.values where member.hasKnownPlace {
                differences.formUnion(member.notJSON)
            }
        }
        return VerificationResult(
            differences: differences.sorted(), unchecked: Set(unchecked).sorted(),
            unhashed: unhashed.sorted(),
            artifactCount: read?.artifacts.count ?? 0,
            byteCount: read?.artifacts.reduce(0) { $0 &+ $1.byteCount } ?? 0,
            completeness: read?.completeness, withheld: read?.withheld ?? [:])
    }

    private mutating func compare(with manifest: Manifest) {
        var rest = found
        var listed = Set<MemberPath>()
        for artifact in manifest.artifacts {
            let name = artifact.path
            let path: MemberPath
            do throws(ArchiveError) { path = try artifact.memberPath(in: "manifest.json") } catch {
                add("\(name): \(error.reason)")
                continue
            }
            guard listed.insert(path).inserted else {
                add("\(name): the manifest lists it twice")
                continue
            }
            guard let member = rest.removeValue(forKey: path) else {
                add("\(name): the manifest lists it, but it is not there")
                continue
            }
            if member.byteCount != artifact.byteCount {
                add(
                    "\(name): \(member.byteCount) bytes, the manifest says \(artifact.byteCount)")
            } else if let sha256 = artifact.sha256 {
                if member.sha256 != sha256 {
                    add("\(name): SHA-256 is \(member.sha256), the manifest says \(sha256)")
                }
            } else if isOfFolder {
                unhashed.append(name)
            } else {
                add("\(name): the manifest gives no SHA-256")
            }
            compareForm(of: member, with: artifact)
        }
        for path in rest.keys { add("\(path.text): the manifest does not list it") }
        for name in ["findings.json", "summary.txt"]
        where !listed.contains(MemberPath(components: [Array(name.utf8)])) {
            add("\(name): the manifest does not list it")
        }
        compareEvidence(with: Set(manifest.artifacts.map(\.path)))
        compareReports(of: manifest)
    }

    /// A document of ours that is not JSON is a difference, unless it is known to be cut.
    private mutating func compareForm(of member: Found, with artifact: Artifact) {
        guard !member.notJSON.isEmpty,
            member.hasKnownPlace || artifact.mediaType == "application/json"
        else { return }
        if artifact.isTruncated {
            unchecked.append(artifact.path)
        } else {
            differences.formUnion(member.notJSON)
        }
    }

    /// Each finding must rest on artifacts that the manifest lists.
    private mutating func compareEvidence(with listed: Set<String>) {
        guard let findings else { return }
        guard let list = try? JSONDocument.decode(FindingList.self, from: findings) else {
            return add("findings.json: not a list of findings of this version")
        }
        for finding in list.findings {
            for evidence in finding.evidence where !listed.contains(evidence.artifact) {
                let fault = UntrustedText.escapingControls(finding.fault)
                let artifact = UntrustedText.escapingControls(evidence.artifact)
                add(
                    "findings.json: \(fault) rests on \(artifact), which the manifest does not list"
                )
            }
        }
    }

    private mutating func compareReports(of manifest: Manifest) {
        var sums = [String: (count: Int, byteCount: Int64)]()
        for artifact in manifest.artifacts where artifact.collector != "diagbundle" {
            let sum = sums[artifact.collector] ?? (0, 0)
            sums[artifact.collector] = (sum.count + 1, sum.byteCount &+ artifact.byteCount)
        }
        for report in manifest.reports {
            let sum = sums.removeValue(forKey: report.collector) ?? (0, 0)
            if sum != (report.artifactCount, report.byteCount) {
                add(
                    "manifest.json: the report of \(report.collector) counts "
                        + "\(report.artifactCount) artifacts of \(report.byteCount) bytes, "
                        + "the list has \(sum.count) of \(sum.byteCount)")
            }
        }
        for collector in sums.keys {
            add("manifest.json: artifacts of \(collector), but no report")
        }
        let again = Manifest(
            tool: manifest.tool, host: manifest.host, userIdentifier: manifest.userIdentifier,
            started: manifest.started, collected: manifest.collected, options: manifest.options,
            isInterrupted: manifest.isInterrupted, reports: manifest.reports,
            artifacts: manifest.artifacts, absent: manifest.absent, missing: manifest.missing)
        if again.completeness != manifest.completeness {
            add(
                "manifest.json: it says \(manifest.completeness.rawValue), but its lists make it "
                    + again.completeness.rawValue)
        }
        if again.artifacts != manifest.artifacts {
            add("manifest.json: its artifacts are not sorted by path")
        }
    }
}
