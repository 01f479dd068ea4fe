import ArgumentParser
import DiagModel
import DiagSystem

/// `diagbundle schema NAME`: the JSON Schemas of what this program writes.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of a document; without a name, list them.")

    @Argument(help: "The document's name, for example manifest.")
    var name: String?

    func run() throws {
        guard let name else {
            for schema in PublishedSchema.allCases {
                StandardStreams.print("\(schema.name)  \(schema.identifier)")
            }
            return
        }
        guard let schema = PublishedSchema.allCases.first(where: { $0.name == name }) else {
            let names = PublishedSchema.allCases.map(\.name).joined(separator: ", ")
            throw CommandFailure(.usage, "there is no schema \"\(name)\". There are: \(names)")
        }
        let end = schema.text.hasSuffix("\n") ? "" : "\n"
        _ = try StandardStreams.write(Array((schema.text + end).utf8))
    }
}
