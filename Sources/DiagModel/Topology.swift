/// `topology.json`: what storage stands on what, as one graph.
public struct Topology: Codable, Hashable, Sendable {
    /// One thing in the graph: a controller, a disk, a volume, a file system, a mount.
    public struct Node: Codable, Hashable, Sendable {
        /// Names the node within the graph, stable between runs where the host allows it.
        public var id: String
        /// What kind of thing it is.
        public var kind: Kind
        /// What people call it: `sda1`, `/var`.
        public var name: String
        /// Its size in bytes, where it has one.
        public var byteCount: Int64?
        /// Facts read from the host, under the kernel's names; those of a probe after its kind
        /// and a slash, for example `nvme/availableSparePercent`.
        public var attributes: [String: JSONValue]
        /// How it is; none for what has no health of its own.
        public var health: Health?
        /// What is the matter with it, in words such as `Degraded`; `OK` alone when nothing is.
        public var operationalStatus: [String]?
        /// The artifacts that the attributes stand in, by the attributes' prefix without the slash;
        /// under `` those of attributes without a prefix.
        public var artifacts: [String: String]?

        /// A node by its id, kind and name.
        public init(
            id: String, kind: Kind, name: String, byteCount: Int64? = nil,
            attributes: [String: JSONValue] = [:], health: Health? = nil,
            operationalStatus: [String]? = nil, artifacts: [String: String]? = nil
        ) {
            self.id = id
            self.kind = kind
            self.name = name
            self.byteCount = byteCount
            self.attributes = attributes
            self.health = health
            self.operationalStatus = operationalStatus
            self.artifacts = artifacts
        }
    }

    /// The kinds of node.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// A PCI function or another bus device that a controller is.
        case bus
        /// A SCSI host, NVMe controller, virtio device, or MMC host.
        case controller
        /// A port, rport, target or path.
        case path
        /// A whole disk or namespace.
        case disk
        /// A partition.
        case partition
        /// An md array.
        case array
        /// A device-mapper device that is neither a logical volume, nor crypt, nor multipath.
        case mapped
        /// An LVM volume group.
        case volumeGroup
        /// An LVM logical volume.
        case logicalVolume
        /// A dm-crypt device.
        case crypt
        /// A dm-multipath device.
        case multipath
        /// A loop, zram, nbd or other device made by software.
        case virtual
        /// A file system.
        case fileSystem
        /// A swap area.
        case swap
        /// A place where a file system is mounted.
        case mount
    }

    /// One relation of the graph.
    public struct Edge: Codable, Hashable, Sendable {
        /// How two nodes stand to each other.
        public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
            /// `from` has `to` attached: controller to disk.
            case attaches
            /// `from` is divided into `to`: disk to partition, volume group to logical volume.
            case contains
            /// `from` carries `to`: partition to array, volume to file system.
            case carries
            /// `from` is mounted or used at `to`.
            case usedAt
        }

        /// The id of the node nearer to the hardware.
        public var from: String
        /// The id of the node nearer to the user.
        public var to: String
        /// How they stand to each other.
        public var kind: Kind

        /// A relation between two nodes.
        public init(from: String, to: String, kind: Kind) {
            self.from = from
            self.to = to
            self.kind = kind
        }
    }

    /// Names and versions this document's shape.
    public static let schemaName = "topology"

    /// `diagbundle.topology/1`.
    public var schema: String
    /// Every node, sorted by id.
    public var nodes: [Node]
    /// Every edge, sorted by from, to and kind.
    public var edges: [Edge]

    /// A graph, put in order.
    public init(nodes: [Node], edges: [Edge]) {
        schema = "diagbundle.topology/1"
        self.nodes = nodes.sorted { $0.id < $1.id }
        self.edges = edges.sorted {
            ($0.from, $0.to, $0.kind.rawValue) < ($1.from, $1.to, $1.kind.rawValue)
        }
    }
}
