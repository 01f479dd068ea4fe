internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads what the kernel knows of NVMe controllers and subsystems.
///
/// Source: drivers/nvme/host/sysfs.c and drivers/pci/pci-sysfs.c of Linux 6.12. All is answered from
/// memory, except speed and width of a PCIe link, which are read from the device's configuration
/// space; they come last. Never read: `dhchap_*`, which are keys, and `address` over TCP, which
/// waits for a lock that is held while the controller connects.
struct NVMeSysfs {
    /// Where the controllers are.
    static let folder: FilePath = "/sys/class/nvme"
    /// More controllers, namespaces or subsystems than this are not read.
    static let limit = 4096

    private static let attributes = [
        "state", "model", "serial", "firmware_rev", "transport", "cntlid", "cntrltype", "dctype",
        "queue_count", "sqsize", "numa_node", "ctrl_loss_tmo", "reconnect_delay",
        "fast_io_fail_tmo", "kato", "subsysnqn", "hostnqn", "hostid", "dev",
    ]

    private let root: RootedTree
    private var reader = AttributeReader()

    private init(_ root: RootedTree) { self.root = root }

    /// Sends `nvme-controllers.json` and says what is wrong with them.
    ///
    /// A host without NVMe sends only that it has none.
    static func send(
        in context: CollectionContext, into sink: any CollectionSink
    ) throws -> [Finding] {
        var sysfs = NVMeSysfs(context.root)
        let document = sysfs.document()
        guard !document.controllers.isEmpty || !document.subsystems.isEmpty else {
            try sink.absent(folder.string, why: "no NVMe controller")
            return []
        }
        try sink.sendJSON(
            "nvme-controllers.json", document, source: folder.string, privacy: .identity)
        for controller in document.controllers where controller.text("state") != "live" {
            try sink.missing(
                "/dev/\(controller.name)",
                why: "not asked: its state is \(controller.text("state") ?? "not told")",
                remedy: "a controller that is live")
        }
        return document.findings
    }

    /// The names of the controllers in natural order.
    static func names(in root: RootedTree) -> [String] {
        guard let directory = try? root.directory(folder),
            let entries = try? directory.entries(limit: limit)
        else { return [] }
        return entries.map(\.name.string).filter { name in
            name.hasPrefix("nvme") && !name.dropFirst(4).isEmpty
                && name.dropFirst(4).utf8.allSatisfy { (0x30...0x39).contains($0) }
        }.sorted(by: NaturalOrder.precedes)
    }

    private mutating func document() -> NVMeControllersDocument {
        var document = NVMeControllersDocument(
            hostName: identity("/etc/nvme/hostnqn"), hostIdentifier: identity("/etc/nvme/hostid"),
            controllers: [], subsystems: subsystems(), parameters: [:])
        for module in ["nvme", "nvme_core", "nvme_fabrics", "nvme_fc", "nvme_rdma", "nvme_tcp"] {
            let values = parameters(of: module)
            if !values.isEmpty { document.parameters[module] = values }
        }
        var subsystemOf = [String: String]()
        for subsystem in document.subsystems {
            for name in subsystem.controllers { subsystemOf[name] = subsystem.name }
        }
        for name in Self.names(in: root) {
            guard var controller = controller(name) else { continue }
            controller.subsystem = subsystemOf[name]
            document.controllers.append(controller)
        }
        for index in document.controllers.indices
        where document.controllers[index].text("transport") == "pcie" {
            document.controllers[index].link = link(document.controllers[index].name)
        }
        return document
    }

    private mutating func controller(_ name: String) -> NVMeControllersDocument.Controller? {
        let path = Self.folder.appending(name)
        guard let directory = try? root.directory(path) else { return nil }
        var facts = [String: String]()
        reader.add(Self.attributes, of: directory, to: &facts)
        if let transport = facts["transport"], transport != "tcp" {
            reader.add(["address"], of: directory, to: &facts)
        }
        var controller = NVMeControllersDocument.Controller(
            name: name, attributes: facts.mapValues(Self.value), paths: [])
        if let target = try? root.readLink(path) {
            let parts = target.components.map(\.string)
            if let start = parts.firstIndex(of: "devices") {
                controller.folder = "/sys/" + parts[start...].joined(separator: "/")
            }
        }
        for entry in (try? directory.entries(limit: Self.limit)) ?? [] {
            let child = entry.name.string
            guard Self.isNamespace(child), let inner = try? directory.directory(child) else {
                continue
            }
            controller.paths.append(
                .init(
                    name: child,
                    namespaceIdentifier: reader.text("nsid", of: inner).flatMap { Int64($0) },
                    anaState: reader.text("ana_state", of: inner),
                    anaGroup: reader.text("ana_grpid", of: inner).flatMap { Int64($0) }))
        }
        controller.paths.sort { NaturalOrder.precedes($0.name, $1.name) }
        if facts["transport"] == "pcie" {
            controller.errorCounts = errorCounts(name)
        }
        return controller
    }

