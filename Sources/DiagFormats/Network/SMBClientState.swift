internal import DiagModel

/// The servers, sessions and shares of the SMB client: /proc/fs/cifs/DebugData.
///
/// Source: `cifs_debug_data_proc_show`, fs/smb/client/cifs_debug.c of Linux 6.12. The text changed
/// with the versions, so each value is found by the name before it.
public struct SMBClientState: Codable, Hashable, Sendable {
    /// One connection to a server.
    public struct Server: Codable, Hashable, Sendable {
        /// The server's name; none where the kernel does not tell it.
        public var hostName: String?
        /// The dialect, for example `0x311`.
        public var dialect: String?
        /// The state of the connection.
        public var state: State?
        /// How often it was made.
        public var instance: UInt64?
        /// Requests that wait for an answer.
        public var requestsOnWire: UInt64?
        /// The sessions on it.
        public var sessions: [Session] = []
    }

    /// One session of a user.
    public struct Session: Codable, Hashable, Sendable {
        /// The server's address.
        public var address: String?
        /// The number of the state, 1 when it is good.
        public var status: UInt64?
        /// How the user was authenticated, for example `RawNTLMSSP`.
        public var securityType: String?
        /// The shares of it.
        public var shares: [Share] = []
    }

    /// One share.
    public struct Share: Codable, Hashable, Sendable {
        /// For example `\\server\share`.
        public var name: String
        /// How many mounts it has.
        public var mountCount: UInt64?
        /// Whether the kernel says `DISCONNECTED`.
        public var isDisconnected: Bool
    }

    /// `TCP status`. Source: `enum statusEnum`, fs/smb/client/cifsglob.h of Linux 6.12.
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// Not yet used.
        case new
        /// Connected.
        case good
        /// Being closed.
        case exiting
        /// Lost: it is to be made again.
        case needReconnect
        /// Connected again, but not yet negotiated.
        case needNegotiate
        /// Negotiating.
        case inNegotiate

        /// The state with that number.
        init?(number: UInt64) {
            guard number < UInt64(Self.allCases.count) else { return nil }
            self = Self.allCases[Int(number)]
        }
    }

    /// The version of the client, for example `2.50`.
    public let version: String?
    /// The connections, in the kernel's order.
    public let servers: [Server]

    /// Reads the text; what it does not know is passed over.
    public init(parsing bytes: [UInt8]) {
        var version: String?
        var servers = [Server]()
        TableText.forEachLine(of: bytes) { _, line in
            let words = TextFields.words(
                UntrustedText.escapingControls(
                    UntrustedText.escapingInvalidUTF8(
                        line.map { $0 == 0x09 || $0 == 0x0D ? 0x20 : $0 })))
            guard let first = words.first else { return }
            let last = servers.count - 1
            if first == "CIFS", words.count == 3, words[1] == "Version" { version = words[2] }
            let isNumbered = first.hasSuffix(")") && UInt64(first.dropLast()) != nil
            if isNumbered, words.count > 2, words[1] == "ConnectionId:" {
                servers.append(Server(hostName: Self.value(after: "Hostname:", in: words)))
                return
            }
            // Kernels before 5.14 have no line for the connection alone.
            if isNumbered, words.count > 2, words[1] == "Name:" || words[1] == "Address:" {
                if words[1] == "Name:" { servers.append(Server()) }
                guard !servers.isEmpty else { return }
                servers[servers.count - 1].sessions.append(
                    Session(
                        address: words[2], status: Self.number(after: "Status:", in: words)))
            } else if isNumbered, last >= 0, let name = words.first(where: { $0.hasPrefix("\\") }),
                !servers[last].sessions.isEmpty
            {
                let session = servers[last].sessions.count - 1
                servers[last].sessions[session].shares.append(
                    Share(
                        name: name, mountCount: Self.number(after: "Mounts:", in: words),
                        isDisconnected: words.contains("DISCONNECTED")))
            }
            guard !servers.isEmpty else { return }
            Self.read(words, into: &servers[servers.count - 1])
        }
        self.version = version
        self.servers = servers
    }

    private static func read(_ words: [String], into server: inout Server) {
        if let dialect = value(after: "Dialect", in: words) { server.dialect = dialect }
        if words.count > 2, words[0] == "TCP", words[1] == "status:" {
            server.state = UInt64(words[2]).flatMap(State.init(number:))
            server.instance = number(after: "Instance:", in: words)
        }
        if let index = words.firstIndex(of: "Wire:"), index + 1 < words.count, index > 0,
            words[index - 1] == "On"
        {
            server.requestsOnWire = UInt64(words[index + 1])
        }
        guard !server.sessions.isEmpty else { return }
        let session = server.sessions.count - 1
        if words[0] == "Security", let type = value(after: "type:", in: words) {
            server.sessions[session].securityType = type
        }
        if words.contains("DISCONNECTED"), !server.sessions[session].shares.isEmpty {
            let share = server.sessions[session].shares.count - 1
            server.sessions[session].shares[share].isDisconnected = true
        }
    }

    private static func value(after name: String, in words: [String]) -> String? {
        guard let index = words.firstIndex(of: name), index + 1 < words.count else { return nil }
        return words[index + 1]
    }

    private static func number(after name: String, in words: [String]) -> UInt64? {
        value(after: name, in: words).flatMap { UInt64($0) }
    }
}

/// What the SMB client counted: /proc/fs/cifs/Stats.
///
/// Source: `cifs_stats_proc_show`, fs/smb/client/cifs_debug.c of Linux 6.12.
public struct SMBClientStatistics: Codable, Hashable, Sendable {
    /// One share.
    public struct Share: Codable, Hashable, Sendable {
        /// For example `\\server\share`.
        public var name: String
        /// Requests.
        public var requestCount: UInt64?
        /// Bytes read.
        public var readBytes: UInt64?
        /// Bytes written.
        public var writtenBytes: UInt64?
    }

    /// How often a session had to be made again.
    public let sessionReconnectCount: UInt64?
    /// How often a share had to be connected again.
    public let shareReconnectCount: UInt64?
    /// The most requests that were in flight together.
    public let maximumInFlightCount: UInt64?
    /// The shares, in the kernel's order.
    public let shares: [Share]

    /// Reads the text; what it does not know is passed over.
    public init(parsing bytes: [UInt8]) {
        var reconnects: (UInt64?, UInt64?)
        var inFlight: UInt64?
        var shares = [Share]()
        TableText.forEachLine(of: bytes) { _, line in
            let words = TextFields.words(UntrustedText.escapingInvalidUTF8(line))
                .map(UntrustedText.escapingControls)
            guard let first = words.first else { return }
            if words.count == 5, words[1] == "session", words[4] == "reconnects" {
                reconnects = (UInt64(first), UInt64(words[2]))
            } else if words.count == 5, words[0] == "Max", words[3] == "flight:" {
                inFlight = UInt64(words[4])
            } else if first.hasSuffix(")"), UInt64(first.dropLast()) != nil, words.count > 1 {
                shares.append(Share(name: words[1]))
            } else if !shares.isEmpty {
                if first == "SMBs:", words.count > 1 {
                    shares[shares.count - 1].requestCount = UInt64(words[1])
                } else if first == "Bytes", words.count >= 6, words[1] == "read:" {
                    shares[shares.count - 1].readBytes = UInt64(words[2])
                    shares[shares.count - 1].writtenBytes = UInt64(words[5])
                }
            }
        }
        sessionReconnectCount = reconnects.0
        shareReconnectCount = reconnects.1
        maximumInFlightCount = inFlight
        self.shares = shares
    }
}
