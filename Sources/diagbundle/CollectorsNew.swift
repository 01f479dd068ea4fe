import ArgumentParser
import DiagDeclared
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle collectors new NAME`: the beginning of one's own collector.
struct CollectorsNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write NAME.yaml, the beginning of a collector.",
        discussion: """
            The file is written into the working folder, and none is overwritten. Change it, check \
            it with "diagbundle collectors check", and put it into /etc/diagbundle/collectors.d.
            """)

    @Argument(help: "The collector's name: lower-case letters, digits and hyphens.")
    var name: String

    func run() throws {
        let text = Self.template(name)
        do {
            _ = try CollectorDeclaration(parsing: Array(text.utf8), named: "\(name).yaml")
        } catch {
            throw CommandFailure(
                .usage,
                "\"\(name)\" is no name of a collector: it has 1 to 40 lower-case letters, digits"
                    + " and hyphens between them")
        }
        let path = try HostFacts.absolute(FilePath("\(name).yaml"))
        do throws(SystemCallError) {
            let file = try OwnedDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            let bytes = Array(text.utf8)
            try file.write(bytes.span)
        } catch {
            throw CommandFailure(
                .output(error.errno, isCreating: true),
                error.errno == .fileExists
                    ? "\(path) is there already, and is not overwritten" : "\(error)")
        }
        StandardStreams.print("\(path)")
    }

    private static func template(_ name: String) -> String {
        """
        # yaml-language-server: $schema=urn:diagbundle:schema:collector:1
        # The schema is printed by: diagbundle schema collector
        schema: diagbundle.collector/1
        name: \(name)
        subject: \(name) configuration and state
        description: >-
          What it collects, and for whom.
        # technical, identity, content or sensitive; an item may have its own.
        privacy: content
        profiles: [full]
        deadline: 30s
        limit: 16MiB
        when:
          any: [{commands: [\(name)]}, {files: [/etc/\(name).conf]}]
        items:
          - files: [/etc/\(name).conf, "/etc/\(name).conf.d/*.conf"]
            exclude: ["*.key"]
            limits: {bytes: 256KiB, files: 100}
          - command: [\(name), --version]
            to: version.txt
            limits: {bytes: 64KiB, seconds: 5}
          - listing: [/var/lib/\(name)]
            depth: 2
            to: \(name)-listing.txt

        """
    }
}
