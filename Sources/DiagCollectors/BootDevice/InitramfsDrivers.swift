internal import DiagFormats
internal import DiagSystem
internal import SystemPackage

/// Finds the modules of the drivers between a disk and the processor.
struct InitramfsDrivers {
    private static let controllerLimit = 64

    let root: RootedTree

    /// The modules of the drivers of the disk `number` and of everything above it in sysfs.
    func modules(of number: String) -> [String] {
        let link = FilePath("/sys/dev/block").appending(number)
        guard let target = try? root.readLink(link) else { return [] }
        let place = Self.resolved(target, from: link)
        var modules = [String]()
        // A namespace with several paths belongs to its subsystem, which has no driver: its
        // controllers have.
        if place.string.hasPrefix("/sys/devices/virtual/nvme-subsystem/") {
            for controller in controllers(of: place.removingLastComponent()) {
                collect(controller, into: &modules)
                let transport = (try? root.directory(controller))?.text("transport")
                switch transport {
                case "pcie": add("nvme", to: &modules)
                case "tcp", "rdma", "fc", "loop": add("nvme_" + (transport ?? ""), to: &modules)
                default: break
                }
            }
        }
        collect(place, into: &modules)
        return modules
    }

    private func controllers(of subsystem: FilePath) -> [FilePath] {
        let entries = (try? root.directory(subsystem).entries(limit: 4096)) ?? []
        return entries.lazy.compactMap { entry -> FilePath? in
            let name = entry.name.string
            guard name.hasPrefix("nvme"), name.dropFirst(4).allSatisfy(\.isNumber),
                let target = try? root.readLink(subsystem.appending(entry.name))
            else { return nil }
            return Self.resolved(target, from: subsystem.appending(entry.name))
        }.prefix(Self.controllerLimit).sorted { $0.string < $1.string }
    }

    private func collect(_ start: FilePath, into modules: inout [String]) {
        var place = start
        while place.components.count > 2 {
            let driver = place.appending("driver")
            if let module = try? root.readLink(driver.appending("module")),
                let name = module.lastComponent?.string
            {
                add(KernelModuleIndex.canonical(name), to: &modules)
            }
            place.removeLastComponent()
        }
    }

    private func add(_ name: String, to modules: inout [String]) {
        if !modules.contains(name) { modules.append(name) }
    }

    private static func resolved(_ target: FilePath, from link: FilePath) -> FilePath {
        (target.isAbsolute ? target : link.removingLastComponent().pushing(target))
            .lexicallyNormalized()
    }
}