    /// Whether a name is that of a namespace or a path to one: `nvme0n1`, `nvme0c1n1`.
    static func isNamespace(_ name: String) -> Bool {
        guard name.hasPrefix("nvme") else { return false }
        let rest = name.utf8.dropFirst(4)
        let letters = rest.filter { !(0x30...0x39).contains($0) }
        return (letters.elementsEqual("n".utf8) || letters.elementsEqual("cn".utf8))
            && (rest.last.map { (0x30...0x39).contains($0) } ?? false)
    }

    private mutating func subsystems() -> [NVMeControllersDocument.Subsystem] {
        let folder: FilePath = "/sys/class/nvme-subsystem"
        guard let directory = try? root.directory(folder),
            let entries = try? directory.entries(limit: Self.limit)
        else { return [] }
        var found = [NVMeControllersDocument.Subsystem]()
        for name in entries.map(\.name.string).sorted(by: NaturalOrder.precedes) {
            guard let inner = try? root.directory(folder.appending(name)) else { continue }
            var facts = [String: String]()
            reader.add(
                ["subsysnqn", "iopolicy", "subsystype", "model", "serial", "firmware_rev"],
                of: inner, to: &facts)
            let names = ((try? inner.entries(limit: Self.limit)) ?? []).map(\.name.string)
                .sorted(by: NaturalOrder.precedes)
            found.append(
                .init(
                    name: name, attributes: facts.mapValues(Self.value),
                    controllers: names.filter { name in
                        name.hasPrefix("nvme") && !name.dropFirst(4).isEmpty
                            && name.dropFirst(4).utf8.allSatisfy { (0x30...0x39).contains($0) }
                    }, namespaces: names.filter(Self.isNamespace)))
        }
        return found
    }

    private mutating func parameters(of module: String) -> [String: JSONValue] {
        let folder = FilePath("/sys/module/\(module)/parameters")
        guard let directory = try? root.directory(folder),
            let entries = try? directory.entries(limit: Self.limit)
        else { return [:] }
        var facts = [String: String]()
        reader.add(
            entries.map(\.name.string).filter { !$0.hasPrefix("dhchap") }, of: directory,
            to: &facts)
        return facts.mapValues(Self.value)
    }

    /// The counters of advanced error reporting. Source: drivers/pci/pcie/aer.c of Linux 6.12.
    private mutating func errorCounts(_ name: String) -> [String: [String: Int64]]? {
        guard let device = try? root.directory(Self.folder.appending(name).appending("device"))
        else { return nil }
        var counts = [String: [String: Int64]]()
        for kind in ["correctable", "nonfatal", "fatal"] {
            guard let text = reader.text("aer_dev_" + kind, of: device) else { continue }
            var values = [String: Int64]()
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 2, let count = Int64(words[1]), count >= 0 else { continue }
                if count > 0 || words[0].hasPrefix("TOTAL") { values[String(words[0])] = count }
            }
            counts[kind] = values
        }
        return counts.isEmpty ? nil : counts
    }

    private mutating func link(_ name: String) -> PCIeLink? {
        let path = Self.folder.appending(name).appending("device")
        guard let device = try? root.directory(path) else { return nil }
        var link = PCIeLink()
        link.maximumSpeed = PCIeLink.speed(reader.text("max_link_speed", of: device))
        link.maximumWidth = PCIeLink.width(reader.text("max_link_width", of: device))
        link.currentSpeed = PCIeLink.speed(reader.text("current_link_speed", of: device))
        link.currentWidth = PCIeLink.width(reader.text("current_link_width", of: device))
        if let port = try? root.directory(path.appending("..")) {
            link.portSpeed = PCIeLink.speed(reader.text("max_link_speed", of: port))
            link.portWidth = PCIeLink.width(reader.text("max_link_width", of: port))
        }
        return link == PCIeLink() ? nil : link
    }

    /// The one line of a small file of /etc.
    private func identity(_ path: FilePath) -> String? {
        guard let bytes = try? root.read(path, limit: 1024) else { return nil }
        let line = bytes.split(separator: 0x0A).first ?? []
        let text = UntrustedText.escapingForPath(line)
        return text.isEmpty ? nil : text
    }

    private static func value(_ text: String) -> JSONValue {
        Int64(text).map { .integer($0) } ?? .string(UntrustedText.escapingControls(text))
    }
}
