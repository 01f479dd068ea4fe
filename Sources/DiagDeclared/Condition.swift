/// What must hold on a host for something to be collected.
public indirect enum Condition: Hashable, Sendable {
    /// All of these.
    case all([Condition])
    /// At least one of these.
    case any([Condition])
    /// Not this.
    case not(Condition)
    /// Whether this program runs as root.
    case root(Bool)
    /// The program is installed, and may be run.
    case command(String)
    /// A process of this name runs, outside containers.
    case running(String)
    /// At least one path matches.
    case file(GlobPattern)
    /// The kernel module is loaded, or built into the kernel.
    case module(String)
    /// The kernel knows the file system.
    case filesystem(String)
    /// The kernel's version compares so.
    case kernel(KernelVersion.Comparison)
    /// The kernel was built with the option, as module or not.
    case configuration(String)
    /// The init system is one of these.
    case initSystem([InitSystem])
    /// The distribution, or one that it is like, is one of these.
    case distribution([String])
    /// Whether this is a virtual machine.
    case virtual(Bool)
    /// Whether this runs in a container.
    case container(Bool)

    /// The obstacle that root would not have.
    static let needsRoot = "this is not root"

    /// The obstacle of a search that time did not suffice for.
    static let outOfTime =
        "the time of the collector was used up before it was known whether it applies"

    /// The obstacle of a root that is not that of a running host.
    static let noKernel = "no kernel runs from this root"

    /// Whether it is about the running kernel, or what that shows of itself.
    private var asksKernel: Bool {
        switch self {
        case .running, .module, .filesystem, .kernel, .virtual: true
        case .file(let pattern): pattern.isOfKernel
        default: false
        }
    }

    /// Always holds.
    public static let always = Condition.all([])

    /// The program that starts the host's services.
    public enum InitSystem: String, Hashable, Sendable, CaseIterable {
        case systemd, openrc, sysvinit, busybox
    }

    /// Why it does not hold, or why nobody knows whether it does; `nil` when it holds.
    func obstacle(on host: HostTraits) -> String? {
        switch outcome(on: host) {
        case .holds: nil
        case .fails(let why), .refused(let why), .unknown(let why): why
        }
    }

    /// What it comes to on a host.
    private enum Outcome {
        case holds
        /// It does not hold, and this is why.
        case fails(String)
        /// It would hold, were a program not refused that is there; this is why.
        case refused(String)
        /// It may hold or not, and this is why that is not known: the same for its opposite.
        case unknown(String)
    }

    private func outcome(on host: HostTraits) -> Outcome {
        switch self {
        case .all(let parts):
            var doubt: Outcome?
            for part in parts {
                let outcome = part.outcome(on: host)
                switch outcome {
                case .holds: continue
                case .fails: return outcome
                case .refused, .unknown: doubt = doubt ?? outcome
                }
            }
            return doubt ?? .holds
        case .any(let parts):
            var obstacles = [String]()
            var (isRefused, isKnown) = (false, true)
            for part in parts {
                let obstacle: String
                switch part.outcome(on: host) {
                case .holds: return .holds
                case .fails(let why): obstacle = why
                case .refused(let why):
                    obstacle = why
                    isRefused = true
                case .unknown(let why):
                    obstacle = why
                    isKnown = false
                }
                if !obstacles.contains(obstacle) { obstacles.append(obstacle) }
            }
            if obstacles.contains(Self.outOfTime) { return .unknown(Self.outOfTime) }
            // What root would do away with is told as that, whatever else does not hold.
            let why =
                obstacles.contains(Self.needsRoot)
                ? Self.needsRoot : obstacles.joined(separator: ", and ")
            guard isKnown else { return .unknown(why) }
            return isRefused ? .refused(why) : .fails(why)
        case .not(let part):
            switch part.outcome(on: host) {
            case .holds: return .fails(part.description)
            case .fails, .refused: return .holds
            case .unknown(let why): return .unknown(why)
            }
        case .command(let name):
            switch host.program(name) {
            case .usable: return .holds
            case .refused(let why): return .refused(why)
            case .hidden: return .unknown(Self.needsRoot)
            case .unknown(let why): return .unknown(why)
            case .absent: return .fails(negation)
            }
        default:
            guard let holds = self.holds(on: host) else { return .unknown(doubt(on: host)) }
            if holds { return .holds }
            return .fails(asksKernel && !host.hasKernel ? Self.noKernel : negation)
        }
    }

    /// Whether it holds; `nil` when that is not known.
    private func holds(on host: HostTraits) -> Bool? {
        switch self {
        case .all, .any, .not: obstacle(on: host) == nil
        case .root(let isRoot): host.isRoot == isRoot
        case .command(let name): host.executable(name) != nil
        case .running(let name): host.isRunning(name)
        case .file(let pattern): host.exists(pattern)
        case .module(let name): host.hasModule(name)
        case .filesystem(let name): host.filesystems?.contains(name)
        case .kernel(let comparison): host.kernelVersion.map(comparison.holds(for:))
        case .configuration(let option): host.hasConfiguration(option)
        case .initSystem(let systems): host.initSystem.map(systems.contains) ?? false
        case .distribution(let names): !host.distributions.isDisjoint(with: names)
        case .virtual(let isVirtual): host.isVirtual.map { $0 == isVirtual }
        case .container(let isContainer): host.isContainer == isContainer
        }
    }

    /// Why it is not known whether it holds.
    ///
    /// Of a root that no kernel runs from it is known that no module is loaded and no process runs,
    /// so that the opposite of either holds. What another kernel would be, have and know, and where
    /// it would run, nobody can tell: neither that holds nor its opposite.
    private func doubt(on host: HostTraits) -> String {
        switch self {
        case .running(let name): host.doubtOfRunning(name)
        case .file(let pattern): host.doubtOfExistence(pattern)
        case _ where !host.hasKernel: Self.noKernel
        case .module(let name):
            "module \(name) is not loaded, and whether it is built into the kernel is not known"
        case .filesystem(let name): "whether the kernel knows \(name) is not known"
        case .kernel: "which version the kernel has is not known"
        case .configuration(let option): "whether the kernel has \(option) is not known"
        default: Self.outOfTime
        }
    }

    /// The state in which it holds.
    private var description: String {
        switch self {
        case .all(let parts): parts.map(\.description).joined(separator: " and ")
        case .any(let parts): parts.map(\.description).joined(separator: " or ")
        case .not(let part): part.negation
        case .root(let isRoot): isRoot ? "this is root" : "this is not root"
        case .command(let name): "\(name) is installed"
        case .running(let name): "\(name) runs"
        case .file(let pattern): "\(pattern.text) exists"
        case .module(let name): "module \(name) is loaded"
        case .filesystem(let name): "the kernel knows \(name)"
        case .kernel(let comparison): "the kernel is \(comparison)"
        case .configuration(let option): "the kernel has \(option)"
        case .initSystem(let systems):
            "init is \(systems.map(\.rawValue).joined(separator: " or "))"
        case .distribution(let names): "the distribution is \(names.joined(separator: " or "))"
        case .virtual(let isSo): isSo ? "this is a virtual machine" : "this is no virtual machine"
        case .container(let isSo): isSo ? "this is a container" : "this is no container"
        }
    }

    /// The state in which it does not.
    private var negation: String {
        switch self {
        case .all(let parts): parts.map(\.negation).joined(separator: " or ")
        case .any(let parts): parts.map(\.negation).joined(separator: " and ")
        case .not(let part): part.description
        case .root(let isRoot): Condition.root(!isRoot).description
        case .command(let name): "\(name) is not installed"
        case .running(let name): "\(name) does not run"
        case .file(let pattern): "\(pattern.text) does not exist"
        case .module(let name): "module \(name) is not loaded"
        case .filesystem(let name): "the kernel does not know \(name)"
        case .kernel(let comparison): "the kernel is not \(comparison)"
        case .configuration(let option): "the kernel has no \(option)"
        case .initSystem(let systems):
            "init is not \(systems.map(\.rawValue).joined(separator: " or "))"
        case .distribution(let names): "the distribution is not \(names.joined(separator: " or "))"
        case .virtual(let isSo): Condition.virtual(!isSo).description
        case .container(let isSo): Condition.container(!isSo).description
        }
    }
}
