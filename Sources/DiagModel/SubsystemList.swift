/// `storage/subsystems.json`: the storage providers of a host, each with its health.
public struct SubsystemList: Codable, Hashable, Sendable {
    /// One storage provider: the host's NVMe, its SCSI hosts of one driver, its md, its NFS.
    public struct Subsystem: Codable, Hashable, Sendable {
        /// Names it for `collect --subsystem`, for example `nvme`.
        public var name: String
        /// What people call it, for example `NVMe on db1`.
        public var friendlyName: String
        /// The driver or kernel subsystem that provides it.
        public var provider: String
        /// The worst health of its nodes.
        public var healthStatus: Health
        /// What is the matter with its nodes; `OK` alone when nothing is.
        public var operationalStatus: [String]
        /// How many disks, arrays, volumes or file systems it provides.
        public var deviceCount: Int
        /// The bytes of those together, where their sizes are known.
        public var byteCount: Int64
        /// The ids of all its nodes in `topology.json`, sorted.
        public var nodes: [String]

        /// A provider by its name.
        public init(
            name: String, friendlyName: String, provider: String, healthStatus: Health,
            operationalStatus: [String], deviceCount: Int, byteCount: Int64, nodes: [String]
        ) {
            self.name = name
            self.friendlyName = friendlyName
            self.provider = provider
            self.healthStatus = healthStatus
            self.operationalStatus = operationalStatus
            self.deviceCount = deviceCount
            self.byteCount = byteCount
            self.nodes = nodes
        }
    }

    /// Names and versions this document's shape.
    public static let schemaName = "subsystems"

    /// `diagbundle.subsystems/1`.
    public var schema: String
    /// The providers, in the order of their names.
    public var subsystems: [Subsystem]

    /// The list of `subsystems`, put in order.
    public init(_ subsystems: [Subsystem]) {
        schema = "diagbundle.subsystems/1"
        self.subsystems = subsystems.sorted { $0.name < $1.name }
    }
}
