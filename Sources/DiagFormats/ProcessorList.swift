/// The processors of /proc/cpuinfo, summed up.
///
/// Source: Linux 6.17, arch/{x86/kernel/cpu/proc,arm64/kernel/cpuinfo,powerpc/kernel/setup-common,
/// s390/kernel/processor,riscv/kernel/cpu}.c: each has its own names.
public struct ProcessorList: Codable, Hashable, Sendable {
    /// How many logical processors are listed: those that are online.
    public let logicalCount: Int
    /// How many packages they lie in; none where the architecture does not say.
    public let packageCount: Int?
    /// How many cores they are; none where the architecture does not say.
    public let coreCount: Int?
    /// The model names, each once, in the order they are met.
    public let models: [String]
    /// The vendor, or on Arm the implementer's number.
    public let vendor: String?
    /// Family, model and stepping as x86 numbers them: `6/85/7`.
    public let signature: String?
    /// The microcode revisions, each once; more than one is a fault of an update.
    public let microcodeRevisions: [String]
    /// The bugs that x86 kernels know of the processor.
    public let bugs: [String]
    /// The features of the first processor.
    public let features: [String]

    /// Reads `text`. A truncated one gives the processors that are whole.
    public init(parsing text: String) {
        var count = 0
        var packages = Set<String>()
        var cores = Set<[String]>()
        var models = [String]()
        var revisions = [String]()
        var vendor: String?
        var signature = [String: String]()
        var bugs = [String]()
        var features = [String]()
        var package = ""
        for line in TextFields.lines(text) {
            guard let (name, value) = TextFields.pair(line, separator: 0x3A) else { continue }
            switch name {
            case "processor": count += 1
            case "model name", "cpu", "uarch":
                if !value.isEmpty, !models.contains(value), models.count < 64 {
                    models.append(value)
                }
            case "vendor_id", "CPU implementer", "mvendorid": vendor = vendor ?? value
            case "cpu family", "model", "stepping": signature[name] = signature[name] ?? value
            case "physical id":
                package = value
                packages.insert(value)
            case "core id": cores.insert([package, value])
            case "microcode":
                if !revisions.contains(value), revisions.count < 64 { revisions.append(value) }
            case "bugs": if bugs.isEmpty { bugs = TextFields.words(value) }
            case "flags", "Features", "features", "isa":
                if features.isEmpty { features = TextFields.words(value) }
            default:
                // s390 writes `processor 0: version = …`.
                if name.hasPrefix("processor ") { count += 1 }
            }
        }
        logicalCount = count
        packageCount = packages.isEmpty ? nil : packages.count
        coreCount = cores.isEmpty ? nil : cores.count
        self.models = models
        self.vendor = vendor
        if let family = signature["cpu family"], let model = signature["model"],
            let stepping = signature["stepping"]
        {
            self.signature = "\(family)/\(model)/\(stepping)"
        } else {
            self.signature = nil
        }
        microcodeRevisions = revisions
        self.bugs = bugs
        self.features = features
    }
}
