import ArgumentParser

/// `diagbundle collectors`: what collects, and how one's own is written.
struct Collectors: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collectors",
        abstract: "List, show, check and begin collectors.",
        discussion: """
            Collectors are code of the program, or YAML files that name files, commands and \
            listings. Such files are built in; those in /etc/diagbundle/collectors.d and in the \
            folders of --collectors add to them, or replace one by its name.

            Plugins are programs in /etc/diagbundle/plugins.d and in the folders of --plugins, each \
            described by a YAML file beside it. "diagbundle collectors new NAME --plugin" begins \
            one.
            """,
        subcommands: [
            CollectorsList.self, CollectorsShow.self, CollectorsCheck.self, CollectorsNew.self,
        ])
}
