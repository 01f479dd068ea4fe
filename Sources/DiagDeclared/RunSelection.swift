internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The things on a host that a command runs for, by their names.
struct RunSelection {
    /// The names in natural order, each once: `sda2` before `sda10`.
    private(set) var names: [String] = []
    /// How many more there are than the limit allows.
    private(set) var leftOutCount = 0
    /// Whether that may be fewer than there are.
    private(set) var leftOutIsLeast = false
    /// Things with names that no command is given, or that another thing has, the first of them.
    private(set) var misfits: [CollectionPlan.Misfit] = []
    /// How many more of those there are.
    private(set) var moreMisfitCount = 0
    /// Paths and folders that are there and could not be looked at.
    private(set) var failures: [SystemCallError] = []
    /// Whether time ran out.
    private(set) var isCut = false

    /// What is said then.
    static let tookTooLong = "looking for what to run it for took too long"

    /// So many names are remembered.
    private static let mostNames = 100_000

    /// Looks for what `command` runs for.
    ///
    /// What a folder lists is there, and is not looked at itself: a look at what lies on a dead
    /// server would hang. Of more than the limit the first are chosen. With `planned`, the names
    /// that a reviewed plan has, no others are.
    init(
        _ command: CollectorDeclaration.Command, limits: CollectorDeclaration.Limits,
        in tree: RootedTree, until deadline: MonotonicTime, among planned: Set<String>? = nil
    ) throws {
        var walk = GlobWalk(tree, until: deadline)
        // Where the thing of each name is: two things of one name are found by two patterns.
        var found = [String: [UInt8]]()
        var unfit = Set<[UInt8]>()
        for pattern in command.forEach?.patterns ?? [] {
            try walk.walk(pattern) { path in
                guard pattern.endsInMatch || isThere(path, in: tree) else { return }
                let bytes = pattern.name(of: path)
                let name = String(decoding: bytes, as: UTF8.self)
                guard planned?.contains(name) ?? true else { return }
                let thing = pattern.thing(at: path)
                let (why, place): (String, [UInt8])
                if let misfit = Self.misfit(bytes, command) {
                    (why, place) = (misfit, path.bytes)
                } else if let other = found[name] {
                    guard other != thing else { return }
                    (why, place) = (Self.taken(by: other), thing)
                } else {
                    if found.count < Self.mostNames {
                        found[name] = thing
                    } else {
                        leftOutIsLeast = true
                    }
                    return
                }
                // A run by a plan tells those that the plan has.
                guard planned == nil, unfit.count < Self.mostNames, unfit.insert(place).inserted
                else { return }
                guard misfits.count < CollectionPlan.Item.mostMisfits else {
                    moreMisfitCount += 1
                    return
                }
                misfits.append(.init(path: UntrustedText.escapingForPath(place), why: why))
            }
        }
        failures += walk.failures
        isCut = walk.isCut
        let sorted = found.keys.sorted { left, right in
            NaturalOrder.precedes(left, right)
                // `1` and `01` are the same to it.
                || !NaturalOrder.precedes(right, left) && left < right
        }
        names = Array(sorted.prefix(limits.runCount))
        leftOutCount = sorted.count - names.count
    }

    /// Why nothing runs for a thing whose name another one has, as the rest of a sentence.
    private static func taken(by other: [UInt8]) -> String {
        "has the same name as \(UntrustedText.escapingForPath(other)), and for each name there is"
            + " one run"
    }

    /// Why no command is given a name, as the rest of a sentence; `nil` when it is.
    private static func misfit(
        _ name: ArraySlice<UInt8>, _ command: CollectorDeclaration.Command
    ) -> String? {
        guard CollectorDeclaration.ForEach.isPlain(name) else {
            return CollectorDeclaration.ForEach.unfit
        }
        let artifact = command.run(for: String(decoding: name, as: UTF8.self)).artifact
        return DeclarationReader.fault(ofArtifact: artifact).map {
            "has a name with which the path of its artifact \($0)"
        }
    }

    /// Whether something is there; what cannot be looked at is a failure.
    private mutating func isThere(_ path: FilePath, in tree: RootedTree) -> Bool {
        do throws(SystemCallError) {
            _ = try tree.status(of: path)
            return true
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory, .noSuchProcess: break
            default: failures.append(error)
            }
            return false
        }
    }
}
