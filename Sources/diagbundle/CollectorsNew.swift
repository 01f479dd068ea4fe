import ArgumentParser
import DiagCollect
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
        // A collector may be called like a shell, which no item can run.
        let texts = [true, false].map { Self.template(name, withCommand: $0) }
        guard
            let text = texts.first(where: {
                (try? CollectorDeclaration(parsing: Array($0.utf8), named: "\(name).yaml")) != nil
            }), !BuiltInCollectors.all.contains(where: { $0.descriptor.name == name })
        else {
            throw CommandFailure(
                .usage,
                "\"\(name)\" is no name of a collector: it has 1 to 40 lower-case letters, digits"
                    + " and hyphens between them, and is none of the program's own")
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

    private static func template(_ name: String, withCommand: Bool) -> String {
        let command = """
              - command: [\(name), --version]
                to: version.txt
                limits: {bytes: 64KiB, seconds: 5}

            """
        return """
            # yaml-language-server: $schema=collector.schema.json
            # An editor checks against the schema beside it: diagbundle schema collector > collector.schema.json
            schema: diagbundle.collector/1
            name: "\(name)"
            subject: \(name) and its state
            description: >-
              What it collects, and for whom.
            # technical, identity, content or sensitive; an item may have its own.
            privacy: content
            profiles: [default, full]
            deadline: 30s
            limit: 16MiB
            when:
              any: [{commands: ["\(name)"]}, {files: [/etc/\(name).conf]}]
            items:
              - files: [/etc/\(name).conf, "/etc/\(name).conf.d/*.conf"]
                exclude: ["*.key"]
                limits: {bytes: 256KiB, files: 100}
            \(withCommand ? command : "")  - listing: [/var/lib/\(name)]
                depth: 2
                to: \(name)-listing.txt

            """
    }
}
