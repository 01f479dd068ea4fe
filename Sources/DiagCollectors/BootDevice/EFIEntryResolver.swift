internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Finds the partition and the file that a boot entry of the firmware leads to.
struct EFIEntryResolver {
    let reader: FactReader
    let partitions: BootPartitions
    let mounts: [RootStackMount]

    /// Where the entry leads; `nil` for one that names no partition, as for the network.
    func target(of entry: EFIDocument.Entry) -> EFIDocument.Target? {
        guard let place = entry.partition else { return nil }
        guard let identifier = Self.identifier(of: place) else {
            return .init(
                state: .unknown, why: "the entry names its partition in a form unknown here")
        }
        let found = partitions.partitions(identifier: identifier)
        // Below a multipath device one partition has several names: the one in use counts.
        guard
            let partition = found.first(where: { !mounts(of: $0).isEmpty }) ?? found.last
        else {
            guard partitions.knowsIdentifiers else {
                return .init(
                    state: .unknown, why: "the identifiers of this host's partitions are not known")
            }
            guard !partitions.isTruncated else {
                return .init(
                    state: .unknown,
                    why: "only the first \(BootPartitions.limit) partitions were looked at")
            }
            return .init(
                state: .partitionMissing,
                why: "no disk of this host has the partition \(identifier)")
        }
        let device = "/dev/" + partition.name
        guard let file = entry.file else {
            return .init(
                state: .found, device: device,
                why: "the entry names no file: the firmware starts the partition's default")
        }
        let mounted = mounts(of: partition)
        guard !mounted.isEmpty else {
            return .init(
                state: .unknown, device: device, why: "the partition is not mounted")
        }
        guard let mount = mounted.last(where: { $0.root == "/" }) else {
            return .init(
                state: .unknown, device: device, why: "only a folder of the partition is mounted")
        }
        let components = file.split(separator: "\\").map(String.init)
        switch Self.find(components, below: FilePath(mount.mountPoint), in: reader.context.root) {
        case .found(let path, let isRegular):
            return isRegular
                ? .init(state: .found, device: device, path: path)
                : .init(
                    state: .fileMissing, device: device, path: path,
                    why: "what is there is no regular file")
        case .missing(let name):
            return .init(
                state: .fileMissing, device: device, path: mount.mountPoint,
                why: "\(UntrustedText.escapingControls(name)) is not on it")
        case .refused(let error):
            return .init(
                state: .unknown, device: device, path: mount.mountPoint, why: error.description)
        }
    }

    /// The mounts of the partition that no later mount hides.
    private func mounts(of partition: BootPartitions.Partition) -> [RootStackMount] {
        mounts.filter { mount in
            mount.deviceNumber == partition.number
                && mounts.last { $0.mountPoint == mount.mountPoint } == mount
        }
    }

    /// The identifier as udev writes it.
    private static func identifier(of place: EFIDevicePath.Partition) -> String? {
        switch place.format {
        case "GPT": return place.signature
        case "MBR":
            guard place.signature.hasPrefix("0x") else { return nil }
            let number = String(place.number, radix: 16)
            return place.signature.dropFirst(2) + "-" + (number.utf8.count < 2 ? "0" : "") + number
        default: return nil
        }
    }

    private enum Outcome {
        case found(String, isRegular: Bool)
        case missing(String)
        case refused(SystemCallError)
    }

    /// Walks down by names without regard to case, as FAT does.
    private static func find(
        _ components: [String], below start: FilePath, in root: RootedTree
    ) -> Outcome {
        var path = start
        for name in components where name != "." {
            guard name != "..", let component = FilePath.Component(name) else {
                return .missing(name)
            }
            if (try? root.status(of: path.appending(component))) != nil {
                path.append(component)
                continue
            }
            do throws(SystemCallError) {
                let entries = try root.directory(path).entries(limit: 20_000)
                guard
                    let match = entries.first(where: {
                        $0.name.string.lowercased() == name.lowercased()
                    })
                else { return .missing(name) }
                path.append(match.name)
            } catch {
                return error.errno == .notDirectory || error.errno == .noSuchFileOrDirectory
                    ? .missing(name) : .refused(error)
            }
        }
        do throws(SystemCallError) {
            let status = try root.status(of: path)
            return .found(path.string, isRegular: status.kind == .regular)
        } catch {
            return .refused(error)
        }
    }
}
