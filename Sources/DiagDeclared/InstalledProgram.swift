internal import DiagSystem
internal import SystemPackage

/// What a host has of a program that is to be run.
enum InstalledProgram: Hashable {
    /// It is this file.
    case usable(FilePath)
    /// It is there and is not run: why, with its path.
    case refused(String)
    /// Only root could tell whether it is there.
    case hidden
    /// Whether it is there would have to be looked for behind an automount point; this says so.
    case unknown(String)
    /// It is not there.
    case absent

    private static let notTrusted = " is there, but is not run: "
    private static let notExecutable = " may not be executed"
    private static let notLookedAt = " could not be looked at: "
    /// What a reason to distrust ends with; as a remedy it is told once.
    private static let cures = [
        ": change that (chown)", ": take that right away (chmod go-w)",
    ]

    /// Looks for it at each of `places`, and takes the first that can be run.
    ///
    /// What root runs must be so that root alone can change it, with each folder and each link on
    /// the way. From another root than the running host's nothing is run: there it is enough that
    /// the program is there.
    init(at places: [FilePath], in tree: RootedTree, isRoot: Bool) {
        var found = InstalledProgram.absent
        for place in places {
            let program = Self.look(at: place, in: tree, isRoot: isRoot)
            switch program {
            case .usable:
                self = program
                return
            // A folder of programs that is closed says nothing of one of them.
            case .hidden where places.count > 1, .unknown where places.count > 1: continue
            default: if found == .absent { found = program }
            }
        }
        self = found
    }

    private static func look(
        at place: FilePath, in tree: RootedTree, isRoot: Bool
    ) -> InstalledProgram {
        let status: FileStatus
        do throws(SystemCallError) { status = try tree.status(of: place) } catch {
            if let point = error.automountPoint {
                return .unknown(
                    Condition.doubt(whether: "\(place) is installed", behind: point))
            }
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: return .absent
            case .permissionDenied where !isRoot: return .hidden
            // A link of somebody else, which is not followed.
            case .notPermitted:
                return .refused("\(place)\(notTrusted)\(error.operation): \(error.errno)")
            default: return .refused(unseen(place, "\(error.operation): \(error.errno)"))
            }
        }
        guard status.kind == .regular else { return .absent }
        guard status.permissions & 0o111 != 0 else { return .refused("\(place)\(notExecutable)") }
        guard isRoot, tree.isLiveHost else { return .usable(place) }
        do throws(TrustedFolder.Refusal) {
            try TrustedFolder.checkProgram(place)
            return .usable(place)
        } catch {
            if error.errno == .noSuchFileOrDirectory { return .absent }
            // What the kernel said is nothing that other rights would change.
            guard error.errno == nil else { return .refused(unseen(place, error.description)) }
            var doubt = error.description
            if let cure = cures.first(where: { doubt.hasSuffix($0) }) {
                doubt.removeLast(cure.count)
            }
            return .refused("\(place)\(notTrusted)\(doubt)")
        }
    }

    private static func unseen(_ place: FilePath, _ why: String) -> String {
        "\(place)\(notLookedAt)\(why)"
    }

    /// Whether an obstacle says that a program is refused.
    static func isRefusal(_ obstacle: String) -> Bool {
        [notTrusted, notExecutable, notLookedAt].contains { obstacle.contains($0) }
    }

    /// What would make a program run of which an obstacle says that it is refused; `nil` for one
    /// that could not be looked at, and for any other obstacle.
    static func remedy(for obstacle: String) -> String? {
        if obstacle.contains(notTrusted) {
            return "Let nobody else change it, or a folder on its way (chown, chmod go-w)."
        }
        return obstacle.contains(notExecutable)
            ? "Give it the right to be executed (chmod +x)." : nil
    }
}
